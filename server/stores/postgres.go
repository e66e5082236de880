package stores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	ownerRole    = "spillway" // the superuser that initdb makes
	databaseName = "spillway"
	// socketPort only names the socket's file: PostgreSQL listens on no port.
	socketPort  = "54329"
	standbyPort = "54330" // in the same directory
)

// postgresSettings hold for `spillway dev` and for tests alike. The first three
// are the durability that every proof stands on. They are arguments, not a file,
// so that they always are those of this version of the program.
var postgresSettings = []string{
	"fsync=on",
	"full_page_writes=on",
	"synchronous_commit=on",
	"listen_addresses=",
	"unix_socket_permissions=0700",
	"max_connections=200",
	"shared_buffers=1GB", // of address space: memory is taken as tables grow
	"max_wal_size=4GB",
	"checkpoint_timeout=15min",
	"random_page_cost=1.1",
	"jit=off", // compiling costs more than any of our short queries
	"timezone=UTC",
	"log_timezone=UTC",
	"log_line_prefix=%m [%p] ",
	"logging_collector=off",
	"cluster_name=spillway",
}

// postgres is the PostgreSQL of one place.
type postgres struct {
	bin   string // directory of the programs
	data  string
	run   string
	port  string
	user  *account
	probe *pgx.ConnConfig
}

// newPostgres finds the programs that fit the data, and makes the data where
// there are none.
func newPostgres(ctx context.Context, p *place, opts Options) (*postgres, error) {
	pg := &postgres{data: filepath.Join(p.data, "postgres"), run: p.run, port: socketPort, user: p.user}
	major, err := dataVersion(pg.data)
	if err != nil {
		return nil, unwritable(p.data, err)
	}
	if pg.bin, err = findPostgres(p.user, major); err != nil {
		return nil, err
	}
	if pg.probe, err = pgx.ParseConfig(pg.url("postgres")); err != nil {
		return nil, err
	}
	pg.probe.ConnectTimeout = 2 * time.Second
	if major == 0 {
		if !p.ephemeral {
			note(opts.Log, "making a PostgreSQL in %s", pg.data)
		}
		return pg, pg.initialize(ctx, p)
	}
	return pg, nil
}

// dataVersion is the major version that wrote the data; 0 without data.
func dataVersion(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// initialize makes the data directory under another name first: one that was
// only half made when we were killed is never taken for data.
func (pg *postgres) initialize(ctx context.Context, p *place) error {
	unfinished := pg.data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return unwritable(p.data, err)
	}
	args := []string{
		"--pgdata", unfinished, "--username", ownerRole,
		// The socket's directory is closed to everybody else, so whoever can
		// connect is the owner.
		"--auth-local=trust", "--auth-host=reject",
		"--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions",
	}
	if p.ephemeral {
		args = append(args, "--no-sync") // a run that dies here is started anew
	}
	output, err := pg.tool(ctx, p.data, "initdb", args...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return setupError(Unwritable, err, "initdb could not make a database in %s: %s", p.data, toolFault(output))
	}
	if err := os.Rename(unfinished, pg.data); err != nil {
		return unwritable(p.data, err)
	}
	return nil
}

// tool runs one of PostgreSQL's programs in a directory until it ends, or until ctx
// does.
func (pg *postgres) tool(ctx context.Context, dir, name string, args ...string) (output string, err error) {
	path := filepath.Join(pg.bin, name)
	if !isProgram(path) { // a package for clients may hold it
		if path, err = exec.LookPath(name); err != nil {
			return err.Error(), err
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	proc, err := spawn(cmd, pg.user, syscall.SIGKILL)
	if err != nil {
		return err.Error(), err
	}
	select {
	case <-ctx.Done():
		proc.killGroup()
		<-proc.exited
		return "", ctx.Err()
	case <-proc.exited:
	}
	return said.String(), proc.err
}

// toolFault picks the line that names the fault out of a program's report.
func toolFault(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, line := range lines {
		if strings.Contains(line, "error:") || strings.Contains(line, "FATAL") {
			return line
		}
	}
	return lines[len(lines)-1]
}

func (pg *postgres) command() (*exec.Cmd, error) {
	if err := pg.removeStalePid(); err != nil {
		return nil, err
	}
	args := []string{"-D", pg.data, "-c", "unix_socket_directories=" + pg.run, "-c", "port=" + pg.port}
	for _, setting := range postgresSettings {
		args = append(args, "-c", setting)
	}
	args = append(args, "-c", "wal_compression="+pg.compression())
	cmd := exec.Command(filepath.Join(pg.bin, "postgres"), args...)
	cmd.Dir = pg.data
	return cmd, nil
}

// compression is the method for the page that the log holds whole when it is
// changed for the first time after a checkpoint, which on large tables is nearly
// every change: lz4 where PostgreSQL was built with it. Its own method, behind
// "on", takes several times the processor's time.
func (pg *postgres) compression() string {
	cmd := exec.Command(filepath.Join(pg.bin, "postgres"), "-D", pg.data, "-C", "wal_compression", "-c", "wal_compression=lz4")
	cmd.Dir = pg.data
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: pg.user.credential()}
	if cmd.Run() != nil {
		return "on"
	}
	return "lz4"
}

// removeStalePid removes the lock file of a killed server whose process number
// now belongs to something else, which PostgreSQL itself cannot tell. A server
// that still works in the directory keeps its file, and is waited for.
func (pg *postgres) removeStalePid() error {
	path := filepath.Join(pg.data, "postmaster.pid")
	text, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 0 {
		return nil // half written or empty: PostgreSQL judges it
	}
	// Only Linux tells where a process works; elsewhere PostgreSQL judges.
	works, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil || works == pg.data {
		return nil
	}
	return os.Remove(path)
}

// ready connects: only a finished recovery lets a client in.
func (pg *postgres) ready(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, pg.probe)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// transient recognizes what a killed server leaves for a moment: backends that
// still hold the shared memory, or a main process that is still ending.
func (pg *postgres) transient(tail []byte) bool {
	for _, sign := range []string{"is still in use", "already exists", "another postmaster"} {
		if bytes.Contains(tail, []byte(sign)) {
			return true
		}
	}
	return false
}

// createDatabase makes the program's database on the first start.
func (pg *postgres) createDatabase(ctx context.Context) (err error) {
	conn, err := pgx.ConnectConfig(ctx, pg.probe)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", databaseName).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{databaseName}.Sanitize())
	return err
}

// url names a database as its owner, over the socket.
func (pg *postgres) url(database string) string {
	query := url.Values{"host": {pg.run}, "port": {pg.port}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(ownerRole), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}
