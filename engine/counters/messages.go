package counters

import (
	"context"
	"strings"
	"time"
)

// The channel on which processes tell each other which accounts changed. A
// message only wakes readers of the database: one that is lost delays them, and
// nothing else.
const channel = "spillway:changed"

// Publish tells the other processes that accounts changed.
func (r *Redis) Publish(ctx context.Context, accounts []string) error {
	if r.Away() {
		return ErrAway
	}
	ctx, cancel := context.WithTimeout(ctx, r.nodes.timeout)
	defer cancel()
	return r.client.Publish(ctx, channel, strings.Join(accounts, " ")).Err()
}

// Listen calls changed with the accounts of each message until ctx ends, and
// missed whenever messages may have been lost: at the start and after the
// connection was made again.
func (r *Redis) Listen(ctx context.Context, changed func(accounts []string), missed func()) {
	for ctx.Err() == nil {
		r.listenOnce(ctx, changed, missed)
		select {
		case <-ctx.Done():
		case <-time.After(probeInterval):
		}
	}
}

// listenOnce follows one subscription until it breaks.
func (r *Redis) listenOnce(ctx context.Context, changed func([]string), missed func()) {
	subscription := r.client.Subscribe(ctx, channel)
	defer func() { _ = subscription.Close() }()
	// To wait for a message does not end with the context: its connection does.
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer stop()
	if _, err := subscription.Receive(ctx); err != nil {
		return
	}
	missed()
	for {
		message, err := subscription.ReceiveMessage(ctx)
		if err != nil {
			return
		}
		changed(strings.Fields(message.Payload))
	}
}
