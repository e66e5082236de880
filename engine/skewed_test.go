package engine

import (
	"context"
	"testing"
	"time"

	"spillway/ledger"
)

// NewSkewed starts an engine whose server's clock is off.
func NewSkewed(t testing.TB, l *ledger.Ledger, c Counters, skew time.Duration, o Options) *Engine {
	t.Helper()
	e := newEngine(postgres{l}, c, l, o)
	e.ledger = l
	e.clock = func() time.Time { return time.Now().Add(skew) }
	e, err := e.open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}
