package lane_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// short is a timeout that ends within a test.
const short = 100 * time.Millisecond

// nearly is the least that a timeout takes: a deadline may be off by a part.
const nearly = short * 9 / 10

func TestWhoIsSlowIsCut(t *testing.T) {
	for _, c := range []struct {
		what    string
		set     func(*http.Server) *time.Duration
		say     string
		answers int
	}{
		{"a connection that says nothing", headTime, "", 0},
		{"empty lines", headTime, "\r\n\r\n", 0},
		{"half a first line", headTime, "POST /gra", 0},
		{"a head that does not end", headTime, plain("")[:30], 0},
		{"a second head that does not end", headTime, plain("{}") + plain("")[:30], 1},
		{"an idle connection", idleTime, plain("{}"), 1},
		{"an idle connection that said an empty line", idleTime, plain("{}") + "\r\n", 1},
		{"an idle connection after several requests", idleTime, plain("1") + plain("2") + plain("3"), 3},
	} {
		s := serve(t, func(http.ResponseWriter, *http.Request) {}, func(s *http.Server) { *c.set(s) = short })
		client := s.dial()
		begun := time.Now()
		client.say(c.say)
		for range c.answers {
			client.hears("")
		}
		client.isCut(0)
		if took := time.Since(begun); took < nearly {
			t.Errorf("%s: cut after %v", c.what, took)
		}
		if took := time.Since(begun); took > long/2 {
			t.Errorf("%s: cut only after %v", c.what, took)
		}
	}
}

func headTime(s *http.Server) *time.Duration { return &s.ReadHeaderTimeout }
func idleTime(s *http.Server) *time.Duration { return &s.IdleTimeout }

// A body that does not end is an error for its reader, which may still answer.
func TestABodyThatDoesNotEnd(t *testing.T) {
	s := serve(t, echo, func(s *http.Server) { s.ReadTimeout = short })
	begun := time.Now()
	whole := plain("a body")
	c := s.dial().say(whole + whole[:len(whole)-1])
	c.hears("a body")
	h := c.hear()
	if took := time.Since(begun); h.StatusCode != http.StatusBadRequest || !strings.Contains(h.body, "timeout") || !h.Close || took < nearly {
		t.Errorf("%d %q %q after %v", h.StatusCode, h.body, h.Header, took)
	}
	c.isCut(0)
}

// The time for a body does not begin again with each piece of it.
func TestABodyThatDrips(t *testing.T) {
	s := serve(t, echo, func(s *http.Server) { s.ReadTimeout = short })
	begun := time.Now()
	whole := plain(strings.Repeat("x", 1000))
	c := s.dial().say(whole[:100])
	drips := make(chan struct{})
	go func() {
		defer close(drips)
		for at := 100; at < len(whole) && time.Since(begun) < long/2; at++ {
			if _, err := io.WriteString(c, whole[at:at+1]); err != nil {
				return
			}
			time.Sleep(short / 10)
		}
	}()
	if h := c.hear(); h.StatusCode != http.StatusBadRequest {
		t.Errorf("%d %q", h.StatusCode, h.body)
	}
	if took := time.Since(begun); took < nearly || took > long/4 {
		t.Errorf("refused after %v", took)
	}
	_ = c.Close()
	<-drips
}

// Nor does a client hold the server that reads no answer.
func TestAClientThatReadsNothing(t *testing.T) {
	large := strings.Repeat("0123456789", 2_000_000)
	began := make(chan time.Time, 1)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		began <- time.Now()
		_, _ = io.WriteString(w, large)
	}, func(s *http.Server) { s.WriteTimeout = short })
	s.dial().say(plain("{}"))
	begun := within(t, "the request", began)
	if err := s.shutDown(); err != nil {
		t.Errorf("it holds the server: %v", err)
	}
	if took := time.Since(begun); took < nearly {
		t.Errorf("cut after %v", took)
	}
}

// Time runs anew for each request: a connection lives longer than any of its
// timeouts.
func TestABusyConnectionIsNotCut(t *testing.T) {
	const timeout = 10 * short // no pause of a busy machine is as long
	s := serve(t, echo, func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = timeout, timeout, timeout, timeout
	})
	c := s.dial()
	for begun := time.Now(); time.Since(begun) < timeout*3/2; time.Sleep(timeout / 10) {
		head, body, _ := strings.Cut(plain("a body"), "\n\r\n")
		c.say(head)
		time.Sleep(timeout / 20)
		c.say("\n\r\n")
		time.Sleep(timeout / 20)
		c.say(body).hears("a body")
	}
}

// A timeout that is not set is none, as it is for net/http.
func TestWithoutTimeouts(t *testing.T) {
	s := serve(t, echo, func(s *http.Server) { *s = http.Server{Handler: s.Handler} })
	c := s.dial()
	time.Sleep(10 * time.Millisecond)
	for _, piece := range []string{"", "1", "12"} {
		whole := plain(piece)
		c.say(whole[:20])
		time.Sleep(10 * time.Millisecond)
		c.say(whole[20:]).hears(piece)
	}
}

// What net/http is given has its own time, and nothing is left of ours.
func TestAConnectionThatIsHandedOverHasNoDeadline(t *testing.T) {
	s := serve(t, echo, func(s *http.Server) { *s = http.Server{Handler: s.Handler, IdleTimeout: short} })
	c := s.dial().say(plain("1"))
	c.hears("1")
	c.say(other[:10])
	time.Sleep(short * 3 / 2)
	c.say(other[10:]).hears("")
}
