// Package book is the arithmetic of the ledger: amounts, postings, the chain
// that binds them, and the checks that prove them. It is pure: no store, no
// clock, nothing outside the standard library.
//
// A posting is one entry between a grant and a counter account: the amount is
// what it did to the grant, and its negative is what it did to the counter
// account, so that over both the books sum to zero. Postings are numbered 1,
// 2, 3 … within an account, and each carries the SHA-256 of its own fields and
// of the hash before it ([Posting.Sum] says exactly which bytes), so that a
// changed, missing, added or moved posting breaks the chain from there on.
//
// [Head] is where an account's books stand; [Head.Post] is the only way to
// write the next posting. [Checker] follows postings that others wrote and
// names what does not add up, and [Charged] does so for what units cost; they
// share no arithmetic with the code that writes.
package book
