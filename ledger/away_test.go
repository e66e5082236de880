package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A fault is told apart by whether trying again can help: the whole batch is
// begun again for a store that is away, and split for anything else.
func TestAway(t *testing.T) {
	refused := func(code string) error { return &pgconn.PgError{Code: code} }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, noServer := pgconn.Connect(context.Background(), "host=/nonexistent user=x")
	pool, err := pgxpool.New(context.Background(), "host=/nonexistent user=x")
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	_, closed := pool.Acquire(context.Background())
	for name, c := range map[string]struct {
		err  error
		away bool
	}{
		"none":                         {nil, false},
		"no server":                    {noServer, true},
		"a closed pool":                {closed, true},
		"cut while reading":            {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true},
		"the end of the stream":        {io.EOF, true},
		"a network fault":              {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, true},
		"closed here":                  {net.ErrClosed, true},
		"a connection that was closed": {pgconn.ErrConnClosed, true},
		"no time left":                 {context.DeadlineExceeded, true},
		"given up":                     {ctx.Err(), true},
		"admin shutdown":               {refused("57P01"), true},
		"starting up":                  {refused("57P03"), true},
		"statement timeout":            {refused("57014"), true},
		"too many connections":         {refused("53300"), true},
		"disk full":                    {refused("53100"), true},
		"input or output":              {refused("58030"), true},
		"connection failure":           {refused("08006"), true},
		"lock timeout":                 {refused("55P03"), true},
		"idle in transaction":          {refused("25P03"), true},
		"read only":                    {refused("25006"), true},
		"check":                        {refused("23514"), false},
		"unique":                       {refused("23505"), false},
		"privilege":                    {refused("42501"), false},
		"bad text":                     {refused("22021"), false},
		"no rows":                      {pgx.ErrNoRows, false},
		"steps":                        {errSteps, false},
		"a defect":                     {errors.New("engine: a counter was not loaded"), false},
	} {
		if got := Away(c.err); got != c.away {
			t.Errorf("%s (%v): away %v", name, c.err, got)
		}
	}
}
