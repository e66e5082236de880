package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger/ledgertest"
)

func TestJobSettings(t *testing.T) {
	s, err := loadServerSettings(with())
	if err != nil || s.Anomalies != engine.DefaultAnomalyRules() || s.ReconcileEvery != 3*time.Minute {
		t.Errorf("by default %+v, %s: %v", s.Anomalies, s.ReconcileEvery, err)
	}
	s, err = loadServerSettings(with("SPILLWAY_ANOMALY_FACTOR=2.5", "SPILLWAY_ANOMALY_SPEND=0.000001", "SPILLWAY_ANOMALY_DENIALS=7", "SPILLWAY_ANOMALY_CONFLICTS=8",
		"SPILLWAY_ANOMALY_SILENCE=90m", "SPILLWAY_ANOMALY_OVERDUE=24h", "SPILLWAY_ANOMALY_EVERY=1s"))
	want := engine.AnomalyRules{Factor: 2.5, SpikeSpend: 1, SpikeDenials: 7, Conflicts: 8, Silence: 90 * time.Minute, Overdue: 24 * time.Hour, Every: time.Second}
	if err != nil || s.Anomalies != want {
		t.Errorf("as set %+v: %v", s.Anomalies, err)
	}
	for _, pair := range []string{"FACTOR=0.9", "FACTOR=1001", "FACTOR=NaN", "FACTOR=x", "SPEND=0", "SPEND=-1", "SPEND=1e3", "DENIALS=0", "DENIALS=1.5",
		"CONFLICTS=0", "CONFLICTS=many", "SILENCE=59m", "SILENCE=721h", "SILENCE=6", "OVERDUE=9s", "OVERDUE=25h", "EVERY=0s", "EVERY=2h"} {
		pair = "SPILLWAY_ANOMALY_" + pair
		name, _, _ := strings.Cut(pair, "=")
		if _, err := loadServerSettings(with(pair)); err == nil || codeOf(err) != exitUnusable || !strings.Contains(err.Error(), name+" ") {
			t.Errorf("%s: %v", pair, err)
		}
	}
	for which, list := range map[string][]setting{"serve": serverSettings, "dev": devSettings} {
		help := settingsHelp(list)
		for _, one := range []string{"ANOMALY_FACTOR (3)", "ANOMALY_SPEND (100)", "ANOMALY_DENIALS (100)", "ANOMALY_CONFLICTS (10)", "ANOMALY_SILENCE (6h)",
			"ANOMALY_OVERDUE (1m)", "ANOMALY_EVERY (15s)", "RECONCILE_EVERY (3m)"} {
			if !strings.Contains(help, "SPILLWAY_"+one) {
				t.Errorf("%s --help does not list %s", which, one)
			}
		}
	}
}

// TestTheServerRaisesAnomaliesByItself: seen in the query and in the metrics of
// a process that runs.
func TestTheServerRaisesAnomaliesByItself(t *testing.T) {
	url := ledgertest.URL(t)
	p := launch(t, append(serving(url), "SPILLWAY_ANOMALY_CONFLICTS=3", "SPILLWAY_ANOMALY_DENIALS=4", "SPILLWAY_ANOMALY_EVERY=1s", "SPILLWAY_RECONCILE_EVERY=1s"), "serve")
	defer p.stop(syscall.SIGTERM)
	ctx, admin := context.Background(), token(t, "admin")
	for _, call := range prepared {
		if _, err := p.graphql(ctx, admin, "mutation {"+call+"}"); err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	service := token(t, "service")
	for n := range 4 {
		// Beyond what the account has, and once under one key.
		authorize := `mutation {authorize(input: {accountId: "a", userId: "u", feature: "f", quantity: %d, idempotencyKey: "%s"}) { status }}`
		if _, err := p.graphql(ctx, service, fmt.Sprintf(authorize, 1000, fmt.Sprint("k", n))); err != nil {
			t.Fatal(err)
		}
		_, err := p.graphql(ctx, service, fmt.Sprintf(authorize, 1001+n, "k0"))
		if err == nil || !strings.Contains(err.Error(), "IDEMPOTENCY_CONFLICT") {
			t.Fatalf("the key again: %v", err)
		}
	}
	ledgertest.Exec(t, url, `update balance_updates set amount = amount + 1 where account_id = 'a'`)
	waitFor(t, "the anomalies", func() bool {
		data, err := p.graphql(ctx, admin, `{anomalies(open: true) {edges {node {kind accountId observed}}}}`)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprint(data)
		return strings.Contains(all, "accountId:a kind:DENIAL_SPIKE observed:4") && strings.Contains(all, "accountId:a kind:KEY_CONFLICTS observed:4") &&
			strings.Contains(all, "accountId:a kind:LEDGER_MISMATCH")
	})
	waitFor(t, "the metrics", func() bool {
		response, err := http.Get(p.url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{`open{kind="DENIAL_SPIKE"} 1`, `open{kind="KEY_CONFLICTS"} 1`, `open{kind="LEDGER_MISMATCH"} 1`, `open{kind="STALE_HOLDS"} 0`, `raised_total{kind="KEY_CONFLICTS"} 1`} {
			if !strings.Contains(string(text), "spillway_anomalies_"+line+"\n") {
				return false
			}
		}
		return true
	})
}
