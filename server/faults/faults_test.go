package faults

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
)

var (
	rounds = flag.Int("rounds", 1, "how often each fault is tried; more than once also takes longer over each")
	span   = flag.Duration("for", 0, "go on with the faults for so long, and until the rounds are done")
)

// recovery is how soon the service must be back after a fault has gone.
const recovery = 10 * time.Second

// fault breaks something; what it returns mends it.
type fault struct {
	name   string
	inject func(c *cluster, n int) (mend func())
}

var faults = []fault{
	{"a server killed", restart(syscall.SIGKILL)},
	{"a server stopped in order", restart(syscall.SIGTERM)},
	{"a server frozen", func(c *cluster, n int) func() {
		s := c.servers[n%len(c.servers)]
		s.signal(syscall.SIGSTOP)
		return func() { s.signal(syscall.SIGCONT) }
	}},
	{"PostgreSQL stopped at once", func(c *cluster, _ int) func() {
		c.check(c.stores.Postgres.StopImmediate())
		return func() { c.check(c.stores.Postgres.Start(context.Background())) }
	}},
	{"backends terminated", func(c *cluster, _ int) func() {
		c.exec(`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'`)
		return func() {}
	}},
	{"connections cut before COMMIT", cutting(beforeCommit)},
	{"connections cut after COMMIT", cutting(afterCommit)},
	{"Redis killed", func(c *cluster, _ int) func() {
		c.check(c.stores.Redis.Kill())
		return func() { c.check(c.stores.Redis.Start(context.Background())) }
	}},
	{"Redis flushed", func(c *cluster, _ int) func() {
		c.check(c.redis.FlushAll(context.Background()).Err())
		return func() {}
	}},
	{"Redis back from an old copy", oldCopy},
	{"Redis full", func(c *cluster, _ int) func() {
		ctx := context.Background()
		c.check(c.redis.ConfigSet(ctx, "maxmemory", "1").Err())
		return func() { c.check(c.redis.ConfigSet(ctx, "maxmemory", "0").Err()) }
	}},
	{"Redis slow", toxic("redis", `"type": "latency", "attributes": {"latency": 200}`)},
	{"PostgreSQL slow", toxic("postgres", `"type": "latency", "attributes": {"latency": 30, "jitter": 20}`)},
	{"connections to PostgreSQL reset", toxic("postgres", `"type": "reset_peer", "attributes": {"timeout": 20}`)},
	{"connections to Redis reset", toxic("redis", `"type": "reset_peer", "attributes": {"timeout": 20}`)},
	{"PostgreSQL half open", toxic("postgres", `"type": "timeout", "attributes": {"timeout": 0}`)},
	{"Redis half open", toxic("redis", `"type": "timeout", "attributes": {"timeout": 0}`)},
}

func restart(by syscall.Signal) func(*cluster, int) func() {
	return func(c *cluster, n int) func() {
		s := c.servers[n%len(c.servers)]
		s.end(by)
		return func() { s.start(c.t, c.program, c.env) }
	}
}

func cutting(how cut) func(*cluster, int) func() {
	return func(c *cluster, _ int) func() {
		c.wire.arm(how, 20)
		return func() {
			if n := c.wire.disarm(); n == 0 {
				c.t.Error("no commit was cut")
			}
		}
	}
}

func toxic(name, text string) func(*cluster, int) func() {
	return func(c *cluster, _ int) func() {
		c.spoil(name, text)
		return func() { c.unspoil(name) }
	}
}

// oldCopy puts back what Redis held a moment ago, under traffic.
func oldCopy(c *cluster, _ int) func() {
	ctx := context.Background()
	keys, err := c.redis.Keys(ctx, "*").Result()
	c.check(err)
	copies := map[string]string{}
	for _, key := range keys {
		if text, err := c.redis.Dump(ctx, key).Result(); err == nil {
			copies[key] = text
		}
	}
	if len(copies) == 0 {
		c.t.Error("Redis holds nothing to copy")
	}
	return func() {
		c.check(c.stores.Redis.Kill())
		c.check(c.stores.Redis.Start(ctx))
		for key, text := range copies {
			c.check(c.redis.RestoreReplace(ctx, key, 0, text).Err())
		}
	}
}

func (c *cluster) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// exec runs a statement in the database, not through the proxies.
func (c *cluster) exec(sql string) {
	c.t.Helper()
	conn, err := pgx.Connect(context.Background(), c.stores.DatabaseURL)
	c.check(err)
	_, err = conn.Exec(context.Background(), sql)
	c.check(err)
	c.check(conn.Close(context.Background()))
}

// TestEveryAnswerStaysTrue: whatever breaks, what was answered is in the
// database and never changes, nothing is given twice, and the service is back
// within ten seconds.
func TestEveryAnswerStaysTrue(t *testing.T) {
	c := newCluster(t, "")
	var sum tally
	begun := time.Now()
	for round := 0; round < *rounds || time.Since(begun) < *span; round++ {
		for i, f := range faults {
			fine := t.Run(fmt.Sprintf("%s %d", f.name, round+1), func(t *testing.T) {
				c.t = t
				sum.add(f, c.try(f, round+i, fmt.Sprintf("%s %d", f.name, round)))
			})
			if c.t = t; !fine {
				sum.violations++
			}
		}
	}
	t.Log(&sum)
}

// tally is what was done, and how often each fault was.
type tally struct {
	calls, resent, elsewhere, violations int
	faults                               []string // each time one
}

func (s *tally) add(f fault, done *traffic) {
	s.calls, s.resent, s.elsewhere = s.calls+len(done.calls), s.resent+done.resent, s.elsewhere+done.elsewhere
	s.faults = append(s.faults, f.name)
}

func (s *tally) String() string {
	times := map[string]int{}
	for _, name := range s.faults {
		times[name]++
	}
	var kinds []string
	for _, name := range slices.Sorted(maps.Keys(times)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", name, times[name]))
	}
	return fmt.Sprintf("%d operations, %d of them asked again at another server, %d sent again after an error; %d faults, %d violations\nfaults: %s",
		s.calls, s.elsewhere, s.resent, len(s.faults), s.violations, strings.Join(kinds, ", "))
}

// try lets clients work through one fault, and judges what they were told.
func (c *cluster) try(f fault, n int, name string) *traffic {
	t := c.t
	t.Helper()
	length := 700 * time.Millisecond
	if *rounds > 1 {
		length = 1600 * time.Millisecond
		if f.name == "a server frozen" {
			length = 5 * time.Second
		}
	}
	clients := c.begin(c.accounts(name, 4))
	time.Sleep(length / 2)
	mend := f.inject(c, n)
	time.Sleep(length)
	mend()
	c.awaitService(clients.accounts[0])
	time.Sleep(length / 2)
	clients.end()
	c.judge(clients)
	return clients
}

// judge holds what clients were told against the model and the database.
func (c *cluster) judge(clients *traffic) {
	c.t.Helper()
	for _, err := range clients.wrong {
		c.t.Error(err)
	}
	if result := linearizable(clients.calls); result != porcupine.Ok {
		c.t.Errorf("the history of %d calls is not linearizable, or that is undecided: %s", len(clients.calls), result)
	}
	c.kept(clients)
	c.command("verify")
}

// awaitService waits until each server decides again.
func (c *cluster) awaitService(account string) {
	c.t.Helper()
	begun := time.Now()
	for i, s := range c.servers {
		for n := 0; ; n++ {
			// A denial is an answer too, and takes nothing.
			_, err := c.authorize(context.Background(), s, asked{account, fmt.Sprint("probe-", i, "-", n), windowUnits + creditUnits + 1})
			if err == nil {
				break
			}
			if time.Since(begun) > recovery {
				c.t.Errorf("server %d is not back %s after the fault: %v", i, recovery, err)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// kept looks each acknowledged decision up in the database.
func (c *cluster) kept(f *traffic) {
	c.t.Helper()
	conn, err := pgx.Connect(context.Background(), c.truth)
	c.check(err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), `select account_id, idempotency_key, id::text, granted, charged / 1000000 from usage_events
		where account_id = any($1)`, f.accounts)
	c.check(err)
	type row struct {
		id      string
		granted int64
		charged int64
	}
	stored := map[[2]string]row{}
	var account, key string
	var r row
	_, err = pgx.ForEachRow(rows, []any{&account, &key, &r.id, &r.granted, &r.charged}, func() error {
		stored[[2]string{account, key}] = r
		return nil
	})
	c.check(err)
	lost := slices.IndexFunc(f.calls, func(d call) bool {
		want := row{d.answer.id, d.answer.window + d.answer.credits, d.answer.credits}
		return !d.unanswered && stored[[2]string{d.account, d.key}] != want
	})
	if lost >= 0 {
		d := f.calls[lost]
		c.t.Errorf("%+v was answered, and stored is %+v", d, stored[[2]string{d.account, d.key}])
	}
	if len(f.calls) < 50 {
		c.t.Errorf("only %d calls", len(f.calls))
	}
}
