package counters

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/engine/waterfall"
)

// gate stands before the Redis of the test run: it can be shut (connections
// break and are refused) and frozen (they stay and carry nothing).
type gate struct {
	t       *testing.T
	address string
	target  string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
	flowing  chan struct{} // closed while bytes may pass
}

func newGate(t *testing.T) (*gate, *Redis) {
	t.Helper()
	u, err := url.Parse(redisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, target: u.Host, address: "127.0.0.1:0", flowing: make(chan struct{})}
	close(g.flowing)
	g.open()
	t.Cleanup(func() { g.shut(); g.thaw() })
	u.Host = g.address
	return g, openRedis(t, u.String())
}

func (g *gate) open() {
	g.t.Helper()
	l, err := net.Listen("tcp4", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listener, g.address = l, l.Addr().String()
	go g.accept(l)
}

func (g *gate) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp4", g.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		g.mu.Lock()
		g.conns = append(g.conns, client, server)
		g.mu.Unlock()
		go g.carry(client, server)
		go g.carry(server, client)
	}
}

func (g *gate) carry(from, to net.Conn) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		g.mu.Lock()
		flowing := g.flowing
		g.mu.Unlock()
		<-flowing
		if _, wrong := to.Write(buffer[:n]); wrong != nil || err != nil {
			return
		}
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = g.listener.Close()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flowing = make(chan struct{})
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.flowing:
	default:
		close(g.flowing)
	}
}

// call reads and writes once and returns how long both took, with the errors.
func call(r *Redis, account string) (took time.Duration, reading, writing error) {
	begun := time.Now()
	_, reading = r.Read(context.Background(), []Query{{Account: account, Fields: []Field{minute}}})
	_, writing = r.Write(context.Background(), []Update{{Account: account, Version: version(1), Shape: "s", Replace: true,
		Fields: map[Field]*waterfall.Series{minute: series(1, 1)}}})
	return time.Since(begun), reading, writing
}

func TestAStoreThatIsAwayCostsLittleAndComesBackByItself(t *testing.T) {
	for name, fault := range map[string]struct{ leave, back func(*gate) }{
		"refused": {(*gate).shut, (*gate).open},
		"silent":  {(*gate).freeze, (*gate).thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, r := newGate(t)
			account := "test-" + rand.Text()
			// On a busy machine the first call may take too long.
			_, reading, writing := call(r, account)
			for begun := time.Now(); (reading != nil || writing != nil) && time.Since(begun) < 10*time.Second; {
				time.Sleep(50 * time.Millisecond)
				_, reading, writing = call(r, account)
			}
			if reading != nil || writing != nil || r.Away() {
				t.Fatalf("before: %v, %v, away %v", reading, writing, r.Away())
			}
			fault.leave(g)
			took, reading, writing := call(r, account)
			if !errors.Is(reading, ErrAway) || !errors.Is(writing, ErrAway) || !r.Away() {
				t.Fatalf("gone: %v, %v, away %v", reading, writing, r.Away())
			}
			// The first call finds out, by its timeout at worst; the second rests.
			if took > 2*callTimeout {
				t.Errorf("finding out took %v", took)
			}
			for range 20 {
				if took, reading, _ := call(r, account); !errors.Is(reading, ErrAway) || took > callTimeout/5 {
					// One call in each interval may try.
					if took > 2*callTimeout {
						t.Errorf("resting took %v: %v", took, reading)
					}
				}
			}
			fault.back(g)
			expectBack(t, r, account)
		})
	}
}

// expectBack calls as a busy server would and expects the store to be used
// again within a second.
func expectBack(t *testing.T, r *Redis, account string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		_, reading, writing := call(r, account)
		if reading == nil && writing == nil {
			if took := time.Since(begun); took > time.Second+callTimeout {
				t.Errorf("it took %v to be used again", took)
			}
			break
		}
		if time.Since(begun) > 5*time.Second {
			t.Fatalf("still away: %v, %v", reading, writing)
		}
	}
	if r.Away() {
		t.Error("it answers and counts as away")
	}
}

func TestWhileAwayFewCallsTry(t *testing.T) {
	g, r := newGate(t)
	account := "test-" + rand.Text()
	g.freeze()
	var group sync.WaitGroup
	begun := time.Now()
	slow := make(chan struct{}, 1<<16)
	for range 8 {
		group.Go(func() {
			for time.Since(begun) < 3*probeInterval {
				if took, _, _ := call(r, account); took > callTimeout/2 {
					slow <- struct{}{}
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	group.Wait()
	// All eight may meet the fault at first; then one in each interval tries.
	if n := len(slow); n < 1 || n > 8+5 {
		t.Errorf("%d calls waited for a store that is away", n)
	}
}

func TestPingEndsTheRest(t *testing.T) {
	g, r := newGate(t)
	g.shut()
	if err := r.Ping(context.Background()); err == nil || !r.Away() {
		t.Fatalf("ping: %v, away %v", err, r.Away())
	}
	g.open()
	deadline := time.Now().Add(time.Second)
	for r.Ping(context.Background()) != nil && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if r.Away() {
		t.Error("the store answers a ping and counts as away")
	}
}

func TestTheScriptMayBeForgotten(t *testing.T) {
	r := openRedis(t, redisURL(t))
	account := "test-" + rand.Text()
	for range 3 {
		if err := r.client.ScriptFlush(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, reading, writing := call(r, account); reading != nil || writing != nil || r.Away() {
				t.Fatalf("%v, %v, away %v", reading, writing, r.Away())
			}
		}
	}
}

// An impatient caller says nothing about the store.
func TestACallersDeadlineIsNotTheStoresFault(t *testing.T) {
	r := openRedis(t, redisURL(t))
	account := "test-" + rand.Text()
	if _, reading, writing := call(r, account); reading != nil || writing != nil {
		t.Fatal(reading, writing)
	}
	past, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	gone, leave := context.WithCancel(context.Background())
	leave()
	for name, ctx := range map[string]context.Context{"past its deadline": past, "gone": gone} {
		_, reading := r.Read(ctx, []Query{{Account: account}})
		_, writing := r.Write(ctx, []Update{{Account: account, Version: version(1), Replace: true}})
		ping := r.Ping(ctx)
		if reading == nil || writing == nil || ping == nil {
			t.Errorf("a caller %s: %v, %v, %v", name, reading, writing, ping)
		}
		if r.Away() {
			t.Errorf("a caller %s puts the store away for everybody", name)
		}
	}
}

// A key that holds something else concerns its own account alone.
func TestAForeignKeyConcernsOneAccountOnly(t *testing.T) {
	r := openRedis(t, redisURL(t))
	ctx := context.Background()
	foreign, other := "test-"+rand.Text(), "test-"+rand.Text()
	if err := r.client.Set(ctx, key(foreign), "something", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if _, reading, writing := call(r, other); reading != nil || writing != nil {
		t.Fatal(reading, writing)
	}
	got, err := r.Read(ctx, []Query{{Account: foreign, Fields: []Field{minute}}, {Account: other, Fields: []Field{minute}}})
	if err != nil || got[0].Version != (Version{}) || got[1].Version != version(1) || r.Away() {
		t.Fatalf("read %+v: %v, away %v", got, err, r.Away())
	}
	held, err := r.Write(ctx, []Update{
		{Account: foreign, Expected: version(1), Version: version(2), Shape: "s"},
		{Account: other, Expected: version(1), Version: version(2), Shape: "s"}})
	if err != nil || held[0] || !held[1] || r.Away() {
		t.Fatalf("held %v: %v, away %v", held, err, r.Away())
	}
	if _, _, writing := call(r, foreign); writing != nil {
		t.Fatal(writing)
	}
	if got, err := r.Read(ctx, []Query{{Account: foreign}}); err != nil || got[0].Version != version(1) {
		t.Errorf("a replacement does not mend it: %+v, %v", got, err)
	}
}

func TestAddresses(t *testing.T) {
	for given, fine := range map[string]bool{
		"redis://127.0.0.1:7000":                        true,
		"127.0.0.1:7000":                                true,
		"redis://user:secret@127.0.0.1:7000/3":          true,
		"redis://127.0.0.1:7000,redis://127.0.0.1:7001": true,
		"redis://127.0.0.1:7000, 127.0.0.1:7001":        true,
		"rediss://127.0.0.1:7000":                       true,
		"unix:///run/redis.sock":                        true,
		"http://secret@127.0.0.1":                       false,
		"redis://secret@127.0.0.1:7000/x":               false,
		"redis://127.0.0.1:7000/3,redis://secret:7001":  false,
		"unix:///run/redis.sock,redis://secret":         false,
	} {
		r, err := OpenRedis(given)
		if (err == nil) != fine || (err != nil && strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: %v", given, err)
		}
		if r != nil {
			check(t, r.Close())
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
