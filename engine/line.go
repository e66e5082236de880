package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// line is where items wait, and decides which of them are the next batch. An
// account belongs to one batch at a time, so that no worker waits for the locks
// of another: what else is asked of it waits for the end of that batch.
//
// As long as few wait, one worker does it all. What a batch costs by itself, two
// round trips, ten statements and a COMMIT, is then shared by as many items as
// can be: with two workers, sixty-four callers cost a sixth more of the
// processor. Another worker begins beside it with as many items as are under
// way when those only wait for the stores, and with enoughBeside while they
// are still decided on. Nobody waits while nobody works.
type line struct {
	mu   sync.Mutex
	more *sync.Cond // there may be something to begin with
	// waiting are the items that may begin, in the order of their arrival;
	// behind are those of accounts that a batch has, and length counts both.
	waiting []*item
	behind  map[string][]*item
	length  int
	arrived uint64
	holders map[string]*taken
	// How many batches are at these stages, and how many items they have.
	deciding, writing, underWay int
	workers                     int
	closed                      bool
}

const (
	// enoughBeside is measured: with 128 the batches of 256 callers are too
	// small, with 256 the second worker is idle too often.
	enoughBeside = maxBatch * 3 / 4
	// mostWaiting items wait at most. Those of one account, while a batch has it,
	// take half of the places at most.
	mostWaiting = 16384
	// patience is how long a batch may take before the others go on as if it
	// were not there: it may wait for a lock that another process holds.
	patience = 20 * time.Millisecond
)

// stage is how far a batch has come.
type stage uint8

const (
	deciding stage = iota + 1
	writing        // the stores have all of it; COMMIT is behind, or on its way
	aside          // it takes longer than others should wait for
	over
)

// taken is what a worker took out of the line, until it is done with it.
type taken struct {
	line     *line
	items    []*item
	accounts []string
	crowded  bool // more than a further batch waits behind it
	stage    stage
	late     *time.Timer
}

func newLine(workers int) *line {
	l := &line{behind: map[string][]*item{}, holders: map[string]*taken{}, workers: workers}
	l.more = sync.NewCond(&l.mu)
	return l
}

// add puts items into the line. Those for which there is no place are answered.
func (l *line) add(items ...*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range items {
		if fault := l.place(it); fault != nil {
			it.finish(nil, fault)
		}
	}
	l.wake()
}

func (l *line) place(it *item) *Fault {
	account := it.op.account()
	_, held := l.holders[account]
	switch {
	case l.closed:
		return unavailable(context.Canceled)
	case l.length == mostWaiting || held && len(l.behind[account]) == mostWaiting/2:
		return tooMany()
	}
	l.length++
	l.arrived++
	it.number = l.arrived
	if held {
		l.behind[account] = append(l.behind[account], it)
	} else {
		l.waiting = append(l.waiting, it)
	}
	return nil
}

// ready tells whether a worker is to begin.
func (l *line) ready() bool {
	n := len(l.waiting)
	switch {
	case n == 0 || l.closed || l.deciding+l.writing == 0:
		return n > 0
	case l.deciding == 0:
		return n >= min(l.underWay, enoughBeside)
	}
	return n >= enoughBeside
}

func (l *line) wake() {
	if l.ready() {
		l.more.Signal()
	}
}

// take waits for the next batch, nil: there is none any more.
func (l *line) take() *taken {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for !l.ready() {
			if l.closed && l.length == 0 {
				return nil
			}
			l.more.Wait()
		}
		if t := l.begin(); len(t.items) > 0 {
			l.wake()
			return t
		}
	}
}

// begin takes what waits, up to a batch. Where all of it is of accounts that
// others have, that is nothing.
func (l *line) begin() *taken {
	t := &taken{line: l}
	seen := 0
	for seen < len(l.waiting) && len(t.items) < maxBatch {
		it := l.waiting[seen]
		seen++
		account := it.op.account()
		switch l.holders[account] {
		case nil:
			l.holders[account] = t
			t.accounts = append(t.accounts, account)
			t.items = append(t.items, it)
		case t:
			t.items = append(t.items, it)
		default:
			l.behind[account] = append(l.behind[account], it)
		}
	}
	l.waiting = slices.Delete(l.waiting, 0, seen)
	if len(t.items) == 0 {
		return t
	}
	l.length -= len(t.items)
	t.crowded = l.length >= crowd
	l.move(t, deciding)
	if l.workers > 1 { // another one could go on
		t.late = time.AfterFunc(patience, func() { t.reach(aside) })
	}
	return t
}

// move counts a batch at its stage.
func (l *line) move(t *taken, to stage) {
	count := func(n int) {
		switch t.stage {
		case deciding:
			l.deciding += n
		case writing:
			l.writing += n
		default:
			return
		}
		l.underWay += n * len(t.items)
	}
	count(-1)
	t.stage = to
	count(1)
}

// reach notes that a batch has come to a stage. It never goes back: what of it is
// begun again, after a fault, counts as it did.
func (t *taken) reach(to stage) {
	t.line.mu.Lock()
	defer t.line.mu.Unlock()
	if to > t.stage {
		t.line.move(t, to)
		t.line.wake()
	}
}

// end gives the accounts back. What waited for them stands where it would if it
// had been able to begin.
func (t *taken) end() {
	if t.late != nil {
		t.late.Stop()
	}
	l := t.line
	l.mu.Lock()
	defer l.mu.Unlock()
	l.move(t, over)
	waited := len(l.waiting)
	for _, account := range t.accounts {
		delete(l.holders, account)
		if freed := l.behind[account]; freed != nil {
			l.waiting = append(l.waiting, freed...)
			delete(l.behind, account)
		}
	}
	if len(l.waiting) > waited {
		slices.SortFunc(l.waiting, func(a, b *item) int { return cmp.Compare(a.number, b.number) })
	}
	if l.closed {
		l.more.Broadcast() // the last one may have ended
		return
	}
	l.wake()
}

// close lets nobody in any more. It is false where that was so already.
func (l *line) close() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	l.more.Broadcast()
	return true
}
