package engine

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// SetPrice gives a feature a price from a moment on, now where from is nil:
// micros millionths of a credit for every per units. What already stands at
// that moment is left as it is; prices that take effect at other moments stand
// beside it.
func (e *Engine) SetPrice(ctx context.Context, feature string, micros, per int64, from *waterfall.Instant, c Change) (*ledger.Feature, error) {
	switch {
	case micros <= 0 || micros > maxGrant:
		return nil, badInput("credits", "must be more than 0 and at most %s", book.FormatCredits(maxGrant))
	case per < 1 || per > waterfall.MaxQuantity:
		return nil, badInput("per", "must be a whole number from 1 to 9007199254740991")
	}
	err := e.changeCatalog(ctx, c, "setPrice", func(tx *ledger.CatalogTx) (before, after any, err error) {
		f := tx.Catalog.Features[feature]
		if f == nil {
			return nil, nil, notFound("feature", "the feature")
		}
		now := e.now()
		next := ledger.PriceVersion{EffectiveFrom: max(now, f.LatestBegun())}
		if from != nil {
			next.EffectiveFrom = *from
		}
		next.Price = waterfall.Price{Version: int32(len(f.Prices)) + 1, Micros: micros, Per: per}
		switch stands := f.PriceAt(next.EffectiveFrom); {
		case stands.Micros == micros && stands.Per == per && (from == nil || stands.EffectiveFrom == *from):
			return nil, nil, nil
		case from != nil && *from < now:
			return nil, nil, badInput("effectiveFrom", "must not lie in the past")
		case stands.Version != 0:
			before = describePrice(f.Key, stands)
		}
		next.Begun = from == nil || *from <= now
		return before, describePrice(f.Key, next), tx.AddPrice(ctx, feature, next)
	})
	if err != nil {
		return nil, err
	}
	return e.Catalog().Features[feature], nil
}

// WithdrawPrice takes back a price that was set for later, as if it had never
// been set; its version is not given to another one. CONFLICT where it has
// begun; again it changes nothing.
func (e *Engine) WithdrawPrice(ctx context.Context, feature string, version int, c Change) (*ledger.Feature, error) {
	err := e.changeCatalog(ctx, c, "withdrawPrice", func(tx *ledger.CatalogTx) (before, after any, err error) {
		f := tx.Catalog.Features[feature]
		if f == nil {
			return nil, nil, notFound("feature", "the feature")
		}
		if version < 1 || version > len(f.Prices) {
			return nil, nil, notFound("version", "the price")
		}
		p, now := f.Prices[version-1], e.now()
		switch {
		case p.WithdrawnAt != 0:
			return nil, nil, nil
		case p.Begun || p.EffectiveFrom <= now:
			return nil, nil, conflictOf("version", "the price has begun: set another one instead")
		}
		before = describePrice(feature, p)
		p.WithdrawnAt = now
		return before, describePrice(feature, p), tx.WithdrawPrice(ctx, feature, p.Version, now)
	})
	if err != nil {
		return nil, err
	}
	return e.Catalog().Features[feature], nil
}

// beginPrices returns a catalog in which no price of up to a moment waits: each
// has begun, for every process, or was withdrawn. In a catalog that a process
// holds a price may wait that was withdrawn elsewhere a moment ago, and to
// decide by it would charge what was taken back.
func (e *Engine) beginPrices(ctx context.Context, at waterfall.Instant) (*ledger.Catalog, error) {
	c := e.Catalog()
	for e.catalogs != nil && c.NextPrice() <= at {
		if err := e.catalogs.BeginPrices(ctx, at); err != nil {
			return nil, err
		}
		var err error
		if c, err = e.refresh(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// beginPrices does so for the times at which the batch decides.
func (b *batch) beginPrices() error {
	latest := waterfall.Instant(0)
	for _, a := range b.order {
		latest = max(latest, a.now)
	}
	if b.catalog.NextPrice() > latest {
		return nil
	}
	catalog, err := b.engine.beginPrices(b.ctx, latest)
	if err == nil {
		b.catalog = catalog
	}
	return err
}
