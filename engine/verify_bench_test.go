package engine_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// BenchmarkVerify makes some thousand decisions per account, four in five of
// them paid for by windows and one by credits, and reports how many usage
// events a second are verified.
//
//	spillway stores -- go test ./engine -run - -bench Verify -benchtime 3x
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	w.plan("load", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
		{Kind: waterfall.RateLimit, Key: "hour", Windows: []waterfall.Window{{Limit: 1 << 40, Seconds: 3600}}}}},
		waterfall.Rules{Feature: "video", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
	events := 100_000
	if n, err := strconv.Atoi(os.Getenv("SPILLWAY_BENCH_EVENTS")); err == nil {
		events = n
	}
	w.traffic(b, 200, events)
	b.ResetTimer()
	start, total := time.Now(), int64(0)
	for b.Loop() {
		sum, err := w.ledger.Verify(context.Background(), "", func(m ledger.Mismatch) { b.Errorf("%+v", m) })
		if err != nil || sum.Replayed != sum.UsageEvents {
			b.Fatalf("%+v: %v", sum, err)
		}
		total += sum.UsageEvents
	}
	b.ReportMetric(float64(total)/time.Since(start).Seconds(), "events/s")
	b.ReportMetric(float64(peakMemory())/(1<<20), "MB-peak")
}

// peakMemory is the most that the process ever had resident, in bytes.
func peakMemory() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// traffic makes decisions on many accounts at once.
func (w *world) traffic(b *testing.B, accounts, events int) {
	b.Helper()
	ctx := context.Background()
	var wait sync.WaitGroup
	for i := range accounts {
		id := w.prefix + fmt.Sprint("load-", i)
		must(w.CreateAccount(ctx, engine.NewAccount{ID: id, Name: "load", Plan: "load"}, byTest))
		must(w.CreateGrant(ctx, engine.NewGrant{Account: id, Kind: waterfall.Credit, Amount: 1 << 50, Key: "g"}, byTest))
		wait.Go(func() {
			for n := 0; n < events/accounts; n += 20 {
				var requests []engine.AuthorizeRequest
				for j := range 20 {
					r := engine.AuthorizeRequest{Account: id, User: fmt.Sprint("user-", j%3), Feature: "chat", Quantity: 1, Key: fmt.Sprint(n + j)}
					if j%5 == 0 {
						r.Feature = "video"
					}
					requests = append(requests, r)
				}
				for _, a := range w.AuthorizeBatch(ctx, requests) {
					if a.Err != nil {
						b.Error(a.Err)
					}
				}
				w.clock.Add(time.Millisecond)
			}
		})
	}
	wait.Wait()
}
