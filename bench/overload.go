package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// measureOverload asks for twice what a server can do, and then for what it can.
func (b *bench) measureOverload(ctx context.Context) error {
	s, err := serve(ctx, b.program, b.database, b.redis)
	if err != nil {
		return err
	}
	defer s.stop()
	usualLoad := authorizeLoad(usual(b.there), b.service, 256, b.short, nil, s)
	able, err := usualLoad.run(ctx)
	if err != nil {
		return err
	}
	f, err := flood(ctx, usual(b.there), b.service, int(2*able.rate), b.long, s)
	if err != nil {
		return err
	}
	over := time.Now()
	after, err := usualLoad.run(ctx)
	if err != nil {
		return err
	}
	peak, err := memory(s.pid(), "VmHWM")
	if err != nil {
		return err
	}
	all := len(f.accepted) + int(f.turned)
	b.report.add(row{What: "overload: p99 of what is accepted", Value: summary(f.accepted).p99, Unit: "ms", AtMost: 250,
		Note: fmt.Sprintf("from when it was due; %s/s offered to a server that does %s/s; %d %% turned away; the generator's own delay in it: p99 %.0f ms",
			number(float64(all)/b.long.Seconds()), number(able.rate), 100*int(f.turned)/max(1, all), summary(f.late).p99)})
	b.report.add(row{What: "overload: the rate right after it", Value: after.rate, Unit: perSecond, Floor: "before", Ratio: after.rate / able.rate, AtLeast: 0.8,
		Note: fmt.Sprintf("measured for %.1f s", time.Since(over).Seconds())})
	b.report.add(row{What: "overload: memory of the server, at most", Value: float64(peak) / (1 << 20), Unit: "MB", AtMost: 400, Note: "VmHWM"})
	return nil
}

// flooded is what an overload showed.
type flooded struct {
	accepted []time.Duration // of each request that was decided, from when it was due
	turned   int64           // requests that were turned away
	late     []time.Duration // how much later than due the generator sent, on connections that were free
}

// flood sends requests at fixed times over many connections. What they take is
// counted from when they were due, so that neither a server that stands still nor
// a generator that comes late hides anything.
func flood(ctx context.Context, m mix, token string, rate int, d time.Duration, s *server) (f flooded, err error) {
	const connections = 4096
	ctx, cancel := context.WithTimeout(ctx, d+20*time.Second)
	defer cancel()
	callers, err := authorizeLoad(m, token, connections, d, nil, s).gather(ctx)
	if err != nil {
		return f, err
	}
	took, late := make([][]time.Duration, connections), make([][]time.Duration, connections)
	var turned atomic.Int64
	began := time.Now().Add(50 * time.Millisecond)
	err = each(connections, connections, func(c int) error {
		for n := c; ; n += connections {
			due := began.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
			if due.Sub(began) > d || time.Since(began) > d {
				return nil
			}
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
				late[c] = append(late[c], time.Since(due))
			}
			_, err := callers[c](ctx, n)
			switch {
			case errors.Is(err, errShed):
				turned.Add(1)
			case err != nil:
				return err
			default:
				took[c] = append(took[c], time.Since(due))
			}
		}
	})
	return flooded{slices.Concat(took...), turned.Load(), slices.Concat(late...)}, err
}
