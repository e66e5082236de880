package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"spillway/engine"
)

// stepping is a clock that goes on by a second each time somebody looks, from a
// moment in the past up to now: what happens in a few seconds is spread over
// hours, as the entries of windows are.
func stepping(from time.Time) func() time.Time {
	var seconds atomic.Int64
	return func() time.Time {
		at := from.Add(time.Duration(seconds.Add(1)) * time.Second)
		if now := time.Now(); at.After(now) {
			return now
		}
		return at
	}
}

// measureDeep holds accounts with many entries in their windows against as many
// accounts with few. An entry is a second in which something was used.
func (b *bench) measureDeep(ctx context.Context) error {
	url, err := database(ctx, b.admin, "deep")
	if err != nil {
		return err
	}
	deep, few := population{"deep", b.deepAccounts}, population{"few", b.deepAccounts}
	if err := b.deepen(ctx, url, deep, few); err != nil {
		return err
	}
	if err := tidy(ctx, url); err != nil {
		return err
	}
	r, err := openRig(ctx, url, b.redis, engine.Options{})
	if err != nil {
		return err
	}
	defer r.close()
	measured := func(p population) func(context.Context) (measure, error) {
		return func(ctx context.Context) (measure, error) {
			settle()
			return r.load(mix{p, 0}, b.callers, b.short, b.stores).run(ctx)
		}
	}
	one, other, err := alternate(ctx, b.rounds, measured(few), measured(deep))
	if err != nil {
		return err
	}
	shown := other.row(fmt.Sprintf("%d accounts with %s entries in their windows each, windows only", b.deepAccounts, thousands(int64(b.deepEntries))),
		perSecond, one, "few entries")
	shown.AtLeast = 0.7
	b.report.add(shown)
	return nil
}

// deepen fills the windows: every account has one caller, so that each of its
// decisions falls into a second of its own. No Redis is
// told, because to write every entry each time is slow and of no use here.
func (b *bench) deepen(ctx context.Context, url string, deep, few population) error {
	const nobody = "redis://127.0.0.1:1/0"
	r, err := openRig(ctx, url, nobody, engine.Options{Clock: stepping(time.Now().Add(-6 * 24 * time.Hour))})
	if err != nil {
		return err
	}
	defer r.close()
	if err := errors.Join(r.catalog(ctx), r.seed(ctx, deep), r.seed(ctx, few)); err != nil {
		return err
	}
	return each(deep.size, deep.size, func(i int) error {
		key := keys()
		for n := range b.deepEntries {
			if err := r.authorize(ctx, deep.id(i), byWindow, key(n)); err != nil {
				return err
			}
		}
		return nil
	})
}
