package proof_test

import "spillway/engine/waterfall"

// divisible are the features that histories use, and whether several buckets
// may pay for one request.
var divisible = map[string]bool{"text": true, "image": false}

// plans hold every kind of bucket, window, quota, ceiling and scope; all of
// them are small, so that short histories reach them.
var plans = map[string][]waterfall.Rules{
	"long": {
		{Feature: "text", Divisible: true, Buckets: append([]waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "burst", Windows: []waterfall.Window{{Limit: 4, Seconds: 10}, {Limit: 9, Seconds: 3600}}},
			{Kind: waterfall.FreeTier, Key: "free", Scope: waterfall.PerAccount, Quota: 6, Period: waterfall.Day}}, pools...),
			Ceilings: []waterfall.Window{{Limit: 60, Seconds: 86_400}}},
		{Feature: "image", Buckets: append([]waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "hour", Scope: waterfall.PerAccount, Windows: []waterfall.Window{{Limit: 6, Seconds: 3600}}}}, pools...)},
	},
	"short": {
		{Feature: "text", Divisible: true, Buckets: []waterfall.Bucket{
			{Kind: waterfall.FreeTier, Key: "free", Scope: waterfall.PerAccount, Quota: 3, Period: waterfall.Week},
			{Kind: waterfall.Credit, Key: "credits"}}},
	},
}

var pools = []waterfall.Bucket{{Kind: waterfall.Promotion, Key: "promo"}, {Kind: waterfall.Entitlement, Key: "contract"},
	{Kind: waterfall.Credit, Key: "credits"}}
