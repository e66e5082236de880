package edge_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// driver runs the client of the page for integrators.
const driver = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"integrate/spillway"
)

func main() {
	c := &spillway.Client{URL: os.Args[1], Token: func() string { return os.Args[2] }}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r := spillway.Request{AccountID: os.Args[3], UserID: "ann", Feature: "chat", Quantity: 3, IdempotencyKey: "one"}
	for _, quantity := range []int64{3, 7, 0} {
		r.Quantity, r.IdempotencyKey = quantity, fmt.Sprint("request-", quantity)
		d, err := c.Authorize(ctx, r)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(d.Status, d.Reason, d.Granted, d.Charged, d.RetryAt != nil)
	}
}
`

// snippet is the code of a language on the page for integrators.
func snippet(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("../../graph/INTEGRATE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n```"+language+"\n")
	code, _, found := strings.Cut(rest, "\n```\n")
	if !found {
		t.Fatalf("there is no code in %s", language)
	}
	return code + "\n"
}

// unreliable stands before a server: of every four requests it passes all on,
// and answers the first not at all, the second with a page of its own, the third
// with what Spillway says while a store is away.
func unreliable(t *testing.T, target string, asked *atomic.Int64) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RequestURI = ""
		onward, err := http.NewRequest(r.Method, target+r.URL.Path, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		onward.Header = r.Header
		response, err := http.DefaultClient.Do(onward)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = response.Body.Close() }()
		switch asked.Add(1) % 4 {
		case 1:
			panic(http.ErrAbortHandler) // closes the connection
		case 2:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html>Bad Gateway</html>")
		case 3:
			_, _ = io.WriteString(w, `{"errors":[{"message":"later","extensions":{"code":"UNAVAILABLE","retryable":true,"requestId":"r"}}]}`)
		default:
			_, _ = io.Copy(w, response.Body)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// The Go client on the page for integrators compiles, and comes through to one
// answer for each request, whatever is lost on the way.
func TestTheClientOfThePageForIntegrators(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module integrate\n\ngo 1.26\n", "main.go": driver, "spillway/spillway.go": snippet(t, "go")} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var asked atomic.Int64
	run := func(program string, arguments ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), program, arguments...)
		c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		said, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", program, err, said)
		}
		return string(said)
	}
	if diff := run("gofmt", "-l", "."); diff != "" {
		t.Errorf("gofmt would change %s", diff)
	}
	run("go", "vet", "./...")
	said := run("go", "run", ".", unreliable(t, w.url, &asked)+"/graphql", w.service(), acme)
	want := "ALLOWED FUNDED 3 0 false\nDENIED INSUFFICIENT_CREDITS 0 0 false\nBAD_USER_INPUT: input.quantity: must be a whole number from 1 to 9007199254740991\n"
	if said != want {
		t.Errorf("%s, want\n%s", said, want)
	}
	if asked.Load() != 12 {
		t.Errorf("asked %d times", asked.Load())
	}
	made := at[[]any](t, w.must(w.admin(), `query($a: ID!) { account(id: $a) { decisions { edges { cursor } } } }`, vars{"a": acme}), "account", "decisions", "edges")
	if len(made) != 2 {
		t.Errorf("%d decisions", len(made))
	}
}
