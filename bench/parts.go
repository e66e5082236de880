package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/engine/counters"
)

// sizes are how much of everything a run takes.
type sizes struct {
	short  time.Duration // of a load that is repeated
	long   time.Duration // of one that is not
	rounds int
	blocks int // of rounds, in which another build is held against
	// accounts of a population, callers of the engine in process.
	accounts, callers int
	// deepAccounts have deepEntries in their windows each.
	deepAccounts, deepEntries int
	subscriptions             int
	proved                    int // decisions that are made to be verified
}

var (
	fullSizes  = sizes{short: 3 * time.Second, long: 8 * time.Second, rounds: 3, blocks: 6, accounts: 10_000, callers: 512, deepAccounts: 100, deepEntries: 10_000, subscriptions: 1000, proved: 1_000_000}
	quickSizes = sizes{short: 200 * time.Millisecond, long: 600 * time.Millisecond, rounds: 1, blocks: 1, accounts: 200, callers: 64, deepAccounts: 4, deepEntries: 100, subscriptions: 40, proved: 2000}
)

// bench is one run of the program.
type bench struct {
	options
	sizes
	report       *report
	admin, redis string // addresses of the stores
	stores       watched

	// database is that of the rounds, with the population that this process
	// asks, and the one that servers are asked for.
	database string
	rig      *rig
	here     population
	there    population
	server   *server
	service  string // a token
}

// part is one thing to measure. Its rows are added to the report.
type part struct {
	name    string
	measure func(*bench, context.Context) error
}

// parts in the order in which they are measured. The rounds come first: what
// follows is held against what they found.
var parts = []part{
	{"rounds", (*bench).measureRounds},
	{"paced", (*bench).measurePaced},
	{"processes", (*bench).measureProcesses},
	{"memory", (*bench).measureMemory},
	{"feeds", (*bench).measureFeeds},
	{"overload", (*bench).measureOverload},
	{"deep", (*bench).measureDeep},
	{"cold", (*bench).measureCold},
	{"away", (*bench).measureAway},
	{"verify", (*bench).measureVerify},
	{"growth", (*bench).measureGrowth},
}

func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, sizes: fullSizes, report: newReport(o.quick)}
	if o.quick {
		b.sizes = quickSizes
	}
	b.admin, b.redis = os.Getenv("SPILLWAY_TEST_DATABASE_URL"), os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if b.admin == "" || b.redis == "" {
		return nil, errors.New("there are no stores; run: make bench")
	}
	b.here, b.there = population{"here", b.accounts}, population{"there", b.accounts}
	if err := b.look(ctx); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// look finds out about the stores.
func (b *bench) look(ctx context.Context) error {
	c, err := pgx.Connect(ctx, b.admin)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	cache, err := counters.OpenRedis(b.redis)
	if err != nil {
		return err
	}
	defer func() { _ = cache.Close() }()
	if err := c.QueryRow(ctx, "select split_part(current_setting('server_version'), ' ', 1)").Scan(&b.report.PostgreSQL); err != nil {
		return err
	}
	b.stores, err = storePids(ctx, c, cache.Client())
	return err
}

// prepare makes what the parts share: the database of the rounds, an engine
// here and a server on it.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.service, err = token("bench", "service"); err != nil {
		return err
	}
	if b.database, err = database(ctx, b.admin, "rounds"); err != nil {
		return err
	}
	if err = prepareFloor(ctx, b.admin); err != nil {
		return err
	}
	if b.rig, err = openRig(ctx, b.database, b.redis, engine.Options{}); err != nil {
		return err
	}
	if err = b.rig.catalog(ctx); err != nil {
		return err
	}
	for _, p := range []population{b.here, b.there} {
		if err = b.rig.seed(ctx, p); err != nil {
			return err
		}
	}
	b.server, err = serve(ctx, b.program, b.database, b.redis)
	return err
}

func (b *bench) close() {
	if b.server != nil {
		b.server.stop()
	}
	if b.rig != nil {
		b.rig.close()
	}
}

// measure runs the parts that were asked for.
func (b *bench) measure(ctx context.Context) error {
	for _, p := range parts {
		if !b.only.MatchString(p.name) && !(p.name == "rounds" && slices.ContainsFunc(ofRounds, func(h held) bool { return b.only.MatchString(h.load) })) {
			continue
		}
		began := time.Now()
		if err := p.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", p.name, time.Since(began).Round(time.Second))
	}
	return nil
}

// usual is the mix that most rows are about: 80 % windows, 20 % credits.
func usual(p population) mix { return mix{p, 0.2} }
