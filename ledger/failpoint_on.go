//go:build failpoints

package ledger

import "spillway/ledger/failpoint"

// Cut breaks the connection of the transaction off, without a word to the
// database.
func (tx *Tx) Cut() {
	if !tx.done {
		_ = tx.conn.Conn().PgConn().Conn().Close()
	}
}

func (tx *Tx) reach(s failpoint.Step) { failpoint.Reach(s, tx.Cut) }
