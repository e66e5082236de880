package main

import (
	"context"
	"fmt"
	"time"
)

// measureMemory looks at the server that carried the load so far, and at what
// an idle subscription costs one that has just begun.
func (b *bench) measureMemory(ctx context.Context) error {
	settle()
	if _, err := authorizeLoad(usual(b.there), b.service, 256, b.short, nil, b.server).run(ctx); err != nil {
		return err
	}
	peak, err := memory(b.server.pid(), "VmHWM")
	if err != nil {
		return err
	}
	b.report.add(row{What: "memory of the server at full load, at most", Value: float64(peak) / (1 << 20), Unit: "MB", AtMost: 150,
		Note: "VmHWM"})
	for _, n := range []int{b.subscriptions, 5 * b.subscriptions} {
		bytes, err := b.subscribers(ctx, n)
		if err != nil {
			return err
		}
		b.report.add(row{What: fmt.Sprintf("memory of an idle subscription, of %s", thousands(int64(n))), Value: bytes / 1000, Unit: "kB", AtMost: 45,
			Note: "a websocket each; VmRSS"})
	}
	return nil
}

// subscribers is what a subscription costs in bytes: each over a websocket of
// its own, on an account of its own.
func (b *bench) subscribers(ctx context.Context, n int) (float64, error) {
	s, err := serve(ctx, b.program, b.database, b.redis)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // closes the sockets
	// A little traffic first, so that what every server has once is there.
	if _, err := authorizeLoad(usual(b.there), b.service, 64, b.short/2, nil, s).run(ctx); err != nil {
		return 0, err
	}
	before, err := b.resident(s)
	if err != nil {
		return 0, err
	}
	if err := each(n, 16, func(i int) error {
		conn, err := subscribe(ctx, s, i, balanceFeed, b.there.id(i%b.there.size))
		if err != nil {
			return err
		}
		return expect(conn, "next")
	}); err != nil {
		return 0, err
	}
	after, err := b.resident(s)
	return float64(after-before) / float64(n), err
}

// resident is what the server holds when it has come to rest.
func (b *bench) resident(s *server) (int64, error) {
	time.Sleep(b.short / 2)
	return memory(s.pid(), "VmRSS")
}
