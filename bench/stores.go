package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/counters"
	"spillway/ledger"
)

// database makes an empty migrated database beside the one of the environment
// and returns its URL.
func database(ctx context.Context, admin, name string) (string, error) {
	c, err := pgx.Connect(ctx, admin)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close(ctx) }()
	name = "bench_" + name
	if _, err := c.Exec(ctx, "drop database if exists "+name+" with (force)"); err != nil {
		return "", err
	}
	if _, err := c.Exec(ctx, "create database "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(admin)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), ledger.Migrate(ctx, u.String())
}

// ask reads one number from a database.
func ask(ctx context.Context, database, sql string, args ...any) (n float64, err error) {
	c, err := pgx.Connect(ctx, database)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close(ctx) }()
	err = c.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}

// tidy does what a quiet hour would: statistics, free space, a checkpoint.
func tidy(ctx context.Context, database string) error {
	c, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for _, command := range []string{"vacuum analyze", "checkpoint"} {
		if _, err := c.Exec(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// ownRedis starts a Redis that may be stopped. Kill ends it as a crash would.
func ownRedis(ctx context.Context) (url string, kill func(), err error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(address.Port), "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	kill = func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // says that it was killed
	}
	url = fmt.Sprintf("redis://%s/0", address)
	cache, err := counters.OpenRedis(url)
	if err != nil {
		kill()
		return "", nil, err
	}
	defer func() { _ = cache.Close() }()
	for range 100 {
		if err = cache.Client().Ping(ctx).Err(); err == nil {
			return url, kill, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	kill()
	return "", nil, err
}
