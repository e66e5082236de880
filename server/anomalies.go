package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"spillway/engine"
	"spillway/ledger"
	"spillway/ledger/book"
)

// jobSettings say how often the server looks at its own records, and what is an
// anomaly; both `serve` and `dev` read them.
var jobSettings = []setting{
	{"SPILLWAY_RECONCILE_EVERY", "3m", "time between two reconciliations of what is new, over all processes; 1s to 24h",
		readSpan(time.Second, 24*time.Hour, func(s *settings) *time.Duration { return &s.ReconcileEvery })},
	{"SPILLWAY_ANOMALY_FACTOR", "3", "a spike is so many times the busiest ten minutes of an account's usual day; 1 to 1000", readFactor},
	{"SPILLWAY_ANOMALY_SPEND", "100", "credits in ten minutes, the least that is a spike", readSpikeSpend},
	{"SPILLWAY_ANOMALY_DENIALS", "100", "denials in ten minutes, the least that are a spike",
		readCount(func(s *settings) *int64 { return &s.Anomalies.SpikeDenials })},
	{"SPILLWAY_ANOMALY_CONFLICTS", "10", "idempotency keys in ten minutes that an account sends again with other requests",
		readCount(func(s *settings) *int64 { return &s.Anomalies.Conflicts })},
	{"SPILLWAY_ANOMALY_SILENCE", "6h", "how long an account in daily use asks for nothing; 1h to 720h",
		readSpan(time.Hour, 720*time.Hour, func(s *settings) *time.Duration { return &s.Anomalies.Silence })},
	{"SPILLWAY_ANOMALY_OVERDUE", "1m", "how long after its time a hold has not ended; 10s to 24h",
		readSpan(10*time.Second, 24*time.Hour, func(s *settings) *time.Duration { return &s.Anomalies.Overdue })},
	{"SPILLWAY_ANOMALY_EVERY", "15s", "time between two looks for anomalies, over all processes; 1s to 1h",
		readSpan(time.Second, time.Hour, func(s *settings) *time.Duration { return &s.Anomalies.Every })},
}

func readFactor(s *settings, value string) error {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n >= 1 && n <= 1000) {
		return fmt.Errorf("is %q: expected a number from 1 to 1000", value)
	}
	s.Anomalies.Factor = n
	return nil
}

func readSpikeSpend(s *settings, value string) error {
	n, err := book.ParseCredits(value)
	if err != nil || n < 1 {
		return fmt.Errorf("is %q: expected credits, more than 0, such as 100 or 2.5", value)
	}
	s.Anomalies.SpikeSpend = n
	return nil
}

func readCount(field func(*settings) *int64) func(*settings, string) error {
	return func(s *settings, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("is %q: expected a whole number, at least 1", value)
		}
		*field(s) = n
		return nil
	}
}

func readSpan(least, most time.Duration, field func(*settings) *time.Duration) func(*settings, string) error {
	return func(s *settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			return fmt.Errorf("is %q: expected a duration from %s to %s, such as 90m", value, least, most)
		}
		*field(s) = d
		return nil
	}
}

const (
	// watchInterval is how often a process looks whether a pass is due, and
	// writes down what it counted.
	watchInterval = 5 * time.Second
	// watchTimeout bounds a pass.
	watchTimeout = time.Minute
)

// watch looks for anomalies until ctx ends.
func watch(ctx context.Context, e *engine.Engine, rules engine.AnomalyRules, log *slog.Logger) {
	tick := time.NewTicker(min(watchInterval, rules.Every))
	defer tick.Stop()
	for {
		pass, cancel := context.WithTimeout(ctx, watchTimeout)
		err := e.WatchAnomalies(pass, rules)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("anomalies could not be looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// anomalyMetrics tells Prometheus of anomalies.
type anomalyMetrics struct {
	engine       *engine.Engine
	open, raised *prometheus.Desc
}

func newAnomalyMetrics(e *engine.Engine) *anomalyMetrics {
	return &anomalyMetrics{engine: e,
		open: prometheus.NewDesc("spillway_anomalies_open",
			"Open anomalies of all accounts by kind; the same in every process.", []string{"kind"}, nil),
		raised: prometheus.NewDesc("spillway_anomalies_raised_total",
			"Anomalies that this process raised, by kind.", []string{"kind"}, nil)}
}

// Describe names the metrics.
func (m *anomalyMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.open
	to <- m.raised
}

// Collect tells the counts of every kind, of those too that there are none of.
func (m *anomalyMetrics) Collect(to chan<- prometheus.Metric) {
	counts := m.engine.AnomalyCounts()
	for _, kind := range ledger.AnomalyKinds() {
		to <- prometheus.MustNewConstMetric(m.open, prometheus.GaugeValue, float64(counts.Open[kind]), kind.String())
		to <- prometheus.MustNewConstMetric(m.raised, prometheus.CounterValue, float64(counts.Raised[kind]), kind.String())
	}
}
