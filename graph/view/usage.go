package view

import (
	"cmp"
	"context"
	"slices"

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
func (a *Account) Usage(ctx context.Context, feature *string, from, to waterfall.Instant, interval UsageInterval, timeZone string) ([]UsagePoint, error) {
	zone, err := zoneOf(timeZone)
	if err != nil {
		return nil, err
	}
	starts, err := intervals(from, to, interval, zone)
	if err != nil {
		return nil, err
	}
	if err := a.from.Engine.CheckFeature(ctx, "feature", feature); err != nil {
		return nil, err
	}
	var only string
	set(&only, feature)
	used, err := ofEach(ctx, a, func(accounts []string) (map[string][]ledger.UsagePoint, error) {
		return a.from.Ledger.Usage(ctx, accounts, only, from, to, starts)
	})
	if err != nil {
		return nil, stored(err)
	}
	pairs := pairsOf(used)
	if len(pairs) == 0 {
		pairs = planned(a.from.Engine.Catalog().Newest(a.row.Plan), only)
	}
	return spread(used, pairs, starts)
}

// pair is what points are told of.
type pair struct {
	feature string
	kind    waterfall.Kind
}

// pairsOf are those that occur, in the order of features and kinds.
func pairsOf(used []ledger.UsagePoint) []pair {
	var pairs []pair
	seen := map[pair]bool{}
	for i := range used {
		p := pair{used[i].Feature, used[i].Kind}
		if !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(a.kind, b.kind))
	})
	return pairs
}

// planned are those of a plan's waterfalls, of one feature or, where only is "",
// of all.
func planned(plan *ledger.Plan, only string) []pair {
	var all []ledger.UsagePoint
	if plan == nil {
		return nil
	}
	for i := range plan.Features {
		r := &plan.Features[i]
		if only != "" && r.Feature != only {
			continue
		}
		for j := range r.Buckets {
			all = append(all, ledger.UsagePoint{Feature: r.Feature, Kind: r.Buckets[j].Kind})
		}
	}
	return pairsOf(all)
}

func tooManyPoints() error {
	return &engine.Fault{Code: engine.CodeBadInput, Field: "interval", Message: "must be longer: the answer would hold more than 20000 points"}
}

// spread puts what was used of each pair on every interval.
func spread(used []ledger.UsagePoint, pairs []pair, starts []waterfall.Instant) ([]UsagePoint, error) {
	type place struct {
		start waterfall.Instant
		pair  pair
	}
	if len(pairs)*len(starts) > mostPoints {
		return nil, tooManyPoints()
	}
	found := make(map[place]*ledger.UsagePoint, len(used))
	for i := range used {
		found[place{used[i].Start, pair{used[i].Feature, used[i].Kind}}] = &used[i]
	}
	points := make([]UsagePoint, 0, len(pairs)*len(starts))
	for _, start := range starts {
		for _, p := range pairs {
			point := UsagePoint{Start: start, Feature: p.feature, Kind: p.kind}
			if u := found[place{start, p}]; u != nil {
				point.Total, point.Credits = scalar.SumOf(u.Quantity), scalar.SumOfMillionths(u.Credits)
				point.Quantity = point.Total.Quantity()
				point.Refunded, point.RefundedCredits = scalar.SumOf(u.Refunded), scalar.SumOfMillionths(u.RefundedCredits)
			}
			points = append(points, point)
		}
	}
	return points, nil
}
