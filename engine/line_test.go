package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spillway/ledger"
)

// wish asks for an account, and for nothing.
type wish string

func (w wish) account() string                          { return string(w) }
func (wish) want(*ledger.Want)                          {}
func (wish) counters(*ledger.Loaded) []counterRef       { return nil }
func (wish) run(*batch, *account) (answer any, _ error) { return answer, nil }

func wishFor(account string) *item { return &item{op: wish(account), done: make(chan struct{})} }

// wishes are n of accounts that nothing else is asked of.
func wishes(name string, n int) []*item {
	all := make([]*item, n)
	for i := range all {
		all[i] = wishFor(fmt.Sprint(name, i))
	}
	return all
}

// refused is how an item was answered by the line itself, "" when it waits.
func refused(it *item) Code {
	select {
	case <-it.done:
		var fault *Fault
		errors.As(it.err, &fault)
		return fault.Code
	default:
		return ""
	}
}

// takeNow is take where there must be something to take.
func takeNow(t *testing.T, l *line) *taken {
	t.Helper()
	if !l.ready() {
		t.Fatal("no worker begins")
	}
	return l.take()
}

func TestWhenAWorkerBegins(t *testing.T) {
	for _, c := range []struct {
		name     string
		underWay int
		stage    stage // of what is under way
		waiting  int
		begins   bool
	}{
		{"nothing waits", 0, over, 0, false},
		{"one waits and nobody works", 0, over, 1, true},
		{"few wait beside a batch that is decided on", 30, deciding, enoughBeside - 1, false},
		{"as many wait as are decided on", 30, deciding, 30, false},
		{"many wait beside a batch that is decided on", 30, deciding, enoughBeside, true},
		{"fewer wait than are written", 30, writing, 29, false},
		{"as many wait as are written", 30, writing, 30, true},
		{"many are written, and enough for a batch wait", maxBatch, writing, enoughBeside, true},
		{"many are written, and fewer wait", maxBatch, writing, enoughBeside - 1, false},
		{"one waits beside a batch that takes too long", 30, aside, 1, true},
		{"one waits behind a batch that has ended", 30, over, 1, true},
	} {
		l := newLine(1)
		if c.underWay > 0 {
			l.add(wishes("first", c.underWay)...)
			first := takeNow(t, l)
			if c.stage == over {
				first.end()
			} else {
				first.reach(c.stage)
			}
		}
		l.add(wishes("waiting", c.waiting)...)
		if l.ready() != c.begins {
			t.Errorf("%s: it begins is %v", c.name, !c.begins)
		}
	}
}

// Of an account that a batch has, no other batch gets anything; what waited for
// it is taken in the order in which it came.
func TestAnAccountBelongsToOneBatch(t *testing.T) {
	l := newLine(1)
	ask := func(accounts ...string) {
		for _, a := range accounts {
			l.add(wishFor(a))
		}
	}
	told := func(took *taken) (s string) {
		for _, it := range took.items {
			s += fmt.Sprint(it.op.account(), it.number, " ")
		}
		return s
	}
	ask("a", "b", "a")
	first := takeNow(t, l)
	first.reach(aside)
	ask("c", "a", "d", "b", "a")
	second := takeNow(t, l)
	second.reach(aside)
	ask("e", "c", "a")
	first.end()
	third := takeNow(t, l)
	third.end()
	second.end()
	fourth := takeNow(t, l)
	for i, c := range []struct{ got, want string }{
		{told(first), "a1 b2 a3 "}, {told(second), "c4 d6 "}, {told(third), "a5 b7 a8 e9 a11 "}, {told(fourth), "c10 "},
	} {
		if c.got != c.want {
			t.Errorf("batch %d is %s, expected %s", i+1, c.got, c.want)
		}
	}
}

// What is more than a batch of one account waits for the end of it.
func TestMoreThanABatchOfAnAccount(t *testing.T) {
	l := newLine(1)
	for range maxBatch + 1 {
		l.add(wishFor("a"))
	}
	l.add(wishFor("b"))
	first := takeNow(t, l)
	first.reach(aside)
	second := takeNow(t, l)
	if len(first.items) != maxBatch || len(second.items) != 1 || second.accounts[0] != "b" {
		t.Errorf("the first batch has %d items, the second %d of %s", len(first.items), len(second.items), second.accounts)
	}
	second.end()
	first.end()
	if last := takeNow(t, l); len(last.items) != 1 || last.accounts[0] != "a" {
		t.Errorf("the last batch has %d items of %s", len(last.items), last.accounts)
	}
}

// What comes at once is enough for two workers.
func TestWorkersWakeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(2)
		var workers sync.WaitGroup
		var took [2]int
		for w := range took {
			workers.Go(func() { took[w] = len(l.take().items) })
		}
		synctest.Wait()
		begun := time.Now()
		l.add(wishes("a", maxBatch+enoughBeside)...)
		workers.Wait()
		if took[0]+took[1] != maxBatch+enoughBeside || time.Since(begun) != 0 {
			t.Errorf("after %v they took %v", time.Since(begun), took)
		}
	})
}

// A batch that is begun again is not further than it was, and one that has ended
// counts no more.
func TestABatchGoesOneWay(t *testing.T) {
	l := newLine(1)
	l.add(wishes("a", 3)...)
	took := takeNow(t, l)
	for _, to := range []stage{deciding, writing, deciding, aside, writing} {
		took.reach(to)
	}
	if took.stage != aside || l.deciding+l.writing+l.underWay != 0 {
		t.Errorf("it is at stage %d, and the line counts %d, %d, %d", took.stage, l.deciding, l.writing, l.underWay)
	}
	took.end()
	took.reach(aside)
	if took.stage != over || len(l.holders)+len(l.behind) != 0 {
		t.Errorf("it ended at stage %d, %d accounts are kept", took.stage, len(l.holders))
	}
}

// Where no place is left it is said at once, and one account does not take all.
func TestPlacesInTheLine(t *testing.T) {
	l := newLine(1)
	l.add(wishFor("busy"))
	busy := takeNow(t, l)
	crowd := make([]*item, mostWaiting)
	for i := range crowd {
		crowd[i] = wishFor("busy")
	}
	l.add(crowd...)
	others := wishes("other", mostWaiting/2+1)
	l.add(others...)
	for _, c := range []struct {
		name string
		item *item
		code Code
	}{
		{"the busy account's last place", crowd[mostWaiting/2-1], ""},
		{"one more of it", crowd[mostWaiting/2], CodeRateLimited},
		{"the last place", others[mostWaiting/2-1], ""},
		{"one more", others[mostWaiting/2], CodeRateLimited},
	} {
		if got := refused(c.item); got != c.code {
			t.Errorf("%s: %q, expected %q", c.name, got, c.code)
		}
	}
	busy.reach(aside)
	if next := takeNow(t, l); !next.crowded || l.length != mostWaiting-maxBatch {
		t.Errorf("%d wait, which is a crowd: %v", l.length, next.crowded)
	}
}

// Others go on beside a batch that takes too long, if there are any.
func TestABatchThatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(2)
		l.add(wishFor("a"))
		slow := takeNow(t, l)
		l.add(wishFor("b"))
		begun := time.Now()
		next := l.take() // by another worker
		if waited := time.Since(begun); waited != patience || next.items[0].op.account() != "b" {
			t.Errorf("after %v it takes %s", waited, next.items[0].op.account())
		}
		next.end()
		slow.end()
		l.add(wishFor("c"))
		quick := takeNow(t, l)
		quick.end()
		time.Sleep(2 * patience)
		if quick.stage != over || l.deciding+l.writing+l.underWay != 0 {
			t.Errorf("one that has ended is at stage %d", quick.stage)
		}
	})
}

// Whoever waits when the line is closed is answered, and nobody comes in.
func TestAClosedLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(2)
		l.add(wishFor("a"))
		first := takeNow(t, l)
		l.add(wishFor("a"), wishFor("b"))
		if !l.close() || l.close() {
			t.Error("it is closed once")
		}
		late := wishFor("c")
		l.add(late)
		if got := refused(late); got != CodeUnavailable {
			t.Errorf("too late: %q", got)
		}
		second := takeNow(t, l)
		second.end()
		if second.items[0].op.account() != "b" {
			t.Errorf("the second batch is of %s", second.accounts)
		}
		var workers sync.WaitGroup
		var left atomic.Int64
		for range 2 {
			workers.Go(func() {
				for took := l.take(); took != nil; took = l.take() {
					left.Add(int64(len(took.items)))
					took.end()
				}
			})
		}
		synctest.Wait() // they wait for the first batch
		first.end()
		workers.Wait()
		if left.Load() != 1 {
			t.Errorf("%d items were left", left.Load())
		}
	})
}

// Whatever comes and goes: each item is taken once, those of an account one
// batch after the other and in their order, and nobody waits while nobody works.
func TestTheLineKeepsItsWord(t *testing.T) {
	const workers, accounts, each = 4, 12, 400
	l := newLine(workers)
	var held [accounts]atomic.Bool
	var newest [accounts]atomic.Uint64
	var done atomic.Int64
	var group, callers sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 3))
			for took := l.take(); took != nil; took = l.take() {
				mine := map[string]int{}
				for _, it := range took.items {
					var a int
					_, _ = fmt.Sscan(it.op.account(), &a)
					if _, has := mine[it.op.account()]; !has && !held[a].CompareAndSwap(false, true) {
						t.Errorf("two batches have account %d", a)
					}
					mine[it.op.account()] = a
					if before := newest[a].Swap(it.number); before >= it.number {
						t.Errorf("account %d: item %d after %d", a, it.number, before)
					}
				}
				if random.IntN(2) == 0 {
					took.reach(writing)
				}
				time.Sleep(time.Duration(random.IntN(200)) * time.Microsecond)
				for _, a := range mine {
					held[a].Store(false)
				}
				took.end()
				for _, it := range took.items {
					done.Add(1)
					it.finish(nil, nil)
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for c := range 16 {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(c), 4))
			for range each {
				it := wishFor(fmt.Sprint(random.IntN(accounts)))
				l.add(it)
				select {
				case <-it.done:
				case <-ctx.Done():
					t.Error("an item was forgotten")
					return
				}
			}
		})
	}
	callers.Wait()
	l.close()
	group.Wait()
	if done.Load() != 16*each || l.length != 0 || len(l.holders)+len(l.behind) != 0 {
		t.Errorf("%d items of %d; %d wait, %d accounts are kept", done.Load(), 16*each, l.length, len(l.holders))
	}
}

// Stages tells a test how many batches are decided on, and how many written.
func (e *Engine) Stages() (deciding, writing int) {
	e.line.mu.Lock()
	defer e.line.mu.Unlock()
	return e.line.deciding, e.line.writing
}
