package demo

import (
	"context"
	"fmt"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// The features of the demo product.
const (
	localMessage = "codex.local_message"
	cloudTask    = "codex.cloud_task"
	videoSecond  = "sora.video_second"
)

var features = []ledger.Feature{
	{Key: localMessage, Name: "Codex local message", Unit: "message", Divisible: true},
	{Key: cloudTask, Name: "Codex cloud task", Unit: "task", Divisible: false},
	{Key: videoSecond, Name: "Sora video", Unit: "second", Divisible: true},
}

// prices are in millionths of a credit for each unit.
var prices = map[string]int64{localMessage: 50_000, cloudTask: 1_250_000, videoSecond: 400_000}

const (
	hour = 3600
	day  = 24 * hour
)

func window(limit, seconds int64) waterfall.Window {
	return waterfall.Window{Limit: limit, Seconds: seconds}
}

func rateLimit(key string, windows ...waterfall.Window) waterfall.Bucket {
	return waterfall.Bucket{Kind: waterfall.RateLimit, Key: key, Windows: windows}
}

func freeTier(quota int64, period waterfall.Period) waterfall.Bucket {
	return waterfall.Bucket{Kind: waterfall.FreeTier, Key: "free", Scope: waterfall.PerAccount, Quota: quota, Period: period}
}

// granted are the buckets that draw on what an account was given or bought.
var granted = []waterfall.Bucket{
	{Kind: waterfall.Promotion, Key: "promotions"},
	{Kind: waterfall.Entitlement, Key: "contract"},
	{Kind: waterfall.Credit, Key: "credits"},
}

func offer(feature string, buckets ...waterfall.Bucket) waterfall.Rules {
	return waterfall.Rules{Feature: feature, Buckets: append(buckets, granted...)}
}

// plans are in the order in which they are published.
var plans = []struct {
	key, name string
	rules     []waterfall.Rules
}{
	{"free", "Free", []waterfall.Rules{
		offer(localMessage, rateLimit("limit", window(5, 5*hour)), freeTier(10, waterfall.Week)),
		offer(videoSecond, freeTier(20, waterfall.Month)),
	}},
	{"plus", "Plus", []waterfall.Rules{
		offer(localMessage, rateLimit("limit", window(50, 5*hour), window(500, 7*day))),
		offer(cloudTask, rateLimit("limit", window(10, 5*hour), window(100, 7*day))),
		offer(videoSecond, freeTier(120, waterfall.Month)),
	}},
	{"pro", "Pro", []waterfall.Rules{
		offer(localMessage, rateLimit("limit", window(300, 5*hour), window(3000, 7*day))),
		offer(cloudTask, rateLimit("limit", window(50, 5*hour), window(400, 7*day))),
		{Feature: videoSecond, Buckets: append([]waterfall.Bucket{rateLimit("limit", window(300, day)),
			freeTier(1200, waterfall.Month)}, granted...), Ceilings: []waterfall.Window{window(3600, day)}},
	}},
	{"enterprise", "Enterprise", []waterfall.Rules{
		offer(localMessage, rateLimit("user-limit", window(200, hour))),
		offer(cloudTask, waterfall.Bucket{Kind: waterfall.RateLimit, Key: "pool", Scope: waterfall.PerAccount,
			Windows: []waterfall.Window{window(400, day)}}),
		offer(videoSecond),
	}},
}

var byDemo = engine.Change{Actor: "demo", Reason: "demo data"}

// seedCatalog makes the catalog; comingPrice is when a price of its takes effect.
func seedCatalog(ctx context.Context, e *engine.Engine, comingPrice waterfall.Instant) error {
	for _, f := range features {
		if _, err := e.UpsertFeature(ctx, f, byDemo); err != nil {
			return fmt.Errorf("feature %s: %w", f.Key, err)
		}
		if _, err := e.SetPrice(ctx, f.Key, prices[f.Key], 1, nil, byDemo); err != nil {
			return fmt.Errorf("price of %s: %w", f.Key, err)
		}
	}
	// A price that is still to come, for the pages that list and withdraw it.
	if _, err := e.SetPrice(ctx, videoSecond, 450_000, 1, &comingPrice, byDemo); err != nil {
		return fmt.Errorf("price to come of %s: %w", videoSecond, err)
	}
	for _, p := range plans {
		if _, err := e.PublishPlan(ctx, p.key, p.name, p.rules, byDemo); err != nil {
			return fmt.Errorf("plan %s: %w", p.key, err)
		}
	}
	return nil
}
