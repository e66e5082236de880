package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"spillway/ledger/ledgertest"
)

// program is the real program as a process of its own.
type program struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	out *lines
}

// lines keeps what a process prints.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// binary is built once for the tests of this package, with the race detector
// where the tests have it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "spillway-program")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "spillway")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, os.Chmod(dir, 0o755) // #nosec: stores run as another user
})

// launch starts the program and waits for its ready line.
func launch(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, out: &lines{}, cmd: exec.Command(path, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.out
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		_, _ = p.cmd.Process.Wait()
	})
	ready := make(chan string, 1)
	go func() {
		scan := bufio.NewScanner(stdout)
		for scan.Scan() {
			_, _ = p.out.Write(append(scan.Bytes(), '\n'))
			if url, ok := strings.CutPrefix(scan.Text(), "ready "); ok {
				ready <- url
			}
		}
		close(ready)
	}()
	select {
	case p.url = <-ready:
	case <-time.After(90 * time.Second):
	}
	if p.url == "" {
		t.Fatalf("it did not become ready:\n%s", p.out)
	}
	return p
}

// stop ends the program by a signal and waits for it.
func (p *program) stop(signal syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // the exit code of a signal is no fault
}

// graphql posts a document and returns what stands under data.
func (p *program) graphql(ctx context.Context, token, query string) (map[string]any, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		return nil, fmt.Errorf("errors: %v", answer.Errors)
	}
	return answer.Data, nil
}

// token signs a token with the test's secret.
func token(t *testing.T, role string) string {
	t.Helper()
	code, stdout, stderr := start(t, environment("SPILLWAY_JWT_SECRET="+secret), "token", "--sub", "tester", "--role", role)
	if code != exitDone {
		t.Fatal(stderr)
	}
	return strings.TrimSpace(stdout)
}

// serving is the environment of a server on the given stores.
func serving(databaseURL string) []string {
	return []string{"DATABASE_URL=" + databaseURL, "REDIS_URL=" + os.Getenv("SPILLWAY_TEST_REDIS_URL"),
		"SPILLWAY_JWT_SECRET=" + secret, "SPILLWAY_LISTEN=127.0.0.1:0"}
}

func TestTheReadmesCallWorks(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile("(?s)```sh\n(curl .*?)```\n\n```json\n(.*?)```").FindSubmatch(readme)
	if call == nil {
		t.Fatal("the README has no curl with its answer")
	}
	dir := filepath.Join(home(t), ".spillway")
	p := launch(t, nil, "dev", "--dir", dir, "--listen", "127.0.0.1:0")
	defer p.stop(syscall.SIGTERM)
	script := strings.NewReplacer("http://127.0.0.1:8080", p.url, ".spillway/", dir+"/").Replace(string(call[1]))
	for range 2 { // the second time it is the same decision
		out, err := exec.Command("bash", "-c", script).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.TrimSpace(string(out)), strings.TrimSpace(string(call[2])); got != want {
			t.Errorf("the README's call answers\n%s\nand the README says\n%s", got, want)
		}
	}
	proof := regexp.MustCompile("(?m)^env .* verify && .*$").Find(readme)
	prove := exec.Command("bash", "-c", strings.NewReplacer("bin/spillway", p.cmd.Path, ".spillway/", dir+"/").Replace(string(proof)))
	if out, err := prove.CombinedOutput(); err != nil || string(out) != "everything adds up\n" {
		t.Errorf("%s: %v, %s", proof, err, out)
	}
	page, err := http.Get(p.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = page.Body.Close() }()
	if text, _ := io.ReadAll(page.Body); page.StatusCode != 200 || !bytes.Contains(text, []byte("<!doctype html>")) {
		t.Errorf("the page answers %d: %.100s", page.StatusCode, text)
	}
}

// prepared are the calls that make the account "a" with ten credits.
var prepared = []string{
	`upsertFeature(input: {key: "f", name: "F", unit: "unit"}, reason: "test") { key }`,
	`setPrice(feature: "f", credits: "1", reason: "test") { key }`,
	`publishPlan(input: {key: "p", name: "P", features: [{feature: "f", waterfall: [{kind: CREDIT, key: "credits"}]}]}, reason: "test") { key }`,
	`createAccount(input: {id: "a", name: "A", plan: "p"}) { id }`,
	`createGrant(input: {accountId: "a", kind: CREDIT, amount: "10", idempotencyKey: "g", reason: "test"}) { id }`,
}

// The server is killed when its COMMIT has been carried out and before it has
// learned so: whoever asks again, anywhere, gets the decision that was made.
func TestKilledAfterCommitTheRetryGetsTheSameDecision(t *testing.T) {
	url := ledgertest.URL(t)
	proxy := newProxy(t, url)
	admin, service := token(t, "admin"), token(t, "service")
	other := launch(t, serving(url), "serve")
	for _, call := range prepared {
		if _, err := other.graphql(t.Context(), admin, "mutation { "+call+" }"); err != nil {
			t.Fatal(err)
		}
	}
	const call = `mutation { authorize(input: {accountId: "a", userId: "u", feature: "f", quantity: 3, idempotencyKey: "k"}) { id status charged replayed } }`

	victim := launch(t, serving(proxy.url), "serve")
	proxy.swallowAnswers()
	ended := make(chan error, 1)
	go func() {
		_, err := victim.graphql(t.Context(), service, call)
		ended <- err
	}()
	waitFor(t, "the COMMIT", func() bool {
		return ledgertest.Count(t, url, "select count(*) from usage_events where account_id = 'a' and idempotency_key = 'k'") == 1
	})
	victim.stop(syscall.SIGKILL)
	if err := <-ended; err == nil {
		t.Fatal("the victim answered, although it was not told of its COMMIT")
	}
	var ids []any
	for range 2 {
		data, err := other.graphql(t.Context(), service, call)
		if err != nil {
			t.Fatal(err)
		}
		d := data["authorize"].(map[string]any)
		if d["status"] != "ALLOWED" || d["charged"] != "3" || d["replayed"] != true {
			t.Errorf("the retry is answered by %v", d)
		}
		ids = append(ids, d["id"])
	}
	if ids[0] != ids[1] {
		t.Errorf("two decisions: %v", ids)
	}
	data, err := other.graphql(t.Context(), service, `{ account(id: "a") { balance { available } } }`)
	if err != nil || fmt.Sprint(data) != "map[account:map[balance:map[available:7]]]" {
		t.Errorf("charged once leaves 7, found %v: %v", data, err)
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("%s did not come", what)
}

// A server that is stopped answers what it has begun and ends by itself.
func TestServeDrainsOnSIGTERM(t *testing.T) {
	p := launch(t, serving(ledgertest.URL(t)), "serve")
	begun := time.Now()
	p.stop(syscall.SIGTERM)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 || time.Since(begun) > 12*time.Second {
		t.Errorf("exit code %d after %s:\n%s", code, time.Since(begun), p.out)
	}
}
