package proof_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// bug is a mistake that the tests must find: in a copy of a file, what stands
// there once is replaced.
type bug struct {
	name     string
	file     string
	was, now string
	// suite finds it: arguments of go test.
	suite string
}

// Suites that find bugs, the cheapest that does.
const (
	laws     = "./engine/waterfall"
	books    = "./ledger/book"
	storm    = "./engine/proof -run TestSimulation -operations 200000"
	cuts     = "./engine -run TestACutCommit"
	prices   = "./engine -run TestAPriceIsKnown"
	hashes   = "./engine/counters"
	tampered = "./engine -run TestEachTamperingIsNamed"
	recurs   = "./engine/proof -run TestGrantsRecur|TestAGrantMay|TestPeriods"
	scalars  = "./graph/scalar"
	tokens   = "./server/signin"
	feeds    = "./engine -run TestFeedsLoseNothing"
)

// replaced is the copy of a file with the bug in it; fine is false where what
// is to be replaced does not stand there once.
func (b *bug) replaced(t *testing.T) (text string, fine bool) {
	t.Helper()
	original, err := os.ReadFile(filepath.Join("../..", b.file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(original), b.was, b.now, 1), strings.Count(string(original), b.was) == 1
}

// TestSeededBugsStandInTheCode: each bug can still be made. That each is found
// takes minutes, and is shown by TestEachSeededBugIsFound in the long form.
func TestSeededBugsStandInTheCode(t *testing.T) {
	if len(bugs) < 20 {
		t.Errorf("only %d bugs", len(bugs))
	}
	for _, b := range bugs {
		if _, fine := b.replaced(t); !fine {
			t.Errorf("%s: %q does not stand once in %s", b.name, b.was, b.file)
		}
	}
}

// TestEachSeededBugIsFound runs, for each bug, the tests that must fail with it,
// on the real sources with the one file laid over.
func TestEachSeededBugIsFound(t *testing.T) {
	if !*whole {
		return // TestSeededBugsStandInTheCode is the short form
	}
	list := make([]string, len(bugs))
	t.Run("all", func(t *testing.T) {
		for i, b := range bugs {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				found, out := b.find(t)
				if len(found) == 0 {
					t.Fatalf("not found by %s\n%s", b.suite, out)
				}
				list[i] = fmt.Sprintf("%-60s %s", b.name, strings.Join(found, ", "))
			})
		}
	})
	list = slices.DeleteFunc(list, func(line string) bool { return line == "" })
	t.Logf("%d of %d seeded bugs were found:\n%s", len(list), len(bugs), strings.Join(list, "\n"))
}

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// find is which tests failed with the bug. A program that does not compile is
// no bug that was found.
func (b *bug) find(t *testing.T) (found []string, out string) {
	t.Helper()
	text, _ := b.replaced(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	copied, overlay := filepath.Join(t.TempDir(), filepath.Base(b.file)), filepath.Join(t.TempDir(), "overlay.json")
	laid, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, b.file): copied}})
	if err = errors.Join(err, os.WriteFile(copied, []byte(text), 0o600), os.WriteFile(overlay, laid, 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	suite := strings.Fields(b.suite)
	arguments := slices.Concat([]string{"test", "-overlay", overlay, "-vet=off", "-count=1", "-failfast", "-timeout=3m", suite[0]}, suite[1:])
	c := exec.CommandContext(ctx, "go", arguments...)
	c.Dir = root
	said, err := c.CombinedOutput()
	out = string(said)
	if ctx.Err() != nil {
		return nil, "it was broken off after four minutes\n" + out
	}
	if err == nil || strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
		return nil, out
	}
	for _, name := range failedTest.FindAllStringSubmatch(out, -1) {
		found = append(found, name[1])
	}
	return found, out
}
