//go:build proof

package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The whole program runs and writes every row. It has stores of its own: it
// throws the counters of all accounts away, which would disturb other tests.
func TestAQuickRunWritesEveryRow(t *testing.T) {
	dir := t.TempDir()
	program, bench := build(t, dir, "spillway", "../server"), build(t, dir, "bench", ".")
	readme, out := filepath.Join(dir, "README.md"), filepath.Join(dir, "latest.json")
	if err := os.WriteFile(readme, []byte("before\n"+tableBegin+"old\n"+tableEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "stores", "--", bench, "-quick", "-program", program, "-out", out, "-readme", readme)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"pgbench spread", "pgbench hot", "pgbench spread, paced", "engine in process", "all credits", "one hot account", "bare gqlgen",
		"`authorize`, full selection", "`authorizeBatch`", "server CPU", "paced 500/s through GraphQL: p50", "paced 500/s through GraphQL: p99",
		"two server processes", "deadlocks", "memory of the server", "idle subscription", "lost or told twice", "messages delivered", "overload: p99", "entries in their windows", "FLUSHALL under load",
		"FLUSHALL and a fresh process", "Redis killed", "bytes on disk", "faults", "made again and proved", "making 2,000 decisions",
		"page of 50 decisions", "page of 50 balance updates", "balance after", "buckets after"} {
		if !slices.ContainsFunc(r.Rows, func(one row) bool { return strings.Contains(one.What, what) }) {
			t.Errorf("there is no row of %q", what)
		}
	}
	for _, one := range r.Rows {
		wrong := strings.HasPrefix(one.What, "deadlocks") || strings.HasSuffix(one.What, "lost or told twice") || strings.HasSuffix(one.What, "faults")
		switch {
		case wrong && one.Value != 0, wrong && (one.Met == nil || !*one.Met):
			t.Errorf("%s: %v %s", one.What, one.Value, one.Note)
		case math.IsNaN(one.Value) || one.Floor != "" && !(one.Ratio > 0):
			t.Errorf("%s has no figure: %+v", one.What, one)
		}
	}
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + tableBegin + r.table() + tableEnd + "after\n"; string(page) != want {
		t.Errorf("the page holds\n%s\nand not\n%s", page, want)
	}
}
