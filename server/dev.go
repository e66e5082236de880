package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spillway/ledger"
	"spillway/server/stores"
)

// demoTokens is how long the tokens hold that `dev` prints: a working day and
// the evening after it. Each start prints new ones.
const demoTokens = 24 * time.Hour

// secretFile keeps the key of dev's tokens, in the directory of its data.
const secretFile = "jwt-secret"

// devCommand is `spillway dev`.
type devCommand struct {
	Dir    string `default:".spillway" type:"path" help:"Where the data live; removing the directory starts afresh."`
	Listen string `placeholder:"HOST:PORT" help:"Address and port to listen on; port 0 takes a free one (SPILLWAY_LISTEN, else 127.0.0.1:8080)."`
}

// Help is shown by spillway dev --help.
func (devCommand) Help() string {
	return "PostgreSQL 15 or later and redis-server must be installed; both run as children of this process, on private addresses.\n\n" +
		settingsHelp(devSettings)
}

// devSettings are what the environment still decides: the stores are our own.
var devSettings = slices.Concat([]setting{listen, ownSecret, issuer, audience, origins, quietLog, otlp}, jobSettings)

// ownSecret need not be set: dev makes one, and keeps it beside its stores.
var ownSecret = setting{jwtSecret.name, "", "secret of HS256 tokens, at least 32 bytes; without it one is made and kept", readSecret}

// quietLog leaves the terminal to the links, unless more is asked for.
var quietLog = setting{logLevel.name, "warn", logLevel.help, logLevel.read}

// Run starts the stores, brings the schema up to date and serves the demo until
// it is interrupted.
func (c *devCommand) Run(out *outside, ctx boxed) (err error) {
	s, listener, err := c.prepare(out)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the application may have closed it

	private, err := stores.Start(ctx, stores.Options{Dir: c.Dir, Revive: true, Log: out.stderr})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, private.Stop()) }()
	if err := c.complete(&s, private); err != nil {
		return err
	}
	if err := ledger.Migrate(ctx, s.DatabaseURL); err != nil {
		return interrupted(ctx, fmt.Errorf("the schema could not be brought up to date: %w", err))
	}
	log := slog.New(slog.NewTextHandler(out.stderr, &slog.HandlerOptions{Level: s.LogLevel}))
	return interrupted(ctx, out.serve(ctx, appConfig{
		Settings: s, Listener: listener, Log: log, Demo: true,
		Ready: func(people ...signIn) { c.welcome(out, s, listener, people) },
	}))
}

// interrupted forgives an error that only says that we were told to end.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// prepare checks all that can be checked before a store is started.
func (c *devCommand) prepare(out *outside) (settings, net.Listener, error) {
	s, err := loadSettings(out.lookup, devSettings...)
	if err != nil {
		return s, nil, err
	}
	name := listen.name
	if c.Listen != "" {
		name = "--listen"
		if err := listen.read(&s, c.Listen); err != nil {
			return s, nil, unusablef("%s %w", name, err)
		}
	}
	listener, err := openListener(s.Listen, name)
	return s, listener, err
}

// complete fills in what the private stores and their directory decide.
func (c *devCommand) complete(s *settings, private *stores.Stores) error {
	if err := readDatabaseURL(s, private.DatabaseURL); err != nil {
		return err
	}
	if err := readRedisURL(s, private.RedisURL); err != nil {
		return err
	}
	if err := c.keepAddresses(private); err != nil {
		return unusablef("cannot keep the addresses of the stores: %w", err)
	}
	if len(s.JWTSecret) > 0 {
		return nil
	}
	path := filepath.Join(c.Dir, secretFile)
	key, err := keptSecret(path)
	if err != nil {
		return unusablef("cannot keep the token secret in %s: %w", path, err)
	}
	s.JWTSecret = key
	return nil
}

// keepAddresses leaves the settings that name the private stores beside the
// data, so that the other commands can be pointed at them.
func (c *devCommand) keepAddresses(private *stores.Stores) error {
	text := databaseURL.name + "=" + private.DatabaseURL + "\n" + redisURL.name + "=" + private.RedisURL + "\n"
	return os.WriteFile(filepath.Join(c.Dir, "stores.env"), []byte(text), 0o600)
}

// keptSecret reads the secret, or makes one the first time. Only its owner can
// read the file.
func keptSecret(path string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err == nil {
		key := strings.TrimSpace(string(text))
		if len(key) < shortestSecret {
			return nil, errors.New("the file is damaged; remove it to get a new secret")
		}
		return []byte(key), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key := rand.Text() + rand.Text()
	// Under another name first: a file that is there is whole.
	if err := os.WriteFile(path+".new", []byte(key+"\n"), 0o600); err != nil {
		return nil, err
	}
	return []byte(key), os.Rename(path+".new", path)
}

// welcome prints how to sign in, and as the last line that we are ready.
func (c *devCommand) welcome(out *outside, s settings, listener net.Listener, people []signIn) {
	var text strings.Builder
	kept := map[string]string{}
	fmt.Fprintf(&text, "\nSpillway runs with demo data, kept in %s. Ctrl-C stops it.\n", c.Dir)
	for _, person := range people {
		token, err := signToken(s, person, demoTokens, time.Now())
		if err != nil {
			fmt.Fprintf(&text, "\nno token for %s: %v\n", person.Subject, err)
			continue
		}
		kept[person.Roles[0]] = token
		fmt.Fprintf(&text, "\n%s\n", person)
		if person.opensPortal() {
			fmt.Fprintf(&text, "  http://%s/#token=%s\n", listener.Addr(), token)
		} else {
			fmt.Fprintf(&text, "  Authorization: Bearer %s\n", token)
		}
	}
	if err := c.keepTokens(kept); err != nil {
		fmt.Fprintf(&text, "\nthe tokens could not be kept: %v\n", err)
	}
	// Without a standard output nobody reads this.
	_, _ = fmt.Fprintln(out.stdout, text.String())
	announce(out, listener)
}

// keepTokens leaves the tokens beside the data, for scripts: NAME.token for each
// role, readable by the owner only.
func (c *devCommand) keepTokens(tokens map[string]string) error {
	for role, token := range tokens {
		if err := os.WriteFile(filepath.Join(c.Dir, role+".token"), []byte(token), 0o600); err != nil {
			return err
		}
	}
	return nil
}
