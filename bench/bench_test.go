package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// The table of the README is the one of bench/latest.json.
func TestTheReadmeShowsTheLatestRun(t *testing.T) {
	text, err := os.ReadFile("latest.json")
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), tableBegin+r.table()+tableEnd) {
		t.Errorf("the README's table is not that of bench/latest.json; it should be\n%s", r.table())
	}
	if r.Quick {
		t.Error("the latest run was a quick one, which measures nothing")
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{Value: 5}, ""},
		{row{Value: 5, AtLeast: 4}, "met"},
		{row{Value: 3.9, AtLeast: 4}, "**MISSED**"},
		{row{Value: 5, AtMost: 4}, "**MISSED**"},
		{row{Value: 100, Floor: "f", Ratio: 1.9, AtLeast: 2}, "**MISSED**"},
		{row{Value: 1, Floor: "f", Ratio: 2, AtLeast: 2}, "met"},
		{row{Value: 1, Floor: "f", Ratio: 1.3, AtMost: 1.2}, "**MISSED**"},
	} {
		if got := c.row.judge().verdict(); got != c.want {
			t.Errorf("%+v is %q, expected %q", c.row, got, c.want)
		}
	}
}

func TestTheWayBack(t *testing.T) {
	for _, c := range []struct {
		rates []float64
		want  float64
		ok    bool
	}{
		{[]float64{10, 10, 10, 10, 10, 10}, 0, true},
		{[]float64{0, 0, 0, 10, 10, 10, 10, 10}, 0.2, true}, // four fifths of the half second
		{[]float64{0, 0, 0, 0, 0, 0, 0, 7}, 0.8, false},
		{nil, 0, false},
	} {
		if got, ok := backAt(c.rates, 8); math.Abs(got-c.want) > 1e-9 || ok != c.ok {
			t.Errorf("%v is back after %v, %v; expected %v, %v", c.rates, got, ok, c.want, c.ok)
		}
	}
}
