package ledger

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// preferPrimary lets a URL that names several hosts, and does not say which of them
// it means, mean the one that takes writes: after a failover the connections are
// made to the new primary. A single host is taken as it is.
func preferPrimary(config *pgconn.Config, url string) {
	const setting = "target_session_attrs"
	if config.ValidateConnect != nil || strings.Contains(url, setting) || os.Getenv("PGTARGETSESSIONATTRS") != "" {
		return
	}
	for _, other := range config.Fallbacks {
		if other.Host != config.Host || other.Port != config.Port {
			config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
			return
		}
	}
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
