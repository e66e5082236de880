package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestWhatIsToldIsWhatWasAnswered: the monetization events of an answer, made
// from the waterfall's outcome, are those that are read later, whether they are
// stored or told by the event's steps; usage and exports count both.
func TestWhatIsToldIsWhatWasAnswered(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	ctx := context.Background()
	h := newHistory(w, "told", 11)
	h.steps(250)
	told, stored := 0, 0
	used := map[waterfall.Kind][2]int64{} // units and millionths
	var all []string
	for _, answer := range h.decisions {
		d := must(w.ledger.Decision(ctx, h.id, answer.ID))
		if len(answer.Parts) > 0 {
			parts, _, err := w.ledger.PartsOf(ctx, &d.Event)
			if err != nil || !slices.Equal(parts, answer.Parts) {
				t.Fatalf("answered %+v, read %+v: %v", answer.Parts, parts, err)
			}
			if d.Costless() {
				told++
			} else {
				stored++
			}
		}
		if e := d.Funded(); e != nil {
			parts, _, err := w.ledger.PartsOf(ctx, e)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range parts {
				u := used[m.Kind]
				used[m.Kind] = [2]int64{u[0] + m.Quantity, u[1] + m.Credits}
				all = append(all, fmt.Sprint(m.Event, " ", m.Part, " ", m.Kind, " ", m.Bucket, " ", m.Quantity, " ", m.Credits))
			}
		}
	}
	if told < 20 || stored < 20 {
		t.Fatalf("%d told and %d stored: too few to compare", told, stored)
	}
	if n := ledgertest.Count(t, w.url, `select count(*) from monetization_events m join usage_events u on u.account_id = m.account_id and u.id = m.usage_event_id
		where u.kind = 1 and u.postings = 0`); n != 0 {
		t.Errorf("%d rows say what the steps say", n)
	}

	points := must(w.ledger.Usage(ctx, []string{h.id}, "", 0, waterfall.InstantOf(w.clock.Now().Add(time.Hour)), []waterfall.Instant{0}))[h.id]
	for _, p := range points {
		u := used[p.Kind]
		used[p.Kind] = [2]int64{u[0] - p.Quantity.Int64(), u[1] - p.Credits.Int64()}
	}
	for kind, u := range used {
		if u != [2]int64{} {
			t.Errorf("usage leaves out %d units and %d millionths of %s", u[0], u[1], kind)
		}
	}
	for _, form := range []string{"ndjson", "csv"} {
		var exported []string
		for _, m := range w.export(h.id, time.Unix(0, 0), w.clock.Now().Add(time.Hour)).rows(t, "monetization_events", form) {
			exported = append(exported, m["usage_event_id"]+" "+m["part"]+" "+m["kind"]+" "+m["bucket"]+" "+m["quantity"]+" "+m["credits"])
		}
		if !slices.IsSorted(exported) || !slices.Equal(exported, slices.Sorted(slices.Values(all))) {
			t.Errorf("%s: %d rows are exported of %d, or not in their order", form, len(exported), len(all))
		}
	}
	sum := must(w.ledger.Verify(ctx, h.id, func(m ledger.Mismatch) { t.Errorf("%+v", m) }))
	if sum.MonetizationEvents != int64(len(all)) {
		t.Errorf("%d monetization events are proven of %d", sum.MonetizationEvents, len(all))
	}
}
