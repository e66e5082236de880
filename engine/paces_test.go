package engine

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// recorded are usage events as the watch sees them.
type recorded []record

type record struct {
	at waterfall.Instant
	ledger.Pace
}

func (r *recorded) note(at waterfall.Instant, account, feature string, spent, denials int64) {
	*r = append(*r, record{at, ledger.Pace{Account: account, Feature: feature, Spent: spent, Denials: denials}})
}

// read is a database that answers with a row for each event.
func (r *recorded) read(from, to waterfall.Instant) ([]ledger.Pace, error) {
	var found []ledger.Pace
	for _, e := range *r {
		if e.at >= from && e.at < to {
			found = append(found, e.Pace)
		}
	}
	return found, nil
}

// paces are what a new watch finds.
func (r *recorded) paces(t *testing.T, now waterfall.Instant) map[string]accountPace {
	t.Helper()
	found, err := new(paces).at(now, r.read)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const second = waterfall.Instant(time.Second / time.Microsecond)

func TestPaceOfTenMinutes(t *testing.T) {
	now := waterfall.Instant(1_800_000_000) * second
	var r recorded
	r.note(now-600*second, "ada", "write", 60, 1)
	r.note(now-1, "ada", "draw", 50, 0)
	r.note(now-601*second, "ada", "draw", 1000, 1000) // too old
	r.note(now+3*second, "ada", "", 5, 1)             // by a clock that is ahead
	r.note(now, "bob", "draw", 0, 3)
	r.note(now-40*second, "eve", "draw", 5, 0)
	r.note(now-40*second, "eve", "write", 5, 0)
	want := map[string]accountPace{
		"ada": {account: "ada", spent: 115, spentFeature: "write", denials: 2},
		"bob": {account: "bob", denials: 3, denialFeature: "draw"},
		"eve": {account: "eve", spent: 10},
	}
	if got := r.paces(t, now); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

// Whatever happens between two passes, a watch that goes on finds what one finds
// that has just begun.
func TestPacesThatGoOnAreThoseThatAreReadWhole(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		var r recorded
		var kept paces
		now := waterfall.Instant(1_800_000_000) * second
		for range 40 {
			switch random.IntN(12) {
			case 0:
				now += waterfall.Instant(random.Int64N(int64(25 * 60 * second)))
			case 1:
				now -= waterfall.Instant(random.Int64N(int64(60 * second))) // another process's clock
			default:
				now += waterfall.Instant(random.Int64N(int64(90 * second)))
			}
			for range random.IntN(6) { // no event is later than countLag
				r.note(now-waterfall.Instant(random.Int64N(int64(countLag))), strconv.Itoa(random.IntN(3)), strconv.Itoa(random.IntN(3)), random.Int64N(4), random.Int64N(3))
			}
			if random.IntN(8) == 0 { // a pass that breaks off changes nothing
				after := random.IntN(3)
				_, err := kept.at(now, func(from, to waterfall.Instant) ([]ledger.Pace, error) {
					if after--; after < 0 {
						return nil, errors.New("away")
					}
					return r.read(from, to)
				})
				if err == nil && after < 0 {
					t.Fatal("a read that failed was passed over")
				}
			}
			got, err := kept.at(now, r.read)
			if err != nil {
				t.Fatal(err)
			}
			// What spent nothing and was denied nothing need not be there.
			want := r.paces(t, now)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d at %v: %v\nwant %v", seed, now, got, want)
			}
		}
	}
}

// Each event is read when it has come to stay and when it is too old, and before
// only in its first half minute.
func TestAPassReadsWhatIsNew(t *testing.T) {
	var r recorded
	var kept paces
	now := waterfall.Instant(1_800_000_000) * second
	for s := -600 * second; s < 3600*second; s += second {
		r.note(now+s, "ada", "draw", 1, 0)
	}
	rows := 0
	read := func(from, to waterfall.Instant) ([]ledger.Pace, error) {
		found, err := r.read(from, min(to, now))
		rows += len(found)
		return found, err
	}
	pass := func() int {
		rows = 0
		if _, err := kept.at(now, read); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	pass()
	for n := range 100 {
		now += 15 * second
		if rows := pass(); rows != 15+15+30 {
			t.Fatalf("pass %d reads %d seconds of events, want 60", n, rows)
		}
	}
	now += 900 * second
	if rows := pass(); rows != 600 {
		t.Errorf("after a long pause a pass reads %d seconds of events, want 600", rows)
	}
}

// Sums that cannot be right are made anew at the next pass, all within an hour.
func TestPacesMend(t *testing.T) {
	start := waterfall.Instant(1_800_000_000) * second
	tooMuch := func(r *recorded, at waterfall.Instant) {
		r.note(at, "ada", "draw", math.MaxInt64, 1)
		r.note(at, "ada", "draw", math.MaxInt64, 1)
		r.note(at, "ada", "write", math.MaxInt64, 1)
	}
	for name, c := range map[string]struct {
		spoil  func(*recorded)
		within waterfall.Instant
	}{
		"an event that appears too late": {func(r *recorded) { r.note(start-300*second, "ada", "draw", 7, 1) }, 630 * second},
		"more than 64 bits hold":         {func(r *recorded) { tooMuch(r, start) }, 630 * second},
		"one that was taken away":        {func(r *recorded) { *r = (*r)[:0] }, 3660 * second},
	} {
		var r recorded
		var kept paces
		r.note(start-200*second, "ada", "draw", 1, 0)
		if _, err := kept.at(start, r.read); err != nil {
			t.Fatal(err)
		}
		c.spoil(&r)
		for at := start + second; at < start+2*3600*second; at += 10 * second {
			r.note(at, "bob", "draw", 1, 0)
			r.note(at, "ada", "draw", 1, 0)
		}
		for now := start; now < start+2*3600*second; now += 30 * second {
			got, err := kept.at(now, r.read)
			if err != nil {
				t.Fatal(err)
			}
			if now > start+c.within && !reflect.DeepEqual(got, r.paces(t, now)) {
				t.Fatalf("%s: not right %d seconds after", name, (now-start)/second)
			}
		}
	}
	var r recorded
	tooMuch(&r, start)
	r.note(start, "bob", "draw", math.MaxInt64, 0)
	r.note(start, "bob", "draw", math.MaxInt64, 0)
	got := r.paces(t, start)
	if ada, bob := got["ada"], got["bob"]; ada.spent != math.MaxInt64 || ada.denials != 3 || ada.denialFeature != "draw" || bob.spent != math.MaxInt64 {
		t.Errorf("the most that there can be is %v", got)
	}
}
