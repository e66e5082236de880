package proof_test

import (
	"context"
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// from are the units of a decision that came from buckets of a kind and did not
// go back.
func (d *modelDecision) from(kind waterfall.Kind) (units int64) {
	for _, p := range d.parts {
		if p.bucket.Kind == kind {
			units += p.units
		}
	}
	return units
}

// compareKinds holds the list of the decisions of one kind, and what the feed
// lets pass, to the model.
func (p *pair) compareKinds(kind waterfall.Kind) {
	f := ledger.DecisionFilter{Kind: kind, Now: waterfall.InstantOf(p.clock.Now())}
	var want, fed []ledger.ID
	var units int64
	for i := range p.models {
		id := p.decisions[i].ID
		if p.models[i].from(kind) > 0 {
			want = append(want, id)
			units += p.models[i].from(kind)
		}
		if f.Matches(p.decisions[i]) {
			fed = append(fed, id)
		}
	}
	slices.Reverse(want)
	slices.Reverse(fed)
	page := must(p.ledger.Decisions(context.Background(), []string{p.id}, f, ledger.Page{First: 200}))[p.id]
	var listed []ledger.ID
	var listedUnits int64
	for _, d := range page.Rows {
		listed = append(listed, d.ID)
		listedUnits += d.AsOf(f.Now).UnitsFrom(kind)
	}
	if page.More || !slices.Equal(listed, want) || listedUnits != units {
		p.r.Fatalf("%s lists %d decisions of %d units, the model says %d of %d", kind, len(listed), listedUnits, len(want), units)
	}
	if !slices.Equal(fed, want) {
		p.r.Fatalf("the feed of %s passes %d decisions, the model says %d", kind, len(fed), len(want))
	}
}
