package edge

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"spillway/graph"
	"spillway/server/lane"
	"spillway/server/signin"
)

// Verifier says whom a token names.
type Verifier interface {
	Verify(token string, now time.Time) (signin.Principal, error)
}

// Config of New.
type Config struct {
	API      *graph.API
	Verifier Verifier
	// Portal is the built portal; nil: there is none.
	Portal fs.FS
	// Origins whose pages may call besides our own, such as
	// https://app.example.org.
	Origins []string
	// Postgres and Redis tell whether the stores answer.
	Postgres, Redis func(context.Context) error
	// Metrics is what /metrics shows; the edge adds its own. nil: a new one.
	Metrics *prometheus.Registry
	// Deadline is how long a request may take; 0: 10 s.
	Deadline time.Duration
	Now      func() time.Time
	Log      *slog.Logger
}

// Limits of what comes in and of what is kept open.
const (
	largestBody  = 64 << 10
	largestBatch = 1 << 20 // of authorizeBatch
	drainTime    = 10 * time.Second
)

// Edge serves the API over HTTP. It is an http.Handler, safe for concurrent
// use.
type Edge struct {
	Config
	mux     *http.ServeMux
	origins map[string]bool
	metrics *metrics

	// closing ends streams and sockets when the server drains.
	closing context.Context
	close   context.CancelFunc
	streams sync.WaitGroup
	gate    *gate
	seats   seats
}

// New makes the handler.
func New(c Config) *Edge {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Deadline == 0 {
		c.Deadline = 10 * time.Second
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	e := &Edge{Config: c, mux: http.NewServeMux(), origins: map[string]bool{}, metrics: newMetrics(c.Metrics), gate: newGate()}
	c.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "spillway_requests_under_way", Help: "Requests that are being answered, subscriptions aside."},
		func() float64 { return float64(e.gate.busy.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "spillway_requests_limit", Help: "How many requests may be under way, as the server has learned it."},
			func() float64 { return float64(e.gate.limit()) }))
	e.closing, e.close = context.WithCancel(context.Background())
	for _, origin := range c.Origins {
		e.origins[origin] = true
	}
	e.mux.HandleFunc("/graphql", e.graphql)
	e.mux.HandleFunc("GET /healthz", e.health)
	e.mux.HandleFunc("GET /readyz", e.ready)
	e.mux.Handle("GET /metrics", e.metrics.handler(c.Metrics))
	e.pages()
	return e
}

// ServeHTTP answers a request. The API's own path goes around the mux, which
// costs more than it does there.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer
	if r.URL.Path == "/graphql" {
		e.graphql(w, r)
		return
	}
	e.mux.ServeHTTP(w, r)
}

var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
)

// graphql finds the way in which a request wants its answer.
func (e *Edge) graphql(w http.ResponseWriter, r *http.Request) {
	e.allowOrigin(w, r)
	w.Header()["Cache-Control"] = noStore
	id := requestID(r)
	w.Header()["X-Request-Id"] = []string{id}
	switch {
	case r.Method == http.MethodPost:
		e.post(w, r, id)
	case r.Method == http.MethodGet && isUpgrade(r):
		e.socket(w, r, id)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		// Reading a document from the address would make a link a request.
		w.Header().Set("Allow", "POST, OPTIONS")
		e.refuse(w, http.StatusMethodNotAllowed, id, "POST the request as application/json")
	}
}

// Server is a server for the handler, with the timeouts that keep slow clients
// from holding it.
func (e *Edge) Server() *lane.Server {
	return lane.New(&http.Server{
		Handler:           e,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second, // streams and sockets set their own
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(e.Log.Handler(), slog.LevelDebug),
	}, "/graphql")
}

// Drain ends streams and sockets in their own way, lets what runs finish, and
// returns within ten seconds.
func (e *Edge) Drain(server *lane.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	e.close()
	err := server.Shutdown(ctx)
	done := make(chan struct{})
	go func() { e.streams.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		_ = server.Close() // what did not finish in time is cut
	}
	return err
}
