package view

import (
	"sort"

	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// Feature shows a feature of the catalog.
type Feature struct {
	from *Source
	f    *ledger.Feature
}

// NewFeature shows a feature.
func NewFeature(from *Source, f *ledger.Feature) *Feature { return &Feature{from, f} }

// Key is the feature's key.
func (f *Feature) Key() string { return f.f.Key }

// Name is its name.
func (f *Feature) Name() string { return f.f.Name }

// Unit is what one unit of it is.
func (f *Feature) Unit() string { return f.f.Unit }

// Divisible tells whether several buckets may pay for one request.
func (f *Feature) Divisible() bool { return f.f.Divisible }

// Price is its price now, nil when it has none.
func (f *Feature) Price() *Price {
	return price(f.f.PriceAt(waterfall.InstantOf(f.from.Now())))
}

// Prices are all its prices that were not withdrawn, the newest version first.
func (f *Feature) Prices() []Price {
	prices := make([]Price, 0, len(f.f.Prices))
	for i := len(f.f.Prices) - 1; i >= 0; i-- {
		if p := f.f.Prices[i]; p.WithdrawnAt == 0 {
			prices = append(prices, *price(p))
		}
	}
	return prices
}

func price(p ledger.PriceVersion) *Price {
	if p.Version == 0 {
		return nil
	}
	return &Price{Version: int(p.Version), Credits: scalar.Millionths(p.Micros), Per: p.Per, EffectiveFrom: p.EffectiveFrom}
}

// Features are all features by key.
func (s *Source) Features() []Feature {
	var all []Feature
	for _, f := range s.Engine.Catalog().Features {
		all = append(all, Feature{s, f})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].f.Key < all[j].f.Key })
	return all
}

// Plans are the newest versions of all plans by key.
func (s *Source) Plans() []Plan {
	var all []Plan
	catalog := s.Engine.Catalog()
	for key := range catalog.Plans {
		all = append(all, Plan{s, catalog.Newest(key)})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].p.Key < all[j].p.Key })
	return all
}

// Plan shows one version of a plan.
type Plan struct {
	from *Source
	p    *ledger.Plan
}

// NewPlan shows a plan; nil for nil.
func NewPlan(from *Source, p *ledger.Plan) *Plan {
	if p == nil {
		return nil
	}
	return &Plan{from, p}
}

// Key is the plan's key.
func (p *Plan) Key() string { return p.p.Key }

// Version counts from 1 within the plan.
func (p *Plan) Version() int { return int(p.p.Version) }

// Name is its name.
func (p *Plan) Name() string { return p.p.Name }

// PublishedAt is when this version was published.
func (p *Plan) PublishedAt() waterfall.Instant { return p.p.PublishedAt }

// Features is what it includes.
func (p *Plan) Features() []PlanFeature {
	features := make([]PlanFeature, len(p.p.Features))
	for i := range features {
		features[i] = PlanFeature{p.from, &p.p.Features[i]}
	}
	return features
}

// PlanFeature shows what a plan says of one feature.
type PlanFeature struct {
	from *Source
	r    *waterfall.Rules
}

// Feature is the feature.
func (p *PlanFeature) Feature() *Feature { return p.from.Feature(p.r.Feature) }

// Waterfall are the buckets in their order.
func (p *PlanFeature) Waterfall() []Bucket {
	buckets := make([]Bucket, len(p.r.Buckets))
	for i := range buckets {
		buckets[i] = Bucket{&p.r.Buckets[i]}
	}
	return buckets
}

// Ceilings deny whatever could pay.
func (p *PlanFeature) Ceilings() []waterfall.Window { return p.r.Ceilings }

// Bucket shows a bucket of a plan.
type Bucket struct{ b *waterfall.Bucket }

// Kind is what kind of source it is.
func (b *Bucket) Kind() waterfall.Kind { return b.b.Kind }

// Key is unique within the feature.
func (b *Bucket) Key() string { return b.b.Key }

// Scope tells whose use counts.
func (b *Bucket) Scope() waterfall.Scope { return b.b.Scope }

// Windows belong to a rate limit.
func (b *Bucket) Windows() []waterfall.Window { return b.b.Windows }

// Quota belongs to a free tier.
func (b *Bucket) Quota() *int64 { return optional(b.b.Quota) }

// Period belongs to a free tier.
func (b *Bucket) Period() *waterfall.Period { return optional(b.b.Period) }
