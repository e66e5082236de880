package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
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

const (
	spreadAccount = `\set account random(1, 10000)`
	hotAccount    = `\set account 1`
)

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// floor runs pgbench, spread over the accounts or all on one, and returns
// transactions per second.
func floor(ctx context.Context, url string, hot bool, d time.Duration) (float64, error) {
	account := spreadAccount
	if hot {
		account = hotAccount
	}
	dir, err := os.MkdirTemp("", "spillway-bench")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var out []byte
	for seconds := range longer(d) {
		if out, err = runFloor(ctx, url, dir, account, seconds); err != nil {
			return 0, err
		}
		if found := tps.FindSubmatch(out); found != nil {
			return strconv.ParseFloat(string(found[1]), 64)
		}
	}
	return 0, fmt.Errorf("pgbench said no tps: %s", out)
}

// longer gives the whole seconds that pgbench runs for, at least one, and on a
// busy machine more: a short time may be over before the clients are connected,
// and then nothing was measured.
func longer(d time.Duration) iter.Seq[int] {
	return func(yield func(int) bool) {
		for seconds, tries := max(1, int(d.Seconds())), 4; tries > 0 && yield(seconds); tries-- {
			seconds *= 2
		}
	}
}

// floorPaced runs pgbench at a rate, spread over the accounts, and returns how
// long its transactions took from the moment at which each was due.
func floorPaced(ctx context.Context, url string, rate int, d time.Duration) (measure, error) {
	dir, err := os.MkdirTemp("", "spillway-bench")
	if err != nil {
		return measure{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for seconds := range longer(d) {
		log := filepath.Join(dir, fmt.Sprint("transactions", seconds))
		if _, err := runFloor(ctx, url, dir, spreadAccount, seconds, "--rate", strconv.Itoa(rate), "--log", "--log-prefix", log); err != nil {
			return measure{}, err
		}
		all, err := loggedTimes(log)
		if err != nil {
			return measure{}, err
		}
		if len(all) > 0 {
			return summary(all), nil
		}
	}
	return measure{}, errors.New("pgbench logged no transaction")
}

// loggedTimes reads how long each transaction took from what pgbench logged
// under the prefix.
func loggedTimes(prefix string) ([]time.Duration, error) {
	files, err := filepath.Glob(prefix + ".*") // one of each thread
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			var client, transaction, micros int64
			if _, err := fmt.Sscan(line, &client, &transaction, &micros); err != nil {
				return nil, fmt.Errorf("pgbench logged %q: %w", line, err)
			}
			all = append(all, time.Duration(micros)*time.Microsecond)
		}
	}
	return all, nil
}

// runFloor runs pgbench with 64 clients and prepared statements.
func runFloor(ctx context.Context, url, dir, account string, seconds int, further ...string) ([]byte, error) {
	path := filepath.Join(dir, "floor.sql")
	if err := os.WriteFile(path, []byte(account+"\n"+floorScript), 0o600); err != nil {
		return nil, err
	}
	program, err := pgbench()
	if err != nil {
		return nil, err
	}
	args := append([]string{"-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", strconv.Itoa(seconds), "-f", path}, further...)
	out, err := exec.CommandContext(ctx, program, append(args, url)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return out, nil
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
