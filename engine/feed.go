package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Messages carry the news that accounts changed between processes. They only
// wake readers of the database; a lost one delays.
type Messages interface {
	Publish(ctx context.Context, accounts []string) error
	Listen(ctx context.Context, changed func(accounts []string), missed func())
}

// hub wakes the readers of this process.
type hub struct {
	mu       sync.Mutex
	accounts map[string]*watched
	all      map[chan struct{}]bool
}

// watched is an account that somebody reads.
type watched struct {
	readers map[chan struct{}]bool
	changes uint64 // how often they were woken
}

func newHub() *hub {
	return &hub{accounts: map[string]*watched{}, all: map[chan struct{}]bool{}}
}

// watch returns a channel that is filled when the account changes, or, for "",
// when any does. stop ends it.
func (h *hub) watch(account string) (wake chan struct{}, stop func()) {
	wake = make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if account == "" {
		h.all[wake] = true
	} else {
		if h.accounts[account] == nil {
			h.accounts[account] = &watched{readers: map[chan struct{}]bool{}}
		}
		h.accounts[account].readers[wake] = true
	}
	return wake, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.all, wake)
		if w := h.accounts[account]; w != nil {
			delete(w.readers, wake)
			if len(w.readers) == 0 {
				delete(h.accounts, account)
			}
		}
	}
}

// changes counts what happened to a watched account: a read that begins at one
// count holds everything that was told before.
func (h *hub) changes(account string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.accounts[account]; w != nil {
		return w.changes
	}
	return 0
}

// changed wakes the readers of accounts.
func (h *hub) changed(accounts []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range accounts {
		h.accounts[id].wake()
	}
	wakeAll(h.all)
}

// missed wakes everyone: something may have happened to any account.
func (h *hub) missed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.accounts {
		w.wake()
	}
	wakeAll(h.all)
}

// wake tells the readers of an account; nil has none.
func (w *watched) wake() {
	if w != nil {
		w.changes++
		wakeAll(w.readers)
	}
}

func wakeAll(watchers map[chan struct{}]bool) {
	for w := range watchers {
		select {
		case w <- struct{}{}:
		default: // it is awake already
		}
	}
}

// idle tells whether nobody watches.
func (h *hub) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.accounts) == 0 && len(h.all) == 0
}

// announce tells readers everywhere that a batch is committed.
func (e *Engine) announce(accounts []string) {
	e.hub.changed(accounts)
	if e.messages == nil {
		return
	}
	select {
	case e.outgoing <- accounts:
	default: // the look-out finds what is not told
	}
}

// lookOutInterval is how often a process looks in the database for changes that
// no message told it of. After longestGap without a look, because the process or
// the database stood still, all readers look for themselves.
const (
	lookOutInterval = 2 * time.Second
	longestGap      = 5 * time.Second
)

// lookOut is what a process knows of changes that no message told it of.
type lookOut struct {
	at waterfall.Instant // the last look; 0: there was none
	// since: all that happened before was to be seen at the last look. A
	// transaction commits later than its time, it may be by minutes. 0: not known.
	since waterfall.Instant
}

// carry runs the messages in and out, and the look-out for lost ones.
func (e *Engine) carry(ctx context.Context) {
	if e.messages != nil {
		e.workers.Go(func() { e.messages.Listen(ctx, e.hub.changed, e.hub.missed) })
		e.workers.Go(func() { e.publish(ctx) })
	}
	tick := time.NewTicker(lookOutInterval)
	defer tick.Stop()
	for l := (&lookOut{}); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l.look(ctx, e)
	}
}

// look wakes the readers of what has changed since the last look.
func (l *lookOut) look(ctx context.Context, e *Engine) {
	if e.ledger == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookOutInterval)
	defer cancel()
	// The mark is looked at first: what is before it the read below sees.
	now := e.now()
	decided, err := e.decided.look(ctx, e)
	if e.hub.idle() {
		*l = lookOut{}
		return
	}
	if err != nil {
		return
	}
	if l.since == 0 || now-l.at > waterfall.Instant(longestGap.Microseconds()) {
		e.hub.missed()
	} else {
		accounts, err := e.ledger.ChangedSince(ctx, l.since)
		if err != nil {
			return
		}
		e.hub.changed(accounts)
	}
	l.at, l.since = now, decided
}

// summarize keeps what was written lately quick to find by its time, for the
// look-out and for the readers of all accounts.
func (e *Engine) summarize(ctx context.Context) {
	tick := time.NewTicker(lookOutInterval)
	defer tick.Stop()
	for done := (ledger.Summarized{}); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		further, err := e.ledger.Summarize(ctx, done)
		switch {
		case err == nil:
			done = further
		case !ledger.Away(err):
			e.log.Warn("the newest rows could not be summarized", "error", err)
		}
	}
}

// messagePause is between messages: each costs Redis and every process as much
// as a decision does, however many accounts it names.
const messagePause = 5 * time.Millisecond

// publish sends what was announced, many batches in one message when they come
// fast.
func (e *Engine) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case accounts := <-e.outgoing:
			for more := true; more && len(accounts) < 1000; {
				select {
				case next := <-e.outgoing:
					accounts = append(accounts, next...)
				default:
					more = false
				}
			}
			_ = e.messages.Publish(ctx, accounts) // a lost message only delays
			time.Sleep(messagePause)
		}
	}
}

// feedPage is how many events a reader takes at once.
const feedPage = 200

// FollowDecisions delivers every event of an account's decisions behind a
// cursor, the oldest first, and then each new one, until ctx ends or deliver
// returns an error. A nil cursor is from now on, the zero cursor from the
// beginning. A decision passes the filter as it stands when it is delivered. A reader that is slow is not waited for by anyone: it reads from
// the database at its own pace.
func (e *Engine) FollowDecisions(ctx context.Context, account string, f ledger.DecisionFilter, after *ledger.ID, deliver func(ledger.FeedItem) error) error {
	wake, stop := e.hub.watch(account)
	defer stop()
	cursor, err := e.feedStart(ctx, account, after)
	if err != nil {
		return err
	}
	for {
		items, err := e.readFeed(ctx, account, cursor)
		if err != nil {
			if !e.pauseAfter(ctx, err) {
				return ctx.Err()
			}
			continue
		}
		f.Now = e.now()
		for _, item := range items {
			cursor = item.Event
			if !f.Matches(item.Decision) {
				continue
			}
			if err := deliver(item); err != nil {
				return err
			}
		}
		if len(items) == feedPage {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		}
	}
}

// feedStart is the place behind which a feed begins: the cursor, or without one
// the newest event there is once the store can tell.
func (e *Engine) feedStart(ctx context.Context, account string, after *ledger.ID) (ledger.ID, error) {
	if after != nil {
		return *after, nil
	}
	return untilTold(ctx, e, func(ctx context.Context) (ledger.ID, error) { return e.ledger.NewestEvent(ctx, account) })
}

// untilTold asks the store until it can tell. Its error is that of ctx.
func untilTold[T any](ctx context.Context, e *Engine, ask func(context.Context) (T, error)) (T, error) {
	for {
		told, err := ask(ctx)
		if err == nil {
			return told, nil
		}
		if !e.pauseAfter(ctx, err) {
			return told, ctx.Err()
		}
	}
}

// readFeed reads a page; readers that stand at the same place, see as much and
// were woken by the same change share one read.
func (e *Engine) readFeed(ctx context.Context, account string, after ledger.ID) ([]ledger.FeedItem, error) {
	own, only := ledger.OnlyOf(ctx)
	// The read is shared, so it must not end with the first reader.
	read := e.reads.DoChan(fmt.Sprintf("%s %t %s %s %d", account, only, own, after, e.hub.changes(account)), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return e.ledger.FeedAfter(ctx, account, after, feedPage)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-read:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]ledger.FeedItem), nil
	}
}

// pauseAfter waits a moment after a fault of the store; false when ctx ended.
func (e *Engine) pauseAfter(ctx context.Context, err error) bool {
	e.log.Warn("a feed could not be read", "error", err)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(500 * time.Millisecond):
		return true
	}
}
