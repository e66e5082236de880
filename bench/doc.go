// Command bench measures Spillway on the stores that the environment names (a
// throwaway PostgreSQL and Redis: `make bench` starts them), beside a floor
// measured in the same run: pgbench with one insert and one conditional update.
// Machines differ; ratios to the floor travel better than figures.
//
// The floor and what is held against it are measured in turn, in several
// rounds, and the medians are compared: a machine that is slower for a while is
// slower for both. report.go says what a row is and whether its bar is met,
// rounds.go lists the loads; every other file measures one more thing. The
// servers are processes of their own, and so is a bare gqlgen server (package
// bare) as the floor of the GraphQL layer.
//
// It prints one markdown table and writes bench/latest.json. A bar that is
// missed is printed as MISSED. With -against it holds two builds of the server
// against each other instead: against.go.
package main
