package stores

import (
	"strings"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"
)

// TestAClusterKeepsItsShape: every key has a node, also after one was killed
// and came back, and Stop leaves no process.
func TestAClusterKeepsItsShape(t *testing.T) {
	t.Parallel()
	c, err := StartCluster(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	options := client.ClusterOptions{}
	for url := range strings.SplitSeq(c.URL, ",") {
		one, err := client.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		options.Addrs, options.Password = append(options.Addrs, one.Addr), one.Password
	}
	redis := client.NewClusterClient(&options)
	defer func() { _ = redis.Close() }()
	used := map[string]bool{}
	for i := range 64 {
		key := "key" + string(rune('!'+i))
		if err := redis.Set(t.Context(), key, i, 0).Err(); err != nil {
			t.Fatal(err)
		}
		node, err := redis.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		used[node.Options().Addr] = true
	}
	if len(used) != 3 {
		t.Errorf("the keys are on %d nodes", len(used))
	}
	if err := c.Nodes[2].Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[2].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for begun, i := time.Now(), 0; i < 64; {
		if err := redis.Set(t.Context(), "key"+string(rune('!'+i)), i, 0).Err(); err == nil {
			i++
		} else if time.Since(begun) > 10*time.Second {
			t.Fatalf("10 s after the node came back: %v", err)
		}
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	for _, node := range c.Nodes {
		if pid := node.Pid(); pid != 0 {
			t.Errorf("process %d still runs", pid)
		}
	}
}
