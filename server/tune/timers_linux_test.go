package tune_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"spillway/server/tune"
)

// asProgram makes the test binary a program that is tuned and says how it runs.
const asProgram = "SPILLWAY_TEST_TUNED"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		tune.Timers()
		say()
		return
	}
	os.Exit(m.Run())
}

// say prints the process, its arguments, and the slack of each of its threads.
func say() {
	fmt.Println("process", os.Getpid(), strings.Join(os.Args[1:], " "))
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		panic(err)
	}
	for _, t := range threads {
		text, err := os.ReadFile(filepath.Join("/proc", filepath.Base(t), "timerslack_ns"))
		if err != nil {
			panic(err)
		}
		fmt.Println("slack", strings.TrimSpace(string(text)))
	}
}

func tuned(t *testing.T, args ...string) (process int, said []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=yes")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.Process.Pid, strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestEveryThreadOfTheProgramMayBeLate(t *testing.T) {
	process, said := tuned(t, "serve", "--two words")
	if want := "process " + strconv.Itoa(process) + " serve --two words"; said[0] != want {
		t.Errorf("it says %q, want %q: the same process with the same arguments", said[0], want)
	}
	threads := said[1:]
	if len(threads) < 2 {
		t.Fatalf("%d threads: the runtime has one of its own", len(threads))
	}
	for _, thread := range threads {
		if thread != "slack 1000000" {
			t.Errorf("a thread has %s", thread)
		}
	}
}

// Whoever starts the program may have given it more.
func TestALongerSlackStays(t *testing.T) {
	runtime.LockOSThread() // which ends with this test, and its slack with it
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 3_000_000, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	_, said := tuned(t)
	if said[1] != "slack 3000000" {
		t.Errorf("a thread has %s", said[1])
	}
}
