package ledger_test

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pressly/goose/v3"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
	"spillway/migrations"
)

func TestWhichEventsAreCostless(t *testing.T) {
	window := ledger.Step{Kind: waterfall.RateLimit, Bucket: "5h", Available: 3, Taken: 3}
	spent := ledger.Step{Kind: waterfall.RateLimit, Bucket: "day", Reason: waterfall.Exhausted}
	free := ledger.Step{Kind: waterfall.FreeTier, Bucket: "month", Scope: waterfall.PerAccount, Available: 9, Taken: 2}
	credit := ledger.Step{Kind: waterfall.Credit, Bucket: "credits", Available: 9, Taken: 1, Credits: 500_000}
	for _, c := range []struct {
		name     string
		kind     ledger.EventKind
		status   ledger.Status
		postings int
		steps    []ledger.Step
		want     string
	}{
		{"a window", ledger.Authorized, ledger.StatusAllowed, 0, []ledger.Step{window}, "0:RATE_LIMIT:5h:3"},
		{"a window and the free tier", ledger.Authorized, ledger.StatusAllowed, 0, []ledger.Step{window, free}, "0:RATE_LIMIT:5h:3 1:FREE_TIER:month:2"},
		{"steps that gave nothing", ledger.Authorized, ledger.StatusAllowed, 0, []ledger.Step{spent, window, spent, free, spent}, "0:RATE_LIMIT:5h:3 1:FREE_TIER:month:2"},
		{"a window and credits", ledger.Authorized, ledger.StatusAllowed, 1, []ledger.Step{window, credit}, ""},
		{"a hold on a window", ledger.Authorized, ledger.StatusHeld, 0, []ledger.Step{window}, ""},
		{"denied", ledger.Authorized, ledger.StatusDenied, 0, []ledger.Step{spent}, ""},
		{"a settlement", ledger.Settled, ledger.StatusSettled, 0, []ledger.Step{window}, ""},
		{"a refund of a window", ledger.Refunded, ledger.StatusAllowed, 0, []ledger.Step{{Kind: waterfall.RateLimit, Bucket: "5h", Available: 3, Taken: -3}}, ""},
	} {
		e := ledger.Event{Account: "acme", ID: ledger.NewID(1, 4), Kind: c.kind, Status: c.status, Postings: c.postings, PriceVersion: 2, Steps: c.steps}
		text := ""
		for i, p := range e.CostlessParts() {
			if p.Account != e.Account || p.Event != e.ID || p.Credits != 0 || p.PriceVersion != 0 {
				t.Errorf("%s: %+v", c.name, p)
			}
			if i > 0 {
				text += " "
			}
			text += fmt.Sprintf("%d:%s:%s:%d", p.Part, p.Kind, p.Bucket, p.Quantity)
		}
		if text != c.want || e.Costless() != (c.want != "") {
			t.Errorf("%s: %q, costless %v", c.name, text, e.Costless())
		}
	}
}

// eventsOfAllKinds are events with any steps, and what is stored of their
// parts: something of each that is not costless.
func eventsOfAllKinds(n int) (events []ledger.Event, stored []ledger.Monetization) {
	random := rand.New(rand.NewPCG(9, 9))
	amounts := []int64{0, 0, 1, 7, math.MaxInt64}
	amount := func() int64 { return amounts[random.IntN(len(amounts))] }
	at := waterfall.AtSecond(1_763_890_000)
	for i := range n {
		e := ledger.Event{Account: "acme", ID: ledger.NewID(at+waterfall.Instant(i), 4), At: at + waterfall.Instant(i), Kind: ledger.Authorized, Key: fmt.Sprint("k", i),
			User: "ann", Feature: "text", Status: ledger.StatusAllowed, Reason: waterfall.Funded, PlanKey: "plus", CeilingRoom: amount() - 1, CapRoom: amount() - 1,
			Indivisible: random.IntN(3) == 0}
		switch random.IntN(6) {
		case 0:
			e.Kind = ledger.EventKind(1 + random.IntN(5))
		case 1:
			e.Status = ledger.Status(1 + random.IntN(6))
		case 2:
			e.Postings, e.FirstSequence = 1, int64(i+1)
		}
		for j := range random.IntN(5) {
			s := ledger.Step{Kind: waterfall.Kind(1 + random.IntN(2)), Bucket: fmt.Sprint("b.", j, "@R"), Scope: waterfall.Scope(random.IntN(2)), Available: amount(),
				Taken: amount(), Reason: waterfall.Reason(1 + random.IntN(9)), Window: random.IntN(3) - 1, ResetsAt: amount() / 2, Second: e.At.Second() - int64(random.IntN(2))}
			e.Steps = append(e.Steps, s)
		}
		events = append(events, e)
		if !e.Costless() {
			stored = append(stored, ledger.Monetization{Account: e.Account, Event: e.ID, Kind: waterfall.Credit, Bucket: "credits", Quantity: 1, Credits: 5, PriceVersion: 1})
		}
	}
	return events, stored
}

// TestCostlessPartsAreToldAlikeEverywhere: what Go derives from steps and what
// SQL does, and the way from a database that stored them and back.
func TestCostlessPartsAreToldAlikeEverywhere(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	events, stored := eventsOfAllKinds(600)
	tx, _, err := l.Begin(t.Context(), ledger.Want{Accounts: []string{"acme"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context(), &ledger.Writes{Events: events, Monetization: stored}, func() {}); err != nil {
		t.Fatal(err)
	}

	asked := make([]*ledger.Event, len(events))
	for i := range events {
		asked[i] = &events[i]
	}
	parts, err := l.Parts(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	var want, costs []string
	for _, e := range events {
		for _, m := range parts[ledger.EventRef{Account: e.Account, ID: e.ID}] {
			line := fmt.Sprintf("%s %d %d %s %d %d %d", m.Event, m.Part, m.Kind, m.Bucket, m.Quantity, m.Credits, m.PriceVersion)
			want = append(want, line)
			if m.Credits != 0 {
				costs = append(costs, line)
			}
		}
	}
	if len(costs) != len(stored) || len(want) < 2*len(stored) {
		t.Fatalf("%d parts, %d of them stored: too few to compare", len(want), len(stored))
	}
	const line = `concat_ws(' ', %s, part, kind, bucket, quantity, credits, coalesce(price_version, 0)) from %s m order by %s, part`
	table := func() []string {
		return rows(t, url, "select "+fmt.Sprintf(line, "usage_event_id", "monetization_events", "usage_event_id"))
	}
	told := func() []string { return rows(t, url, "select "+fmt.Sprintf(line, "id", ledger.EveryPart, "id")) }
	same(t, "told by SQL", told(), want)
	same(t, "stored", table(), costs)
	migrateCostless(t, url, false)
	same(t, "stored before", table(), want)
	same(t, "told by SQL, whatever is stored", told(), want)
	migrateCostless(t, url, true)
	same(t, "stored again", table(), costs)
}

// migrateCostless applies the migration alone, in one direction.
func migrateCostless(t *testing.T, url string, up bool) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.ApplyVersion(t.Context(), 9, up); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: part %d is %s, want %s", what, i, got[i], want[i])
		}
	}
	t.Fatalf("%s: %d parts, want %d", what, len(got), len(want))
}
