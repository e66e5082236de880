package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Engine answers requests on a store of record and a cache of counters. It is
// safe for concurrent use.
type Engine struct {
	ledger   *ledger.Ledger
	store    Store
	counters Counters
	clock    func() time.Time
	// wall: the clock is the system's, so that the database's can be held against it.
	wall    bool
	random  func() uint64
	log     *slog.Logger
	line    *line
	states  *states
	catalog atomic.Pointer[ledger.Catalog]
	stats   stats

	workers  sync.WaitGroup
	stop     context.CancelFunc
	catalogs Catalogs

	hub       *hub
	sharing   sharing
	messages  Messages
	outgoing  chan []string
	reads     singleflight.Group
	anomalies *anomalies
	decided   decisions
}

// stats counts what the engine did, for metrics and tests.
type stats struct {
	rebuilds atomic.Int64
}

// Rebuilds is how often the counters of an account were counted again from its
// usage events.
func (e *Engine) Rebuilds() int64 { return e.stats.rebuilds.Load() }

// Options of New. The zero value is right for a server.
type Options struct {
	// Clock is the engine's time, and that of all engines on the ledger; nil: the
	// system's, held to the database's: see clockTolerance.
	Clock func() time.Time
	// Random makes the tails of ids; nil: the system's.
	Random func() uint64
	// Workers run batches; 0: 2. On two cores four of them take a quarter more of
	// PostgreSQL's time for each decision, in smaller batches, and answer no
	// sooner.
	Workers int
	// States is how many accounts are remembered; 0: 16384.
	States int
	// Messages wake the feeds of other processes; nil: they look themselves,
	// every two seconds.
	Messages Messages
	Log      *slog.Logger
}

// Catalogs is where the catalog comes from: the ledger, or, beside a Store in
// memory, one in memory.
type Catalogs interface {
	CatalogVersion(ctx context.Context) (int64, error)
	LoadCatalog(ctx context.Context) (*ledger.Catalog, error)
	// BeginPrices records that prices have begun; see ledger.BeginPrices.
	BeginPrices(ctx context.Context, at waterfall.Instant) error
}

// New starts an engine. It needs the catalog once, so the database must be
// there. Close ends it.
func New(ctx context.Context, l *ledger.Ledger, c Counters, o Options) (*Engine, error) {
	e := newEngine(postgres{l}, c, l, o)
	e.ledger = l
	return e.open(ctx)
}

// NewOn starts an engine on any store. It decides, and that is all: lists,
// views, sweeps and changes of the catalog need the ledger that New is given.
func NewOn(ctx context.Context, s Store, catalogs Catalogs, c Counters, o Options) (*Engine, error) {
	e := newEngine(s, c, catalogs, o)
	return e.open(ctx)
}

func newEngine(s Store, c Counters, catalogs Catalogs, o Options) *Engine {
	e := &Engine{store: s, counters: c, catalogs: catalogs, clock: o.Clock, random: o.Random, log: o.Log,
		hub: newHub(), messages: o.Messages, outgoing: make(chan []string, 256),
		anomalies: newAnomalies()}
	if e.clock == nil {
		e.clock, e.wall = time.Now, true
	}
	if e.random == nil {
		e.random = rand.Uint64
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	workers, states := o.Workers, o.States
	if workers == 0 {
		workers = 2
	}
	if states == 0 {
		states = 16384
	}
	e.states = newStates(states)
	e.line = newLine(workers)
	return e
}

// open reads the catalog and starts the workers.
func (e *Engine) open(ctx context.Context) (*Engine, error) {
	if _, err := e.refresh(ctx); err != nil {
		return nil, err
	}
	e.start()
	return e, nil
}

func (e *Engine) start() {
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	for range e.line.workers {
		e.workers.Go(e.work)
	}
	e.workers.Go(func() { e.followCatalog(ctx) })
	e.workers.Go(func() { e.carry(ctx) })
	if e.ledger != nil {
		e.workers.Go(func() { e.summarize(ctx) })
	}
}

// Close answers what waits and stops the workers. Later calls get UNAVAILABLE.
func (e *Engine) Close() {
	if !e.line.close() {
		return
	}
	e.stop()
	e.workers.Wait()
}

// submit queues operations and waits for them. Each stands by itself.
func (e *Engine) submit(ctx context.Context, ops ...operation) []*item {
	items := make([]*item, len(ops))
	now := time.Now() // how long something waits, the decision's own clock does not tell
	for i, op := range ops {
		items[i] = &item{ctx: ctx, op: op, queued: now, alone: len(ops) == 1, done: make(chan struct{})}
	}
	e.line.add(items...)
	for _, it := range items {
		select {
		case <-it.done:
		case <-ctx.Done():
			// The worker may still decide it: the same key tells.
			select {
			case <-it.done:
			default:
				items = abandon(items)
				return items
			}
		}
	}
	e.anomalies.noteConflicts(items)
	return items
}

// abandon makes copies of the items that are not answered, so that the worker
// can go on with its own.
func abandon(items []*item) []*item {
	left := make([]*item, len(items))
	for i, it := range items {
		select {
		case <-it.done:
			left[i] = it
		default:
			left[i] = &item{op: it.op, err: unavailable(context.DeadlineExceeded)}
		}
	}
	return left
}

// do runs one operation and returns its answer as T.
func do[T any](ctx context.Context, e *Engine, op operation) (T, error) {
	it := e.submit(ctx, op)[0]
	if it.err != nil {
		var none T
		return none, it.err
	}
	return it.answer.(T), nil
}

// Ledger is the store of record, for reads.
func (e *Engine) Ledger() *ledger.Ledger { return e.ledger }

// CountersAway tells whether the counter store is away.
func (e *Engine) CountersAway() bool { return e.counters.Away() }

// Catalog is the catalog in force in this process.
func (e *Engine) Catalog() *ledger.Catalog { return e.catalog.Load() }

// catalogInterval is how often a process looks whether the catalog changed
// elsewhere: a change is in force everywhere within a second.
const catalogInterval = 250 * time.Millisecond

func (e *Engine) followCatalog(ctx context.Context) {
	tick := time.NewTicker(catalogInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		look, cancel := context.WithTimeout(ctx, 2*time.Second)
		if v, err := e.catalogs.CatalogVersion(look); err == nil && v != e.Catalog().Version {
			if _, err := e.refresh(look); err != nil {
				e.log.Warn("the catalog could not be read", "error", err)
			}
		}
		cancel()
	}
}

// refresh reads the catalog and puts it in force, unless a newer one is. Whoever
// follows an account looks at it again: its plan or prices may be others.
func (e *Engine) refresh(ctx context.Context) (*ledger.Catalog, error) {
	if e.catalogs == nil { // that of a simulation stays as it is
		return e.Catalog(), nil
	}
	c, err := e.catalogs.LoadCatalog(ctx)
	if err != nil {
		return nil, err
	}
	for {
		now := e.catalog.Load()
		if now != nil && now.Version >= c.Version {
			return now, nil
		}
		if e.catalog.CompareAndSwap(now, c) {
			e.hub.missed()
			return c, nil
		}
	}
}

// possibleFields are the counters that any plan in force keeps for what is
// asked.
func (e *Engine) possibleFields(c *ledger.Catalog, refs []counterRef) []counters.Field {
	seen := map[counters.Field]bool{spendField: true}
	fields := []counters.Field{spendField}
	for _, ref := range refs {
		for key := range c.Plans {
			a := account{plan: c.Newest(key)}
			for _, f := range a.needed(nil, ref.feature, ref.user) {
				if !seen[f] {
					seen[f] = true
					fields = append(fields, f)
				}
			}
		}
	}
	return fields
}

// now is the engine's time.
func (e *Engine) now() waterfall.Instant { return waterfall.InstantOf(e.clock()) }

func (e *Engine) newID(at waterfall.Instant) ledger.ID { return ledger.NewID(at, e.random()) }
