//go:build race

package edge_test

// slack is how much longer things may take than they should: the race detector
// costs that much.
const slack = 10
