// Package migrations holds the database schema as numbered SQL files, embedded
// in the binary and applied in order by ledger.Migrate. A file that has landed
// is never edited: a change is a new file.
package migrations

import "embed"

// FS holds the files, in the form that goose reads.
//
//go:embed *.sql
var FS embed.FS
