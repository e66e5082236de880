package proof_test

import (
	"context"
	"math"
	"slices"
	"testing/synctest"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// fault is something that goes wrong in a simulation.
type fault string

const (
	none fault = ""

	beginFails         fault = "BEGIN fails"
	cutRead            fault = "connection cut in a transaction"
	commitNeverArrives fault = "COMMIT never arrives"
	commitAnswerLost   fault = "COMMIT's answer lost"
	commitLate         fault = "COMMIT late"
	commitRefused      fault = "transaction refused"
	backendEnds        fault = "backend terminated"
	databaseAway       fault = "database away"

	counterReadFails  fault = "counters not read"
	counterWriteLost  fault = "counters not written"
	counterWriteLate  fault = "counters written late"
	counterAnswerLost fault = "counters' answer lost"
	redisFlushed      fault = "Redis flushed"
	redisRestored     fault = "Redis restored from an old copy"
	redisIsAway       fault = "Redis away"

	died          fault = "server killed"
	serverPaused  fault = "server paused"
	clockSkewed   fault = "clock skewed"
	callerGivesUp fault = "caller gives up"
	sentTwice     fault = "sent twice"
)

// faultsOf are the faults that a call can meet.
var faultsOf = map[target][]fault{
	toBegin:         {beginFails},
	toCommit:        {commitNeverArrives, commitAnswerLost, commitLate, commitRefused},
	toReadCounters:  {counterReadFails},
	toWriteCounters: {counterWriteLost, counterWriteLate, counterAnswerLost},
}

// chances are how many times in ten thousand a fault happens where it can.
var chances = map[fault]int{
	beginFails: 250, cutRead: 200, commitNeverArrives: 400, commitAnswerLost: 500, commitLate: 400, commitRefused: 150,
	counterReadFails: 500, counterWriteLost: 300, counterWriteLate: 400, counterAnswerLost: 300,
	backendEnds: 80, databaseAway: 5, redisFlushed: 25, redisRestored: 60, redisIsAway: 10,
	died: 25, serverPaused: 25, clockSkewed: 30, callerGivesUp: 70, sentTwice: 300,
}

// happens tells whether a fault happens now, and counts it.
func (s *simulation) happens(f fault) bool {
	if s.calm || s.IntN(10_000) >= chances[f] {
		return false
	}
	s.tally[f]++
	return true
}

// mishap is what happens between two calls; true tells that something did.
func (s *simulation) mishap() bool {
	if s.IntN(20) == 0 {
		s.dump = s.redis.Copy()
	}
	if s.IntN(500) == 0 {
		s.publish()
	}
	v := s.servers[s.IntN(2)]
	switch {
	case len(s.late) > 0 && s.IntN(8) == 0:
		return s.resolve(s.IntN(len(s.late)))
	case len(s.lateWrites) > 0 && s.IntN(10) == 0:
		_, _ = s.redis.Write(context.Background(), s.lateWrites[0])
		s.lateWrites = s.lateWrites[1:]
		return true
	case v.tx != nil && len(v.tx.locks) > 0 && v.tx.writes == nil && s.happens(backendEnds):
		s.note("the backend of server %d ends", v.n)
		v.tx.end()
		return true
	case s.happens(died):
		s.restart(v)
		return true
	case len(s.sent) > 0 && s.happens(callerGivesUp):
		r := s.sent[s.IntN(len(s.sent))]
		r.giveUp()
		for _, a := range r.asked {
			a.left[r.server.n] = append(a.left[r.server.n], r.place)
		}
		return true
	case s.happens(databaseAway):
		s.dbAway = 20
		for _, v := range s.servers {
			if v.tx != nil && v.tx.writes == nil {
				v.tx.end()
			}
		}
	case s.happens(redisFlushed):
		s.redis.Flush()
	case s.happens(redisRestored):
		s.redis = s.dump.Copy()
	case s.happens(redisIsAway):
		s.redisAway.Store(30)
	case s.happens(serverPaused):
		v.paused = 30
	case s.happens(clockSkewed):
		v.skew = time.Duration(s.IntN(40_000)-20_000) * time.Microsecond
	}
	return false
}

// resolve ends a transaction whose server has lost it: applied, or not.
func (s *simulation) resolve(i int) bool {
	tx := s.late[i]
	s.late = slices.Delete(s.late, i, i+1)
	if s.IntN(2) == 0 {
		s.note("a late transaction of server %d is dropped", tx.server.n)
		tx.memoryTx.Rollback()
	} else {
		s.note("a late transaction of server %d is applied", tx.server.n)
		_ = s.apply(tx, tx.writes)
	}
	return true
}

// kill ends a server as kill -9 does: its calls fail, its transaction ends, or
// its COMMIT is still under way.
func (s *simulation) kill(v *server) {
	s.note("server %d dies", v.n)
	s.mu.Lock()
	v.dead = true
	var own []*call
	s.waiting = slices.DeleteFunc(s.waiting, func(c *call) bool {
		if c.server == v {
			own = append(own, c)
		}
		return c.server == v
	})
	s.mu.Unlock()
	slices.SortFunc(own, func(a, b *call) int { return int(a.to - b.to) })
	for _, c := range own {
		f := died
		if c.to == toCommit {
			f = []fault{died, commitAnswerLost, commitLate}[s.IntN(3)]
		}
		c.proceed(f)
	}
	if v.tx != nil && v.tx.writes == nil {
		v.tx.end()
	}
	for _, c := range own {
		close(c.done)
	}
	v.stop()
	v.Close() // waits for the goroutines, which reach nothing any more
	synctest.Wait()
	s.audit()
	s.auditor.passed(v, math.MaxInt, nil)
}

// restart puts a new server, that knows nothing, in the place of another.
func (s *simulation) restart(v *server) {
	s.kill(v)
	s.servers[v.n] = s.newServer(v.n)
}

// firstCatalog are the features, prices and plans that a simulation begins with.
func firstCatalog(at waterfall.Instant) *ledger.Catalog {
	features := map[string]*ledger.Feature{}
	for key, whether := range divisible {
		features[key] = &ledger.Feature{Key: key, Divisible: whether,
			Prices: []ledger.PriceVersion{{Price: waterfall.Price{Version: 1, Micros: 333_333, Per: 1}, EffectiveFrom: at, Begun: true}}}
	}
	versions := map[string][]*ledger.Plan{}
	for key, rules := range plans {
		versions[key] = []*ledger.Plan{{Key: key, Version: 1, Features: slices.Clone(rules), PublishedAt: at}}
	}
	return ledger.NewCatalog(1, features, versions)
}

// publish changes a price or the limits of a plan; every server has the new
// catalog before anything else happens.
func (s *simulation) publish() {
	s.wake() // or a batch begins in the moment in which its server looks for the catalog, with the one or the other
	now := waterfall.InstantOf(s.clock.Now())
	old := s.db.catalog.Load()
	features, versions := withOwnPrices(old.Features), withOwnVersions(old.Plans)
	if s.IntN(2) == 0 {
		f := features[s.callers.oneOf("text", "image")]
		f.Prices = append(f.Prices, ledger.PriceVersion{EffectiveFrom: now, Begun: true,
			Price: waterfall.Price{Version: int32(len(f.Prices)) + 1, Micros: 1 + s.Int64N(999_999), Per: 1 + s.Int64N(4)}})
	} else {
		key := s.callers.oneOf("long", "short")
		newest := versions[key][len(versions[key])-1]
		versions[key] = append(versions[key], &ledger.Plan{Key: key, Version: newest.Version + 1, Features: s.otherLimits(newest.Features), PublishedAt: now})
	}
	s.db.catalog.Store(ledger.NewCatalog(old.Version+1, features, versions))
	s.note("catalog %d", old.Version+1)
	s.asked["price or plan published"]++
	time.Sleep(time.Second)
	synctest.Wait()
}

// wake lets every batch that sleeps before it is tried again come to where it
// waits for the simulation.
func (s *simulation) wake() {
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
}

// otherLimits are the same rules with other windows and quotas: sometimes of
// other lengths, for which counters must be counted anew.
func (s *simulation) otherLimits(rules []waterfall.Rules) []waterfall.Rules {
	next := slices.Clone(rules)
	for i := range next {
		next[i].Buckets = slices.Clone(next[i].Buckets)
		for j := range next[i].Buckets {
			b := &next[i].Buckets[j]
			b.Quota = min(b.Quota, 1) * (1 + s.Int64N(9))
			b.Windows = slices.Clone(b.Windows)
			for k := range b.Windows {
				b.Windows[k].Limit = 1 + s.Int64N(12)
				if s.IntN(3) == 0 {
					b.Windows[k].Seconds = 1 + s.Int64N(7200)
				}
			}
		}
	}
	return next
}
