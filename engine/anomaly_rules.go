package engine

import (
	"fmt"
	"slices"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// AnomalyRules say what is an anomaly.
type AnomalyRules struct {
	// Factor is how many times the usual a spike is, at least 1: the usual is
	// the busiest ten minutes of the middle one of the account's last days.
	Factor float64
	// SpikeSpend (millionths) and SpikeDenials are the least in ten minutes
	// that is a spike, at least 1.
	SpikeSpend   int64
	SpikeDenials int64
	// Silence is how long an account in daily use asks for nothing, at least an
	// hour.
	Silence time.Duration
	// Conflicts is how many keys an account sends again with other requests in
	// ten minutes, at least 1.
	Conflicts int64
	// Overdue is how long after its time a hold has not ended.
	Overdue time.Duration
	// Every is the time between two passes over all processes; 0: none.
	Every time.Duration
}

// DefaultAnomalyRules are those of a server that is not told others.
func DefaultAnomalyRules() AnomalyRules {
	return AnomalyRules{Factor: 3, SpikeSpend: 100_000_000, SpikeDenials: 100, Silence: 6 * time.Hour, Conflicts: 10,
		Overdue: time.Minute, Every: 15 * time.Second}
}

// spikeSpan is the stretch of time whose spending and denials are looked at.
const spikeSpan = waterfall.Instant(10 * time.Minute / time.Microsecond)

// usual is the middle one of an account's days before today, by a peak of
// theirs; of an account that is new today, today's.
func usual(days []ledger.AccountDay, today int64, peak func(*ledger.AccountDay) int64) int64 {
	var peaks []int64
	var begun int64
	for i := range days {
		if days[i].Day < today {
			peaks = append(peaks, peak(&days[i]))
		} else {
			begun = peak(&days[i])
		}
	}
	if len(peaks) == 0 {
		return begun
	}
	slices.Sort(peaks)
	return peaks[len(peaks)/2]
}

// spikeLimit is what an account must reach in ten minutes to be seen as far
// above its usual.
func (r *AnomalyRules) spikeLimit(usual, least int64) float64 {
	return max(float64(least), r.Factor*float64(usual))
}

// use is how an account was used in the week before it fell silent.
type use struct {
	lastHour int64 // since 1970
	pause    int64 // hours, the longest in between
	daily    bool  // on each of the seven days
}

// lastUse reads the days of an account, the oldest first.
func lastUse(days []ledger.AccountDay) (u use) {
	var hours []int64
	for _, d := range days {
		for h := range int64(24) {
			if d.Hours>>h&1 == 1 {
				hours = append(hours, d.Day*24+h)
			}
		}
	}
	if len(hours) == 0 {
		return u
	}
	u.lastHour = hours[len(hours)-1]
	seen, after := 0, u.lastHour
	for i := len(hours) - 1; i >= 0 && u.lastHour-hours[i] < 7*24; i-- {
		seen |= 1 << ((u.lastHour - hours[i]) / 24)
		u.pause = max(u.pause, after-hours[i])
		after = hours[i]
	}
	u.daily = seen == 1<<7-1
	return u
}

// silenceOf is how long an account used like this must ask for nothing to be
// seen as silent: clearly longer than it ever paused in the week before.
func (r *AnomalyRules) silenceOf(u use) waterfall.Instant {
	return waterfall.Instant(max(r.Silence, time.Duration(u.pause)*time.Hour*3/2) / time.Microsecond)
}

// mostly names the feature that most of something was for.
func mostly(feature string) string {
	if feature == "" {
		return ""
	}
	return ", mostly for " + feature
}

func spendSpike(p *accountPace, usual int64) ledger.Anomaly {
	return ledger.Anomaly{Kind: ledger.SpendSpike, Account: p.account, Feature: p.spentFeature,
		Observed: creditsOf(p.spent), Expected: creditsOf(usual),
		Message: fmt.Sprintf("Account %s spent %s credits in ten minutes%s; the busiest ten minutes of its usual day cost %s.",
			p.account, book.FormatCredits(p.spent), mostly(p.spentFeature), book.FormatCredits(usual))}
}

func denialSpike(p *accountPace, usual int64) ledger.Anomaly {
	return ledger.Anomaly{Kind: ledger.DenialSpike, Account: p.account, Feature: p.denialFeature,
		Observed: float64(p.denials), Expected: float64(usual),
		Message: fmt.Sprintf("Account %s was denied %s in ten minutes%s; the worst ten minutes of its usual day have %d.",
			p.account, count(p.denials, "request"), mostly(p.denialFeature), usual)}
}

func usageStopped(account string, u use, last, now waterfall.Instant) ledger.Anomaly {
	silent := int64((now - last) / hourSpan)
	return ledger.Anomaly{Kind: ledger.UsageStopped, Account: account, Since: last, Observed: float64(silent), Expected: float64(u.pause),
		Message: fmt.Sprintf("Account %s was in use on each of seven days and has asked for nothing for %s; its longest pause in those days was %s.",
			account, count(silent, "hour"), count(u.pause, "hour"))}
}

func keyConflicts(c *ledger.ConflictCount) ledger.Anomaly {
	return ledger.Anomaly{Kind: ledger.KeyConflicts, Account: c.Account, Observed: float64(c.Conflicts),
		Message: fmt.Sprintf("Account %s sent %s in ten minutes with idempotency keys that belong to other requests.",
			c.Account, count(c.Conflicts, "request"))}
}

func reconciled(f *ledger.AccountFault) ledger.Anomaly {
	a := ledger.Anomaly{Kind: ledger.LedgerMismatch, Account: f.Account, Observed: float64(f.Mismatches), Since: f.StartedAt,
		Message: fmt.Sprintf("The ledger of account %s does not add up in %s; the reconciliation of %s names them.",
			f.Account, count(f.Mismatches, "place"), f.StartedAt.Time().Format("2006-01-02 15:04 UTC"))}
	if f.Counters {
		a.Kind = ledger.CounterDrift
		a.Message = fmt.Sprintf("Account %s has %s that did not equal its usage events; the reconciliation of %s names them.",
			f.Account, count(f.Mismatches, "counter"), f.StartedAt.Time().Format("2006-01-02 15:04 UTC"))
	}
	return a
}

func staleHolds(o *ledger.OverdueHolds, now waterfall.Instant) ledger.Anomaly {
	return ledger.Anomaly{Kind: ledger.StaleHolds, Account: o.Account, Observed: float64(o.Count), Since: o.Oldest,
		Message: fmt.Sprintf("Account %s has %s that should have ended, the oldest %s ago.",
			o.Account, count(o.Count, "hold"), count(int64((now-o.Oldest)/minuteSpan), "minute"))}
}

const (
	minuteSpan = waterfall.Instant(time.Minute / time.Microsecond)
	hourSpan   = 60 * minuteSpan
	daySpan    = 24 * hourSpan
)

// count writes a number of things.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// creditsOf is millionths as credits, for a number that is only looked at.
func creditsOf(micros int64) float64 { return float64(micros) / book.MicrosPerCredit }
