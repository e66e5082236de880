package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"spillway/ledger/ledgertest"
)

// The server's threads may be late: see server/tune.
func TestServeIsTuned(t *testing.T) {
	t.Parallel()
	p := launch(t, serving(ledgertest.URL(t)), "serve")
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/task/*")
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join("/proc", filepath.Base(thread), "timerslack_ns"))
		if os.IsNotExist(err) {
			continue // it has ended
		}
		if err != nil || strings.TrimSpace(string(text)) != "1000000" {
			t.Errorf("a thread may be %q ns late: %v", text, err)
		}
	}
}
