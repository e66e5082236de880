package engine_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"spillway/engine"
	"spillway/server/stores"
)

// redisCluster is three nodes of a test's own, and how to move slots between
// them.
type redisCluster struct {
	*stores.Cluster
	t     *testing.T
	nodes map[string]*redis.Client // by address
	ids   map[string]string
	moved int
}

func newCluster(t *testing.T) (*redisCluster, *world) {
	t.Helper()
	c, err := stores.StartCluster(t.Context(), 3)
	check(t, err)
	t.Cleanup(func() { check(t, c.Stop()) })
	w := newWorldOn(t, c.URL)
	w.windowed()
	cluster := &redisCluster{Cluster: c, t: t, nodes: map[string]*redis.Client{}, ids: map[string]string{}}
	for _, shard := range must(w.cluster().ClusterShards(t.Context()).Result()) {
		address := addressOf(&shard)
		node := redis.NewClient(&redis.Options{Addr: address, Password: w.cluster().Options().Password})
		t.Cleanup(func() { _ = node.Close() })
		cluster.nodes[address], cluster.ids[address] = node, shard.Nodes[0].ID
	}
	return cluster, w
}

func (w *world) cluster() *redis.ClusterClient {
	c, ok := w.redis.Client().(*redis.ClusterClient)
	if !ok {
		w.t.Fatal("the engine has no Redis Cluster")
	}
	return c
}

// addressOf is that of a shard's only node.
func addressOf(shard *redis.ClusterShard) string {
	return net.JoinHostPort(shard.Nodes[0].IP, strconv.FormatInt(shard.Nodes[0].Port, 10))
}

// owner is the address of the node that has an account's slot, by the word of
// that node itself.
func (c *redisCluster) owner(account string) (address string, slot int) {
	c.t.Helper()
	for address, node := range c.nodes {
		slot := must(node.ClusterKeySlot(c.t.Context(), "spillway:{"+account+"}").Result())
		for _, shard := range must(node.ClusterShards(c.t.Context()).Result()) {
			holds := func(r redis.SlotRange) bool { return r.Start <= slot && slot <= r.End }
			if addressOf(&shard) == address && slices.ContainsFunc(shard.Slots, holds) {
				return address, int(slot)
			}
		}
	}
	c.t.Fatalf("no node has the slot of %s", account)
	return "", 0
}

// move hands an account's slot to another node, key by key, and gives the
// traffic time in each state between.
func (c *redisCluster) move(account string) {
	c.t.Helper()
	ctx := c.t.Context()
	from, slot := c.owner(account)
	to := ""
	for address := range c.nodes {
		if address != from {
			to = address
		}
	}
	source, target := c.nodes[from], c.nodes[to]
	pause := func() { time.Sleep(50 * time.Millisecond) }
	check(c.t, target.Do(ctx, "cluster", "setslot", slot, "importing", c.ids[from]).Err())
	check(c.t, source.Do(ctx, "cluster", "setslot", slot, "migrating", c.ids[to]).Err())
	pause()
	host, port, err := net.SplitHostPort(to)
	check(c.t, err)
	for _, key := range must(source.ClusterGetKeysInSlot(ctx, slot, 100).Result()) {
		told := must(source.Do(ctx, "migrate", host, port, key, 0, 5000, "replace", "auth", target.Options().Password).Text())
		if told == "OK" {
			c.moved++
		}
	}
	pause()
	for _, node := range []*redis.Client{target, source} {
		check(c.t, node.Do(ctx, "cluster", "setslot", slot, "node", c.ids[to]).Err())
	}
	if now, _ := c.owner(account); now != to {
		c.t.Fatalf("the slot of %s is with %s and not with %s", account, now, to)
	}
}

// TestRedisCluster: what holds of one Redis holds of several, while slots move
// from node to node and when one of the nodes dies.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	c, w := newCluster(t)
	t.Run("slots move", func(t *testing.T) { slotsMove(t, c, w) })
	t.Run("a node dies", func(t *testing.T) { nodeDies(t, c, w) })
}

// slotsMove: under load, and the counters move along.
func slotsMove(t *testing.T, c *redisCluster, w *world) {
	accounts := make([]string, 2)
	for i := range accounts {
		accounts[i] = w.account(fmt.Sprint("moving", i), "windows")
	}
	stop := w.crowdOfWindows(10, []*engine.Engine{w.Engine, w.another(w.redis)}, accounts...)
	for n := range 12 {
		c.move(accounts[n%len(accounts)])
		w.clock.Add(6 * time.Second)
	}
	for a, seen := range stop() {
		seen.audit(t)
		if n := len(seen[[2]string{"ceiling", ""}]); n < 20 {
			t.Errorf("%s was granted only %d times", a, n)
		}
	}
	if c.moved < 4 {
		t.Errorf("only %d of 12 slots held the counters when they moved", c.moved)
	}
	if w.CountersAway() {
		t.Error("the counters count as away")
	}
	// A process that remembers nothing finds them where they are now.
	w.shares(t, accounts...)
	w.verified()
}

// shares expects that the counters of the accounts are in Redis: what one
// process writes, another finds without counting the events again.
func (w *world) shares(t *testing.T, accounts ...string) {
	t.Helper()
	forgetful := w.with(w.redis, engine.Options{Workers: 1, States: 1})
	for _, e := range []*engine.Engine{w.Engine, forgetful} {
		before := forgetful.Rebuilds()
		for _, a := range accounts {
			w.clock.Add(time.Second)
			must(e.Authorize(context.Background(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
		}
		if n := forgetful.Rebuilds() - before; n != 0 {
			t.Errorf("%d rebuilds although Redis holds the counters", n)
		}
	}
}

// nodeDies: its accounts are answered from PostgreSQL, exactly, those of the
// others go on having their counters, and when it is back so have all.
func nodeDies(t *testing.T, c *redisCluster, w *world) {
	byNode, twins := map[string]string{}, map[string]string{} // an account on each node
	for n := 0; len(byNode) < len(c.nodes); n++ {
		a := w.account(fmt.Sprint("living", n), "windows")
		address, _ := c.owner(a)
		byNode[address], twins[a] = a, w.account(fmt.Sprint("twin", n), "windows")
	}
	plain := w.with(away{}, engine.Options{Workers: 1, States: 1})
	engines := []*engine.Engine{w.Engine, w.another(w.redis), w.with(w.redis, engine.Options{Workers: 1, States: 1})}
	accounts := slices.Sorted(maps.Values(byNode))
	var alive []string
	calls := 0
	ask := func(rounds int) {
		t.Helper()
		for range rounds {
			for _, a := range accounts {
				w.clock.Add(700 * time.Millisecond)
				request := engine.AuthorizeRequest{Account: twins[a], User: "ann", Feature: "chat", Quantity: 2, AllowPartial: true, Key: w.key()}
				want := must(plain.Authorize(context.Background(), request))
				request.Account = a
				got := must(engines[calls%len(engines)].Authorize(context.Background(), request))
				if describe(got) != describe(want) {
					t.Fatalf("call %d: %s", calls, difference(describe(got), describe(want)))
				}
				calls++
			}
		}
	}
	ask(5)
	check(t, c.Nodes[0].Kill())
	for address, a := range byNode {
		if err := c.nodes[address].Ping(t.Context()).Err(); err == nil {
			alive = append(alive, a)
		}
	}
	if len(alive) != 2 {
		t.Fatalf("%d of three nodes are left", len(alive))
	}
	ask(20)
	if w.CountersAway() {
		t.Error("one of three nodes is away, and all counters count as away")
	}
	w.shares(t, alive...)
	check(t, c.Nodes[0].Start(t.Context()))
	for begun := time.Now(); w.redis.Ping(t.Context()) != nil || !c.whole(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the node is not back after 10 s")
		}
	}
	w.shares(t, accounts...)
	w.verified()
	if !t.Failed() {
		t.Logf("%d slots moved, %d of them with counters, 1 node of 3 killed; %d answers compared, 0 violations", 12, c.moved, calls)
	}
}

// whole tells whether each node takes queries for all slots.
func (c *redisCluster) whole() bool {
	for _, node := range c.nodes {
		info, err := node.ClusterInfo(c.t.Context()).Result()
		if err != nil || !strings.Contains(info, "cluster_state:ok") {
			return false
		}
	}
	return true
}
