package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// watchPass is one look at all accounts: what it reads, and what it decides.
type watchPass struct {
	engine *Engine
	tx     *ledger.WatchTx
	rules  AnomalyRules
	now    waterfall.Instant
	// decided: what happened before is there, and nothing more can appear.
	decided waterfall.Instant
	// open are the anomalies that stand, by kind and account.
	open   map[ledger.AnomalyKind]map[string]*ledger.Anomaly
	result ledger.WatchResult
	// counted: the days hold everything up to now; advanced: more than before.
	counted, advanced bool
}

// run looks for each kind. It writes nothing.
func (p *watchPass) run(ctx context.Context) error {
	p.result.WatchState = p.tx.WatchState
	p.result.KeepDays, p.result.KeepConflicts = p.firstDay(), p.now-hourSpan
	open, err := p.tx.Open(ctx)
	if err != nil {
		return err
	}
	p.open = map[ledger.AnomalyKind]map[string]*ledger.Anomaly{}
	for i := range open {
		if p.open[open[i].Kind] == nil {
			p.open[open[i].Kind] = map[string]*ledger.Anomaly{}
		}
		p.open[open[i].Kind][open[i].Account] = &open[i]
	}
	for _, look := range []func(context.Context) error{p.countDays, p.spikes, p.silence, p.conflicts, p.faults, p.repairs, p.holds} {
		if err := look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// raise opens an anomaly, unless the account has one of its kind.
func (p *watchPass) raise(a ledger.Anomaly) {
	if p.open[a.Kind][a.Account] != nil {
		return
	}
	a.ID, a.OpenedAt = p.engine.newID(p.now), p.now
	if a.Since == 0 {
		a.Since = p.now - spikeSpan
	}
	p.result.Open = append(p.result.Open, a)
}

// resolve ends the open anomaly of a kind that an account has, if any.
func (p *watchPass) resolve(kind ledger.AnomalyKind, account string) {
	if a := p.open[kind][account]; a != nil && a.ResolvedAt == 0 {
		a.ResolvedAt = max(p.now, a.OpenedAt)
		p.result.Resolved = append(p.result.Resolved, *a)
	}
}

// accounts are those with an open anomaly of the kinds.
func (p *watchPass) accounts(kinds ...ledger.AnomalyKind) []string {
	var ids []string
	for _, k := range kinds {
		ids = append(ids, slices.Sorted(maps.Keys(p.open[k]))...)
	}
	return ids
}

func dayNumber(at waterfall.Instant) int64 { return int64(at / daySpan) }

// firstDay is the first that is looked at: a week, and before it the longest
// silence that is waited for.
func (p *watchPass) firstDay() int64 {
	longest := max(p.rules.Silence, 72*time.Hour)
	return dayNumber(p.now) - 8 - int64((longest+24*time.Hour-1)/(24*time.Hour))
}

const (
	// countLag is how long after its time an event is counted. By then it is there,
	// unless its transaction takes longer than batchLag, and then the mark tells how
	// far it may be counted (decisions.unless). The difference is more than there is
	// between two looks at the mark.
	countLag = waterfall.Instant(30 * time.Second / time.Microsecond)
	batchLag = 20 * time.Second
	// countBudget bounds the counting of one pass where much was missed, and
	// quickCount is the time in which twice as much is asked for next.
	countBudget = 4 * time.Second
	quickCount  = 100 * time.Millisecond
)

// countDays adds what has happened since the last pass to what accounts usually
// do, in whole ten minutes: each event is read once.
func (p *watchPass) countDays(ctx context.Context) error {
	target := min(p.now-countLag, p.decided) / spikeSpan * spikeSpan
	at := max(p.tx.CountedTo, waterfall.Instant(p.firstDay())*daySpan)
	days := map[dayKey]*ledger.AccountDay{}
	for begun, span := time.Now(), spikeSpan; at < target && time.Since(begun) < countBudget; {
		to, asked := min(target, at+span), time.Now()
		counted, err := p.tx.CountDays(ctx, at, to)
		if err != nil {
			return err
		}
		for i := range counted {
			addDay(days, &counted[i])
		}
		at, p.advanced = to, true
		if time.Since(asked) < quickCount {
			span = min(2*span, daySpan)
		}
	}
	p.result.CountedTo = at
	p.counted = at >= target && at >= p.now-countLag-spikeSpan-hourSpan
	for _, d := range days {
		p.result.Days = append(p.result.Days, *d)
	}
	return nil
}

type dayKey struct {
	account string
	day     int64
}

func addDay(days map[dayKey]*ledger.AccountDay, d *ledger.AccountDay) {
	sum := days[dayKey{d.Account, d.Day}]
	if sum == nil {
		days[dayKey{d.Account, d.Day}] = d
		return
	}
	sum.Hours |= d.Hours
	sum.PeakSpent, sum.PeakDenials = max(sum.PeakSpent, d.PeakSpent), max(sum.PeakDenials, d.PeakDenials)
}

// spikes compares the last ten minutes with the account's own week. One is over
// at half of what raises it, so that it does not come and go.
func (p *watchPass) spikes(ctx context.Context) error {
	if !p.counted {
		return nil // what is usual is not known yet
	}
	quiet := map[string]bool{}
	for _, account := range p.accounts(ledger.SpendSpike, ledger.DenialSpike) {
		quiet[account] = true
	}
	paces, err := p.paces(ctx, quiet)
	if err != nil {
		return err
	}
	days, err := p.weekOf(ctx, paces)
	if err != nil {
		return err
	}
	today := dayNumber(p.now)
	for i := range paces {
		pace := &paces[i]
		delete(quiet, pace.account)
		spent := usual(days[pace.account], today, func(d *ledger.AccountDay) int64 { return d.PeakSpent })
		denied := usual(days[pace.account], today, func(d *ledger.AccountDay) int64 { return d.PeakDenials })
		p.compare(float64(pace.spent), p.rules.spikeLimit(spent, p.rules.SpikeSpend), spendSpike(pace, spent))
		p.compare(float64(pace.denials), p.rules.spikeLimit(denied, p.rules.SpikeDenials), denialSpike(pace, denied))
	}
	for account := range quiet {
		p.resolve(ledger.SpendSpike, account)
		p.resolve(ledger.DenialSpike, account)
	}
	return nil
}

// paces are those of the accounts that spent or were denied enough for a spike,
// and of those named, ordered by account.
func (p *watchPass) paces(ctx context.Context, standing map[string]bool) ([]accountPace, error) {
	found, err := p.engine.anomalies.paces.at(p.now, p.decided, func(from, to waterfall.Instant, each func(ledger.Pace)) error {
		return p.tx.Paces(ctx, from, to, each)
	}, func(a *accountPace) bool {
		return a.spent >= p.rules.SpikeSpend || a.denials >= p.rules.SpikeDenials || standing[a.account]
	})
	slices.SortFunc(found, func(a, b accountPace) int { return strings.Compare(a.account, b.account) })
	return found, err
}

func (p *watchPass) compare(observed, limit float64, a ledger.Anomaly) {
	switch {
	case observed >= limit:
		p.raise(a)
	case observed < limit/2:
		p.resolve(a.Kind, a.Account)
	}
}

// weekOf reads the days of accounts, those included that this pass counted.
func (p *watchPass) weekOf(ctx context.Context, paces []accountPace) (map[string][]ledger.AccountDay, error) {
	if len(paces) == 0 {
		return nil, nil
	}
	accounts, wanted := make([]string, len(paces)), make(map[string]bool, len(paces))
	for i := range paces {
		accounts[i] = paces[i].account
		wanted[accounts[i]] = true
	}
	from, to := dayNumber(p.now)-7, dayNumber(p.now)+1
	stored, err := p.tx.Days(ctx, accounts, from, to)
	if err != nil {
		return nil, err
	}
	sums := map[dayKey]*ledger.AccountDay{}
	for i := range stored {
		addDay(sums, &stored[i])
	}
	for _, d := range p.result.Days {
		if d.Day >= from && d.Day < to && wanted[d.Account] {
			addDay(sums, &d)
		}
	}
	days := map[string][]ledger.AccountDay{}
	for key, d := range sums {
		days[key.account] = append(days[key.account], *d)
	}
	return days, nil
}
