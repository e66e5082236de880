// Package view shows the records of the ledger and the engine as the schema
// names them: a type for each type of the schema, a method for each field that
// is more than a value.
//
// Fields that need no store are methods without a context, which the executor
// runs in place; a method with a context may read, and siblings of it run side
// by side. Nothing here decides anything. models_gen.go is made from the
// schema by gqlgen and holds the types that are values only.
package view
