package stores

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Standby is a PostgreSQL that follows the one of its stores and confirms what is
// committed there. A COMMIT is answered once the standby has it on disk.
type Standby struct {
	*Server
	// URL names the database on the standby, as its owner.
	URL string
	// BothURL names both servers, and not which of them is meant.
	BothURL string
}

// standbyName is how the primary knows the standby.
const standbyName = "standby"

// AddStandby copies the PostgreSQL, lets the copy follow it, and returns when the
// primary waits for the copy with each COMMIT. It is for tests, once for each
// Stores; Stop ends the standby too.
func (s *Stores) AddStandby(ctx context.Context) (*Standby, error) {
	primary := s.Postgres.kind.(*postgres)
	pg := &postgres{bin: primary.bin, data: filepath.Join(s.place.data, "standby"), run: primary.run, port: standbyPort, user: primary.user}
	var err error
	if pg.probe, err = pgx.ParseConfig(pg.url("postgres")); err != nil {
		return nil, err
	}
	output, err := pg.tool(ctx, s.place.data, "pg_basebackup", "--pgdata", pg.data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
		"--dbname", primary.url("postgres")+"&application_name="+standbyName)
	if err != nil {
		return nil, fmt.Errorf("the standby could not be copied: %s: %w", toolFault(output), err)
	}
	s.standby = &Standby{
		Server: &Server{
			kind: pg, name: "the standby", logPath: filepath.Join(s.place.data, "standby.log"), user: pg.user, notes: io.Discard,
			immediate: syscall.SIGQUIT, fast: syscall.SIGINT,
		},
		URL: pg.url(databaseName), BothURL: bothURL(primary, pg),
	}
	if err := s.standby.Start(ctx); err != nil {
		return nil, err
	}
	return s.standby, primary.awaitStandby(ctx)
}

func bothURL(first, second *postgres) string {
	query := url.Values{"host": {first.run + "," + second.run}, "port": {first.port + "," + second.port}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(ownerRole), Path: "/" + databaseName, RawQuery: query.Encode()}
	return u.String()
}

// awaitStandby lets the primary wait for the standby. The copy has been made
// before, or it would wait for itself once it is the primary.
func (pg *postgres) awaitStandby(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, pg.probe)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{"alter system set synchronous_standby_names = '" + standbyName + "'", "select pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for synchronous := false; !synchronous; {
		if err := pause(ctx, pollInterval); err != nil {
			return err
		}
		if err := conn.QueryRow(ctx, "select exists (select from pg_stat_replication where sync_state = 'sync')").Scan(&synchronous); err != nil {
			return err
		}
	}
	return nil
}
