package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	What string `json:"what"`
	// Value is the figure in Unit, Best the best of its runs where there were
	// several.
	Value float64 `json:"value"`
	Best  float64 `json:"best,omitempty"`
	Unit  string  `json:"unit"`
	// Ratio is the figure against Floor, where it is held against one.
	Ratio float64 `json:"ratio,omitempty"`
	Floor string  `json:"floor,omitempty"`
	// Bar says what Ratio, or Value where there is no floor, must be: at least
	// or at most this; 0: no bar of that kind.
	AtLeast float64 `json:"atLeast,omitempty"`
	AtMost  float64 `json:"atMost,omitempty"`
	// Met is nil where there is no bar.
	Met *bool `json:"met,omitempty"`
	// Milliseconds of the requests.
	P50 float64 `json:"p50,omitempty"`
	P99 float64 `json:"p99,omitempty"`
	// CPU in µs for each decision, by process.
	CPU  map[string]float64 `json:"cpu,omitempty"`
	Note string             `json:"note,omitempty"`
}

// none is a row of what there must be nothing of.
func none(what string, found float64) row {
	met := found == 0
	return row{What: what, Value: found, Met: &met}
}

// judge says whether the bar is met.
func (r row) judge() row {
	if r.AtLeast == 0 && r.AtMost == 0 {
		return r
	}
	figure := r.Value
	if r.Floor != "" {
		figure = r.Ratio
	}
	met := (r.AtLeast == 0 || figure >= r.AtLeast) && (r.AtMost == 0 || figure <= r.AtMost)
	r.Met = &met
	return r
}

// report is what a run found.
type report struct {
	At         time.Time `json:"at"`
	Commit     string    `json:"commit,omitempty"`
	Go         string    `json:"go"`
	CPUs       int       `json:"cpus"`
	PostgreSQL string    `json:"postgresql"`
	Quick      bool      `json:"quick,omitempty"`
	Rows       []row     `json:"rows"`
}

func newReport(quick bool) *report {
	r := &report{At: time.Now().UTC().Truncate(time.Second), Go: runtime.Version(), CPUs: runtime.NumCPU(), Quick: quick}
	// Outside a checkout there is no commit to name.
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		r.Commit = strings.TrimSpace(string(out))
	}
	return r
}

func (r *report) add(one row) {
	one = one.judge()
	r.Rows = append(r.Rows, one)
	fmt.Fprintln(os.Stderr, "bench:", one.What, one.figure(), one.against(), one.verdict())
}

// table is the report in markdown.
func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s at commit %s, on %d CPUs with the load generator beside it, PostgreSQL %s with fsync on, %s.\n\n",
		r.At.Format("2006-01-02"), r.Commit, r.CPUs, r.PostgreSQL, r.Go)
	b.WriteString("| what | figure | against | bar | | p50 / p99 ms | note |\n|---|---|---|---|---|---|---|\n")
	for _, one := range r.Rows {
		latency := ""
		if one.P99 > 0 {
			latency = fmt.Sprintf("%.1f / %.1f", one.P50, one.P99)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
			one.What, one.figure(), one.against(), one.bar(), one.verdict(), latency, one.notes())
	}
	return b.String()
}

func (r row) figure() string { return number(r.Value) + " " + r.Unit }

func (r row) against() string {
	if r.Floor == "" {
		return ""
	}
	return fmt.Sprintf("%.2f × %s", r.Ratio, r.Floor)
}

func (r row) bar() string {
	times := ""
	if r.Floor != "" {
		times = " ×"
	}
	switch {
	case r.AtLeast > 0:
		return "≥ " + number(r.AtLeast) + times
	case r.AtMost > 0:
		return "≤ " + number(r.AtMost) + times
	}
	return ""
}

func (r row) verdict() string {
	switch {
	case r.Met == nil:
		return ""
	case *r.Met:
		return "met"
	}
	return "**MISSED**"
}

func (r row) notes() string {
	if len(r.CPU) == 0 {
		return r.Note
	}
	return strings.TrimPrefix(r.Note+"; CPU µs: "+cpuNote(r.CPU), "; ")
}

// cpuNote lists CPU times in the order of processes.
func cpuNote(cpu map[string]float64) string {
	var parts []string
	for _, name := range processes {
		if cpu[name] >= 0.5 {
			parts = append(parts, fmt.Sprintf("%s %.0f", name, cpu[name]))
		}
	}
	return strings.Join(parts, ", ")
}

// number writes three digits or more.
func number(f float64) string {
	switch {
	case f == float64(int64(f)) || f >= 100:
		return thousands(int64(f + 0.5))
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Where the README holds the table.
const (
	tableBegin = "<!-- bench: the table below is written by `make bench` -->\n"
	tableEnd   = "<!-- bench: end -->\n"
)

// save writes the report as JSON, and its table into the README where one is
// named.
func (r *report) save(path, readme string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { // #nosec: for everyone to read
		return err
	}
	if readme == "" {
		return nil
	}
	page, err := os.ReadFile(readme) // #nosec: named by whoever runs us
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s has no place for the table: %q and %q", readme, tableBegin, tableEnd)
	}
	return os.WriteFile(readme, []byte(before+tableBegin+r.table()+tableEnd+after), 0o644) // #nosec: for everyone to read
}
