package stores

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	client "github.com/redis/go-redis/v9"
)

// Cluster is a running Redis Cluster: masters without replicas that share the
// slots equally. Nothing of it is left after Stop.
type Cluster struct {
	// URL names all nodes, with their password, separated by commas.
	URL string
	// Nodes may be stopped, killed and started one by one, on the same address
	// and with the same slots.
	Nodes []*Server

	place *place
}

const (
	// slots is how many a Redis Cluster has.
	slots = 16384
	// joinLimit is how long the nodes may take to know each other.
	joinLimit = 30 * time.Second
)

// clusterConfig lets the other nodes go on where one is away: what it holds is
// a cache.
func (r *redis) clusterConfig() []string {
	return []string{
		"cluster-enabled yes",
		"cluster-port " + strconv.Itoa(r.busPort),
		"cluster-config-file nodes.conf",
		"cluster-node-timeout 1000",
		"cluster-require-full-coverage no",
		"masterauth " + r.password, // by which a node hands slots to another
	}
}

// StartCluster starts nodes on free ports of 127.0.0.1, in a throwaway
// directory, and returns when each knows who has which slots. ctx bounds the
// start alone.
func StartCluster(ctx context.Context, nodes int) (*Cluster, error) {
	place, err := openPlace(Options{Ephemeral: true})
	if err != nil {
		return nil, err
	}
	c := &Cluster{place: place}
	if err := c.start(ctx, nodes); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, nodes int) error {
	kinds := make([]*redis, nodes)
	urls := make([]string, nodes)
	for i := range kinds {
		name := "redis" + strconv.Itoa(i)
		node, err := newRedis(c.place, filepath.Join(c.place.data, name))
		if err != nil {
			return err
		}
		node.cluster = true
		if i > 0 {
			node.password = kinds[0].password
		}
		server := &Server{
			kind: node, name: name, logPath: filepath.Join(c.place.data, name+".log"), user: c.place.user, notes: io.Discard,
			immediate: syscall.SIGKILL, fast: syscall.SIGTERM,
		}
		if err := server.Start(ctx); err != nil {
			return err
		}
		kinds[i], urls[i] = node, node.url()
		c.Nodes = append(c.Nodes, server)
	}
	c.URL = strings.Join(urls, ",")
	return join(ctx, kinds)
}

// join deals the slots out and makes the nodes one cluster.
func join(ctx context.Context, nodes []*redis) error {
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	for i, node := range nodes {
		err := node.administer(func(admin *client.Client) error {
			from, to := i*slots/len(nodes), (i+1)*slots/len(nodes)-1
			// Epochs of their own spare new nodes to agree on an order first.
			err := errors.Join(admin.Do(ctx, "cluster", "set-config-epoch", i+1).Err(), admin.ClusterAddSlotsRange(ctx, from, to).Err())
			if i > 0 {
				err = errors.Join(err, admin.Do(ctx, "cluster", "meet", "127.0.0.1", nodes[0].port, nodes[0].busPort).Err())
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("a node could not join the cluster: %w", err)
		}
	}
	for _, node := range nodes {
		if err := node.administer(func(admin *client.Client) error { return awaitJoined(ctx, admin, len(nodes)) }); err != nil {
			return err
		}
	}
	return nil
}

// awaitJoined waits until a node knows the masters of all slots.
func awaitJoined(ctx context.Context, admin *client.Client, nodes int) error {
	for {
		info, err := admin.ClusterInfo(ctx).Result()
		if err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d\r", slots)) &&
			strings.Contains(info, fmt.Sprintf("cluster_size:%d\r", nodes)) {
			return nil
		}
		if pause(ctx, pollInterval) != nil {
			return fmt.Errorf("the nodes of the cluster did not find each other: %s: %w", info, errors.Join(err, ctx.Err()))
		}
	}
}

func (r *redis) administer(work func(*client.Client) error) error {
	admin := client.NewClient(&client.Options{Addr: r.address(), Password: r.password})
	return errors.Join(work(admin), admin.Close())
}

// Stop ends all nodes and gives the directory back. A second call does nothing.
func (c *Cluster) Stop() (err error) {
	for _, node := range c.Nodes {
		err = errors.Join(err, node.StopFast())
	}
	if c.place == nil {
		return err
	}
	err = errors.Join(err, c.place.close())
	c.place = nil
	return err
}
