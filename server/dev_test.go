package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// ada is who may sign in to the test's demo.
var ada = signIn{Subject: "ada", Account: "acme", Roles: []string{"user"}}

// development runs the dev command in dir with an application that ends at
// once after use.
func development(t *testing.T, dir string, use func(appConfig)) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	o := &outside{lookup: environment(), stdout: &out, stderr: &errs}
	o.serve = func(_ context.Context, config appConfig) error {
		config.Ready(ada)
		use(config)
		return config.Listener.Close()
	}
	command := devCommand{Dir: dir, Listen: "127.0.0.1:0"}
	if err := command.Run(o, boxed{t.Context()}); err != nil {
		complain(&errs, err)
		code = codeOf(err)
	}
	return code, out.String(), errs.String()
}

func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "spillway-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the servers' user must enter it
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, ".spillway")
}

func TestDevServesOnItsOwnStoresAndKeepsThem(t *testing.T) {
	dir := home(t)
	var keys []string
	for round := range 2 {
		code, stdout, stderr := development(t, dir, func(config appConfig) {
			conn, err := pgx.Connect(t.Context(), config.Settings.DatabaseURL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(t.Context()) }()
			var kept int
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM accounts").Scan(&kept); err != nil {
				t.Errorf("the schema is not there: %v", err)
			}
			if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS rounds (n int)"); err != nil {
				t.Fatal(err)
			}
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM rounds").Scan(&kept); err != nil || kept != round {
				t.Errorf("round %d finds %d rows, %v", round, kept, err)
			}
			if _, err := conn.Exec(t.Context(), "INSERT INTO rounds VALUES (1)"); err != nil {
				t.Fatal(err)
			}
			cache := redis.NewUniversalClient(config.Settings.Redis)
			defer func() { _ = cache.Close() }()
			if err := cache.Ping(t.Context()).Err(); err != nil {
				t.Errorf("Redis: %v", err)
			}
			if !config.Demo || len(config.Settings.JWTSecret) < shortestSecret {
				t.Errorf("got %+v", config)
			}
			keys = append(keys, string(config.Settings.JWTSecret))
		})
		if code != exitDone {
			t.Fatalf("code %d, %s", code, stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if last := lines[len(lines)-1]; !regexp.MustCompile(`^ready http://127\.0\.0\.1:\d+$`).MatchString(last) {
			t.Errorf("the last line is %q", last)
		}
		checkLink(t, stdout, keys[round])
	}
	if keys[0] != keys[1] {
		t.Error("the token secret did not survive the restart")
	}
	info, err := os.Stat(filepath.Join(dir, secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v, %v", info, err)
	}
}

// checkLink checks that the printed portal link signs ada in.
func checkLink(t *testing.T, stdout, key string) {
	t.Helper()
	link := regexp.MustCompile(`http://127\.0\.0\.1:\d+/#token=(\S+)`).FindStringSubmatch(stdout)
	if link == nil {
		t.Fatalf("no portal link in %q", stdout)
	}
	var got claims
	if _, err := jwt.ParseWithClaims(link[1], &got, func(*jwt.Token) (any, error) { return []byte(key), nil }); err != nil {
		t.Fatal(err)
	}
	if got.Subject != ada.Subject || got.Account != ada.Account {
		t.Errorf("the link signs in %+v", got)
	}
}

func TestDevThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	port := taken.Addr().String()
	for _, c := range []struct {
		name    string
		command devCommand
		env     lookup
		says    string
	}{
		{"taken port", devCommand{Dir: file, Listen: port}, environment(), port},
		{"taken port by setting", devCommand{Dir: file}, environment("SPILLWAY_LISTEN=" + port), "SPILLWAY_LISTEN"},
		{"no port", devCommand{Dir: file, Listen: "localhost"}, environment(), "--listen"},
		{"not our address", devCommand{Dir: file, Listen: "192.0.2.1:0"}, environment(), "192.0.2.1"},
		{"file in the way", devCommand{Dir: file, Listen: "127.0.0.1:0"}, environment(), file},
		{"no directory", devCommand{Dir: "/proc/spillway", Listen: "127.0.0.1:0"}, environment(), "/proc/spillway"},
		{"short secret", devCommand{Dir: file}, environment("SPILLWAY_JWT_SECRET=short"), "SPILLWAY_JWT_SECRET"},
	} {
		err := c.command.Run(&outside{lookup: c.env, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, boxed{t.Context()})
		if err == nil || codeOf(err) != exitUnusable || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an unusable one that says %q", c.name, err, c.says)
		}
	}
}

func TestSecondDevInTheSameDirectory(t *testing.T) {
	dir := home(t)
	code, _, stderr := development(t, dir, func(appConfig) {
		code, stdout, stderr := development(t, dir, func(appConfig) { t.Error("served twice") })
		if code != exitUnusable || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, dir) {
			t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	})
	if code != exitDone {
		t.Errorf("the first: code %d, %s", code, stderr)
	}
}

func TestDamagedSecretIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), secretFile)
	if err := os.WriteFile(path, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := keptSecret(path); err == nil {
		t.Errorf("got the secret %q", key)
	}
}

func TestServeRefusesWithoutSettings(t *testing.T) {
	for _, missing := range []string{"DATABASE_URL", "REDIS_URL", "SPILLWAY_JWT_SECRET"} {
		err := serveCommand{}.Run(&outside{lookup: with(missing + "=")}, boxed{t.Context()})
		if err == nil || codeOf(err) != exitUnusable || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestMigrateWithoutADatabaseIsAway(t *testing.T) {
	code, _, stderr := start(t, environment("DATABASE_URL=postgres://o:hidden@127.0.0.1:1/x?connect_timeout=2"), "migrate")
	if code != exitAway || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "DATABASE_URL: the database is away") || strings.Contains(stderr, "hidden") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
}
