// Command bench measures Spillway on the stores that the environment names (a
// throwaway PostgreSQL and Redis: `make bench` starts them), beside a floor
// measured in the same run: pgbench with one insert and one conditional update.
// Machines differ; ratios to the floor travel better than figures.
//
// It prints one markdown table and writes bench/latest.json. A bar that is
// missed is printed as missed.
package main
