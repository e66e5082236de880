package proof_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// both is a store that does everything on PostgreSQL and in memory, and notes
// where one answers otherwise than the other.
type both struct {
	one    sync.Mutex // held by the one transaction that there is
	ledger *ledger.Ledger
	memory *memory
	calls  map[string]int
	differ func(call string, postgres, memory any)
}

// same compares two answers, leaving out the order in which rows come.
func (b *both) same(call string, postgres, memory any) {
	b.calls[call]++
	if !reflect.DeepEqual(postgres, memory) {
		b.differ(call, postgres, memory)
	}
}

func (b *both) Begin(ctx context.Context, want ledger.Want) (engine.Tx, *ledger.Loaded, error) {
	b.one.Lock()
	tx, loaded, err := b.ledger.Begin(ctx, want)
	if err != nil {
		b.one.Unlock()
		return nil, nil, err
	}
	inner, found, _ := b.memory.Begin(ctx, want)
	b.same("accounts", flat(loaded.Accounts), flat(found.Accounts))
	b.same("earlier", flat(loaded.Earlier), flat(found.Earlier))
	b.same("granted", flat(loaded.Granted), flat(found.Granted))
	b.same("decisions with it", flat(loaded.Decisions), flat(found.Decisions))
	b.same("open grants with it", byID(loaded.Grants), byID(found.Grants))
	return &bothTx{both: b, tx: tx, memory: inner}, loaded, nil
}

// flat is what a map's values hold. What is absent in one may be nil in the
// other.
func flat[K comparable, T any](all map[K]*T) map[K]T {
	values := map[K]T{}
	for k, v := range all {
		if v != nil {
			values[k] = *v
		}
	}
	return values
}

func byID(all map[string][]ledger.Grant) map[[16]byte]ledger.Grant {
	grants := map[[16]byte]ledger.Grant{}
	for _, some := range all {
		for _, g := range some {
			grants[g.ID] = g
		}
	}
	return grants
}

type bothTx struct {
	*both
	tx     *ledger.Tx
	memory engine.Tx
	over   sync.Once
}

func (b *bothTx) Decisions(ctx context.Context, refs []ledger.EventRef) (map[ledger.EventRef]*ledger.Decision, error) {
	found, err := b.tx.Decisions(ctx, refs)
	other, _ := b.memory.Decisions(ctx, refs)
	b.same("decisions", flat(found), flat(other))
	return found, err
}

func (b *bothTx) OpenGrants(ctx context.Context, accounts []string) (map[string][]ledger.Grant, error) {
	found, err := b.tx.OpenGrants(ctx, accounts)
	other, _ := b.memory.OpenGrants(ctx, accounts)
	b.same("open grants", byID(found), byID(other))
	return found, err
}

func (b *bothTx) GrantsByID(ctx context.Context, account string, ids []ledger.ID) ([]ledger.Grant, error) {
	found, err := b.tx.GrantsByID(ctx, account, ids)
	other, _ := b.memory.GrantsByID(ctx, account, ids)
	b.same("grants", byID(map[string][]ledger.Grant{"": found}), byID(map[string][]ledger.Grant{"": other}))
	return found, err
}

func (b *bothTx) PartsOf(ctx context.Context, e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error) {
	parts, postings, err := b.tx.PartsOf(ctx, e)
	otherParts, otherPostings, _ := b.memory.PartsOf(ctx, e)
	b.same("parts", parts, otherParts)
	b.same("postings", postings, otherPostings)
	return parts, postings, err
}

func (b *bothTx) DueHolds(ctx context.Context, until []ledger.Since) (map[string]ledger.DueHolds, error) {
	found, err := b.tx.DueHolds(ctx, until)
	other, _ := b.memory.DueHolds(ctx, until)
	b.same("due holds", found, other)
	return found, err
}

func (b *bothTx) Audited(ctx context.Context, account string, entries []ledger.ID) (bool, error) {
	found, err := b.tx.Audited(ctx, account, entries)
	other, _ := b.memory.Audited(ctx, account, entries)
	b.same("audited", found, other)
	return found, err
}

// counted are the fields of an event that counters look at.
type counted struct {
	at            waterfall.Instant
	kind          ledger.EventKind
	user, feature string
	steps         []ledger.Step
}

func (b *bothTx) UsageSince(ctx context.Context, since []ledger.Since, each func(*ledger.Event) error) error {
	var usage, other []counted
	note := func(all *[]counted) func(*ledger.Event) error {
		return func(e *ledger.Event) error {
			*all = append(*all, counted{e.At, e.Kind, e.User, e.Feature, slices.Clone(e.Steps)})
			return nil
		}
	}
	err := b.tx.UsageSince(ctx, since, note(&usage))
	_ = b.memory.UsageSince(ctx, since, note(&other))
	b.same("usage", usage, other)
	return errors.Join(err, b.tx.UsageSince(ctx, since, each))
}

func (b *bothTx) Commit(ctx context.Context, w *ledger.Writes, meanwhile func()) error {
	err := b.tx.Commit(ctx, w, meanwhile)
	other := b.memory.Commit(ctx, w, func() {})
	b.same("commit", err == nil, other == nil)
	b.over.Do(b.one.Unlock)
	return err
}

func (b *bothTx) Rollback() {
	b.tx.Rollback()
	b.memory.Rollback()
	b.over.Do(b.one.Unlock)
}

// TestTheStoresAgree: the store of the simulation answers the engine as
// PostgreSQL does, whatever random callers ask for.
func TestTheStoresAgree(t *testing.T) {
	s := newStack(t)
	ctx := context.Background()
	for key, whether := range divisible {
		s.feature(key, whether)
		must(s.SetPrice(ctx, key, 333_333, 2, nil, byTest))
	}
	s.publish(plans)
	b := &both{ledger: s.ledger, memory: newMemory(nil), calls: map[string]int{}, differ: func(call string, postgres, memory any) {
		t.Errorf("%s:\n%+v in PostgreSQL,\n%+v in memory", call, postgres, memory)
	}}
	var accounts []string
	for i := range 3 {
		id := s.account(fmt.Sprint("both-", i), "long")
		accounts = append(accounts, id)
		b.memory.create(*must(s.ledger.Account(ctx, id)))
	}
	// One remembers nothing and reads everything, the other what has changed.
	var engines []*engine.Engine
	for _, states := range []int{1, 8} {
		e := must(engine.NewOn(ctx, b, s.ledger, forgetful{counters.NewMemory()}, engine.Options{Workers: 1, States: states, Clock: s.clock.Now}))
		defer e.Close()
		engines = append(engines, e)
	}
	c := newCallers(rand.New(rand.NewPCG(5, 6)), accounts)
	var last *request
	for range 500 {
		s.clock.Add([]time.Duration{0, time.Millisecond, time.Second, time.Minute, 7 * time.Hour, 50 * time.Hour}[c.IntN(6)])
		r := last
		if r == nil || c.IntN(8) > 0 {
			r = c.next(s.clock.Now())
		}
		last = r
		d, err := r.send(ctx, engines[c.IntN(4)/3])
		if err != nil && !slices.Contains([]engine.Code{engine.CodeConflict, engine.CodeIdempotencyConflict}, code(err)) {
			t.Fatalf("%s: %v", r.kind, err)
		}
		if err == nil && r.kind == grants {
			r.id = b.memory.accounts[r.account].granted[r.name()]
		}
		if err == nil && !r.id.IsZero() == (r.kind == grants) {
			c.learn(&asking{request: r}, d)
		}
		if t.Failed() {
			t.Fatalf("after %s of %s", r.kind, r.account)
		}
	}
	for _, call := range []string{"accounts", "earlier", "granted", "decisions with it", "decisions", "open grants with it", "open grants", "grants", "due holds", "parts",
		"postings", "usage", "commit"} {
		if b.calls[call] == 0 {
			t.Errorf("no case of %s: %v", call, b.calls)
		}
	}
}

// TestBothStoresRefuseTheSame: what a constraint forbids is written by neither,
// and leaves nothing behind.
func TestBothStoresRefuseTheSame(t *testing.T) {
	s := newStack(t)
	ctx := context.Background()
	s.publish(map[string][]waterfall.Rules{"none": {}})
	id := s.account("refused", "none")
	row := *must(s.ledger.Account(ctx, id))
	b := &both{ledger: s.ledger, memory: newMemory(nil), calls: map[string]int{}, differ: func(call string, postgres, memory any) {
		t.Errorf("%s: %+v in PostgreSQL, %+v in memory", call, postgres, memory)
	}}
	b.memory.create(row)
	at := waterfall.InstantOf(s.clock.Now())
	event := func(random uint64, key string) ledger.Event {
		return ledger.Event{Account: id, ID: ledger.NewID(at, random), Kind: ledger.Authorized, Key: key, User: "ann", Feature: "text", Requested: 1,
			Status: ledger.StatusDenied, Reason: waterfall.FeatureNotInPlan, PlanKey: "none", PlanVersion: 1, CeilingRoom: -1, CapRoom: -1, At: at}
	}
	for _, c := range []struct {
		name   string
		events []ledger.Event
		fine   bool
	}{
		{"a first key", []ledger.Event{event(4, "a")}, true},
		{"the same key again", []ledger.Event{event(8, "b"), event(12, "a")}, false},
		{"one key twice", []ledger.Event{event(16, "c"), event(20, "c")}, false},
		{"an id twice", []ledger.Event{event(4, "d")}, false},
		{"what was refused with others", []ledger.Event{event(24, "b"), event(28, "c")}, true},
	} {
		tx, _, err := b.Begin(ctx, ledger.Want{Accounts: []string{id}, Keys: []ledger.KeyRef{{Account: id, Key: "a"}, {Account: id, Key: "b"}, {Account: id, Key: "c"}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(ctx, &ledger.Writes{Events: c.events}, func() {}); (err == nil) != c.fine {
			t.Errorf("%s: %v", c.name, err)
		}
		tx.Rollback()
	}
}

// forgetful is a counter store that is there and holds nothing.
type forgetful struct{ *counters.Memory }

func (f forgetful) Read(ctx context.Context, q []counters.Query) ([]counters.Snapshot, error) {
	f.Flush()
	return f.Memory.Read(ctx, q)
}
