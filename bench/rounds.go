package main

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// entry is a load that is measured in each round.
type entry struct {
	name    string
	measure func(context.Context) (measure, error)
}

// wants tells whether a load of the rounds was asked for; the floors always
// are.
func (b *bench) wants(name string) bool {
	return name == "spread" || name == "hot" || b.only.MatchString("rounds") || b.only.MatchString(name)
}

// measureRounds measures the floor and what is held against it in turn.
func (b *bench) measureRounds(ctx context.Context) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := launch(ctx, os.Environ(), executable, "-bare") // with the collector's setting of the server: see main
	if err != nil {
		return err
	}
	defer bare.stop()
	entries := slices.DeleteFunc(b.entries(bare), func(e entry) bool { return !b.wants(e.name) })
	found := map[string]runs{}
	for range b.rounds {
		for _, e := range entries {
			settle()
			m, err := e.measure(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			found[e.name] = append(found[e.name], m)
			m.tell(e.name)
		}
	}
	b.rowsOfRounds(found)
	return nil
}

func (b *bench) entries(bare *server) []entry {
	pgbench := func(hot bool) func(context.Context) (measure, error) {
		return func(ctx context.Context) (measure, error) {
			rate, err := floor(ctx, b.admin, hot, b.short)
			return measure{rate: rate}, err
		}
	}
	engine := func(m mix) func(context.Context) (measure, error) {
		return b.rig.load(m, b.callers, b.short, b.stores).run
	}
	serving, serves := b.stores.with("server", b.server.pid()), usual(b.there)
	return []entry{
		{"spread", pgbench(false)},
		{"engine", engine(usual(b.here))},
		{"graphql 64", authorizeLoad(serves, b.service, 64, b.short, serving, b.server).run},
		{"bare", authorizeLoad(serves, "", 256, b.short, b.stores.with("server", bare.pid()), bare).run},
		{"graphql 256", authorizeLoad(serves, b.service, 256, b.short, serving, b.server).run},
		{"batch", batchLoad(serves, b.service, 8, b.short, serving, b.server).run},
		{"hot", pgbench(true)},
		{"engine hot", engine(mix{population{b.here.prefix, 1}, 1})},
		{"engine credits", engine(mix{b.here, 1})},
	}
}

const perSecond = "/s"

// held is a row of the rounds: a load against a floor.
type held struct {
	load, what string
	floor      string // the load that is the floor, "" for none
	against    string // and its name in the table
	atLeast    float64
}

var ofRounds = []held{
	{"spread", "pgbench spread: one insert and one conditional update, 64 clients, prepared", "", "", 0},
	{"hot", "pgbench hot: the same, all on one account", "", "", 0},
	{"engine", "engine in process, 10,000 accounts, 80 % windows, 20 % credits, 512 callers", "spread", "pgbench spread", 2.5},
	{"engine credits", "the same, all credits", "spread", "pgbench spread", 2},
	{"engine hot", "one hot account, all credits", "hot", "pgbench hot", 15},
	{"engine hot", "one hot account, all credits", "spread", "pgbench spread", 0.9},
	{"graphql 64", "GraphQL `authorize`, full selection with steps, HS256, 64 connections", "spread", "pgbench spread", 1.2},
	{"graphql 256", "GraphQL `authorize`, 256 connections", "spread", "pgbench spread", 1.2},
	{"bare", "bare gqlgen server with constants, 256 connections", "", "", 0},
	{"graphql 256", "GraphQL `authorize`, 256 connections", "bare", "bare gqlgen", 0.8},
	{"batch", "GraphQL `authorizeBatch` of 100, the same selection, 8 connections", "spread", "pgbench spread", 2},
}

func (b *bench) rowsOfRounds(found map[string]runs) {
	for _, h := range ofRounds {
		if found[h.load] == nil || h.floor != "" && found[h.floor] == nil {
			continue
		}
		r := found[h.load].row(h.what, perSecond, found[h.floor], h.against)
		r.AtLeast = h.atLeast
		b.report.add(r)
	}
	for _, name := range []string{"graphql 64", "graphql 256"} {
		if r := found[name]; r != nil {
			b.report.add(row{What: "server CPU for each `authorize`, " + name[len("graphql "):] + " connections",
				Value: r.middle().cpu["server"], Unit: "µs", AtMost: 80})
		}
	}
}

// measurePaced asks at a fixed rate.
func (b *bench) measurePaced(ctx context.Context) error {
	const rate = 500
	// What the rounds left to be vacuumed and written out is no part of so small
	// a load, nor are the whole pages in the log that follow a checkpoint: a
	// running system writes each once in a quarter of an hour.
	if err := tidy(ctx, b.database); err != nil {
		return err
	}
	if _, err := authorizeLoad(usual(b.there), b.service, 256, b.long, nil, b.server).run(ctx); err != nil {
		return err
	}
	var p50, p99, floorP50, floorP99 []float64
	for range b.rounds {
		settle()
		f, err := floorPaced(ctx, b.admin, rate, b.short)
		if err != nil {
			return err
		}
		m, err := paced(ctx, usual(b.there), b.service, rate, b.short, b.server)
		if err != nil {
			return err
		}
		p50, p99 = append(p50, m.p50), append(p99, m.p99)
		floorP50, floorP99 = append(floorP50, f.p50), append(floorP99, f.p99)
	}
	add := func(of string, ours, floors []float64, atMost float64) {
		f := median(floors)
		b.report.add(row{What: "pgbench spread, paced 500/s: " + of, Value: f, Unit: "ms"})
		b.report.add(row{What: "paced 500/s through GraphQL: " + of, Value: median(ours), Unit: "ms", AtMost: atMost,
			Note: fmt.Sprintf("%.2f × pgbench at the same rate", median(ours)/f)})
	}
	add("p50", p50, floorP50, 2)
	add("p99", p99, floorP99, 6)
	return nil
}

// measureProcesses holds two servers on the same accounts against one.
func (b *bench) measureProcesses(ctx context.Context) error {
	other, err := serve(ctx, b.program, b.database, b.redis)
	if err != nil {
		return err
	}
	defer other.stop()
	const deadlocks = "select sum(deadlocks)::float8 from pg_stat_database"
	before, err := ask(ctx, b.database, deadlocks)
	if err != nil {
		return err
	}
	measured := func(m mix, servers ...*server) func(context.Context) (measure, error) {
		return func(ctx context.Context) (measure, error) {
			settle()
			return authorizeLoad(m, b.service, 128, b.short, b.stores, servers...).run(ctx)
		}
	}
	spread := usual(b.there)
	hot := mix{population{b.there.prefix, 1}, 1}
	for _, c := range []struct {
		what string
		mix  mix
		bar  float64
	}{{"two server processes on the same accounts", spread, 0.85}, {"two server processes on one hot account, all credits", hot, 0}} {
		one, two, err := alternate(ctx, b.rounds, measured(c.mix, b.server), measured(c.mix, b.server, other))
		if err != nil {
			return err
		}
		r := two.row(c.what, perSecond, one, "one process")
		r.AtLeast = c.bar
		b.report.add(r)
	}
	after, err := ask(ctx, b.database, deadlocks)
	if err != nil {
		return err
	}
	b.report.add(none("deadlocks in PostgreSQL meanwhile", after-before))
	return nil
}
