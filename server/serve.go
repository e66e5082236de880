package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"

	"spillway/ledger"
)

// application runs the server until ctx ends, and returns nil when it ended in
// order. It migrates nothing.
type application func(ctx context.Context, config appConfig) error

// appConfig is what the server is put together from.
type appConfig struct {
	Settings settings
	// Listener is open already, so that a taken port is known before anything
	// else is started. The application closes it.
	Listener net.Listener
	Log      *slog.Logger
	// Demo seeds the demo data where there are none, and keeps live demo
	// traffic going.
	Demo bool
	// Ready is called once, as soon as decisions can be made, with those who
	// may sign in to the demo data.
	Ready func(people ...signIn)
}

// serveCommand is `spillway serve`.
type serveCommand struct{}

// Help is shown by spillway serve --help.
func (serveCommand) Help() string { return settingsHelp(serverSettings) }

// Run serves on the stores that the settings name.
func (serveCommand) Run(out *outside, ctx boxed) error {
	s, err := loadServerSettings(out.lookup)
	if err != nil {
		return err
	}
	listener, err := openListener(s.Listen, listen.name)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(out.stderr, &slog.HandlerOptions{Level: s.LogLevel}))
	return out.serve(ctx, appConfig{
		Settings: s, Listener: listener, Log: log,
		Ready: func(...signIn) { announce(out, listener) },
	})
}

// announce prints the line that scripts wait for.
func announce(out *outside, listener net.Listener) {
	// Without a standard output nobody waits for the line.
	_, _ = fmt.Fprintf(out.stdout, "ready http://%s\n", listener.Addr())
}

// openListener opens the address that the named setting or flag asks for.
func openListener(address, name string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener, nil
	}
	reason := err
	var call *os.SyscallError
	if errors.As(err, &call) {
		reason = call.Err
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, unusablef("%s: the port of %s is taken: stop what listens there, or choose another one (0 takes a free one)", name, address)
	}
	return nil, unusablef("%s: cannot listen on %s: %w", name, address, reason)
}

// migrateCommand is `spillway migrate`.
type migrateCommand struct{}

// Help is shown by spillway migrate --help.
func (migrateCommand) Help() string { return settingsHelp([]setting{databaseURL}) }

// Run brings the schema up to date. Several processes may do so at once.
func (migrateCommand) Run(out *outside, ctx boxed) error {
	s, err := loadSettings(out.lookup, databaseURL)
	if err != nil {
		return err
	}
	err = ledger.Migrate(ctx, s.DatabaseURL)
	if err := notThere(err); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: the schema could not be brought up to date: %w", err)
	}
	return nil
}
