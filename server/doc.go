// Command spillway decides, for every request to a metered product, how much is
// allowed and from where, and proves afterwards that each charge was right.
//
// This package only puts the parts together: main.go reads the command line,
// settings.go the environment; each command has its own file. What a command
// does lives in the packages that it calls.
//
// Exit codes: 0 done, 1 a fault found, 2 unusable arguments or settings, 3 could
// not finish because a store is away. `spillway stores` answers with the code of
// the command that it ran.
package main
