// Package proof holds what shows that the engine keeps its word: a naive model
// of the product beside it, random histories on real stores, and histories
// under faults.
package proof
