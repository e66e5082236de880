package lane_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/server/lane"
)

// long is how long a test waits for what must happen.
const long = 10 * time.Second

// served is a server on a port of its own.
type served struct {
	t       *testing.T
	server  *lane.Server
	address string
	ended   chan error // what Serve returned
	logged  *lines
}

// serve starts a server, and closes it after the test.
func serve(t *testing.T, handler http.HandlerFunc, change func(*http.Server)) *served {
	t.Helper()
	s := &served{t: t, ended: make(chan error, 1), logged: &lines{}}
	settings := &http.Server{Handler: handler, ReadHeaderTimeout: long, ReadTimeout: long, WriteTimeout: long, IdleTimeout: long,
		ErrorLog: log.New(s.logged, "", 0)}
	if change != nil {
		change(settings)
	}
	s.server = lane.New(settings, "/graphql")
	listener := listen(t)
	s.address = listener.Addr().String()
	go func() { s.ended <- s.server.Serve(listener) }()
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// lines is a log.
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

// client is a connection that says what a test wants, and reads the answers.
type client struct {
	t *testing.T
	net.Conn
	reader *bufio.Reader
}

func (s *served) dial() *client { return dial(s.t, s.address) }

func dial(t *testing.T, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(long))
	return &client{t, c, bufio.NewReader(c)}
}

// plain is a request that takes the lane.
func plain(body string) string {
	return "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func (c *client) say(text string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// heard is an answer with its body.
type heard struct {
	*http.Response
	body string
}

func (c *client) hear() heard {
	c.t.Helper()
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("half an answer: %v", err)
	}
	return heard{response, string(body)}
}

// hears fails unless the answer is a 200 with this body.
func (c *client) hears(body string) heard {
	c.t.Helper()
	h := c.hear()
	if h.StatusCode != http.StatusOK || h.body != body {
		c.t.Fatalf("%d %q instead of %q", h.StatusCode, h.body, body)
	}
	return h
}

// isCut fails unless the server ends the connection without another word, not
// sooner than atLeast. It may be reset: the client may have said more than was
// read.
func (c *client) isCut(atLeast time.Duration) {
	c.t.Helper()
	begun := time.Now()
	rest, err := io.ReadAll(c.reader)
	var late net.Error
	if len(rest) > 0 || errors.As(err, &late) && late.Timeout() {
		c.t.Errorf("the connection goes on: %q, %v", rest, err)
	}
	if took := time.Since(begun); took < atLeast {
		c.t.Errorf("the connection ended after %v", took)
	}
}

// way tells by whom a request was read.
func way(r *http.Request) string {
	if r.Context().Value(http.ServerContextKey) != nil {
		return "net/http"
	}
	return "lane"
}

// echo answers with the body.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/plain")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		body = []byte(err.Error())
	}
	_, _ = w.Write(body)
}

// within fails the test unless something comes.
func within[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(long):
		t.Fatalf("%s: not in %v", what, long)
	}
	return v
}

// shutDown shuts the server down, which must take less than long.
func (s *served) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	return s.server.Shutdown(ctx)
}

// noneLeft waits until no goroutine of a server runs any more.
func noneLeft(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(long); ; time.Sleep(5 * time.Millisecond) {
		all := make([]byte, 1<<20)
		all = all[:runtime.Stack(all, true)]
		left := ""
		for one := range strings.SplitSeq(string(all), "\n\n") {
			if strings.Contains(one, "lane.(*") || strings.Contains(one, "net/http.(*conn)") || strings.Contains(one, "net/http.(*Server)") {
				left = one
			}
		}
		switch {
		case left == "":
			return
		case time.Now().After(until):
			t.Fatalf("a goroutine is left:\n%s", left)
		}
	}
}
