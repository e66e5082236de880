package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// The floor: the least that a ledger does for a request, one insert and one
// conditional update in a transaction of its own.
const (
	floorSchema = `create table floor_accounts (id int primary key, balance bigint not null) with (fillfactor = 50);
		create table floor_log (account int not null, id uuid not null default gen_random_uuid(), amount bigint not null, at timestamptz not null default now(), primary key (account, id));
		insert into floor_accounts select i, 1000000000000 from generate_series(1, 10000) i;`
	floorScript = `begin;
insert into floor_log (account, amount) values (:account, 1);
update floor_accounts set balance = balance - 1 where id = :account and balance >= 1;
commit;
`
)

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// floor runs pgbench with 64 clients and prepared statements, spread over the
// accounts or all on one, and returns transactions per second.
func floor(ctx context.Context, url string, hot bool, d time.Duration) (float64, error) {
	dir, err := os.MkdirTemp("", "spillway-bench")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script := `\set account random(1, 10000)` + "\n" + floorScript
	if hot {
		script = `\set account 1` + "\n" + floorScript
	}
	path := filepath.Join(dir, "floor.sql")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		return 0, err
	}
	program, err := pgbench()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", strconv.Itoa(max(1, int(d.Seconds()))), "-f", path, url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench said no tps: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

func prepareFloor(ctx context.Context, url string) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, floorSchema)
	return err
}

// pgbench is found beside the PostgreSQL programs where it is not in the path.
func pgbench() (string, error) {
	if p, err := exec.LookPath("pgbench"); err == nil {
		return p, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("pgbench was not found: install the PostgreSQL server's programs")
	}
	return found[len(found)-1], nil
}
