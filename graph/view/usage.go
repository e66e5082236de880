package view

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// mostPoints is how many points an answer may hold.
const mostPoints = 20_000

// Usage is what the account used in [from, to), per interval, feature and kind
// of bucket, the oldest first. Each pair that occurs has a point for every
// interval.
func (a *Account) Usage(ctx context.Context, feature *string, from, to waterfall.Instant, interval UsageInterval) ([]UsagePoint, error) {
	starts, err := intervals(from, to, interval)
	if err != nil {
		return nil, err
	}
	var only string
	set(&only, feature)
	used, err := ofEach(ctx, a, func(accounts []string) (map[string][]ledger.UsagePoint, error) {
		return a.from.Ledger.Usage(ctx, accounts, only, from, to, strings.ToLower(string(interval)))
	})
	if err != nil {
		return nil, stored(err)
	}
	return spread(used, starts)
}

func tooManyPoints() error {
	return &engine.Fault{Code: engine.CodeBadInput, Field: "interval", Message: "must be longer: the answer would hold more than 20000 points"}
}

// intervals are the beginnings of the intervals that [from, to) touches.
func intervals(from, to waterfall.Instant, interval UsageInterval) ([]waterfall.Instant, error) {
	if from >= to {
		return nil, &engine.Fault{Code: engine.CodeBadInput, Field: "to", Message: "must come after from"}
	}
	var starts []waterfall.Instant
	for at := begin(from.Time(), interval); waterfall.InstantOf(at) < to; at = after(at, interval) {
		if len(starts) == mostPoints {
			return nil, tooManyPoints()
		}
		starts = append(starts, waterfall.InstantOf(at))
	}
	return starts, nil
}

// begin is the beginning of the interval that holds a moment, in UTC.
func begin(t time.Time, interval UsageInterval) time.Time {
	switch interval {
	case UsageIntervalMinute:
		return t.Truncate(time.Minute)
	case UsageIntervalHour:
		return t.Truncate(time.Hour)
	case UsageIntervalMonth:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	default:
		return t.Truncate(24 * time.Hour)
	}
}

func after(t time.Time, interval UsageInterval) time.Time {
	switch interval {
	case UsageIntervalMinute:
		return t.Add(time.Minute)
	case UsageIntervalHour:
		return t.Add(time.Hour)
	case UsageIntervalMonth:
		return t.AddDate(0, 1, 0)
	default:
		return t.AddDate(0, 0, 1)
	}
}

// spread puts what was used on every interval, in the order of features and
// kinds within one.
func spread(used []ledger.UsagePoint, starts []waterfall.Instant) ([]UsagePoint, error) {
	type pair struct {
		feature string
		kind    waterfall.Kind
	}
	type place struct {
		start waterfall.Instant
		pair  pair
	}
	found := make(map[place]*ledger.UsagePoint, len(used))
	var pairs []pair
	seen := map[pair]bool{}
	for i := range used {
		p := pair{used[i].Feature, used[i].Kind}
		found[place{used[i].Start, p}] = &used[i]
		if !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	if len(pairs)*len(starts) > mostPoints {
		return nil, tooManyPoints()
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(a.kind, b.kind))
	})
	points := make([]UsagePoint, 0, len(pairs)*len(starts))
	for _, start := range starts {
		for _, p := range pairs {
			point := UsagePoint{Start: start, Feature: p.feature, Kind: p.kind}
			if u := found[place{start, p}]; u != nil {
				point.Quantity, point.Credits = u.Quantity, scalar.Millionths(u.Credits)
			}
			points = append(points, point)
		}
	}
	return points, nil
}
