package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// secret is long enough for HS256.
const secret = "0123456789abcdef0123456789abcdef"

// environment is a lookup over name=value pairs.
func environment(pairs ...string) lookup {
	return func(name string) (string, bool) {
		for _, pair := range pairs {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

// start runs the program and returns its exit code and both outputs.
func start(t *testing.T, env lookup, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, outside{lookup: env, stdin: strings.NewReader(""), stdout: &out, stderr: &err, prove: proveLedger})
	return code, out.String(), err.String()
}

func TestUnusableArgumentsAreOneLineAndTwo(t *testing.T) {
	signed := environment("SPILLWAY_JWT_SECRET=" + secret)
	for _, c := range []struct {
		args string
		env  lookup
		says string
	}{
		{"", signed, "expected"},
		{"fly", signed, "fly"},
		{"token --fly", signed, "--fly"},
		{"token --role user", signed, "--sub"},
		{"token --sub a", signed, "--role"},
		{"token --sub a --role king", signed, "--role"},
		{"token --sub a --role user", signed, "--account"},
		{"token --sub a --role user --account a#b", signed, "--account"},
		{"token --sub a --role admin --ttl 0s", signed, "--ttl"},
		{"token --sub a --role admin --ttl soon", signed, "--ttl"},
		{"token --sub " + strings.Repeat("é", 256) + " --role admin", signed, "--sub"},
		{"token --sub a --role admin", environment(), "SPILLWAY_JWT_SECRET"},
		{"token --sub a --role admin", environment("SPILLWAY_JWT_SECRET=short"), "SPILLWAY_JWT_SECRET"},
		{"stores", signed, "command"},
		{"stores --", signed, "command"},
		{"stores -- no-such-program", signed, "no-such-program"},
	} {
		code, stdout, stderr := start(t, c.env, strings.Fields(c.args)...)
		if code != exitUnusable || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.says) {
			t.Errorf("spillway %s: code %d, stdout %q, stderr %q; want code 2 and one line with %q", c.args, code, stdout, stderr, c.says)
		}
	}
}

func TestHelp(t *testing.T) {
	for args, want := range map[string]string{
		"--help":        "stores",
		"token --help":  "SPILLWAY_JWT_SECRET",
		"stores --help": testDatabaseVariable,
	} {
		code, stdout, stderr := start(t, environment(), strings.Fields(args)...)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("spillway %s: code %d, stderr %q, no %q in %q", args, code, stderr, want, stdout)
		}
	}
}

// The command gets stores that work and remain only while it runs, and its exit
// code comes back.
func TestStoresForACommand(t *testing.T) {
	script := `echo "$SPILLWAY_TEST_DATABASE_URL $SPILLWAY_TEST_REDIS_URL"; read line; echo "got $line" >&2; exit 7`
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"stores", "--", "sh", "-c", script}, outside{
		lookup: environment(), stdin: strings.NewReader("a line\n"), stdout: &stdout, stderr: &stderr,
	})
	if code != 7 || !strings.Contains(stderr.String(), "got a line") {
		t.Errorf("code %d, stderr %q", code, stderr.String())
	}
	var database, cache string
	if _, err := fmt.Sscan(stdout.String(), &database, &cache); err != nil || !strings.HasPrefix(database, "postgres://") || !strings.HasPrefix(cache, "redis://") {
		t.Errorf("the command saw %q", stdout.String())
	}
	code, cluster, told := start(t, environment(), "stores", "--cluster", "sh", "-c", `echo "$SPILLWAY_TEST_REDIS_URL"`)
	if code != exitDone || strings.Count(cluster, "redis://") != 3 {
		t.Errorf("with a cluster: code %d, the command saw %q; %s", code, cluster, told)
	}
	for _, script := range []struct {
		text string
		code int
	}{{"exit 0", 0}, {"kill -9 $$", 137}} {
		if code, _, stderr := start(t, environment(), "stores", "sh", "-c", script.text); code != script.code {
			t.Errorf("%s: code %d, want %d; %s", script.text, code, script.code, stderr)
		}
	}
}
