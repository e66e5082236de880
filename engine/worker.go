package engine

import (
	"context"
	"errors"
	"time"

	"spillway/ledger"
)

// operation is one thing to do to one account.
type operation interface {
	// account is the id of the account.
	account() string
	// want adds what the operation must have read before it can run.
	want(*ledger.Want)
	// counters names those it asks. Before the batch has begun loaded is nil,
	// and what depends on it is left out.
	counters(loaded *ledger.Loaded) []counterRef
	// run decides on the state and adds what is to be written. It returns the
	// answer. A *Fault means that it changed nothing; any other error is a
	// defect or a store's fault, and the batch is undone.
	run(*batch, *account) (any, error)
}

// item is an operation on its way, with the one who waits for it.
type item struct {
	ctx    context.Context
	op     operation
	queued time.Time
	number uint64 // in the order of arrival
	// alone: the request holds nothing else. It can be turned away, where one
	// of many cannot without the others.
	alone  bool
	answer any
	err    error
	done   chan struct{}
}

// maxBatch is the size of the largest batch, measured as best on two cores.
const maxBatch = 256

// work runs batches until the line is closed and empty.
func (e *Engine) work() {
	for t := e.line.take(); t != nil; t = e.line.take() {
		e.process(t)
		t.end()
	}
}

// A worker that gets more than it can do answers in time those whom it answers,
// and turns the others away: an item that has waited longer than longestWait,
// while more than a further batch waits behind it. Where few wait, something
// stands still, and to wait is better than to send them all again.
const (
	longestWait = 100 * time.Millisecond
	crowd       = maxBatch
)

// overdue tells whether to turn an item away. What admins, the sweep and
// settlements ask is always done.
func (it *item) overdue(crowded bool) bool {
	if _, hasty := it.op.(*authorize); !hasty || !crowded || !it.alone {
		return false
	}
	return time.Since(it.queued) > longestWait
}

// process answers each item: by a batch, and where a batch fails, by smaller
// ones, so that one bad item never fails its neighbours.
func (e *Engine) process(t *taken) {
	inTime := make([]*item, 0, len(t.items))
	for _, it := range t.items {
		if it.overdue(t.crowded) {
			it.finish(nil, tooMany())
		} else {
			inTime = append(inTime, it)
		}
	}
	e.attempt(inTime, 0, func() { t.reach(writing) })
}

// maxAttempts bounds how often a batch is begun again after its connection
// broke.
const maxAttempts = 4

// attempt runs a batch; for sent see batch.
func (e *Engine) attempt(items []*item, tries int, sent func()) {
	if items = waiting(items); len(items) == 0 {
		return
	}
	err := e.runBatch(items, sent)
	if err == nil {
		return
	}
	var unknown *ledger.UnknownOutcomeError
	switch {
	case errors.As(err, &unknown) || ledger.Away(err):
		// Begin again with new ids: the locks wait for whatever the broken
		// transaction still does, and the look-up behind them finds it.
		if tries+1 >= maxAttempts {
			failAll(items, unavailable(err))
			return
		}
		time.Sleep(time.Duration(tries) * 20 * time.Millisecond)
		e.attempt(items, tries+1, sent)
	case len(items) == 1:
		e.log.Error("an operation failed", "error", err, "account", items[0].op.account())
		items[0].finish(nil, internal(err))
	default:
		half := len(items) / 2
		e.attempt(items[:half], 0, sent)
		e.attempt(items[half:], 0, sent)
	}
}

// waiting are the items that somebody still waits for; the others are done.
func waiting(items []*item) []*item {
	live := items[:0:0]
	for _, it := range items {
		if err := it.ctx.Err(); err != nil {
			it.finish(nil, unavailable(err))
			continue
		}
		live = append(live, it)
	}
	return live
}

func failAll(items []*item, fault *Fault) {
	for _, it := range items {
		it.finish(nil, fault)
	}
}

func (it *item) finish(answer any, err error) {
	it.answer, it.err = answer, err
	close(it.done)
}
