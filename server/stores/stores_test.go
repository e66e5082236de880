package stores

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// directory is a fresh one that the servers' user can enter, unlike the test
// framework's own when started by root.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "spillway-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func begin(t *testing.T, opts Options) *Stores {
	t.Helper()
	var notes bytes.Buffer
	opts.Log = &notes
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask runs one statement on a connection of its own.
func ask(t *testing.T, s *Stores, sql string) string {
	t.Helper()
	answer, err := tryAsk(t.Context(), s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func tryAsk(ctx context.Context, s *Stores, sql string) (answer string, err error) {
	conn, err := pgx.Connect(ctx, s.DatabaseURL)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	err = conn.QueryRow(ctx, sql).Scan(&answer)
	return answer, err
}

func alive(pid int) bool { return pid > 0 && syscall.Kill(pid, 0) == nil }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 30 s: %s", what)
		}
	}
}

func TestDurabilityHoldsInTestsToo(t *testing.T) {
	s := begin(t, Options{Ephemeral: true})
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "jit": "off", "TimeZone": "UTC",
	} {
		if got := ask(t, s, "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
}

func TestEphemeralLeavesNothing(t *testing.T) {
	parent := directory(t)
	s, err := Start(t.Context(), Options{Dir: parent, Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{s.Postgres.Pid(), s.Redis.Pid()}
	for range 2 { // the second call does nothing
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSweepTakesOnlyWhatNobodyHolds(t *testing.T) {
	parent := directory(t)
	s := begin(t, Options{Dir: parent, Ephemeral: true})
	dead := filepath.Join(parent, "spillway-stores-dead")
	young := filepath.Join(parent, "spillway-stores-young")
	for _, dir := range []string{dead, young} {
		if err := os.MkdirAll(filepath.Join(dir, "postgres"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	for _, dir := range []string{dead, s.place.dir} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	sweep(parent)
	for dir, want := range map[string]bool{dead: false, young: true, s.place.data: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s exists: %v, want %v", dir, err == nil, want)
		}
	}
}

func TestDataSurviveEveryWayToEnd(t *testing.T) {
	s := begin(t, Options{Dir: directory(t)})
	ask(t, s, "WITH t AS (SELECT set_config('x.y', 'z', false)) SELECT * FROM t")
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for _, end := range []struct {
		name string
		stop func() error
	}{
		{"fast", s.Postgres.StopFast}, {"immediate", s.Postgres.StopImmediate}, {"killed", s.Postgres.Kill},
	} {
		conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
		if err != nil {
			t.Fatal(end.name, err)
		}
		if _, err := conn.Exec(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatal(end.name, err)
		}
		before := ask(t, s, "SELECT count(*)::text FROM kept")
		pid := s.Postgres.Pid()
		if err := end.stop(); err != nil {
			t.Fatal(end.name, err)
		}
		if alive(pid) || s.Postgres.Pid() != 0 {
			t.Errorf("%s: process %d still runs", end.name, pid)
		}
		if _, err := tryAsk(t.Context(), s, "SELECT ''"); err == nil {
			t.Errorf("%s: a stopped PostgreSQL answers", end.name)
		}
		if err := s.Postgres.Start(t.Context()); err != nil {
			t.Fatal(end.name, err)
		}
		if after := ask(t, s, "SELECT count(*)::text FROM kept"); after != before {
			t.Errorf("%s: %s rows after the restart, %s before", end.name, after, before)
		}
	}
}

func TestRedisReturnsOnTheSamePortAndEmpty(t *testing.T) {
	s := begin(t, Options{Ephemeral: true})
	cache := s.Redis.kind.(*redis)
	port := cache.port
	for _, stop := range []func() error{s.Redis.Kill, s.Redis.StopFast} {
		pid := s.Redis.Pid()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if cache.ready(t.Context()) == nil {
			t.Error("a stopped Redis answers")
		}
		if err := s.Redis.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if cache.port != port || s.Redis.Pid() == pid {
			t.Errorf("port %d, want %d; process %d, before %d", cache.port, port, s.Redis.Pid(), pid)
		}
	}
	if strings.Contains(s.RedisURL, ":6379") {
		t.Errorf("a standard port: %s", s.RedisURL)
	}
}

func TestReviveOnlyWhatEndedUnasked(t *testing.T) {
	s := begin(t, Options{Ephemeral: true, Revive: true})
	if err := s.Postgres.StopFast(); err != nil {
		t.Fatal(err)
	}
	pid := s.Redis.Pid()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis runs again", func() bool { return s.Redis.Pid() != pid && s.Redis.Pid() != 0 })
	if s.Postgres.Pid() != 0 {
		t.Error("a PostgreSQL that was stopped on purpose was started")
	}
}
