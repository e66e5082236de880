package proof_test

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// simulation is a small world that one seed decides: two servers, the real
// engine on stores in memory, callers, faults, and an auditor beside them. It
// runs in a bubble of synctest. Whatever a server asks of a store waits until
// the simulation, which does one thing at a time, lets it go on: so everything
// happens in an order that the seed alone gives, and the same seed again is the
// same run.
type simulation struct {
	seed uint64
	*rand.Rand
	length  int // requests
	db      *memory
	redis   *counters.Memory
	dump    *counters.Memory
	clock   *clock
	servers [2]*server
	started int
	callers *callers
	auditor *auditor

	// mu guards what servers and callers add to while they run.
	mu      sync.Mutex
	waiting []*call
	replies []*reply

	sent       []*reply  // without an answer yet
	again      []*asking // to be asked again
	queued     [2][]*asking
	late       []*simTx // transactions without a connection
	lateWrites [][]counters.Update
	// dbAway and redisAway count down the steps for which a store is away.
	dbAway    int
	redisAway atomic.Int64
	calm      bool // no faults any more

	done   int
	asked  map[string]int // what was done, by its name
	tally  map[fault]int
	failed string
	// trace is what happened last, print a sum over all that did.
	trace []string
	print hash.Hash64
}

// asking is a request on its way to an answer.
type asking struct {
	*request
	// places are where in its queue each server has it: also where its caller
	// gave up.
	places   [2][]int
	left     [2][]int // where its caller did
	answered bool
	sent     int
	// refused: the answer may be that the database refused the transaction.
	refused [2]bool
	// decided: it is in the database.
	decided bool
}

// reply is what a server answered to some requests that were sent together.
type reply struct {
	server  *server
	place   int
	asked   []*asking
	answers []engine.Answer
	giveUp  context.CancelFunc
}

const simulatedAccounts = 10

func simulate(seed uint64, length int) *simulation {
	s := &simulation{seed: seed, Rand: rand.New(rand.NewPCG(seed, 1)), length: length, redis: counters.NewMemory(), dump: counters.NewMemory(),
		clock: &clock{now: beginning}, print: fnv.New64a(), asked: map[string]int{},
		tally: map[fault]int{}}
	s.db = newMemory(firstCatalog(waterfall.InstantOf(beginning)))
	var accounts []string
	for i := range simulatedAccounts {
		id := fmt.Sprint("account-", i)
		accounts = append(accounts, id)
		s.db.create(ledger.Account{ID: id, Status: ledger.Active, Plan: "long", Version: ledger.NewID(0, uint64(i)), DecidedAt: waterfall.InstantOf(beginning)})
	}
	s.callers = newCallers(s.Rand, accounts)
	s.auditor = newAuditor(s, accounts)
	for i := range s.servers {
		s.servers[i] = s.newServer(i)
	}
	s.run()
	return s
}

// run takes steps until every request has its answer.
func (s *simulation) run() {
	places := 0
	for s.failed == "" {
		synctest.Wait()
		s.audit()
		s.calm = s.callers.made >= s.length
		if s.calm && len(s.sent) == 0 && len(s.again) == 0 && len(s.late) == 0 && len(s.calls()) == 0 {
			break
		}
		if places += 2; !s.step(places) {
			time.Sleep(25 * time.Millisecond) // somebody waits before trying again
		}
	}
	for _, v := range s.servers {
		s.kill(v)
	}
	if s.failed == "" {
		s.auditor.close()
	}
}

// step does one thing. It is false when there was nothing to do.
func (s *simulation) step(place int) bool {
	s.dbAway = max(0, s.dbAway-1)
	s.redisAway.Store(max(0, s.redisAway.Load()-1))
	for _, v := range s.servers {
		v.paused = max(0, v.paused-1)
	}
	if !s.calm && s.mishap() {
		return true
	}
	ready := s.ready()
	if len(s.sent) < 40 && (len(ready) == 0 || s.IntN(10) < 7) && s.ask(place) {
		return true
	}
	if len(ready) == 0 {
		return len(s.late) > 0 && s.resolve(s.IntN(len(s.late)))
	}
	s.proceed(ready[s.IntN(len(ready))])
	return true
}

// ready are the calls that can go on, in an order of their own.
func (s *simulation) ready() []*call {
	var ready []*call
	for _, c := range s.calls() {
		if c.server.paused == 0 && !s.db.locked(c.accounts) {
			ready = append(ready, c)
		}
	}
	slices.SortFunc(ready, func(a, b *call) int { return 8*(a.server.n-b.server.n) + int(a.to-b.to) })
	return ready
}

// calls are those that wait.
func (s *simulation) calls() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.waiting)
}

// proceed lets a call go on, and meets it with a fault now and then.
func (s *simulation) proceed(c *call) {
	s.mu.Lock()
	s.waiting = slices.DeleteFunc(s.waiting, func(d *call) bool { return c == d })
	s.mu.Unlock()
	f := none
	for _, possible := range faultsOf[c.to] {
		if f == none && s.happens(possible) {
			f = possible
		}
	}
	if s.dbAway > 0 && (c.to == toBegin || c.to == toCommit) {
		f = died
	}
	if f == commitRefused {
		for _, a := range s.queued[c.server.n] {
			a.refused[c.server.n] = true
		}
	}
	s.note("server %d: %s %s", c.server.n, c.to, f)
	c.proceed(f)
	close(c.done)
}

// ask sends a new request, or one again. Several are sent together only to a
// server that is busy: they wait in its queue, and not for who is faster.
func (s *simulation) ask(place int) bool {
	v := s.servers[s.IntN(2)]
	var all []*asking
	switch again := s.IntN(3) == 0 || s.calm; {
	case again && len(s.again) > 0:
		i := s.IntN(len(s.again))
		all = []*asking{s.again[i]}
		s.again = slices.Delete(s.again, i, i+1)
	case s.calm:
		return false
	default:
		s.passTime()
		all = []*asking{s.auditor.expect(s.callers.next(s.clock.Now()))}
		for all[0].kind == authorizes && len(all) < 5 && s.busy(v) && s.IntN(3) == 0 {
			all = append(all, s.auditor.expect(s.another()))
		}
	}
	s.send(v, place, all...)
	if !s.calm && len(all) == 1 && s.happens(sentTwice) {
		synctest.Wait()
		s.send(s.servers[s.IntN(2)], place+1, all...)
	}
	return true
}

// another is a further request to authorize.
func (s *simulation) another() *request {
	r := &request{n: s.callers.made, kind: authorizes, account: s.callers.accounts[s.IntN(simulatedAccounts)]}
	s.callers.made++
	s.callers.fill(r, s.clock.Now())
	return r
}

func (s *simulation) busy(v *server) bool {
	return slices.ContainsFunc(s.calls(), func(c *call) bool { return c.server == v })
}

func (s *simulation) send(v *server, place int, all ...*asking) {
	ctx, giveUp := context.WithCancel(context.Background())
	r := &reply{server: v, place: place, asked: all, giveUp: giveUp}
	for _, a := range all {
		if len(a.places[v.n]) == 0 {
			s.queued[v.n] = append(s.queued[v.n], a)
		}
		a.places[v.n] = append(a.places[v.n], place)
		a.sent++
		a.refused[v.n] = false
		s.note("%s %s of %s to server %d", a.kind, a.name(), a.account, v.n)
	}
	s.sent = append(s.sent, r)
	if len(all) > 1 {
		s.asked["batch"]++
	}
	go func() {
		if len(all) == 1 {
			d, err := all[0].send(ctx, v.Engine)
			r.answers = []engine.Answer{{Decision: d, Err: err}}
		} else {
			requests := make([]engine.AuthorizeRequest, len(all))
			for i, a := range all {
				requests[i] = a.authorize
			}
			r.answers = v.AuthorizeBatch(ctx, requests)
		}
		s.mu.Lock()
		s.replies = append(s.replies, r)
		s.mu.Unlock()
	}()
}

// audit shows the auditor what was applied and what was answered since.
func (s *simulation) audit() {
	s.mu.Lock()
	replies := s.replies
	s.replies = nil
	s.mu.Unlock()
	slices.SortFunc(replies, func(a, b *reply) int { return a.place - b.place })
	for _, r := range replies {
		s.sent = slices.DeleteFunc(s.sent, func(o *reply) bool { return o == r })
		if r.server.dead {
			for _, a := range r.asked {
				s.auditor.again(a) // the answer reached nobody
			}
			continue
		}
		for i, a := range r.asked {
			s.auditor.answered(r.server, r.place, a, r.answers[i])
		}
		r.giveUp()
	}
	s.auditor.rest()
}

// apply writes a transaction to the database, for the auditor to see.
func (s *simulation) apply(tx *simTx, w *ledger.Writes) error {
	err := tx.memoryTx.Commit(context.Background(), w, func() {})
	if err != nil {
		s.fail("the database refuses a transaction: %v", err)
		return err
	}
	s.auditor.applied(tx, w)
	return nil
}

// passTime moves the clock before a new request.
func (s *simulation) passTime() {
	const day = 24 * time.Hour
	spans := []time.Duration{0, 0, time.Microsecond, time.Millisecond, 100 * time.Millisecond, time.Second, 3 * time.Second, 11 * time.Second, time.Minute,
		31 * time.Minute, time.Hour, 7 * time.Hour, 26 * time.Hour, 8 * day}
	if step := spans[min(s.IntN(len(spans)), s.IntN(len(spans)), s.IntN(len(spans)))]; step > 0 {
		s.clock.Add(step)
		s.asked["clock step"]++
	}
}

func (s *simulation) note(format string, args ...any) {
	line := s.clock.Now().Format("01-02 15:04:05.000000 ") + fmt.Sprintf(format, args...)
	_, _ = s.print.Write([]byte(line))
	s.trace = append(s.trace, line)
	if len(s.trace) > 400 {
		s.trace = s.trace[200:]
	}
}

func (s *simulation) fail(format string, args ...any) {
	if s.failed == "" {
		s.failed = fmt.Sprintf(format, args...)
	}
}

// story is how the simulation failed, and what happened before.
func (s *simulation) story() string {
	return fmt.Sprintf("%s\nseed %d: %s", strings.Join(s.trace, "\n"), s.seed, s.failed)
}
