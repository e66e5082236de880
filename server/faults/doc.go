// Package faults puts three server processes on one PostgreSQL and one Redis,
// all its own, lets clients ask for decisions and ask again elsewhere, and
// breaks things meanwhile: processes, stores, and the network between them.
// Afterwards every answer that was given must be true: the histories are
// linearizable, the books verify, and nothing that was acknowledged is gone.
//
// TestNoAnswerOutrunsTheStandby gives PostgreSQL a synchronous standby, which takes
// over: what was answered is then there.
//
// It is all test code. Each fault is tried once, or as often as -rounds says.
package faults
