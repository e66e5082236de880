package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/ledger"
)

// many are requests for one account with keys of their own.
func many(account string, n int) []engine.AuthorizeRequest {
	all := make([]engine.AuthorizeRequest, n)
	for i := range all {
		all[i] = engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: fmt.Sprint("many ", i)}
	}
	return all
}

func TestACallerMayGiveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("impatient", "paid")
	w.credits(a, 100_000_000)
	r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "k"}
	queued := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "queued"}
	w.blocked(a, func() {
		ctx, cancel := context.WithCancel(context.Background())
		var group sync.WaitGroup
		for i, one := range []engine.AuthorizeRequest{r, queued} {
			group.Go(func() {
				begun := time.Now()
				if _, err := w.Authorize(ctx, one); code(err) != engine.CodeUnavailable {
					t.Errorf("%s: %v", one.Key, err)
				}
				if took := time.Since(begun); took > 2*time.Second {
					t.Errorf("giving up took %v", took)
				}
			})
			w.awaitLocked()
			w.awaitWaiting(w.Engine, i) // the first is in a batch
		}
		cancel()
		group.Wait()
	})
	// What the worker had begun it may finish; what it had not it must not begin
	// for nobody. Either way the key tells, and it is charged once.
	for _, one := range []engine.AuthorizeRequest{r, queued} {
		d := must(w.Authorize(context.Background(), one))
		if one.Key == "queued" && d.Replayed {
			t.Error("a request that nobody waited for any more was decided")
		}
		if again := must(w.Authorize(context.Background(), one)); again.ID != d.ID {
			t.Errorf("%s: two decisions", one.Key)
		}
	}
	if b := w.balance(a); b.Available != 99_000_000 {
		t.Errorf("%d is left", b.Available)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Authorize(gone, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "gone"}); code(err) != engine.CodeUnavailable {
		t.Errorf("a caller who is gone: %v", err)
	}
}

// A batch that waits for somebody else's lock holds up nobody but those who ask
// for its accounts. When the time is up, what was answered is told.
func TestABatchWhoseTimeIsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accounts := []string{w.account("slow", "paid")}
	for i := range 15 {
		accounts = append(accounts, w.account(fmt.Sprint("a", i), "paid"))
	}
	for _, a := range accounts {
		w.credits(a, 1_000_000)
	}
	slow := accounts[0]
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	var requests []engine.AuthorizeRequest
	for _, a := range accounts {
		requests = append(requests, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "k"})
	}
	var answers []engine.Answer
	var first sync.WaitGroup
	w.blocked(slow, func() {
		first.Go(func() { w.ask(slow, "chat", 1) })
		w.awaitLocked()
		answers = w.AuthorizeBatch(ctx, requests)
	})
	first.Wait()
	for i, answer := range answers {
		switch {
		case accounts[i] == slow && code(answer.Err) != engine.CodeUnavailable:
			t.Errorf("the slow one: %v", answer.Err)
		case accounts[i] != slow && (answer.Err != nil || answer.Decision.Status != ledger.StatusAllowed):
			t.Errorf("%s: %+v", accounts[i], answer)
		}
	}
}

func TestAQueueThatIsFullSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("crowded", "paid")
	w.credits(a, 1_000_000_000_000)
	const beyond = 50
	requests := many(a, 8192+256+beyond)
	var answers []engine.Answer
	var group sync.WaitGroup
	w.blocked(a, func() {
		group.Go(func() { w.ask(a, "chat", 1) })
		w.awaitLocked()
		group.Go(func() { answers = w.AuthorizeBatch(context.Background(), requests) })
		w.awaitWaiting(w.Engine, 8192)
	})
	group.Wait()
	limited, allowed := 0, int64(0)
	for i, answer := range answers {
		switch code(answer.Err) {
		case "":
			allowed++
		case engine.CodeRateLimited:
			limited++
			var fault *engine.Fault
			if !errors.As(answer.Err, &fault) || !fault.Retryable() {
				t.Fatal("it is not retryable")
			}
			// Refused at once: nothing of it was done.
			if limited == 1 {
				if d := must(w.Authorize(context.Background(), requests[i])); d.Replayed {
					t.Error("it was decided all the same")
				}
				allowed++
			}
		default:
			t.Fatal(answer.Err)
		}
	}
	if limited < beyond || limited > 256+beyond {
		t.Errorf("%d of %d were turned away", limited, len(answers))
	}
	if b := w.balance(a); b.Available != 1_000_000_000_000-(allowed+1)*500_000 {
		t.Errorf("%d is left after %d decisions", b.Available, allowed+1)
	}
}

// What waits long while many wait is turned away, so that the others are
// answered in time; few who wait, and the requests of one batch, are not.
func TestAnOverloadTurnsAwayWhatHasWaitedTooLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		callers int
		batch   bool
		sheds   bool
	}{{"many", 2000, false, true}, {"few", 200, false, false}, {"a batch", 2000, true, false}} {
		w := newWorld(t)
		a := w.account("overload", "paid")
		w.credits(a, 1_000_000_000_000)
		e := w.with(w.redis, engine.Options{Workers: 1})
		requests := many(a, c.callers)
		answers := make([]engine.Answer, len(requests))
		var group sync.WaitGroup
		w.blocked(a, func() {
			group.Go(func() {
				must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "first"}))
			})
			w.awaitLocked()
			if c.batch {
				group.Go(func() { answers = e.AuthorizeBatch(t.Context(), requests) })
			}
			for i := range requests {
				if !c.batch {
					group.Go(func() { answers[i].Decision, answers[i].Err = e.Authorize(t.Context(), requests[i]) })
				}
			}
			w.awaitWaiting(e, len(requests))
			time.Sleep(400 * time.Millisecond) // each has waited for longer than it may
		})
		group.Wait()
		var allowed, shed int64
		for _, answer := range answers {
			switch code(answer.Err) {
			case "":
				allowed++
			case engine.CodeRateLimited:
				shed++
			default:
				t.Fatal(answer.Err)
			}
		}
		if (shed > 0) != c.sheds || allowed < 200 {
			t.Errorf("%s: %d answered and %d turned away", c.name, allowed, shed)
		}
		if b := w.balance(a); b.Available != 1_000_000_000_000-(allowed+1)*500_000 {
			t.Errorf("%s: %d is left after %d decisions", c.name, b.Available, allowed+1)
		}
		d := must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "after"}))
		if d.Status != ledger.StatusAllowed {
			t.Errorf("%s: afterwards %v", c.name, d.Status)
		}
	}
}

// Sixty-four callers of one account get no more of a worker than as many callers
// of other accounts would: each who waits has its turn.
func TestABusyAccountStarvesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.with(w.redis, engine.Options{Workers: 1})
	const callers, others, turns = 64, 8, 40
	busy := w.account("busy", "paid")
	w.credits(busy, 1_000_000_000_000)
	var served atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var crowd, quiet sync.WaitGroup
	call := func(account string, caller, n int) {
		must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: fmt.Sprint(caller, "-", n)}))
	}
	for i := range callers {
		crowd.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				call(busy, i, n)
				served.Add(1)
			}
		})
	}
	for i := range others {
		a := w.account(fmt.Sprint("quiet", i), "paid")
		w.credits(a, 1_000_000_000)
		quiet.Go(func() {
			for n := range turns {
				call(a, i, n)
			}
		})
	}
	quiet.Wait()
	stop()
	crowd.Wait()
	// As many turns for each of the crowd, and as many again for chance.
	if n := served.Load(); n > 3*callers*turns {
		t.Errorf("the crowd was served %d times while each of the others had %d turns", n, turns)
	}
}

// Close answers what waits, exactly once, and turns away what comes later.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.with(w.redis, engine.Options{})
	var accounts []string
	for i := range 8 {
		accounts = append(accounts, w.account(fmt.Sprint("d", i), "paid"))
		w.credits(accounts[i], 1_000_000_000)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	acked, turned := map[string]int64{}, 0
	for i := range 64 {
		group.Go(func() {
			for n := 0; ; n++ {
				a := accounts[(i+n)%8]
				_, err := e.Authorize(context.Background(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: fmt.Sprint(i, "-", n)})
				mu.Lock()
				if err == nil {
					acked[a]++
				} else {
					turned++
					if code(err) != engine.CodeUnavailable {
						t.Error(err)
					}
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	e.Close()
	e.Close() // a second one does nothing
	group.Wait()
	if turned != 64 {
		t.Errorf("%d callers were turned away", turned)
	}
	for _, a := range accounts {
		if b := w.balance(a); b.Available != 1_000_000_000-acked[a]*500_000 {
			t.Errorf("%s: %d is left, %d were acknowledged", a, b.Available, acked[a])
		}
	}
}

// A process that is killed after COMMIT has told nobody: the retry, in another
// one, gets the decision that stands. Here the answer is lost on the way to the
// caller; the whole program is killed in the tests of the server.
func TestTheRetryAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("lost", "plus")
	w.credits(a, 10_000_000)
	r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 10, Key: "k"}
	lost := must(w.with(w.redis, engine.Options{}).Authorize(context.Background(), r))
	again := must(w.with(away{}, engine.Options{}).Authorize(context.Background(), r))
	if again.ID != lost.ID || !again.Replayed || again.Charged != lost.Charged || describe(again) != describe(replayed(lost)) {
		t.Errorf("%s\nthen %s", describe(lost), describe(again))
	}
	if b := w.balance(a); b.Available != 9_000_000 {
		t.Errorf("charged twice: %d is left", b.Available)
	}
}

func replayed(d *ledger.Decision) *ledger.Decision {
	again := *d
	again.Replayed = true
	return &again
}

// seen is a counter store that looks when it is written to.
type seen struct {
	engine.Counters
	look func()
}

func (s seen) Write(ctx context.Context, updates []counters.Update) ([]bool, error) {
	s.look()
	return s.Counters.Write(ctx, updates)
}

// While the stores write, the next batch may begin; a batch that is answered
// is in nobody's way.
func TestABatchTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("staged", "paid")
	w.credits(a, 1_000_000)
	var e *engine.Engine
	looked := 0
	e = w.with(seen{w.redis, func() {
		looked++
		if deciding, writing := e.Stages(); deciding != 0 || writing != 1 {
			t.Errorf("while it is written, %d batches are decided on and %d written", deciding, writing)
		}
	}}, engine.Options{Workers: 1})
	must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "k"}))
	e.Close()
	if deciding, writing := e.Stages(); looked != 1 || deciding+writing != 0 {
		t.Errorf("%d batches were written; %d and %d are under way", looked, deciding, writing)
	}
}
