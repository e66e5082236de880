// Package engine answers: it decides requests, settles and releases holds,
// refunds, and changes what accounts hold, each as one step of the same
// protocol (load → decide → record).
//
// An account belongs to one of a few shards by the hash of its id, or, where
// other processes decide on the same accounts, to the first. A shard has one
// worker that takes all that waits, up to a cap, and runs it as one batch
// (batch.go): take what is remembered of the accounts (states.go); lock them in
// PostgreSQL and read what is needed; check the counters by the accounts'
// versions, and rebuild from usage events those that do not fit (load.go);
// decide each operation in the order of arrival on the state in memory; write
// the counters under the new version; commit everything in one round trip; only
// then answer.
//
// Each operation is a file: authorize.go, settle.go, release.go, refund.go,
// grants.go, settings.go. What they share of taking and giving back is in
// funding.go and undo.go. Reads that take no lock are in view.go. The time
// comes from the engine's clock, once per batch, and is an argument from there.
//
// Refusals are decisions, not errors. An error is a *Fault with a code of the
// public contract.
package engine
