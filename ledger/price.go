package ledger

import (
	"context"
	"math"
	"time"

	"spillway/engine/waterfall"
)

// PriceVersion is a price and the moment from which it counts. Neither ever
// changes. What becomes of it is recorded beside it, once: it begins, or it is
// withdrawn before it does.
type PriceVersion struct {
	waterfall.Price
	EffectiveFrom waterfall.Instant
	// Begun reports whether some process has recorded that the price counts:
	// it can no longer be withdrawn.
	Begun bool
	// WithdrawnAt is when the price was withdrawn; 0: it was not.
	WithdrawnAt waterfall.Instant
}

// Waiting reports whether nothing has become of the price yet: whoever decides
// by it must first record that it has begun. See Ledger.BeginPrices.
func (p *PriceVersion) Waiting() bool { return !p.Begun && p.WithdrawnAt == 0 }

// PriceAt is the price of a moment: of those in effect the one that took effect
// last, and of several at one moment the newest version; Version 0 where there
// is none. One that was withdrawn never takes effect.
func (f *Feature) PriceAt(at waterfall.Instant) PriceVersion {
	var found *PriceVersion
	for i := range f.Prices {
		p := &f.Prices[i]
		if p.EffectiveFrom <= at && p.WithdrawnAt == 0 && (found == nil || p.EffectiveFrom >= found.EffectiveFrom) {
			found = p
		}
	}
	if found == nil {
		return PriceVersion{}
	}
	return *found
}

// PriceOf is a version of the price, and the zero Price for version 0.
func (f *Feature) PriceOf(version int32) PriceVersion {
	if version >= 1 && int(version) <= len(f.Prices) {
		return f.Prices[version-1]
	}
	return PriceVersion{}
}

// LatestBegun is when the newest of the prices that have begun took effect; 0
// where none has.
func (f *Feature) LatestBegun() waterfall.Instant {
	var latest waterfall.Instant
	for i := range f.Prices {
		if f.Prices[i].Begun {
			latest = max(latest, f.Prices[i].EffectiveFrom)
		}
	}
	return latest
}

// Price is a version of a feature's price; known is false where the catalog does
// not have it.
func (c *Catalog) Price(feature string, version int32) (price waterfall.Price, known bool) {
	f := c.Features[feature]
	if f == nil || version < 1 || int(version) > len(f.Prices) {
		return waterfall.Price{}, false
	}
	return f.Prices[version-1].Price, true
}

// NextPrice is the earliest moment at which a price takes effect of which that
// is not recorded yet; math.MaxInt64 where there is none.
func (c *Catalog) NextPrice() waterfall.Instant { return c.nextPrice }

func (c *Catalog) firstWaiting() waterfall.Instant {
	next := waterfall.Instant(math.MaxInt64)
	for _, f := range c.Features {
		for i := range f.Prices {
			if f.Prices[i].Waiting() {
				next = min(next, f.Prices[i].EffectiveFrom)
			}
		}
	}
	return next
}

// The outcomes of a price. The values are stored.
const (
	priceBegun     = 1
	priceWithdrawn = 2
)

func (c *Catalog) loadPrices(ctx context.Context, q querier) error {
	rows, err := q.Query(ctx, `select feature_key, version, credits, per, effective_from, coalesce(o.outcome, 0), o.at
		from prices left join price_outcomes o using (feature_key, version) order by feature_key, version`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var p PriceVersion
		var from time.Time
		var outcome int16
		var at *time.Time
		if err := rows.Scan(&key, &p.Version, &p.Micros, &p.Per, &from, &outcome, &at); err != nil {
			return err
		}
		p.EffectiveFrom = waterfall.InstantOf(from)
		switch outcome {
		case priceBegun:
			p.Begun = true
		case priceWithdrawn:
			p.WithdrawnAt = waterfall.InstantOf(*at)
		}
		if f := c.Features[key]; f != nil {
			f.Prices = append(f.Prices, p)
		}
	}
	return rows.Err()
}

// AddPrice writes the next version of a feature's price, and that it has begun
// where that is so.
func (c *CatalogTx) AddPrice(ctx context.Context, feature string, p PriceVersion) error {
	_, err := c.tx.Exec(ctx, `insert into prices (feature_key, version, credits, per, effective_from) values ($1, $2, $3, $4, $5)`,
		feature, p.Version, p.Micros, p.Per, p.EffectiveFrom.Time())
	if err != nil || !p.Begun {
		return err
	}
	return c.addOutcome(ctx, feature, p.Version, priceBegun, p.EffectiveFrom)
}

// WithdrawPrice records that a price was withdrawn. The price must be waiting.
func (c *CatalogTx) WithdrawPrice(ctx context.Context, feature string, version int32, at waterfall.Instant) error {
	return c.addOutcome(ctx, feature, version, priceWithdrawn, at)
}

func (c *CatalogTx) addOutcome(ctx context.Context, feature string, version int32, outcome int16, at waterfall.Instant) error {
	_, err := c.tx.Exec(ctx, `insert into price_outcomes (feature_key, version, outcome, at) values ($1, $2, $3, $4)`,
		feature, version, outcome, at.Time())
	return err
}

// BeginPrices records of each price that is due by a moment, and waits still,
// that it has begun. From then on it cannot be withdrawn; one that was
// withdrawn before cannot begin. Whoever decides by a price that was set for
// later calls this first: a withdrawal that was answered then holds for
// everyone, whatever their clocks say and however old their catalog is.
func (l *Ledger) BeginPrices(ctx context.Context, at waterfall.Instant) error {
	return l.ChangeCatalog(ctx, func(tx *CatalogTx) (bool, error) {
		if tx.Catalog.NextPrice() > at {
			return false, nil
		}
		_, err := tx.tx.Exec(ctx, `insert into price_outcomes (feature_key, version, outcome, at)
			select feature_key, version, $2, $1 from prices p where effective_from <= $1
				and not exists (select from price_outcomes o where o.feature_key = p.feature_key and o.version = p.version)`,
			at.Time(), priceBegun)
		return true, err
	})
}
