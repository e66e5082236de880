// Package counters keeps the window counters of accounts in a low-latency
// store: a cache that proves itself by a version, never the truth.
//
// Each account is one Redis hash under a key with the hash tag {account}. It
// holds the version of the account at which it was written, the shape of the
// plan that it was kept for, and one packed field per user, feature and
// bucket. The engine compares the version with the one in the account's locked
// row: equal, and the fields are exact, a field that is absent being zero;
// different, and the hash means nothing. So losing Redis, or getting an old
// copy back, costs time and never an answer. Redis stores and compares; all
// arithmetic with windows is done in Go.
//
// [Redis] and [Memory] do the same and pass the same tests.
package counters
