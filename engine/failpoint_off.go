//go:build !failpoints

package engine

import "spillway/ledger/failpoint"

func (b *batch) reach(failpoint.Step) {}
