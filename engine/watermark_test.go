package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// TestWatermark follows what a mark makes of what it is told of transactions.
func TestWatermark(t *testing.T) {
	type look struct {
		at           waterfall.Instant
		oldest, next int64
		want         waterfall.Instant
	}
	const second = 1_000_000
	for _, c := range []struct {
		name  string
		looks []look
	}{
		{"nothing is under way: at once", []look{{5 * second, 10, 10, 5*second - clockTolerance}}},
		{"the newest id is under way: not before it has ended", []look{
			{5 * second, 10, 11, 0}, {6 * second, 10, 11, 0}, {7 * second, 11, 11, 7*second - clockTolerance}}},
		{"those that began later do not matter", []look{
			{5 * second, 10, 11, 0}, {6 * second, 11, 14, 5*second - clockTolerance}, {7 * second, 13, 20, 5*second - clockTolerance}}},
		{"a long one holds the mark, and then it goes on", []look{
			{1 * second, 3, 3, 1*second - clockTolerance}, {2 * second, 3, 9, 1*second - clockTolerance},
			{9 * second, 3, 90, 1*second - clockTolerance}, {10 * second, 90, 91, 9*second - clockTolerance}}},
		{"it never goes back", []look{{5 * second, 10, 10, 5*second - clockTolerance}, {4 * second, 11, 11, 5*second - clockTolerance}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w watermark
			for i, l := range c.looks {
				if got := w.note(l.at, ledger.Transactions{Oldest: l.oldest, Next: l.next}); got != l.want {
					t.Fatalf("look %d: the mark is %d, want %d", i, got, l.want)
				}
			}
		})
	}
	t.Run("it remembers no more than it must", func(t *testing.T) {
		var w watermark
		for i := range 3 * mostSightings {
			w.note(waterfall.Instant(i), ledger.Transactions{Oldest: 1, Next: 2})
		}
		if len(w.seen) != mostSightings || w.seen[0].at != 0 || w.seen[mostSightings-1].at != 3*mostSightings-1 {
			t.Errorf("%d sightings from %d to %d", len(w.seen), w.seen[0].at, w.seen[len(w.seen)-1].at)
		}
	})
	t.Run("who waits for an age goes by the mark when that is not enough", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var d decisions
			d.mark.note(second, ledger.Transactions{Oldest: 3, Next: 3})
			for range 10 { // one begins after the first look, and goes on
				if d.unless(20*time.Second) != 1<<63-1 {
					t.Error("nothing takes long, and yet")
				}
				time.Sleep(2 * time.Second)
				d.mark.note(2*second, ledger.Transactions{Oldest: 3, Next: 9})
			}
			time.Sleep(2 * time.Second)
			if got := d.unless(20 * time.Second); got != second-clockTolerance {
				t.Errorf("%d", got)
			}
			if d.mark.note(3*second, ledger.Transactions{Oldest: 9, Next: 9}); d.unless(20*time.Second) != 1<<63-1 {
				t.Error("it has ended")
			}
		})
	})
}

// TestDecisionTime: a server decides at its own time, held to the database's.
func TestDecisionTime(t *testing.T) {
	now := time.Now()
	at := waterfall.InstantOf(now)
	e := &Engine{clock: func() time.Time { return now }, wall: true}
	for _, c := range []struct {
		name           string
		database, want waterfall.Instant
	}{
		{"not known", 0, at}, {"the same", at, at}, {"a little ahead", at + clockTolerance, at}, {"a little late", at - clockTolerance, at},
		{"far ahead", at + 3_000_000, at + 3_000_000 - clockTolerance}, {"far behind", at - 3_000_000, at - 3_000_000 + clockTolerance},
	} {
		if got := e.decisionTime(c.database); got != c.want {
			t.Errorf("the database's clock %s: %d, want %d", c.name, got, c.want)
		}
	}
	if e.wall = false; e.decisionTime(at+3_000_000) != at {
		t.Error("a test's clock is not held to the database's")
	}
}
