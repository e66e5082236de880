package main

import (
	"context"
	"fmt"

	"github.com/gorilla/websocket"
)

// Documents of subscriptions, of an account but for the last.
const (
	balanceFeed   = `subscription($a: ID!) { balance(accountId: $a) { available held sequence asOf } }`
	decisionsFeed = `subscription($a: ID!) { decisions(accountId: $a) { cursor node { id status createdAt } } }`
	allFeed       = `subscription { allDecisions { cursor node { id status createdAt } } }`
)

// subscribe opens the subscription number n over a websocket of its own, which
// lasts until ctx ends.
func subscribe(ctx context.Context, s *server, n int, document, account string) (*websocket.Conn, error) {
	// A user has only some subscriptions.
	signed, err := token(fmt.Sprint("watcher-", n/8), "admin")
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}
	conn, response, err := dialer.DialContext(ctx, "ws://"+s.address+"/graphql", nil)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close() // of an upgrade it is empty
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]any{"Authorization": "Bearer " + signed}}); err != nil {
		return nil, err
	}
	if err := expect(conn, "connection_ack"); err != nil {
		return nil, err
	}
	payload := map[string]any{"query": document}
	if account != "" {
		payload["variables"] = map[string]any{"a": account}
	}
	return conn, conn.WriteJSON(map[string]any{"type": "subscribe", "id": "1", "payload": payload})
}

// expect reads a message that must be of a type.
func expect(conn *websocket.Conn, kind string) error {
	var answer struct{ Type string }
	if err := conn.ReadJSON(&answer); err != nil {
		return err
	}
	if answer.Type != kind {
		return fmt.Errorf("a subscription is answered by %q", answer.Type)
	}
	return nil
}
