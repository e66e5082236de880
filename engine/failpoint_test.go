//go:build failpoints

package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/ledger"
	"spillway/ledger/failpoint"
)

// job is what another process is to do: to authorize with a key, and to have
// something happen to it meanwhile.
type job struct {
	Database, Redis string
	Now             time.Time
	Account, Key    string
	Step            failpoint.Step // 0: nothing happens
	Action          failpoint.Action
	// Again sends the request a second time.
	Again bool
}

// told is what the process was answered, each time.
type told struct {
	ID      ledger.ID
	Charged int64
	Err     string
}

const jobVariable = "SPILLWAY_TEST_JOB"

// TestMain makes the test's own program the other process.
func TestMain(m *testing.M) {
	text := os.Getenv(jobVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	j.run()
}

// run does the job. Where something is to happen, the process knows the account
// from a request before.
func (j *job) run() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	l := must(ledger.Open(ctx, j.Database, ledger.Options{}))
	e := must(engine.New(ctx, l, must(counters.OpenRedis(j.Redis)), engine.Options{Clock: func() time.Time { return j.Now }}))
	if j.Step != 0 {
		must(e.Authorize(ctx, engine.AuthorizeRequest{Account: j.Account, User: "ann", Feature: "chat", Quantity: 1, Key: "before"}))
		failpoint.Arm(j.Step, j.Action)
	}
	for range 2 {
		d, err := e.Authorize(ctx, charge(j.Account, j.Key))
		answer := told{}
		if err != nil {
			answer.Err = err.Error()
		} else {
			answer.ID, answer.Charged = d.ID, d.Charged
		}
		_ = json.NewEncoder(os.Stdout).Encode(answer)
		if !j.Again {
			break
		}
	}
	if j.Step != 0 && !failpoint.Sprung() {
		fmt.Fprintln(os.Stderr, "the step was never reached")
		os.Exit(3)
	}
}

// charge asks for more than the window and the quota have: credits are drawn.
func charge(account, key string) engine.AuthorizeRequest {
	return engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 9, Key: key}
}

// do runs a job in a process of its own; killed tells that it ended so.
func (w *world) do(j job) (answers []told, killed bool, err error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, false, err
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), jobVariable+"="+string(text))
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 {
		killed, err = true, nil
	}
	if err != nil {
		return nil, killed, fmt.Errorf("%w: %s", err, problems.String())
	}
	for lines := json.NewDecoder(&out); lines.More(); {
		var a told
		if err := lines.Decode(&a); err != nil {
			return nil, killed, err
		}
		answers = append(answers, a)
	}
	return answers, killed, nil
}

// TestFailpoints: at each step of the protocol a process is killed, or its
// connection breaks; the call is sent again to it or to another process. It is
// one decision, charged once, and everybody is told the same.
func TestFailpoints(t *testing.T) {
	w := newWorld(t)
	t.Run("all", func(t *testing.T) {
		for _, step := range failpoint.Steps {
			for _, action := range []failpoint.Action{failpoint.Crash, failpoint.Cut} {
				for _, elsewhere := range []bool{false, true} {
					name := fmt.Sprintf("%s at %s, again %s", action, step, map[bool]string{false: "here", true: "elsewhere"}[elsewhere])
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						w.failpoint(t, step, action, elsewhere)
					})
				}
			}
		}
	})
	w.verified()
	faults := 2 * len(failpoint.Steps)
	if !t.Failed() {
		t.Logf("%d operations, and each asked again; faults: %s %d, %s %d; 0 violations", 2*faults, failpoint.Crash, faults, failpoint.Cut, faults)
	}
}

func (w *world) failpoint(t *testing.T, step failpoint.Step, action failpoint.Action, elsewhere bool) {
	ctx := context.Background()
	a := w.account(w.key(), "plus")
	w.credits(a, 50_000_000)
	w.ask(a, "chat", 1) // so that this process remembers what is no longer so
	j := job{Database: w.url, Redis: redisURL(t), Now: w.clock.Now(), Account: a, Key: "the key", Step: step, Action: action,
		Again: action == failpoint.Cut && !elsewhere}
	answers, killed, err := w.do(j)
	if err != nil || killed != (action == failpoint.Crash) {
		t.Fatalf("killed %v: %v", killed, err)
	}
	if killed && !elsewhere {
		j.Step = 0
		again, _, err := w.do(j)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, again...)
	}
	// In the end another process is asked, and one that knows nothing.
	for _, e := range []*engine.Engine{w.Engine, w.with(w.redis, engine.Options{}), w.with(away{}, engine.Options{})} {
		d, err := e.Authorize(ctx, charge(a, "the key"))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, told{ID: d.ID, Charged: d.Charged})
	}
	for _, one := range answers {
		if one != answers[0] || one.Err != "" || one.Charged == 0 {
			t.Errorf("answered %+v, first %+v", one, answers[0])
		}
	}
	b := must(w.Balances(ctx, []string{a}))[a]
	if b.Available != 50_000_000-answers[0].Charged {
		t.Errorf("charged %d, and %d is left", answers[0].Charged, b.Available)
	}
}
