package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/ledger"
	"spillway/server/stores"
)

const (
	// longFreeze outlasts every limit that a COMMIT, or a wait for its row, has.
	longFreeze  = 12 * time.Second
	shortFreeze = 2 * time.Second
	// failover is how soon after the promotion each server must decide. Where
	// nothing else runs, it is within a second.
	failover = 5 * time.Second
)

// failovers are the ways in which a primary or its standby goes away, while
// clients ask and ask again.
var failovers = []struct {
	name   string
	happen func(p *pair)
}{
	{"the standby frozen, its primary killed, what was on its way lost", func(p *pair) {
		p.freeze(longFreeze)
		p.killPrimary()
		p.loseWhatIsUnderWay()
		p.promote()
	}},
	{"the standby frozen, its primary killed, thawed", func(p *pair) {
		p.freeze(shortFreeze)
		p.killPrimary()
		p.thaw()
		p.promote()
	}},
	{"the primary killed", func(p *pair) {
		p.killPrimary()
		p.promote()
	}},
	{"the standby frozen and thawed", func(p *pair) {
		p.freeze(longFreeze)
		p.thaw()
		p.decides("the thaw", time.Now())
	}},
}

// TestNoAnswerOutrunsTheStandby: the servers know a primary and its synchronous
// standby by one URL. Whichever of them goes away and when, each answer that was
// given is on the server that is left, each key has one decision, and once the
// standby is the primary the same processes decide again. /readyz says meanwhile
// whether they can. A single round tries the first way, which is the hardest.
func TestNoAnswerOutrunsTheStandby(t *testing.T) {
	built, ways := build(t), failovers
	if *rounds == 1 {
		ways = ways[:1]
	}
	for round := range *rounds {
		for _, f := range ways {
			t.Run(fmt.Sprintf("%s %d", f.name, round+1), func(t *testing.T) {
				p := newPair(t, built)
				clients := p.begin(p.accounts("clients", 4))
				p.ready("at first", "")
				time.Sleep(500 * time.Millisecond)
				f.happen(p)
				time.Sleep(500 * time.Millisecond)
				clients.end()
				p.ready("at last", "")
				p.judge(clients)
				p.tell(clients)
			})
		}
	}
}

// pair is three servers on a primary and its standby, without proxies between.
type pair struct {
	*cluster
	standby  *stores.Standby
	receiver int    // the standby's process that takes the log from the primary
	idle     string // an account of no client
	probes   int
	figures  []string
}

func newPair(t *testing.T, program string) *pair {
	t.Helper()
	s, err := stores.Start(t.Context(), stores.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	standby, err := s.AddStandby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{cluster: &cluster{t: t, stores: s, truth: s.DatabaseURL, program: program}, standby: standby}
	p.serve(standby.BothURL, s.RedisURL)
	p.idle = p.accounts("idle", 1)[0]
	return p
}

// ask reads one value from a database.
func ask[T any](p *pair, url, sql string) (value T) {
	p.t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	p.check(err)
	defer func() { _ = conn.Close(context.Background()) }()
	p.check(conn.QueryRow(context.Background(), sql).Scan(&value))
	return value
}

// freeze stops the standby from taking what the primary commits, for a time in
// which nothing is answered.
func (p *pair) freeze(length time.Duration) {
	p.t.Helper()
	p.receiver = ask[int](p, p.standby.URL, "select pid from pg_stat_wal_receiver")
	p.signal(syscall.SIGSTOP)
	begun := time.Now()
	p.readyAt(0, "with the standby frozen", ledger.ReasonUnconfirmed)
	time.Sleep(length - time.Since(begun))
	const committing = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"
	waiting := ask[int](p, p.stores.DatabaseURL, committing)
	if waiting == 0 {
		p.t.Error("no COMMIT waits for the standby")
	}
	p.figure("%d COMMITs waited %s", waiting, length)
}

func (p *pair) thaw() { p.signal(syscall.SIGCONT) }

func (p *pair) signal(s syscall.Signal) {
	p.t.Helper()
	p.check(syscall.Kill(p.receiver, s))
}

// loseWhatIsUnderWay kills the frozen process with what it had not read. The
// standby starts again over it, as after a crash.
func (p *pair) loseWhatIsUnderWay() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	for gone := time.Now().Add(time.Minute); syscall.Kill(p.receiver, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(gone) {
			p.t.Fatal("the standby's receiver does not end")
		}
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), p.standby.URL)
		if err == nil {
			_ = conn.Close(context.Background())
			return
		}
		if time.Now().After(limit) {
			p.t.Fatal(err)
		}
	}
}

// killPrimary leaves a standby alone: nothing can be decided, and each server says
// so and why.
func (p *pair) killPrimary() {
	p.t.Helper()
	p.check(p.stores.Postgres.Kill())
	p.truth = p.standby.URL
	p.ready("with a standby alone", ledger.ReasonStandby)
}

func (p *pair) promote() {
	p.t.Helper()
	if !ask[bool](p, p.standby.URL, "select pg_promote()") {
		p.t.Fatal("the standby was not promoted")
	}
	p.decides("the promotion", time.Now())
	p.ready("after the promotion", "")
}

// decides waits until each server has decided something new.
func (p *pair) decides(what string, since time.Time) {
	p.t.Helper()
	var took [3]time.Duration
	for i := range p.servers {
		took[i] = p.decidesAt(i, since)
	}
	slowest := slices.Max(took[:])
	if slowest > failover {
		p.t.Errorf("a server decided %s after %s", slowest, what)
	}
	p.figure("first decisions %d, %d and %d ms after %s", took[0].Milliseconds(), took[1].Milliseconds(), took[2].Milliseconds(), what)
}

func (p *pair) decidesAt(server int, since time.Time) time.Duration {
	p.t.Helper()
	for {
		p.probes++
		a := asked{p.idle, fmt.Sprint("probe-", p.probes), 1}
		answer, err := p.authorize(context.Background(), p.servers[server], a)
		if err == nil && answer.window == 1 {
			return time.Since(since)
		}
		if time.Since(since) > time.Minute {
			p.t.Fatalf("server %d does not decide: %+v, %v", server, answer, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ready waits until /readyz of each server says that it is ready, or, with a
// reason, that it is not.
func (p *pair) ready(when, reason string) {
	p.t.Helper()
	begun := time.Now()
	for i := range p.servers {
		p.readyAt(i, when, reason)
	}
	p.figure("/readyz %s as it must be after %d ms", when, time.Since(begun).Milliseconds())
}

func (p *pair) readyAt(server int, when, reason string) {
	p.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		status, said := p.servers[server].readyz(p.t)
		if reason == "" && status == http.StatusOK || status == http.StatusServiceUnavailable && said == reason && reason != "" {
			return
		}
		if time.Since(begun) > failover {
			p.t.Fatalf("%s /readyz of server %d says %d %q", when, server, status, said)
		}
	}
}

// readyz asks a server whether it is ready, and if not, why.
func (s *server) readyz(t *testing.T) (status int, reason string) {
	t.Helper()
	response, err := client.Get("http://" + s.address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Reason string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer.Reason
}

func (p *pair) figure(format string, args ...any) {
	p.figures = append(p.figures, fmt.Sprintf(format, args...))
}

// tell prints what was done.
func (p *pair) tell(clients *traffic) {
	answered := 0
	for _, c := range clients.calls {
		if !c.unanswered {
			answered++
		}
	}
	stored := ask[int](p, p.truth, "select count(*) from usage_events where account_id like 'clients-%'")
	p.t.Logf("%d answers, %d decisions on the server that is left; %d requests sent again, %d calls repeated at another server\n%s",
		answered, stored, clients.resent, clients.elsewhere, strings.Join(p.figures, "\n"))
}
