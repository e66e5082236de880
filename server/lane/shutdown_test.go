package lane_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// gate is a handler whose requests wait to be let go.
type gate struct {
	began chan string // the way of each
	open  chan struct{}
	ends  chan error // the error of each one's context, at its end
}

func newGate() *gate {
	return &gate{make(chan string, 10), make(chan struct{}), make(chan error, 10)}
}

func (g *gate) answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	g.began <- way(r)
	select {
	case <-g.open:
	case <-r.Context().Done():
	}
	g.ends <- r.Context().Err()
	_, _ = io.WriteString(w, "done")
}

const other = "GET /other HTTP/1.1\r\n" + host

func TestShutdownAnswersWhatRuns(t *testing.T) {
	g := newGate()
	s := serve(t, g.answer, nil)
	silent := s.dial()
	running, handed := s.dial().say(plain("{}")), s.dial().say(other)
	ways := map[string]bool{within(t, "one", g.began): true, within(t, "two", g.began): true}
	if !ways["lane"] || !ways["net/http"] {
		t.Fatalf("they came by %v", ways)
	}
	down := make(chan error, 1)
	go func() { down <- s.shutDown() }()
	if err := within(t, "Serve", s.ended); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	silent.isCut(0)
	if c, err := net.Dial("tcp", s.address); err == nil {
		_ = c.Close()
		t.Error("it still listens")
	}
	select {
	case err := <-down:
		t.Fatalf("it is down while requests run: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(g.open)
	for _, c := range []*client{running, handed} {
		if h := c.hears("done"); !h.Close {
			t.Errorf("the last answer has %q", h.Header)
		}
		c.isCut(0)
	}
	if err := within(t, "Shutdown", down); err != nil {
		t.Error(err)
	}
	noneLeft(t)
}

func TestShutdownClosesWhatIsIdle(t *testing.T) {
	s := serve(t, echo, nil)
	lane, handed := s.dial().say(plain("1")), s.dial().say(other)
	lane.hears("1")
	handed.hears("")
	begun := time.Now()
	if err := s.shutDown(); err != nil {
		t.Fatal(err)
	}
	lane.isCut(0)
	handed.isCut(0)
	if took := time.Since(begun); took > long/2 {
		t.Errorf("it took %v", took)
	}
	noneLeft(t)
}

// Where the patience ends first, Shutdown says so, and Close cuts what runs.
func TestCloseCutsWhatRuns(t *testing.T) {
	g := newGate()
	s := serve(t, g.answer, nil)
	running, handed := s.dial().say(plain("{}")), s.dial().say(other)
	within(t, "one", g.began)
	within(t, "two", g.began)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := s.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	select {
	case err := <-g.ends:
		t.Errorf("Shutdown cut what ran: %v", err)
	default:
	}
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := within(t, "the requests", g.ends); !errors.Is(err, context.Canceled) {
			t.Errorf("a context ended with %v", err)
		}
	}
	running.isCut(0)
	handed.isCut(0)
	if err := within(t, "Serve", s.ended); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	noneLeft(t)
}

func TestCloseCutsWhatIsIdle(t *testing.T) {
	s := serve(t, echo, nil)
	c := s.dial().say(plain("1"))
	c.hears("1")
	silent := s.dial()
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
	c.isCut(0)
	silent.isCut(0)
	noneLeft(t)
}

func TestAServerServesOnce(t *testing.T) {
	s := serve(t, echo, nil)
	if err := s.shutDown(); err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("its listener: %v", err)
	}
}

// While requests come as fast as they can, each is answered or its connection
// closed without a word, and the server is down soon.
func TestShutdownUnderLoad(t *testing.T) {
	var handled atomic.Int64
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		handled.Add(1)
	}, nil)
	answered := make(chan int64)
	const clients = 8
	for range clients {
		go func() {
			var n int64
			defer func() { answered <- n }()
			for {
				conn, err := net.Dial("tcp", s.address)
				if err != nil {
					return // it is down
				}
				c := &client{t, conn, bufio.NewReader(conn)}
				_ = c.SetDeadline(time.Now().Add(long))
				for {
					if _, err := io.WriteString(c, plain("{}")); err != nil {
						break
					}
					if _, err := http.ReadResponse(c.reader, nil); err != nil {
						if errors.Is(err, os.ErrDeadlineExceeded) {
							t.Error("neither answered nor closed")
						}
						break
					}
					n++
				}
				_ = c.Close()
			}
		}()
	}
	for handled.Load() < 1000 {
		time.Sleep(time.Millisecond)
	}
	if err := s.shutDown(); err != nil {
		t.Error(err)
	}
	after := handled.Load()
	var all int64
	for range clients {
		all += within(t, "clients", answered)
	}
	if all != after || handled.Load() != after {
		t.Errorf("%d were handled before Shutdown returned, %d at all, and %d answered", after, handled.Load(), all)
	}
	noneLeft(t)
}
