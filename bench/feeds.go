package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// measureFeeds follows at one server what another one decides.
func (b *bench) measureFeeds(ctx context.Context) error {
	other, err := serve(ctx, b.program, b.database, b.redis)
	if err != nil {
		return err
	}
	defer other.stop()
	if err := b.feedLatency(ctx, other); err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	if err := b.feedLoss(ctx, other); err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	return b.feedRate(ctx, other)
}

// awaitFeeds leaves the server time to begin what was subscribed to: it tells what is
// decided from then on, and nothing tells when that is.
func awaitFeeds() {
	settle()
	time.Sleep(3 * time.Second)
}

// arrivals are how long messages took, from the moment of the decision that
// they tell, which is before its commit.
type arrivals struct {
	mu   sync.Mutex
	took []time.Duration
}

var createdAt = []byte(`"createdAt":"`)

// read notes each message of a feed until its connection is closed.
func (a *arrivals) read(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		_, rest, found := bytes.Cut(text, createdAt)
		moment, _, _ := bytes.Cut(rest, []byte(`"`))
		at, err := time.Parse(time.RFC3339, string(moment))
		if !found || err != nil {
			continue // a ping
		}
		took := time.Since(at)
		a.mu.Lock()
		a.took = append(a.took, took)
		a.mu.Unlock()
	}
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.took)
}

// feedLatency has each of many accounts followed, at a steady rate.
func (b *bench) feedLatency(ctx context.Context, other *server) error {
	const rate = 1000
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // closes the sockets
	watched := population{b.there.prefix, b.subscriptions}
	var a arrivals
	if err := each(watched.size, 16, func(i int) error {
		conn, err := subscribe(ctx, other, i, decisionsFeed, watched.id(i))
		if err == nil {
			go a.read(conn)
		}
		return err
	}); err != nil {
		return err
	}
	awaitFeeds()
	if _, err := paced(ctx, usual(watched), b.service, rate, b.long, b.server); err != nil {
		return err
	}
	made := int(b.long.Seconds() * rate)
	for end := time.Now().Add(10 * time.Second); a.count() < made && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // what is on its way arrives
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	arrived := len(a.took)
	found := summary(a.took)
	what := fmt.Sprintf("%s subscribers of decisions made by another process, at %s/s: ", thousands(int64(watched.size)), thousands(rate))
	b.report.add(row{What: what + "p50 from the decision", Value: found.p50, Unit: "ms", AtMost: 100})
	b.report.add(row{What: what + "p99", Value: found.p99, Unit: "ms"})
	b.report.add(none(what+"lost or told twice", float64(max(made-arrived, arrived-made))))
	return nil
}

// feedLoss has one follow all decisions, which both processes make at once as fast as
// they can: what is acknowledged is delivered, once.
func (b *bench) feedLoss(ctx context.Context, other *server) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := subscribe(ctx, other, 0, allFeed, "")
	if err != nil {
		return err
	}
	awaitFeeds()
	told := deliveries{ids: map[string]bool{}}
	go told.read(conn)
	m, err := authorizeLoad(usual(b.there), b.service, 64, b.short, nil, b.server, other).run(ctx)
	if err != nil {
		return err
	}
	ids, twice := told.count()
	for end := time.Now().Add(10 * time.Second); int64(ids) < m.made && time.Now().Before(end); ids, twice = told.count() {
		time.Sleep(10 * time.Millisecond) // what is on its way arrives
	}
	lost := m.made - int64(ids)
	one := none("decisions acknowledged by two processes at once, in the feed of all: lost or told twice", float64(max(lost, -lost)+int64(twice)))
	one.Note = fmt.Sprintf("%s acknowledged, %s delivered", thousands(m.made), thousands(int64(ids)))
	b.report.add(one)
	return nil
}

// deliveries are the ids that a feed told, and how often it told one again.
type deliveries struct {
	mu    sync.Mutex
	ids   map[string]bool
	twice int
}

var nodeID = []byte(`"node":{"id":"`)

// read notes each message of a feed until its connection is closed.
func (d *deliveries) read(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		_, rest, found := bytes.Cut(text, nodeID)
		if !found {
			continue // a ping
		}
		id, _, _ := bytes.Cut(rest, []byte(`"`))
		d.mu.Lock()
		if d.ids[string(id)] {
			d.twice++
		}
		d.ids[string(id)] = true
		d.mu.Unlock()
	}
}

func (d *deliveries) count() (ids, twice int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ids), d.twice
}

// feedRate lets a few follow all decisions, made as fast as they can be.
func (b *bench) feedRate(ctx context.Context, other *server) error {
	const followers = 20
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var told atomic.Int64
	for i := range followers {
		conn, err := subscribe(ctx, other, i, allFeed, "")
		if err != nil {
			return err
		}
		go func() {
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					return
				}
				told.Add(1)
			}
		}()
	}
	settle()
	began, before := time.Now(), told.Load()
	m, err := authorizeLoad(usual(b.there), b.service, 64, b.short, nil, b.server).run(ctx)
	if err != nil {
		return err
	}
	rate := float64(told.Load()-before) / time.Since(began).Seconds()
	b.report.add(row{What: fmt.Sprintf("messages delivered to %d followers of all decisions, 64 connections deciding", followers), Value: rate, Unit: perSecond,
		Note: fmt.Sprintf("%s decisions/s", number(m.rate))})
	return nil
}
