package engine

import (
	"context"

	"spillway/engine/forecast"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Forecast says how an account's credits go if it spends on as it did.
type Forecast struct {
	// RunsOutAt is the first moment at which some of what the account uses finds
	// no credits left that it may be paid from, at the mean pace. RunsOutEarliest
	// and RunsOutLatest are that moment at the paces of its fast and its slow
	// days. 0: not within the days asked for, or nothing to run out.
	RunsOutAt       waterfall.Instant
	RunsOutEarliest waterfall.Instant
	RunsOutLatest   waterfall.Instant
	// PerDay is the mean pace in millionths of a credit, and Basis says what it
	// rests on.
	PerDay int64
	Basis  string
	// Points are the ends of the days, each 24 hours after the one before.
	Points []ForecastPoint
}

// ForecastPoint is where the credits stand at the end of a day of a forecast, at
// the mean pace. What was available before it, less what is spent and Expiring,
// and Issued, is Available.
type ForecastPoint struct {
	At        waterfall.Instant
	Available int64
	// Expiring is what lapsed within the day and the point itself: at the end of
	// a grant, or at a renewal beyond what may roll over.
	Expiring int64
	// Issued is what recurring grants issued, and what grants given ahead began
	// with, within the same time.
	Issued int64
}

// MaxForecastDays is how far a forecast looks ahead.
const MaxForecastDays = 400

// Forecasts walks the credits of accounts from now on for a number of days.
// Accounts that do not exist are left out. Errors are *Fault.
//
// It spends what the account spent a day on each feature, on the mean of its
// last whole days, evenly over the day, and lets the same happen as a batch
// would: grants expire, are renewed, roll over and begin; buckets draw in the
// order of the plan, grants in spending order, each on the features that it is
// for; nothing is spent above the spend cap until its period ends, and nothing
// at all while the account is suspended. A free tier of the whole account that
// comes back with the month pays first, at the price of now. What windows, other
// free tiers and unit grants paid for is in no figure, so it costs nothing here
// either. What holds reserve stays reserved.
func (e *Engine) Forecasts(ctx context.Context, accounts []string, days int) (map[string]*Forecast, error) {
	if days < 1 || days > MaxForecastDays {
		return nil, badInput("days", "must be 1 to %d", MaxForecastDays)
	}
	now := e.now()
	latest := forecast.NewFigures(0, now)
	spent, err := e.ledger.Spending(ctx, accounts, latest.First, latest.First+waterfall.Instant(latest.Count)*forecast.Day)
	if err != nil {
		return nil, storeFault(err)
	}
	figures := make(map[string]*forecast.Figures, len(accounts))
	var seen []*account
	err = e.look(ctx, ledger.Looking{Accounts: accounts}, []counterRef{{}}, func(a *account) {
		f := forecast.NewFigures(a.CreatedAt, now)
		figures[a.ID] = &f
		seen = append(seen, a)
	})
	if err != nil {
		return nil, err
	}
	for _, s := range spent {
		if f := figures[s.Account]; f != nil {
			f.Add(s.Feature, s.Day, s.Net)
		}
	}
	found := make(map[string]*Forecast, len(seen))
	for _, a := range seen {
		if found[a.ID], err = a.forecast(figures[a.ID], e.monthlyTiers(a), days); err != nil {
			return nil, storeFault(err)
		}
	}
	return found, nil
}

// forecast walks the account at the paces of its figures.
func (a *account) forecast(f *forecast.Figures, tiers map[string]tier, days int) (*Forecast, error) {
	told := &Forecast{Basis: f.Basis()}
	if a.suspended() {
		told.Basis += " The account is suspended: nothing is spent meanwhile."
	}
	if f.Count == 0 {
		w, err := a.walkAt(f, tiers, forecast.Pace{Days: 1}, days)
		told.Points = w.points
		return told, err
	}
	told.PerDay = f.Mean().PerDay()
	for _, one := range []struct {
		pace    forecast.Pace
		runsOut *waterfall.Instant
	}{{f.High(), &told.RunsOutEarliest}, {f.Low(), &told.RunsOutLatest}, {f.Mean(), &told.RunsOutAt}} {
		w, err := a.walkAt(f, tiers, one.pace, days)
		if err != nil {
			return nil, err
		}
		*one.runsOut, told.Points = w.runsOut, w.points
	}
	return told, nil
}
