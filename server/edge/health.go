package edge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spillway/engine"
	"spillway/ledger"
)

// patience is how long a store may take to answer those who ask whether the
// server is ready.
const patience = 2 * time.Second

// health says that the process lives.
func (e *Edge) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok"})
}

// ready says whether the server can decide: it can without Redis, and cannot
// without PostgreSQL, on a standby, without its role or with another schema.
func (e *Edge) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	redis := make(chan string, 1)
	go func() { redis <- state(e.Redis(ctx)) }()
	fault := e.Postgres(ctx)
	postgres := state(fault)
	answer := map[string]any{"ready": true, "postgres": postgres, "redis": <-redis}
	status := http.StatusOK
	switch {
	case e.closing.Err() != nil:
		status, answer["ready"], answer["reason"] = http.StatusServiceUnavailable, false, "the server is closing"
	case fault != nil:
		reason := "PostgreSQL is away"
		var notReady *ledger.NotReadyError
		if errors.As(fault, &notReady) && notReady.Reason != reason {
			reason, answer["postgres"] = notReady.Reason, "refuses"
		}
		status, answer["ready"], answer["reason"] = http.StatusServiceUnavailable, false, reason
	}
	writeJSON(w, status, answer)
}

const away = "away"

func state(err error) string {
	if err != nil {
		return away
	}
	return "ok"
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h["Cache-Control"] = noStore
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// metrics are what the edge counts.
type metrics struct {
	requests      *prometheus.CounterVec
	ok            prometheus.Counter // requests without a fault: the usual one
	seconds       prometheus.Histogram
	refusedTokens prometheus.Counter
	sockets       prometheus.Gauge
	subscriptions prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "spillway_requests_total", Help: "GraphQL requests by the code of their first error, OK for none."}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "spillway_request_seconds", Help: "How long GraphQL requests took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}),
		refusedTokens: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "spillway_refused_tokens_total", Help: "Tokens that were not accepted."}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "spillway_sockets", Help: "Open websockets."}),
		subscriptions: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "spillway_subscriptions", Help: "Running subscriptions."}),
	}
	m.ok = m.requests.WithLabelValues("OK")
	registry.MustRegister(m.requests, m.seconds, m.refusedTokens, m.sockets, m.subscriptions)
	return m
}

func (m *metrics) observe(response *graphql.Response, took time.Duration) {
	m.seconds.Observe(took.Seconds())
	if len(response.Errors) == 0 {
		m.ok.Inc()
		return
	}
	code, _ := response.Errors[0].Extensions["code"].(string)
	m.requests.WithLabelValues(code).Inc()
}

// turnedAway counts a request that was refused unread, and took no time.
func (m *metrics) turnedAway() { m.requests.WithLabelValues(string(engine.CodeRateLimited)).Inc() }

func (m *metrics) handler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
