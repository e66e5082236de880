package engine_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// feedsFor is how long the feeds are watched; make proof asks for a minute.
var feedsFor = flag.Duration("feeds-for", 2*time.Second, "how long TestFeedsLoseNothing decides")

// gate holds every COMMIT of a batch back while it is closed.
type gate struct {
	mu     sync.Mutex
	open   chan struct{} // closed: COMMITs pass
	held   int           // COMMITs that were held back
	inside int           // that are
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

// pass waits until the gate is open.
func (g *gate) pass() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return
	default:
	}
	g.count(1)
	<-open
	g.count(-1)
}

func (g *gate) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside += n
	g.held += max(0, n)
}

// waiting is how many COMMITs are held back now.
func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inside
}

func (g *gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &gatedConn{Conn: conn, gate: g, messages: &cutConn{statements: map[string]string{}}}, nil
}

// gatedConn waits at the gate with each COMMIT.
type gatedConn struct {
	net.Conn
	gate     *gate
	messages *cutConn
}

func (c *gatedConn) Write(data []byte) (int, error) {
	if commits, _ := c.messages.executes(data); commits || bytes.HasPrefix(data, queryCommit) {
		c.gate.pass()
	}
	return c.Conn.Write(data)
}

// queryCommit begins the message of a COMMIT that is sent by itself: a simple
// query, its length, its text.
var queryCommit = []byte("Q\x00\x00\x00\x0bcommit\x00")

// TestFeedsLoseNothing: three servers decide under load, one of them with a clock
// that is three seconds late, one with a clock that is early, and again and again
// every COMMIT takes long, so that the newest transactions are under way, with ids
// that no completed one has, while the feeds are read. What is acknowledged is
// delivered, once, in the order of the ids.
func TestFeedsLoseNothing(t *testing.T) {
	w := newWorld(t)
	messages := engine.Options{Messages: w.redis}
	g := newGate()
	var servers []*engine.Engine
	for _, skew := range []time.Duration{0, -3 * time.Second, 2 * time.Second} {
		l, err := ledger.Open(context.Background(), w.url, ledger.Options{DialFunc: g.dial})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		servers = append(servers, engine.NewSkewed(t, l, w.redis, skew, messages))
	}
	// Before the engines and ledgers are closed, which waits for their batches.
	t.Cleanup(g.lift)

	const accounts, callers = 12, 12
	ids := make([]string, accounts)
	for i := range ids {
		ids[i] = w.account(fmt.Sprint("lossless-", i), "plus")
	}
	beginning := ledger.ID{}
	all := make([]*reader, len(servers))
	for i, e := range servers {
		all[i] = reading(t, e, "", &beginning)
	}
	own := make([]*reader, accounts)
	for i := range own {
		own[i] = reading(t, servers[i%len(servers)], ids[i], &beginning)
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var acknowledged atomic.Int64
	var callersDone sync.WaitGroup
	for caller := range callers {
		callersDone.Go(func() {
			e, account := servers[caller%len(servers)], ids[caller%accounts]
			for n := 0; ctx.Err() == nil; n++ {
				_, err := e.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1,
					Key: fmt.Sprint(caller, "-", n)})
				if err != nil {
					t.Error(err)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	// The first COMMITs take seconds, which makes late what is timed by how long a
	// batch usually takes; the others long enough for the feeds to look several times.
	for begun, rounds := time.Now(), 0; rounds == 0 || time.Since(begun) < *feedsFor; rounds++ {
		g.shut()
		for limit := time.Now().Add(10 * time.Second); g.waiting() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatal("nothing is under way")
			}
		}
		if rounds == 0 {
			time.Sleep(2500 * time.Millisecond)
		} else {
			time.Sleep(300 * time.Millisecond)
		}
		g.lift()
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	callersDone.Wait()

	want := w.eventsOf("")
	if int64(len(want)) != acknowledged.Load() {
		t.Errorf("%d decisions were acknowledged, there are %d", acknowledged.Load(), len(want))
	}
	wrong, until := 0, time.Now().Add(10*time.Second)
	for i, r := range all {
		wrong += holdAgainst(t, fmt.Sprintf("all decisions at server %d", i), r, want, until)
	}
	for i, r := range own {
		wrong += holdAgainst(t, "decisions of "+ids[i], r, w.eventsOf(ids[i]), until)
	}
	t.Logf("%d decisions acknowledged, %d COMMITs held back, %d feeds of all and %d of one account: %d events lost or delivered twice",
		acknowledged.Load(), g.held, len(all), len(own), wrong)
}

// holdAgainst waits until a moment for what a reader must be delivered, and says
// what is missing.
func holdAgainst(t *testing.T, name string, r *reader, want []ledger.ID, until time.Time) (wrong int) {
	t.Helper()
	for len(r.seen()) < len(want) && time.Now().Before(until) {
		time.Sleep(10 * time.Millisecond)
	}
	got := r.seen()
	if slices.Equal(got, want) {
		return 0
	}
	delivered, lost, twice := map[ledger.ID]int{}, 0, 0
	for _, id := range got {
		if delivered[id]++; delivered[id] == 2 {
			twice++
		}
	}
	for _, id := range want {
		if delivered[id] == 0 {
			lost++
		}
	}
	t.Errorf("%s: %d of %d events lost, %d delivered twice, in order: %t", name, lost, len(want), twice, slices.IsSortedFunc(got, func(a, b ledger.ID) int {
		return slices.Compare(a[:], b[:])
	}))
	return max(1, lost+twice)
}
