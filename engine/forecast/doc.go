// Package forecast turns what an account spent into a pace, and a pace into what
// will be spent by a moment.
//
// It is pure: values in, values out, the time is an argument. [Figures] holds
// the net credits of the last whole days; it gives the paces at which a forecast
// spends (pace.go) and the sentence that says what they rest on (basis.go). The
// engine walks an account's grants at such a pace.
//
// Amounts are integers in millionths of a credit. Products are taken in 128
// bits, and sums and quotients stop at the largest integer.
package forecast
