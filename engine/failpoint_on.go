//go:build failpoints

package engine

import "spillway/ledger/failpoint"

func (b *batch) reach(s failpoint.Step) {
	failpoint.Reach(s, func() {
		if c, ok := b.tx.(interface{ Cut() }); ok {
			c.Cut()
		}
	})
}
