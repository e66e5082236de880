package stores

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"syscall"
)

// Options says where the stores live.
type Options struct {
	// Dir keeps the data from one start to the next. With Ephemeral it is the
	// directory in which a throwaway one is made; empty means the system's
	// temporary directory.
	Dir string
	// Ephemeral removes everything at the end. Durability is the same.
	Ephemeral bool
	// Revive starts a server again that ended without being asked to.
	Revive bool
	// Log receives a few progress lines for a person; nil drops them.
	Log io.Writer
}

// Stores is a running PostgreSQL and Redis.
type Stores struct {
	// DatabaseURL names the database as its owner, a superuser, over a unix
	// socket that only the servers' user and root can reach.
	DatabaseURL string
	// RedisURL names database 0 of the Redis, with its password.
	RedisURL string
	// Postgres and Redis may be stopped, killed and started one by one.
	Postgres, Redis *Server

	standby *Standby // nil: there is none
	place   *place
	unwatch context.CancelFunc
	watch   sync.WaitGroup
}

// Start makes what is missing, starts both servers and returns when they
// answer. A [SetupError] tells what a person has to change first. The servers
// run until Stop, or until this process ends in whatever way; ctx bounds the
// start alone.
func Start(ctx context.Context, opts Options) (*Stores, error) {
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	place, err := openPlace(opts)
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, place, opts)
	if err != nil {
		return nil, errors.Join(err, place.close())
	}
	return s, nil
}

func start(ctx context.Context, p *place, opts Options) (*Stores, error) {
	cache, err := newRedis(p, filepath.Join(p.data, "redis"))
	if err != nil {
		return nil, err
	}
	pg, err := newPostgres(ctx, p, opts)
	if err != nil {
		return nil, err
	}
	s := &Stores{place: p, DatabaseURL: pg.url(databaseName)}
	s.Postgres = &Server{
		kind: pg, name: "PostgreSQL", logPath: filepath.Join(p.data, "postgres.log"), user: p.user, notes: opts.Log,
		immediate: syscall.SIGQUIT, fast: syscall.SIGINT,
	}
	s.Redis = &Server{
		kind: cache, name: "Redis", logPath: filepath.Join(p.data, "redis.log"), user: p.user, notes: opts.Log,
		immediate: syscall.SIGKILL, fast: syscall.SIGTERM,
	}
	for _, step := range []func(context.Context) error{s.Redis.Start, s.Postgres.Start, pg.createDatabase} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Redis.StopFast(), s.Postgres.StopFast())
		}
	}
	s.RedisURL = cache.url()
	s.keepWatch(opts.Revive)
	return s, nil
}

func (s *Stores) keepWatch(revive bool) {
	ctx, cancel := context.WithCancel(context.Background())
	s.unwatch = cancel
	if !revive {
		return
	}
	for _, server := range []*Server{s.Postgres, s.Redis} {
		s.watch.Go(func() { server.keepRunning(ctx) })
	}
}

// Stop ends the servers in order and gives the directory back. A second call
// does nothing.
func (s *Stores) Stop() error {
	s.unwatch()
	s.watch.Wait()
	err := errors.Join(s.Redis.StopFast(), s.Postgres.StopFast())
	if s.standby != nil {
		err = errors.Join(err, s.standby.StopFast())
	}
	if s.place == nil {
		return err
	}
	err = errors.Join(err, s.place.close())
	s.place = nil
	return err
}
