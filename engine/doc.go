// Package engine answers: it decides requests, settles and releases holds,
// refunds, and changes what accounts hold, each as one step of the same
// protocol (load → decide → record).
//
// All that is asked waits in one line, and an account belongs to one batch at a
// time (line.go). A worker takes what waits, up to a cap, and runs it as one
// batch (worker.go). A batch (batch.go) takes what is remembered of the accounts
// (states.go); locks them in PostgreSQL and reads what is needed; checks the
// counters by the accounts' versions, and rebuilds from usage events those that
// do not fit (load.go); decides each operation in the order of arrival on the
// state in memory; writes the counters under the new version; commits
// everything in one round trip; only then answers.
//
// Each operation is a file: authorize.go, settle.go, release.go, refund.go,
// grants.go, settings.go. What they share of taking and giving back is in
// funding.go and undo.go. What is due comes before all of them: each batch, and
// each read in memory, first ends the holds whose time is up and renews or ends
// the grants (due.go), so that nothing waits for the sweep (sweep.go) to count.
//
// Reads that take no lock are in view.go and balance.go; current.go brings
// grants and decisions that were listed up to now, balanceat.go an account to any
// moment; forecast.go walks it through the days to come (forecast_walk.go). The time
// comes from the engine's clock, once per batch, and is an argument from there.
//
// Refusals are decisions, not errors. An error is a *Fault with a code of the
// public contract.
package engine
