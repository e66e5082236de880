package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// watermark tells up to which moment everything is decided: no event with an
// earlier time can appear any more, in any account, by any server.
//
// A sighting is the database's clock, D, and then the next transaction id that it
// will give out, N. It is settled when a later look finds Oldest >= N: every
// transaction whose id is below N has ended. The mark is D - clockTolerance of the
// latest settled sighting. Why no event before it can still commit:
//
//   - A batch gets its transaction id when it locks its accounts, at the latest:
//     locking a row writes it. It takes its decision time, and from it all its ids,
//     only after that: when the locks are answered (batch.arrange). So no batch has
//     event ids and no transaction id. Ids of an account ascend, which moves a time
//     only later; an event's created_at and its id are of one batch, and the id is
//     not the earlier of the two.
//   - A batch with an id below N has ended when the sighting is settled, however
//     long its COMMIT took, and whatever the order in which batches ended. What it
//     committed is seen by every statement sent afterwards: a transaction leaves the
//     list of those running, and so counts as ended, at the moment at which it
//     becomes visible, which with a synchronous standby is when that has confirmed.
//   - A batch with an id of N or above was given it after D was read, since D was
//     read before N. With its locks it is told the database's clock, read after they
//     were granted and so later than D. Its decision time is at least that less
//     clockTolerance (decisionTime), whatever its own server's clock says. So its
//     events are not before the mark.
//   - A transaction within a transaction has a higher id than the one around it,
//     which ends last; Oldest looks at the ones around. A prepared one counts as
//     running.
//   - N must be the counter itself. The snapshot's xmax is only the highest id that
//     has completed plus one: batches with that id or higher ones may be running,
//     and a sighting of xmax would be settled without them (see sqlTransactions).
//   - The snapshot that tells Oldest may be older than D and N. That errs on the
//     safe side: what had ended then has ended.
//
// It rests on one thing outside: the database's clock does not go back by more than
// a server's own clock is ahead of the mark. After a failover the clock is another
// one, and the two may differ by as much as the failover took.
type watermark struct {
	at waterfall.Instant // the mark; 0: not known yet
	// seen are the sightings that are not settled, the oldest first.
	seen   []sighting
	looked time.Time // when it was looked at last
}

// sighting is a moment, and the transaction id that was to be given out next.
type sighting struct {
	at   waterfall.Instant
	next int64
	// since is when the oldest transaction that this sighting knows of, and the one
	// before does not, may have begun: at the look before.
	since time.Time
}

// clockTolerance is how far the time of a decision may be from the database's
// clock: a server whose clock is further off decides at the database's time, give
// or take this.
const clockTolerance = waterfall.Instant(20_000)

// mostSightings bounds the memory of a watermark while a transaction goes on for
// long. The oldest are kept, so that the mark moves on when it ends.
const mostSightings = 4096

// note takes a look at the database's transactions at a moment, and moves the mark.
func (w *watermark) note(at waterfall.Instant, bounds ledger.Transactions) waterfall.Instant {
	if w.looked.IsZero() {
		w.looked = time.Now()
	}
	if len(w.seen) == mostSightings {
		w.seen = w.seen[:mostSightings-1]
	}
	w.seen = append(w.seen, sighting{at, bounds.Next, w.looked})
	w.looked = time.Now()
	settled := -1
	for i := range w.seen {
		if w.seen[i].next <= bounds.Oldest {
			settled = i
		}
	}
	if settled >= 0 {
		w.at = max(w.at, w.seen[settled].at-clockTolerance)
		w.seen = append(w.seen[:0], w.seen[settled+1:]...)
	}
	return w.at
}

// look looks at the database's transactions, and moves the mark. It returns the
// moment of the look.
func (w *watermark) look(ctx context.Context, e *Engine) (now waterfall.Instant, err error) {
	now = e.now()
	bounds, err := e.ledger.Transactions(ctx)
	if err != nil {
		return 0, err
	}
	if e.wall {
		now = bounds.Clock
	}
	w.note(now, bounds)
	return now, nil
}

// stalled tells whether a transaction may have been under way for longer than an
// age.
func (w *watermark) stalled(age time.Duration) bool {
	return len(w.seen) > 0 && time.Since(w.seen[0].since) > age
}

// decisions is the mark of an engine, which looks every lookOutInterval.
type decisions struct {
	mu   sync.Mutex
	mark watermark
}

// look moves the mark and returns it.
func (d *decisions) look(ctx context.Context, e *Engine) (waterfall.Instant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.mark.look(ctx, e)
	return d.mark.at, err
}

// unless is for those who wait for an age until what happened is there, which is
// longer than any batch should take: it returns the mark where a transaction has
// taken longer all the same, and the end of time where none has.
func (d *decisions) unless(age time.Duration) waterfall.Instant {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mark.stalled(age) {
		return d.mark.at
	}
	return math.MaxInt64
}

// decisionTime is when a batch decides: now, by the server's clock, but not
// further from the database's than clockTolerance. database is that clock as it
// was told with the locks; 0: not known.
func (e *Engine) decisionTime(database waterfall.Instant) waterfall.Instant {
	now := e.now()
	if !e.wall || database == 0 {
		return now
	}
	return min(max(now, database-clockTolerance), database+clockTolerance)
}

// databaseNow is the time that decisions are made at: what is asked for from now on
// is decided no earlier than it tells, less clockTolerance.
func (e *Engine) databaseNow(ctx context.Context) (waterfall.Instant, error) {
	if !e.wall {
		return e.now(), nil
	}
	bounds, err := e.ledger.Transactions(ctx)
	return bounds.Clock - clockTolerance, err
}
