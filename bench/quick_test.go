//go:build proof

package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func build(t *testing.T, dir, name, pkg string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// A build is measured beside another, in turn, on the same stores.
func TestABuildIsHeldAgainstAnother(t *testing.T) {
	dir := t.TempDir()
	program, bench := build(t, dir, "spillway", "../server"), build(t, dir, "bench", ".")
	other := filepath.Join(dir, "other")
	if err := os.Link(program, other); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(program, "stores", "--", bench, "-quick", "-program", program, "-against", other, "-connections", "4,16").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	number := `[0-9.,]+`
	for _, connections := range []string{"4", "16"} {
		for _, line := range []string{
			other + ": " + number + "/s, p99 " + number + " ms, CPU µs: server " + number,
			program + ": " + number + "/s, p99 " + number + " ms, CPU µs: server " + number,
		} {
			if !regexp.MustCompile(`(?m)^` + connections + ` connections, ` + line).Match(said) {
				t.Errorf("there is no line %q in\n%s", line, said)
			}
		}
		if !regexp.MustCompile(`(?m)^` + connections + ` connections: ` + number + ` × the other, median of 1, `).Match(said) {
			t.Errorf("there is no ratio of %s connections in\n%s", connections, said)
		}
	}
}

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
