package ledger

import "context"

// Summarized is how far the indexes over time know their tables, in pages from
// the beginning. The zero value is not at all.
type Summarized struct{ UsageEvents, BalanceUpdates int64 }

const sqlSummarize = `select summarize_times('usage_events', $1), summarize_times('balance_updates', $2)`

// Summarize lets the indexes over time know the rows that were written since the
// last call, whose answer it is given. Without it FeedAll and ChangedSince read
// all that was written since the last VACUUM. It takes a few tenths of a second
// at most and gets as far as it can in them; more calls go on there. Several
// processes may call it at once. migrations/00010 says how it makes way for VACUUM.
func (l *Ledger) Summarize(ctx context.Context, done Summarized) (Summarized, error) {
	err := l.read.QueryRow(ctx, sqlSummarize, done.UsageEvents, done.BalanceUpdates).Scan(&done.UsageEvents, &done.BalanceUpdates)
	return done, err
}
