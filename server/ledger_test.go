package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// booked makes a database with the account "acme" that bought credits and used
// two.
func booked(t *testing.T) (url string) {
	t.Helper()
	url = ledgertest.URL(t)
	ctx := context.Background()
	l, err := ledger.Open(ctx, url, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e, err := engine.New(ctx, l, counters.NewMemory(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	by := engine.Change{Actor: "root", Reason: "test"}
	check := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(e.UpsertFeature(ctx, ledger.Feature{Key: "chat", Name: "Chat", Unit: "message", Divisible: true}, by))
	check(e.SetPrice(ctx, "chat", 500_000, 1, nil, by))
	check(e.PublishPlan(ctx, "paid", "Paid", []waterfall.Rules{{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}}}, by))
	check(e.CreateAccount(ctx, engine.NewAccount{ID: "acme", Name: "Acme", Plan: "paid"}, by))
	check(e.CreateGrant(ctx, engine.NewGrant{Account: "acme", Kind: waterfall.Credit, Amount: 5_000_000, Key: "g"}, by))
	check(e.Authorize(ctx, engine.AuthorizeRequest{Account: "acme", User: "ann", Feature: "chat", Quantity: 2, Key: "k"}))
	return url
}

func TestVerifyAndReconcileOnARealLedger(t *testing.T) {
	url := booked(t)
	env := environment("DATABASE_URL=" + url)
	for _, command := range [][]string{{"verify"}, {"verify", "--account", "acme"}, {"reconcile"}, {"reconcile", "--account", "acme"}} {
		if code, stdout, stderr := start(t, env, command...); code != exitDone || stdout != "" || stderr != "" {
			t.Errorf("%v: code %d, %q, %q", command, code, stdout, stderr)
		}
		nobody := append(append([]string{}, command[0]), "--account", "nobody")
		if code, stdout, stderr := start(t, env, nobody...); code != exitUnusable || stdout != "" || !strings.Contains(stderr, "nobody") {
			t.Errorf("%v: code %d, %q, %q", nobody, code, stdout, stderr)
		}
	}
	ledgertest.Exec(t, url, "update balance_updates set amount = amount - 1 where sequence = 2")
	for _, command := range [][]string{{"verify"}, {"verify", "--account", "acme"}, {"reconcile"}, {"reconcile", "--account", "acme"}} {
		code, stdout, stderr := start(t, env, command...)
		if code != exitFault || !strings.Contains(stdout, "account=acme check=chain@sequence:2 expected=") || stderr != "" {
			t.Errorf("%v: code %d, %q, %q", command, code, stdout, stderr)
		}
		for _, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
			if len(strings.Fields(line)) != 4 || !strings.HasPrefix(line, "account=acme check=") {
				t.Errorf("%v: the line %q", command, line)
			}
		}
	}
}

func TestExportWritesFiles(t *testing.T) {
	env := environment("DATABASE_URL=" + booked(t))
	dir := filepath.Join(t.TempDir(), "new")
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	code, stdout, stderr := start(t, env, "export", "--account", "acme", "--from", "2026-01-01", "--to", tomorrow, "--out", dir)
	if code != exitDone || stdout != "usage_events 1\nmonetization_events 1\nbalance_updates 2\ngrants 1\n" || stderr != "" {
		t.Fatalf("code %d, %q, %q", code, stdout, stderr)
	}
	for _, name := range append([]string{"README.md"}, "usage_events.ndjson", "usage_events.csv", "monetization_events.ndjson", "monetization_events.csv",
		"balance_updates.ndjson", "balance_updates.csv", "grants.ndjson", "grants.csv") {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	mode := func(name string) os.FileMode {
		t.Helper()
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if mode("") != 0o700 || mode("grants.csv") != 0o600 || mode("README.md") != 0o600 {
		t.Errorf("the directory is %o, a file %o, the guide %o", mode(""), mode("grants.csv"), mode("README.md"))
	}
	// What is there is written over only when that is asked for.
	again := []string{"export", "--account", "acme", "--from", "2026-01-01", "--to", tomorrow, "--out", dir}
	if code, stdout, stderr := start(t, env, again...); code != exitUnusable || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--force") {
		t.Errorf("into an export: code %d, %q, %q", code, stdout, stderr)
	}
	if err := os.Chmod(filepath.Join(dir, "grants.csv"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := start(t, env, append(again, "--force")...); code != exitDone || stderr != "" || mode("grants.csv") != 0o600 {
		t.Errorf("by force: code %d, %q, mode %o", code, stderr, mode("grants.csv"))
	}
	dir = filepath.Join(t.TempDir(), "other")
	for _, wrong := range [][]string{
		{"--account", "nobody", "--from", "2026-01-01", "--to", tomorrow},
		{"--account", "acme", "--from", "yesterday", "--to", tomorrow},
		{"--account", "acme", "--from", tomorrow, "--to", "2026-01-01"},
		{"--account", "a b", "--from", "2026-01-01", "--to", tomorrow},
		{"--account", "acme"},
	} {
		code, _, stderr := start(t, env, append([]string{"export", "--out", dir}, wrong...)...)
		if code != exitUnusable || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: code %d, %q", wrong, code, stderr)
		}
	}
}

// A name that the database does not know is a setting to mend, whichever command
// meets it; to migrate would not help.
func TestADatabaseThatLetsNobodyIn(t *testing.T) {
	there, err := url.Parse(ledgertest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	database, role := *there, *there
	database.Path, role.User = "/no-such-database", url.User("no-such-role")
	for _, address := range []string{database.String(), role.String()} {
		check := func(command string, code int, told string) {
			if code != exitUnusable || !strings.Contains(told, "DATABASE_URL") || !strings.Contains(told, "does not exist") || strings.Contains(told, "migrate") {
				t.Errorf("%s: code %d, %q", command, code, told)
			}
		}
		for _, command := range [][]string{{"migrate"}, {"verify"}, {"reconcile"}, {"export", "--account", "a", "--from", "2026-01-01", "--to", "2026-01-02"}} {
			code, _, stderr := start(t, environment("DATABASE_URL="+address), command...)
			check(command[0], code, stderr)
		}
		err := (&app{config: appConfig{Settings: settings{DatabaseURL: address}}}).connect(t.Context())
		check("serve", codeOf(err), fmt.Sprint(err))
	}
}

func TestProofsOfADatabaseThatIsNotThere(t *testing.T) {
	env := environment("DATABASE_URL=postgres://nobody:secret@127.0.0.1:1/none?connect_timeout=1")
	for _, command := range [][]string{{"verify"}, {"reconcile"}, {"export", "--account", "a", "--from", "2026-01-01", "--to", "2026-01-02"}} {
		if code, _, stderr := start(t, env, command...); code != exitAway || strings.Contains(stderr, "secret") {
			t.Errorf("%v: code %d, %q", command, code, stderr)
		}
	}
}
