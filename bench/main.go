package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"spillway/ledger"
)

func main() {
	ctx := context.Background()
	url, redis := os.Getenv("SPILLWAY_TEST_DATABASE_URL"), os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if url == "" || redis == "" {
		fmt.Fprintln(os.Stderr, "bench: run: make bench")
		os.Exit(2)
	}
	if err := run(ctx, url, redis); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, redis string) error {
	d := 8 * time.Second
	if err := prepareFloor(ctx, url); err != nil {
		return err
	}
	spread, err := floor(ctx, url, false, d)
	if err != nil {
		return err
	}
	hot, err := floor(ctx, url, true, d)
	if err != nil {
		return err
	}
	fmt.Printf("floor spread %.0f hot %.0f\n", spread, hot)
	if err := ledger.Migrate(ctx, url); err != nil {
		return err
	}
	r, err := openRig(ctx, url, redis)
	if err != nil {
		return err
	}
	defer r.close()
	at := time.Now()
	if err := r.seed(ctx, 10_000); err != nil {
		return err
	}
	fmt.Println("seeded in", time.Since(at))
	if p := os.Getenv("BENCH_PROFILE"); p != "" {
		f, err := os.Create(p)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for name, l := range map[string]load{
		"mixed":  {10_000, 0.2, 512, d},
		"credit": {10_000, 1, 512, d},
		"hot":    {1, 1, 512, d},
	} {
		res, err := r.hammer(ctx, l)
		if err != nil {
			return err
		}
		fmt.Printf("%s %.0f/s = %.2f x spread, %.1f x hot; p50 %s p99 %s\n", name, res.rate, res.rate/spread, res.rate/hot, res.p50, res.p99)
	}
	return nil
}
