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
func (r *recorded) read(from, to waterfall.Instant, each func(ledger.Pace)) error {
	for _, e := range *r {
		if e.at >= from && e.at < to {
			each(e.Pace)
		}
	}
	return nil
}

// all are the paces that p finds, by account.
func (p *paces) all(t *testing.T, now waterfall.Instant, read readPaces) map[string]accountPace {
	t.Helper()
	found, err := p.at(now, now, read, func(*accountPace) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	byAccount := map[string]accountPace{}
	for _, a := range found {
		byAccount[a.account] = a
	}
	return byAccount
}

// paces are what a new watch finds.
func (r *recorded) paces(t *testing.T, now waterfall.Instant) map[string]accountPace {
	t.Helper()
	return new(paces).all(t, now, r.read)
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
	most, err := new(paces).at(now, now, r.read, func(a *accountPace) bool { return a.spent > 100 })
	if err != nil || len(most) != 1 || most[0] != want["ada"] {
		t.Errorf("who spent more than 100: %v, %v", most, err)
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
				after := random.IntN(9)
				away := errors.New("away")
				_, err := kept.at(now, now, func(from, to waterfall.Instant, each func(ledger.Pace)) (err error) {
					_ = r.read(from, to, func(p ledger.Pace) {
						if after--; after < 0 {
							err = away
							return
						}
						each(p)
					})
					return err
				}, func(*accountPace) bool { return true })
				if after < 0 && !errors.Is(err, away) {
					t.Fatal("a read that failed was passed over")
				}
			}
			got := kept.all(t, now, r.read)
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
	read := func(from, to waterfall.Instant, each func(ledger.Pace)) error {
		return r.read(from, min(to, now), func(p ledger.Pace) { rows++; each(p) })
	}
	pass := func() int {
		rows = 0
		kept.all(t, now, read)
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
		kept.all(t, start, r.read)
		c.spoil(&r)
		for at := start + second; at < start+2*3600*second; at += 10 * second {
			r.note(at, "bob", "draw", 1, 0)
			r.note(at, "ada", "draw", 1, 0)
		}
		for now := start; now < start+2*3600*second; now += 30 * second {
			got := kept.all(t, now, r.read)
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
