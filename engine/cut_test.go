package engine_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// cutter dials connections that break at the COMMIT of a batch. It reads the
// messages that the client sends (PostgreSQL protocol 3.0), and so knows which
// write carries the COMMIT.
type cutter struct {
	mu    sync.Mutex
	how   cut
	times int // how many commits are still to be cut
	cuts  int // how many were
}

// cut says where a connection breaks.
type cut int

const (
	// beforeWrites: nothing of the round trip with the COMMIT arrives.
	beforeWrites cut = iota
	// beforeCommit: what is to be committed arrives, and the COMMIT does not.
	beforeCommit
	// withinCommit: only its first half does.
	withinCommit
	// afterCommit: the database has answered, and the answer is lost.
	afterCommit
	// whileCommitting: it was sent, and nobody knows how far the database got.
	whileCommitting
	// halfAnswered: the answers to the writes arrive, and not that to COMMIT.
	halfAnswered
)

var errCut = errors.New("the test cut the connection")

func (c *cutter) arm(how cut, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.how, c.times, c.cuts = how, times, 0
}

func (c *cutter) done() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

// next tells whether and how to cut a connection that sends this.
func (c *cutter) next(commits, writes bool) (cut, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	here := commits
	if c.how == beforeWrites {
		here = writes
	}
	if c.times == 0 || !here {
		return 0, false
	}
	c.times--
	c.cuts++
	return c.how, true
}

func (c *cutter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &cutConn{Conn: conn, cutter: c, statements: map[string]string{}}, nil
}

// cutConn follows the statements of one connection.
type cutConn struct {
	net.Conn
	cutter     *cutter
	begun      bool // the startup message, which has no type, has passed
	statements map[string]string
	lost       bool   // the answer to a commit is to be read and lost
	half       bool   // all but its last message is to arrive
	arrived    []byte // of that, what the client has not read yet
}

// executes tells whether the messages execute a COMMIT, and whether they write
// an account. The client sends whole messages in each write.
func (c *cutConn) executes(data []byte) (commits, writes bool) {
	if !c.begun {
		c.begun = true
		return false, false
	}
	for len(data) >= 5 {
		size := 1 + int(binary.BigEndian.Uint32(data[1:5]))
		if size > len(data) {
			break
		}
		body := data[5:size]
		switch data[0] {
		case 'P': // Parse: statement, query
			name, rest, _ := bytes.Cut(body, []byte{0})
			query, _, _ := bytes.Cut(rest, []byte{0})
			c.statements[string(name)] = string(query)
		case 'B': // Bind: portal, statement
			_, rest, _ := bytes.Cut(body, []byte{0})
			name, _, _ := bytes.Cut(rest, []byte{0})
			commits = commits || c.statements[string(name)] == "commit"
			writes = writes || strings.HasPrefix(c.statements[string(name)], "update accounts")
		}
		data = data[size:]
	}
	return commits, writes
}

func (c *cutConn) Write(data []byte) (int, error) {
	commits, writes := c.executes(data)
	how, yes := c.cutter.next(commits, writes)
	if !yes {
		return c.Conn.Write(data)
	}
	switch how {
	case afterCommit, halfAnswered:
		c.lost, c.half = true, how == halfAnswered
		return c.Conn.Write(data)
	case withinCommit:
		_, _ = c.Conn.Write(data[:len(data)/2])
	case whileCommitting:
		_, _ = c.Conn.Write(data)
	}
	_ = c.Close()
	return 0, errCut
}

func (c *cutConn) Read(data []byte) (int, error) {
	if !c.lost {
		return c.Conn.Read(data)
	}
	if c.arrived == nil {
		seen, err := c.answer()
		if err != nil {
			return 0, err
		}
		_ = c.Close()
		c.arrived = []byte{}
		if c.half {
			// The last message: its type, four bytes of length, the tag.
			c.arrived = seen[:bytes.Index(seen, []byte("COMMIT\x00"))-5]
		}
	}
	if len(c.arrived) == 0 {
		return 0, errCut
	}
	n := copy(data, c.arrived)
	c.arrived = c.arrived[n:]
	return n, nil
}

// answer reads all up to CommandComplete of a COMMIT: it is durable.
func (c *cutConn) answer() (seen []byte, err error) {
	buffer := make([]byte, 4096)
	for !bytes.Contains(seen, []byte("COMMIT\x00")) {
		n, err := c.Conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		seen = append(seen, buffer[:n]...)
	}
	return seen, nil
}

// newCutWorld is a world whose engine works over connections that can be cut;
// other is an engine on whole ones.
func newCutWorld(t *testing.T) (w *world, c *cutter, other *engine.Engine) {
	t.Helper()
	w = newWorld(t)
	c = &cutter{}
	other = w.Engine
	l, err := ledger.Open(context.Background(), w.url, ledger.Options{DialFunc: c.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	cutEngine, err := engine.New(context.Background(), l, w.redis, engine.Options{Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cutEngine.Close)
	w.Engine = cutEngine
	return w, c, other
}

var cuts = map[string]cut{"unsent": beforeWrites, "before": beforeCommit, "within": withinCommit, "after": afterCommit, "while": whileCommitting, "half": halfAnswered}

// TestACutCommitIsAnsweredRight: whatever happens to the connection at COMMIT,
// the caller gets the decision, it is charged once, and the same key gives it
// again.
func TestACutCommitIsAnsweredRight(t *testing.T) {
	t.Parallel()
	w, c, other := newCutWorld(t)
	for name, how := range cuts {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			a := w.account("cut-"+name, "plus")
			w.credits(a, 10_000_000)
			for round := range 3 {
				c.arm(how, 1+round)
				r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 9, Key: w.key()}
				before := w.balance(a)
				d, err := w.Authorize(ctx, r)
				if err != nil || (c.done() != 1+round && how < afterCommit) {
					t.Fatalf("after %d cuts: %v", c.done(), err)
				}
				if d.Replayed {
					t.Error("the first answer to the call says that it repeats an earlier one")
				}
				if after := w.balance(a); before.Available-after.Available != d.Charged || after.Sequence-before.Sequence != 1 {
					t.Errorf("charged %d, balance from %+v to %+v", d.Charged, before, after)
				}
				c.arm(how, 0)
				for _, e := range []*engine.Engine{w.Engine, other} {
					again := must(e.Authorize(ctx, r))
					if again.ID != d.ID || !again.Replayed || again.Charged != d.Charged {
						t.Errorf("sent again: %s replayed %v, first %s", again.ID, again.Replayed, d.ID)
					}
				}
				// What was decided and what the memory and Redis hold agree.
				if plain := must(other.Preview(ctx, engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 5})); plain.Steps[0].Available != 0 {
					t.Errorf("the window has room for %d", plain.Steps[0].Available)
				}
				w.clock.Add(time.Minute)
			}
		})
	}
	w.verified()
}

// TestACutCommitOfEveryOperation: the operations after authorize, too, are
// answered as if nothing had happened, and happen once.
func TestACutCommitOfEveryOperation(t *testing.T) {
	type made struct {
		w    *world
		a    string
		hold *ledger.Decision
		used *ledger.Decision
		lot  ledger.ID
	}
	ctx := context.Background()
	operations := map[string]struct {
		run func(m *made, key string) (*ledger.Decision, error)
		// postings is how many the operation makes.
		postings int64
	}{
		"hold": {func(m *made, key string) (*ledger.Decision, error) {
			return m.w.Authorize(ctx, engine.AuthorizeRequest{Account: m.a, User: "bob", Feature: "chat", Quantity: 4, HoldSeconds: 60, Key: key})
		}, 1},
		"settle": {func(m *made, key string) (*ledger.Decision, error) {
			return m.w.Settle(ctx, engine.SettleRequest{Account: m.a, Decision: m.hold.ID, Quantity: 9, Key: key})
		}, 2},
		"release": {func(m *made, key string) (*ledger.Decision, error) {
			return m.w.Release(ctx, engine.ReleaseRequest{Account: m.a, Decision: m.hold.ID, Key: key})
		}, 1},
		"refund": {func(m *made, key string) (*ledger.Decision, error) {
			return m.w.Refund(ctx, engine.RefundRequest{Account: m.a, Decision: m.used.ID, Key: key, Change: byTest})
		}, 1},
		"createGrant": {func(m *made, key string) (*ledger.Decision, error) {
			_, err := m.w.CreateGrant(ctx, engine.NewGrant{Account: m.a, Kind: 5, Amount: 1_000_000, Key: key}, byTest)
			return nil, err
		}, 1},
		"voidGrant": {func(m *made, _ string) (*ledger.Decision, error) {
			g, err := m.w.VoidGrant(ctx, m.a, m.lot, byTest)
			if err == nil && (g.VoidedAt == 0 || g.Remaining != 0) {
				m.w.t.Errorf("voided as %+v", g)
			}
			return nil, err
		}, 1},
		"setAccountStatus": {func(m *made, _ string) (*ledger.Decision, error) {
			a, err := m.w.SetAccountStatus(ctx, m.a, ledger.Suspended, byTest)
			if err == nil && a.Status != ledger.Suspended {
				m.w.t.Errorf("left %s", a.Status)
			}
			return nil, err
		}, 0},
	}
	t.Parallel()
	w, c, _ := newCutWorld(t)
	for place, how := range cuts {
		t.Run(place, func(t *testing.T) {
			for name, op := range operations {
				m := &made{w: w, a: w.account(name+"-"+place, "plus")}
				m.lot = ledger.ID(w.credits(m.a, 5_000_000).ID)
				m.used = w.ask(m.a, "chat", 9)
				m.hold = w.request(engine.AuthorizeRequest{Account: m.a, User: "bob", Feature: "chat", Quantity: 9, HoldSeconds: 60})
				before := w.balance(m.a)
				c.arm(how, 1)
				d, err := op.run(m, "the key")
				if err != nil || c.done() != 1 {
					t.Errorf("%s after %d cuts: %v", name, c.done(), err)
					continue
				}
				if d != nil && d.Replayed {
					t.Errorf("%s: the first answer to the call says that it repeats an earlier one", name)
				}
				after := w.balance(m.a)
				if n := after.Sequence - before.Sequence; n != op.postings {
					t.Errorf("%s made %d postings, want %d", name, n, op.postings)
				}
				if d == nil {
					continue
				}
				again, err := op.run(m, "the key")
				if err != nil || !again.Replayed || again.ID != d.ID || w.balance(m.a).Sequence != after.Sequence {
					t.Errorf("%s sent again: %v replayed %v", name, err, again.Replayed)
				}
			}
		})
	}
	w.verified()
}

// TestManyCallersOverACutCommit: a whole batch whose COMMIT is cut is answered
// item by item as it is in the database.
func TestManyCallersOverACutCommit(t *testing.T) {
	t.Parallel()
	w, c, other := newCutWorld(t)
	for name, how := range cuts {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			accounts := make([]string, 8)
			for i := range accounts {
				accounts[i] = w.account(fmt.Sprint(name, i), "paid")
				w.credits(accounts[i], 5_000_000)
			}
			for range 4 {
				c.arm(how, 2)
				requests := make([]engine.AuthorizeRequest, 40)
				for i := range requests {
					requests[i] = engine.AuthorizeRequest{Account: accounts[i%len(accounts)], User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}
				}
				answers := w.AuthorizeBatch(ctx, requests)
				for i, answer := range other.AuthorizeBatch(ctx, requests) {
					switch first := answers[i]; {
					case first.Err != nil || answer.Err != nil:
						t.Fatalf("%v, then %v", first.Err, answer.Err)
					case first.Decision.ID != answer.Decision.ID || first.Decision.Replayed || !answer.Decision.Replayed ||
						first.Decision.Status != answer.Decision.Status || first.Decision.Charged != answer.Decision.Charged:
						t.Errorf("%+v, then %+v", first.Decision.Event, answer.Decision.Event)
					}
				}
			}
			for _, a := range accounts {
				// 20 were asked for of 10 that can be paid.
				if b := must(other.Balances(ctx, []string{a}))[a]; b.Available != 0 || b.Sequence != 11 {
					t.Errorf("%d is left after %d postings", b.Available, b.Sequence)
				}
			}
		})
	}
	w.verified()
}
