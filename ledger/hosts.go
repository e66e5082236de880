package ledger

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// preferPrimary lets a URL that names several hosts, and does not say which of them
// it means, mean the one that takes writes: after a failover the connections are
// made to the new primary. A single host is taken as it is. Where a server is refused
// for what it is, the error says what that is.
func preferPrimary(config *pgconn.Config, url string) {
	const setting = "target_session_attrs"
	said := config.ValidateConnect != nil || strings.Contains(url, setting) || os.Getenv("PGTARGETSESSIONATTRS") != ""
	if !said && slices.ContainsFunc(config.Fallbacks, func(other *pgconn.FallbackConfig) bool {
		return other.Host != config.Host || other.Port != config.Port
	}) {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	validate := config.ValidateConnect
	if validate == nil {
		return
	}
	config.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		err := validate(ctx, c)
		var other *pgconn.NotPreferredError
		if err == nil || errors.As(err, &other) {
			return err // the driver looks at the error itself
		}
		return errors.Join(err, takesNoWrites(ctx, c))
	}
}

// takesNoWrites is a *NotReadyError where a server takes no writes.
func takesNoWrites(ctx context.Context, c *pgconn.PgConn) error {
	said := c.ExecParams(ctx, "select pg_is_in_recovery(), current_setting('transaction_read_only')", nil, nil, nil, nil).Read()
	if said.Err != nil || len(said.Rows) != 1 {
		return said.Err
	}
	switch standby, readOnly := said.Rows[0][0], said.Rows[0][1]; {
	case string(standby) == "t":
		return &NotReadyError{ReasonStandby}
	case string(readOnly) == "on":
		return &NotReadyError{ReasonReadOnly}
	}
	return nil
}

var errNoCancel = errors.New("ledger: what writes is not cancelled")

// neverCancel keeps a connection from ever sending a CancelRequest, which the driver
// does when it gives up a connection, for whatever reason: a COMMIT that waits for a
// synchronous standby would end its wait, and stand on the primary alone. The
// request is the only thing that a connection dials for once it is made.
func neverCancel(_ context.Context, config *pgx.ConnConfig) error {
	dial, connect := config.DialFunc, config.AfterConnect
	made := false // by the one who connects, before anybody can give up
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if made {
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
	config.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		made = true
		if connect == nil {
			return nil
		}
		return connect(ctx, c)
	}
	return nil
}

// readOnly tells whether the server refused to write: it is a standby, or has been
// made read-only.
func readOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}

// resetPause is between two emptyings of the pools.
const resetPause = time.Second

// leave lets go of the connections to a server that takes no writes, so that the
// next ones are made to the one that does.
func (l *Ledger) leave() {
	now := time.Now().UnixNano()
	last := l.demoted.Load()
	if now-last < int64(resetPause) || !l.demoted.CompareAndSwap(last, now) {
		return
	}
	l.write.Reset()
	l.read.Reset()
	l.own.Reset()
}
