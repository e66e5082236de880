package engine_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// statements remembers the text of each statement that connections prepare.
type statements struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (s *statements) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &statementConn{Conn: conn, to: s}, err
}

type statementConn struct {
	net.Conn
	to    *statements
	begun bool // the startup message, which has no type, has passed
}

// Write reads the messages (PostgreSQL protocol 3.0), which the client sends
// whole.
func (c *statementConn) Write(data []byte) (int, error) {
	for rest := data; c.begun && len(rest) >= 5; {
		size := min(1+int(binary.BigEndian.Uint32(rest[1:5])), len(rest))
		if rest[0] == 'P' { // Parse: statement, query
			_, query, _ := bytes.Cut(rest[5:size], []byte{0})
			query, _, _ = bytes.Cut(query, []byte{0})
			c.to.mu.Lock()
			c.to.seen[string(query)] = true
			c.to.mu.Unlock()
		}
		rest = rest[size:]
	}
	c.begun = true
	return c.Conn.Write(data)
}

var (
	locks     = regexp.MustCompile(`(?is)\bfor (no key )?update\b|\bfor (key )?share\b|^\s*(update|delete)\b`)
	ofOne     = regexp.MustCompile(`Cond: .*\(account_id = \$\d+\)`)
	parameter = regexp.MustCompile(`\$\d+`)
)

// lockSeveral are the statements that may lock or change rows of more than one
// account: the plan does not look up the one that a parameter names. The version
// of the catalog, which has no account, is left out.
func (s *statements) lockSeveral(t *testing.T, url string) (locking int, several []string) {
	t.Helper()
	c := must(pgx.Connect(t.Context(), url))
	defer func() { _ = c.Close(context.Background()) }()
	exec := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")
	s.mu.Lock() // the server goes on preparing what it asks by itself
	seen := slices.Sorted(maps.Keys(s.seen))
	s.mu.Unlock()
	for _, sql := range seen {
		if !locks.MatchString(sql) || strings.Contains(sql, "catalog_version") {
			continue
		}
		locking++
		exec("prepare looked as " + sql)
		used := map[string]bool{}
		for _, p := range parameter.FindAllString(sql, -1) {
			used[p] = true
		}
		explain := "explain (costs off) execute looked(" + strings.TrimSuffix(strings.Repeat("null, ", len(used)), ", ") + ")"
		rows := must(c.Query(t.Context(), explain, pgx.QueryExecModeSimpleProtocol))
		plan := strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string])), "\n")
		plan = strings.ReplaceAll(plan, "Subquery Scan", "") // reads no table
		if strings.Count(plan, "Scan") != strings.Count(plan, "Bitmap Heap Scan")+1 || !ofOne.MatchString(plan) {
			several = append(several, sql)
		}
		exec("deallocate looked")
	}
	return locking, several
}

// TestNoStatementLocksMoreThanOneAccount: set so, as a PostgreSQL that is
// distributed by account needs it. The statements are those that really went
// over the wire while batches of several accounts did everything that writes.
func TestNoStatementLocksMoreThanOneAccount(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		single  bool
		several int
	}{"single statements": {true, 0}, "array statements": {false, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := &statements{seen: map[string]bool{}}
			w := newWorld(t)
			w.ledger = must(ledger.Open(context.Background(), w.url, ledger.Options{SingleAccount: want.single, DialFunc: sent.dial}))
			t.Cleanup(w.ledger.Close)
			w.Engine = w.another(w.redis)
			w.everything()
			locking, several := sent.lockSeveral(t, w.url)
			if locking < 5 {
				t.Errorf("only %d statements lock or change", locking)
			}
			if len(several) != want.several {
				t.Errorf("%d of %d statements name more than one account, want %d:\n%s", len(several), locking, want.several, strings.Join(several, "\n"))
			}
			w.verified()
		})
	}
}

// everything lets many callers do all that writes to accounts, each to several
// accounts, so that batches hold more than one.
func (w *world) everything() {
	w.t.Helper()
	ctx := context.Background()
	accounts := make([]string, 6)
	for i := range accounts {
		accounts[i] = w.account(fmt.Sprint("all", i), "plus")
	}
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			a, user := accounts[i%len(accounts)], fmt.Sprint("user", i)
			w.credits(a, 50_000_000)
			void := w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 5})
			must(w.VoidGrant(ctx, a, void.ID, byTest))
			for n := range 5 {
				paid := must(w.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: user, Feature: "chat", Quantity: 12, Key: w.key()}))
				held := must(w.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: user, Feature: "chat", Quantity: 2, Key: w.key(), HoldSeconds: 60}))
				if n%2 == 0 {
					must(w.Settle(ctx, engine.SettleRequest{Account: a, Decision: held.ID, Quantity: 1, Key: w.key()}))
				} else {
					must(w.Release(ctx, engine.ReleaseRequest{Account: a, Decision: held.ID, Key: w.key()}))
				}
				must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: paid.ID, Key: w.key(), Change: byTest}))
			}
		})
	}
	group.Wait()
	must(w.SetAccountStatus(ctx, accounts[0], ledger.Suspended, byTest))
}
