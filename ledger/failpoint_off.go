//go:build !failpoints

package ledger

import "spillway/ledger/failpoint"

func (tx *Tx) reach(failpoint.Step) {}
