package proof_test

import (
	"context"
	"flag"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// whole asks for the long form of what has a short one: make proof sets it.
var whole = flag.Bool("whole", false, "search and simulate as long as make proof does")

// protocol is the model of the protocol, for Spin.
const protocol = "../model/authorize.pml"

// wrongProtocols are the variants of the model that must fail, with the words
// of the assertion that each breaks.
var wrongProtocols = []struct{ name, breaks string }{
	{"CHECK_BEFORE_LOCK", "decided[key]==0"},
	{"ANSWER_COMPUTED", "decided[key]==decision"},
	{"ERROR_IS_ROLLBACK", "decided[key]==0"},
	{"ANSWER_BEFORE_COMMIT", "decided[key]==decision"},
	{"STALE_MEMORY", "balance=="},
	{"COUNTED_VERSION", "decided[1]==1))+(decided[2]==1))<=1"},
	{"NO_VERSION_CHECK", "decided[1]==1))+(decided[2]==1))<=1"},
}

// inShort is how many of them the short form tries; these fail at once.
const inShort = 2

// TestTheProtocolHolds searches the model of the protocol: every state of it in
// the long form, those of the first 100 steps in the short one.
func TestTheProtocolHolds(t *testing.T) {
	depth := "-m100"
	if *whole {
		depth = "-m1000000"
	}
	started := time.Now()
	out := search(t, "", depth)
	if !strings.Contains(out, "errors: 0") || *whole && strings.Contains(out, "max search depth too small") {
		t.Fatalf("the model of the protocol: %s", out)
	}
	// A line that no run reaches would prove nothing.
	for _, line := range regexp.MustCompile(`(?m)^\t.*pml:\d+, state.*$`).FindAllString(out, -1) {
		if !strings.Contains(line, "-end-") && *whole {
			t.Errorf("never reached: %s", strings.TrimSpace(line))
		}
	}
	states := regexp.MustCompile(`(\d+) states, stored`).FindStringSubmatch(out)
	t.Logf("%s states without an error in %v", states[1], time.Since(started).Round(time.Second))
}

func TestWrongProtocolsFail(t *testing.T) {
	variants := wrongProtocols
	if !*whole {
		variants = variants[:inShort]
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			out := search(t, v.name, "-m1000000")
			found := regexp.MustCompile(`assertion violated (.*) \(at depth`).FindStringSubmatch(out)
			if found == nil || !strings.Contains(found[1], v.breaks) {
				t.Fatal(out)
			}
			t.Logf("%s: assertion violated %s", v.name, found[1])
		})
	}
}

// search makes a checker of the model, or of a variant, and runs it.
func search(t *testing.T, variant, depth string) string {
	t.Helper()
	model, err := filepath.Abs(protocol)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		c := exec.CommandContext(ctx, name, args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v (make test installs what is needed)\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	arguments := []string{"-a", model}
	if variant != "" {
		arguments = append([]string{"-D" + variant}, arguments...)
	}
	run("spin", arguments...)
	optimize := "-O0" // to compile takes longer than to search a little
	if *whole {
		optimize = "-O2"
	}
	run("gcc", optimize, "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c")
	return run("./pan", depth, "-w24")
}
