//go:build !race

package edge_test

// slack is how much longer things may take than they should.
const slack = 1
