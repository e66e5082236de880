// Package proof holds what shows that the engine keeps its word.
//
//   - A naive model of the product, and random histories on real stores that are
//     held to it step by step (model*_test.go, laws_test.go); the edges of time,
//     enumerated (edges_test.go).
//   - The simulation: the real engine on stores in memory, under faults, in an
//     order that one seed gives, with an auditor that follows every transaction
//     and every answer with the model (simulation_test.go, server_test.go,
//     mishaps_test.go, auditor_test.go). Its store of record is held to
//     PostgreSQL (store_test.go, conformance_test.go).
//   - Mistakes that somebody could make, each of which must make a test fail
//     (bugs_test.go, buglist_test.go).
//   - The protocol itself as a model that Spin searches (spin_test.go, over
//     ../model/authorize.pml).
//
// Run as it is each takes seconds; -whole is what make proof asks for.
package proof
