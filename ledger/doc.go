// Package ledger is the store of record in PostgreSQL; all SQL of the project
// is here.
//
// Three datasets are append-only and linked: usage_events (event.go: each
// request answered, step by step, and what followed) → monetization_events
// (what each funded part costs; those that cost nothing are told by the usage
// event, costless.go) → balance_updates (what that did to which grant; package
// book says how they are numbered and chained). They are written with the
// balance change in one transaction, by the only writer, Tx: Begin locks the
// accounts of a batch and reads what it needs in one round trip (tx.go), Commit
// writes everything and commits in another (write.go).
//
// Reads take no lock: read.go and lists.go for the API, spending.go for
// forecasts, feed.go for feeds, catalog.go for features, prices and plans. What
// is due is read with an account: the holds whose time is up and their postings
// (holds.go), what was used of the grants that are closed (spent.go), and, for a
// moment in the past (balanceat.go), the holds that had ended by then though no
// posting told of it (pastdue.go).
//
// The server works as the role spillway_app, which cannot change the datasets.
// ledgertest gives tests a database each.
package ledger
