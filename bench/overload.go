package main

import (
	"context"
	"errors"
	"fmt"
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
	accepted, shed, err := flood(ctx, usual(b.there), b.service, int(2*able.rate), b.long, s)
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
	offered := float64(len(accepted)+int(shed)) / b.long.Seconds()
	b.report.add(row{What: "overload: p99 of what is accepted", Value: summary(accepted).p99, Unit: "ms", AtMost: 250,
		Note: fmt.Sprintf("%s/s offered to a server that does %s/s; %d %% turned away", number(offered), number(able.rate), 100*shed/max(1, shed+int64(len(accepted))))})
	b.report.add(row{What: "overload: the rate right after it", Value: after.rate, Unit: perSecond, Floor: "before", Ratio: after.rate / able.rate, AtLeast: 0.8,
		Note: fmt.Sprintf("measured for %.1f s", time.Since(over).Seconds())})
	b.report.add(row{What: "overload: memory of the server, at most", Value: float64(peak) / (1 << 20), Unit: "MB", AtMost: 400, Note: "VmHWM"})
	return nil
}

// flood sends requests at fixed times over many connections. It returns how
// long those took that were decided, and how many were turned away.
func flood(ctx context.Context, m mix, token string, rate int, d time.Duration, s *server) (accepted []time.Duration, shed int64, err error) {
	const connections = 4096
	ctx, cancel := context.WithTimeout(ctx, d+20*time.Second)
	defer cancel()
	callers, err := authorizeLoad(m, token, connections, d, nil, s).gather(ctx)
	if err != nil {
		return nil, 0, err
	}
	took := make([][]time.Duration, connections)
	var turned atomic.Int64
	began := time.Now().Add(50 * time.Millisecond)
	err = each(connections, connections, func(c int) error {
		for n := c; ; n += connections {
			due := began.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
			if due.Sub(began) > d || time.Since(began) > d {
				return nil
			}
			time.Sleep(time.Until(due))
			sent := time.Now()
			_, err := callers[c](ctx, n)
			switch {
			case errors.Is(err, errShed):
				turned.Add(1)
			case err != nil:
				return err
			default:
				took[c] = append(took[c], time.Since(sent))
			}
		}
	})
	for _, one := range took {
		accepted = append(accepted, one...)
	}
	return accepted, turned.Load(), err
}
