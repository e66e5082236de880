package counters

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// node remembers whether one Redis, alone or of a cluster, is there.
type node struct {
	// retryAt is the time in nanoseconds before which it counts as away; 0: it
	// is there.
	retryAt atomic.Int64
}

// resting tells whether to leave the node alone. The first caller after the
// probe interval tries; the others go on resting.
func (n *node) resting() bool {
	at := n.retryAt.Load()
	if at == 0 {
		return false
	}
	now := time.Now().UnixNano()
	return now < at || !n.retryAt.CompareAndSwap(at, now+int64(probeInterval))
}

// note remembers what a call says about the node. A call whose own caller gave
// up says nothing.
func (n *node) note(caller context.Context, err error) {
	switch {
	case err == nil:
		n.retryAt.Store(0)
	case caller.Err() == nil:
		n.retryAt.Store(time.Now().Add(probeInterval).UnixNano())
	}
}

// away tells whether the last call found it away.
func (n *node) away() bool { return n.retryAt.Load() != 0 }

// nodes are those that calls went to.
type nodes struct {
	// whole is the one Redis, or of a cluster whether anyone tells who has what.
	whole   node
	cluster *redis.ClusterClient // nil: there is one Redis
	timeout time.Duration        // of a call

	mu    sync.Mutex
	known map[string]*node // of a cluster, by address
}

func (all *nodes) at(address string) *node {
	all.mu.Lock()
	defer all.mu.Unlock()
	n := all.known[address]
	if n == nil {
		if all.known == nil {
			all.known = map[string]*node{}
		}
		n = &node{}
		all.known[address] = n
	}
	return n
}

// home is the node that an account is asked of first; another answers where its
// slot is on the move.
func (all *nodes) home(ctx context.Context, account string) *node {
	if all.cluster == nil || time.Now().UnixNano() < all.whole.retryAt.Load() {
		return &all.whole
	}
	master, err := all.cluster.MasterForKey(ctx, key(account))
	if err != nil {
		return &all.whole
	}
	all.whole.retryAt.Store(0)
	return all.at(master.Options().Addr)
}

// away tells whether none of the nodes is there.
func (all *nodes) away() bool {
	if all.cluster == nil || all.whole.away() {
		return all.whole.away()
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, n := range all.known {
		if !n.away() {
			return false
		}
	}
	return len(all.known) > 0
}

// ping asks every master of the cluster; its error is that of any.
func (all *nodes) ping(caller context.Context) error {
	err := all.cluster.ForEachMaster(caller, func(ctx context.Context, c *redis.Client) error {
		err := c.Ping(ctx).Err()
		all.at(c.Options().Addr).note(caller, err)
		return err
	})
	if err == nil {
		all.whole.note(caller, nil)
	}
	return err
}

// call sends n accounts to the nodes that have them, to all nodes at once, each
// with the indexes of its own. Nodes that rest are left out. The error, which
// is ErrAway, means that none answered.
func (all *nodes) call(caller context.Context, n int, account func(int) string, send func(ctx context.Context, mine []int) error) error {
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(caller, all.timeout)
	defer cancel()
	shares := map[*node][]int{}
	for i := range n {
		home := all.home(ctx, account(i))
		shares[home] = append(shares[home], i)
	}
	ask := func(home *node, mine []int) error {
		if home.resting() {
			return ErrAway
		}
		err := send(ctx, mine)
		home.note(caller, err)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
		return nil
	}
	answers := make(chan error, len(shares))
	for home, mine := range shares {
		if len(shares) == 1 {
			return ask(home, mine)
		}
		go func() { answers <- ask(home, mine) }()
	}
	var fault error
	answered := false
	for range shares {
		err := <-answers
		answered = answered || err == nil
		fault = errors.Join(fault, err)
	}
	if answered {
		return nil
	}
	return fault
}
