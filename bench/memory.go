package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
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
	bytes, err := b.subscribers(ctx)
	if err != nil {
		return err
	}
	b.report.add(row{What: fmt.Sprintf("memory of an idle subscription, of %d", b.subscriptions), Value: bytes / 1000, Unit: "kB", AtMost: 45,
		Note: "a websocket each; VmRSS"})
	return nil
}

// subscribers is what a subscription costs in bytes: each over a websocket of
// its own, on an account of its own.
func (b *bench) subscribers(ctx context.Context) (float64, error) {
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
	if err := each(b.subscriptions, 16, func(i int) error { return subscribe(ctx, s, i, b.there.id(i%b.there.size)) }); err != nil {
		return 0, err
	}
	after, err := b.resident(s)
	return float64(after-before) / float64(b.subscriptions), err
}

// resident is what the server holds when it has come to rest.
func (b *bench) resident(s *server) (int64, error) {
	time.Sleep(b.short / 2)
	return memory(s.pid(), "VmRSS")
}

// subscribe follows the balance of an account until ctx ends, and returns when
// the first answer is there.
func subscribe(ctx context.Context, s *server, n int, account string) error {
	// A user has only some subscriptions.
	signed, err := token(fmt.Sprint("watcher-", n/8), "admin")
	if err != nil {
		return err
	}
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}
	conn, response, err := dialer.DialContext(ctx, "ws://"+s.address+"/graphql", nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // of an upgrade it is empty
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	begin := []map[string]any{
		{"type": "connection_init", "payload": map[string]any{"Authorization": "Bearer " + signed}},
		{"type": "subscribe", "id": "1", "payload": map[string]any{
			"query": `subscription($a: ID!) { balance(accountId: $a) { available held sequence asOf } }`, "variables": map[string]any{"a": account}}},
	}
	for _, message := range begin {
		if err := conn.WriteJSON(message); err != nil {
			return err
		}
		var answer struct{ Type string }
		if err := conn.ReadJSON(&answer); err != nil {
			return err
		}
		if answer.Type != "connection_ack" && answer.Type != "next" {
			return fmt.Errorf("a subscription is answered by %q", answer.Type)
		}
	}
	return nil
}
