package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ReasonUnconfirmed is the NotReadyError of a primary on which every COMMIT waits:
// a decision made there would stay without an answer.
const ReasonUnconfirmed = "PostgreSQL does not confirm what is written: a synchronous standby may be away"

// sqlConfirm writes some bytes into the log, and nothing else. Its own COMMIT waits
// as that of a batch does.
const sqlConfirm = `select pg_logical_emit_message(true, 'spillway', 'ready')`

// confirmedFor is how long a confirmation stands, so that whoever asks often writes
// no more than once a second.
const confirmedFor = time.Second

// confirmation asks the database to confirm a COMMIT, one at a time: each that waits
// holds a connection for as long as the standby is away.
type confirmation struct {
	mu       sync.Mutex
	underWay chan struct{} // closed at its end; nil: none is
	err      error         // of the last one
	at       time.Time     // of the last one without an error
}

// confirms returns nil where a COMMIT came back before ctx ended.
func (l *Ledger) confirms(ctx context.Context) error {
	c := &l.confirmation
	c.mu.Lock()
	if c.underWay == nil && time.Since(c.at) < confirmedFor {
		c.mu.Unlock()
		return nil
	}
	if c.underWay == nil {
		c.underWay = make(chan struct{})
		go l.confirm()
	}
	ended := c.underWay
	c.mu.Unlock()
	select {
	case <-ended:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.err
	case <-ctx.Done():
		return &NotReadyError{ReasonUnconfirmed}
	}
}

// confirm waits for one COMMIT, until the ledger closes.
func (l *Ledger) confirm() {
	_, err := l.write.Exec(l.closing, sqlConfirm)
	// Who runs the database may have taken the function from everybody: then what
	// was read has to do.
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		err = nil
	}
	c := &l.confirmation
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = nil; err != nil {
		c.err = notReady(err)
	} else {
		c.at = time.Now()
	}
	close(c.underWay)
	c.underWay = nil
}

// unconfirmed tells whether a COMMIT is still waited for.
func (l *Ledger) unconfirmed() bool {
	c := &l.confirmation
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.underWay != nil
}
