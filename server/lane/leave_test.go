package lane_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A request that takes long is given up when its client goes away, even where
// its body came late and its connection had a deadline.
func TestAClientThatLeavesEndsItsRequest(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
			ended <- r.Context().Err()
		case <-time.After(long):
			ended <- nil
		}
	}, func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout = 3*short, 3*short })
	whole := plain("a body")
	for _, c := range []struct {
		what  string
		leave func(*client)
	}{
		{"at once", func(c *client) { c.say(whole) }},
		{"no body", func(c *client) { c.say(plain("")) }},
		{"after a while", func(c *client) { c.say(whole); time.Sleep(3 * short / 2) }},
		{"after the deadline", func(c *client) { c.say(whole); time.Sleep(4 * short) }},
		{"whose body came late", func(c *client) { c.say(whole[:len(whole)-1]); time.Sleep(3 * short / 2); c.say(whole[len(whole)-1:]) }},
	} {
		client := s.dial()
		c.leave(client)
		select {
		case err := <-ended:
			t.Errorf("%s: it was given up while the client was there: %v", c.what, err)
		default:
		}
		_ = client.Close()
		if err := within(t, c.what, ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// Looking after a client takes nothing of what it says next, and leaves no
// deadline behind.
func TestLookingAfterAClientDisturbsNothing(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(string(body), "slow") {
			time.Sleep(150 * time.Millisecond) // longer than the server's patience
		}
		_, _ = io.WriteString(w, way(r)+" "+string(body))
		if err := r.Context().Err(); err != nil {
			_, _ = io.WriteString(w, err.Error())
		}
	}, nil)
	c := s.dial()
	c.say(plain("slow 1")).hears("lane slow 1")
	c.say(plain("2")).hears("lane 2")
	// The next one comes while the first is answered, whole or not.
	c.say(plain("slow 3") + plain("4"))
	c.hears("lane slow 3")
	c.hears("lane 4")
	half := plain("a body")
	c.say(plain("slow 5") + half[:40])
	c.hears("lane slow 5")
	c.say(half[40:]).hears("lane a body")
	c.say(plain("slow 6")).hears("lane slow 6")
	c.say("GET / HTTP/1.1\r\n" + host).hears("net/http ")
}

// Nor does it matter when exactly a request is done.
func TestRequestsThatEndWhileTheClientIsLookedAfter(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		time.Sleep(100*time.Millisecond - time.Duration(r.ContentLength)*100*time.Microsecond)
	}, nil)
	done := make(chan struct{})
	const clients = 30
	for n := range clients {
		c := s.dial()
		go func() {
			defer func() { done <- struct{}{} }()
			for range 3 {
				if _, err := io.WriteString(c, plain(strings.Repeat("x", n))); err != nil {
					t.Error(err)
					return
				}
				if answer, err := http.ReadResponse(c.reader, nil); err != nil || answer.StatusCode != http.StatusOK {
					t.Errorf("%v, %v", answer, err)
					return
				}
			}
		}()
	}
	for range clients {
		within(t, "answers", done)
	}
}

// What a handler leaves of a body that it had to wait for is still passed over,
// however long it took then.
func TestASlowHandlerMayLeaveABodyUnread(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first)
		time.Sleep(150 * time.Millisecond)
		_, _ = w.Write(first)
	}, nil)
	head, body, _ := strings.Cut(plain("abc"), "\r\n\r\n")
	c := s.dial().say(head + "\r\n\r\n")
	time.Sleep(10 * time.Millisecond)
	c.say(body[:1])
	time.Sleep(170 * time.Millisecond)
	c.say(body[1:]).hears("a")
	c.say(plain("def")).hears("d")
}

func TestAPanicEndsItsConnectionAlone(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
		switch string(body) {
		case "panic":
			panic("the sky falls")
		case "abort":
			panic(http.ErrAbortHandler)
		}
	}, nil)
	other := s.dial().say(plain("1"))
	other.hears("1")
	for _, c := range []struct{ say, logged string }{
		{"abort", ""}, {"panic", "the sky falls"},
	} {
		before := s.logged.String()
		s.dial().say(plain("fine") + plain(c.say)).hearsThenCut("fine")
		added := strings.TrimPrefix(s.logged.String(), before)
		if (added == "") != (c.logged == "") || !strings.Contains(added, c.logged) {
			t.Errorf("%s: logged %q", c.say, added)
		}
		if c.logged != "" && !strings.Contains(added, "leave_test.go") {
			t.Errorf("%s: logged without the place: %q", c.say, added)
		}
		other.say(plain("2")).hears("2")
	}
}

func (c *client) hearsThenCut(body string) {
	c.t.Helper()
	c.hears(body)
	c.isCut(0)
}

// Whatever ends a connection, the context of its requests ends with it: what is
// derived from that is not kept.
func TestAContextEndsWithItsConnection(t *testing.T) {
	given := make(chan context.Context, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { given <- r.Context() }, nil)
	for _, c := range []struct {
		what string
		end  func(*client)
	}{
		{"the client closes it", func(c *client) { _ = c.Close() }},
		{"it is handed over", func(c *client) { c.say("GET") }},
		{"the server is closed", func(*client) { _ = s.server.Close() }},
	} {
		client := s.dial().say(plain("{}"))
		client.hears("")
		ctx := within(t, "a context", given)
		if err := ctx.Err(); err != nil {
			t.Errorf("%s: it has ended before, with %v", c.what, err)
		}
		c.end(client)
		within(t, c.what, ctx.Done())
	}
}

// A request that runs hears at once that the server is closed.
func TestCloseEndsWhatRunsAtOnce(t *testing.T) {
	given := make(chan context.Context, 1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		given <- r.Context()
		<-r.Context().Done()
	}, nil)
	s.dial().say(plain("{}"))
	ctx := within(t, "a context", given)
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.server.Shutdown(impatient); !errors.Is(err, context.Canceled) || ctx.Err() != nil {
		t.Errorf("Shutdown without patience: %v; the request: %v", err, ctx.Err())
	}
	_ = s.server.Close()
	if ctx.Err() == nil {
		t.Error("its context goes on")
	}
}
