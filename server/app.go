package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/graph"
	"spillway/ledger"
	"spillway/server/demo"
	"spillway/server/edge"
	"spillway/server/signin"
	"spillway/web"
)

// app is the server put together.
type app struct {
	config  appConfig
	ledger  *ledger.Ledger
	redis   *counters.Redis
	engine  *engine.Engine
	metrics *prometheus.Registry
}

// serveApp is the application: it connects, answers until ctx ends, and drains.
func serveApp(ctx context.Context, c appConfig) error {
	a := &app{config: c, metrics: prometheus.NewRegistry()}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.connect(ctx); err != nil {
		return err
	}
	defer a.close()
	if c.Demo {
		if err := demo.Seed(ctx, a.ledger, time.Now()); err != nil {
			return fmt.Errorf("the demo data could not be made: %w", err)
		}
	}
	if err := a.startEngine(ctx); err != nil {
		return err
	}
	return a.serve(ctx)
}

// connect opens the stores and refuses those that are not safe to work on.
func (a *app) connect(ctx context.Context) (err error) {
	if a.ledger, err = ledger.Open(ctx, a.config.Settings.DatabaseURL, ledger.Options{SingleAccount: a.config.Settings.SingleAccount}); err != nil {
		return unusable{err}
	}
	check, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := a.ledger.CheckSafety(check); err != nil {
		a.ledger.Close()
		var role *ledger.RoleError
		if errors.As(err, &role) {
			return unusable{err}
		}
		if gone := notThere(err); gone != nil {
			return gone
		}
		return fmt.Errorf("DATABASE_URL: the database could not be checked: %w", err)
	}
	if err := checkSchema(check, a.ledger); err != nil {
		a.ledger.Close()
		return err
	}
	a.redis = counters.NewRedis(a.config.Settings.Redis)
	if err := a.redis.Ping(check); err != nil {
		a.config.Log.Warn("Redis is away: counters come from PostgreSQL until it is back", "error", err)
	}
	return nil
}

func (a *app) close() {
	if a.engine != nil {
		a.engine.Close()
	}
	_ = a.redis.Close() // nothing can be done about it any more
	a.ledger.Close()
}

func (a *app) startEngine(ctx context.Context) (err error) {
	a.engine, err = engine.New(ctx, a.ledger, a.redis, engine.Options{Messages: a.redis, Log: a.config.Log})
	if err != nil {
		return fmt.Errorf("the catalog could not be read: %w", err)
	}
	return nil
}

// serve answers until ctx ends, with the jobs beside it.
func (a *app) serve(ctx context.Context) error {
	handler, err := a.handler(ctx)
	if err != nil {
		return err
	}
	server := handler.Server()
	if endpoint := a.config.Settings.OTLPEndpoint; endpoint != "" {
		tracing, flush, err := traced(ctx, endpoint, server.HTTP.Handler)
		if err != nil {
			return unusablef("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
		}
		defer flush()
		server.HTTP.Handler = tracing
	}
	jobs, stopJobs := context.WithCancel(ctx)
	var running sync.WaitGroup
	a.startJobs(jobs, &running)
	if a.config.Demo {
		running.Go(func() { demo.Drive(jobs, a.engine, a.config.Log) })
	}
	defer running.Wait()
	defer stopJobs()

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(a.config.Listener) }()
	a.config.Ready(demoPeople(a.config.Demo)...)
	select {
	case err := <-failed:
		return fmt.Errorf("SPILLWAY_LISTEN: %w", err)
	case <-ctx.Done():
	}
	a.config.Log.Info("draining")
	if err := handler.Drain(server); err != nil && !errors.Is(err, http.ErrServerClosed) {
		a.config.Log.Warn("not all requests ended in time", "error", err)
	}
	return nil
}

func (a *app) handler(ctx context.Context) (*edge.Edge, error) {
	s := a.config.Settings
	var keys signin.Keys
	var err error
	if s.JWKSURL != "" {
		if keys, err = signin.KeySet(ctx, s.JWKSURL, a.config.Log); err != nil {
			return nil, unusablef("SPILLWAY_JWKS_URL: %w", err)
		}
	} else if keys, err = signin.Secret(s.JWTSecret); err != nil {
		return nil, unusablef("SPILLWAY_JWT_SECRET: %w", err)
	}
	api := graph.New(graph.Config{Engine: a.engine, Ledger: a.ledger, Open: a.config.Demo, Log: a.config.Log})
	return edge.New(edge.Config{API: api, Verifier: signin.New(keys, s.Issuer, s.Audience), Portal: web.Files(),
		Origins: s.AllowedOrigins, Postgres: a.ledger.Ready, Redis: a.redis.Ping, Metrics: a.metrics, Log: a.config.Log}), nil
}

// demoPeople are those whose tokens dev prints.
func demoPeople(show bool) []signIn {
	if !show {
		return nil
	}
	return []signIn{
		{Subject: demo.You, Account: demo.YouAccount, Roles: []string{"user"}},
		{Subject: "root", Roles: []string{"admin"}},
		{Subject: "codex", Roles: []string{"service"}},
	}
}
