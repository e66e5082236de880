package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// measureAgainst holds the program against another build of it: both on the same
// stores, in turn, by chance who comes first, each on accounts of its own. The
// machine's speed changes within an hour by more than most changes of the code
// are worth, so that two runs one after the other say little. Nor do two servers
// that stay as they were started: each block starts them again, and they change
// accounts.
func (b *bench) measureAgainst(ctx context.Context) error {
	accounts := [2]population{{"some", b.accounts}, {"others", b.accounts}}
	for _, p := range accounts {
		if err := b.rig.seed(ctx, p); err != nil {
			return err
		}
	}
	for text := range strings.SplitSeq(b.connections, ",") {
		connections, err := strconv.Atoi(text)
		if err != nil || connections < 1 {
			return fmt.Errorf("-connections is %q: expected numbers, at least 1, separated by commas", b.connections)
		}
		c := comparison{connections: connections}
		for range b.blocks {
			accounts[0], accounts[1] = accounts[1], accounts[0]
			if err := c.block(ctx, b, accounts); err != nil {
				return err
			}
		}
		c.tell([2]string{b.against, b.program})
	}
	return nil
}

// comparison is what was found of the other build, and of the program.
type comparison struct {
	connections int
	found       [2]runs
	ratios      []float64
}

// block starts both servers and measures them in turn.
func (c *comparison) block(ctx context.Context, b *bench, accounts [2]population) error {
	var loads [2]func(context.Context) (measure, error)
	for i, program := range []string{b.against, b.program} {
		s, err := serve(ctx, program, b.database, b.redis)
		if err != nil {
			return err
		}
		defer s.stop()
		l := authorizeLoad(usual(accounts[i]), b.service, c.connections, b.short, b.stores.with("server", s.pid()), s)
		loads[i] = l.run
		l.duration = b.short / 2
		if _, err := l.run(ctx); err != nil { // it does not know the accounts yet
			return err
		}
	}
	for range b.rounds {
		var rates [2]float64
		first := rand.IntN(2)
		for _, i := range []int{first, 1 - first} {
			settle()
			m, err := loads[i](ctx)
			if err != nil {
				return err
			}
			c.found[i] = append(c.found[i], m)
			rates[i] = m.rate
		}
		c.ratios = append(c.ratios, rates[1]/rates[0])
	}
	return nil
}

// tell prints the means, and how far apart the rates are.
func (c *comparison) tell(programs [2]string) {
	for i, program := range programs {
		m := c.found[i].mean()
		fmt.Printf("%d connections, %s: %s/s, p99 %.1f ms, CPU µs: %s; all %.1f\n", c.connections, program, number(m.rate), m.p99, cpuNote(m.cpu), sum(m.cpu))
	}
	fmt.Printf("%d connections: %.3f × the other, median of %d, %.3f to %.3f in half of them\n", c.connections, median(c.ratios), len(c.ratios),
		quantile(c.ratios, 0.25), quantile(c.ratios, 0.75))
}

func quantile(figures []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[int(q*float64(len(sorted)))]
}

// mean is the run that would have taken as much as all of them.
func (r runs) mean() measure {
	of := measure{cpu: map[string]float64{}}
	n := float64(len(r))
	for _, m := range r {
		of.rate += m.rate / n
		of.p50 += m.p50 / n
		of.p99 += m.p99 / n
		for name, spent := range m.cpu {
			of.cpu[name] += spent / n
		}
	}
	return of
}

func sum(figures map[string]float64) (total float64) {
	for _, f := range figures {
		total += f
	}
	return total
}
