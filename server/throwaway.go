package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"spillway/server/stores"
)

// The names under which a test finds the stores of its run.
const (
	testDatabaseVariable = "SPILLWAY_TEST_DATABASE_URL"
	testRedisVariable    = "SPILLWAY_TEST_REDIS_URL"
)

// storesCommand is `spillway stores -- COMMAND ARGS…`.
type storesCommand struct {
	Cluster bool     `help:"Give the command a Redis Cluster of three nodes instead of the one Redis."`
	Command []string `arg:"" passthrough:"" help:"The command with its arguments, after --."`
}

// Help is shown by spillway stores --help.
func (storesCommand) Help() string {
	return "The command finds the stores in " + testDatabaseVariable + " and " + testRedisVariable + "; its exit code is ours."
}

// Run gives the command its own stores, and its exit code back.
func (c *storesCommand) Run(out *outside, ctx boxed) (err error) {
	command := c.Command
	if command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return unusablef("stores needs a command: spillway stores -- go test ./...")
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return unusablef("the command %s is not there: %w", command[0], errors.Unwrap(err))
	}
	s, err := stores.Start(ctx, stores.Options{Ephemeral: true, Log: out.stderr})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	redisURL := s.RedisURL
	if c.Cluster {
		cluster, err := stores.StartCluster(ctx, 3)
		if err != nil {
			return err
		}
		defer func() { _ = cluster.Stop() }() // ends with this process anyway
		redisURL = cluster.URL
	}

	cmd := exec.CommandContext(ctx, program, command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = out.stdin, out.stdout, out.stderr
	cmd.Env = append(os.Environ(), testDatabaseVariable+"="+s.DatabaseURL, testRedisVariable+"="+redisURL)
	// At a terminal Ctrl-C reaches the command by itself; a signal to us alone
	// is passed on. Either way the command has time to clean up.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return codeOfCommand(cmd.Run())
}

// codeOfCommand turns how the command ended into our own exit code.
func codeOfCommand(err error) error {
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		if err != nil {
			return fmt.Errorf("the command could not be run: %w", err)
		}
		return nil
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitCode(128 + int(status.Signal())) // as a shell does
	}
	return exitCode(ended.ExitCode())
}
