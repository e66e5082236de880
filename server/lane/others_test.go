package lane_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// host ends the head of a request.
const host = "Host: a\r\n\r\n"

// handed is a request that the lane leaves to net/http.
type handed struct {
	what, text string
	last       bool // the connection ends with it
	refused    bool // the handler never sees it
}

var allHanded = []handed{
	{"GET", "GET /graphql HTTP/1.1\r\n" + host, false, false},
	{"OPTIONS", "OPTIONS /graphql HTTP/1.1\r\n" + host, false, false},
	{"PUT", "PUT /graphql HTTP/1.1\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"another path", "POST /other HTTP/1.1\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"a query", "POST /graphql?a=b HTTP/1.1\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"a whole address", "POST http://b/graphql HTTP/1.1\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"a websocket", "GET /graphql HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + host + "frame", true, false},
	{"events", "POST /graphql HTTP/1.1\r\nAccept: text/event-stream\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"events in capitals", "POST /graphql HTTP/1.1\r\nAccept: Text/Event-Stream\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"HTTP/1.0", "POST /graphql HTTP/1.0\r\nContent-Length: 2\r\n" + host + "{}", true, false},
	{"chunks", "POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + host + "2\r\n{}\r\n1\r\n \r\n0\r\n\r\n", false, false},
	{"no body", "POST /graphql HTTP/1.1\r\n" + host, false, false},
	{"Expect", "POST /graphql HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"the connection ends", "POST /graphql HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n" + host + "{}", true, false},
	{"a head of 5 KB", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nX: " + strings.Repeat("y", 5<<10) + "\r\n" + host + "{}", false, false},
	{"a head of 20 KB", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nX: " + strings.Repeat("y", 20<<10) + "\r\n" + host + "{}", true, true},
	{"LF alone", "POST /graphql HTTP/1.1\nContent-Length: 2\nHost: a\n\n{}", false, false},
	{"LF alone at last", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nHost: a\n\n{}", false, false},
	{"LF alone before the empty line", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nHost: a\n\r\n{}", false, false},
	{"a line that goes on", "POST /graphql HTTP/1.1\r\nX: y\r\n z\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"one length twice", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n" + host + "{}", false, false},
	{"two lengths", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n" + host + "{}", true, true},
	{"chunks and a length", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n" + host + "0\r\n\r\n", false, false},
	{"a length with a sign", "POST /graphql HTTP/1.1\r\nContent-Length: +2\r\n" + host + "{}", true, true},
	{"a space before the colon", "POST /graphql HTTP/1.1\r\nContent-Length : 2\r\n" + host + "{}", true, true},
	{"two hosts", "POST /graphql HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n" + host + "{}", true, true},
	{"no host", "POST /graphql HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", true, true},
	{"NUL", "POST /graphql HTTP/1.1\r\nX: \x00\r\nContent-Length: 2\r\n" + host + "{}", true, true},
	{"another version", "POST /graphql HTTP/3.0\r\nContent-Length: 2\r\n" + host + "{}", true, true},
	{"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n", true, true},
}

// ways are those that requests took.
type ways struct {
	mu  sync.Mutex
	all []string
}

func (s *ways) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

// tell answers with all that it knows of a request, in the way it wants.
func (s *ways) tell(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.all = append(s.all, way(r))
	s.mu.Unlock()
	if r.Header.Get("Upgrade") != "" {
		c, rest, err := w.(http.Hijacker).Hijack()
		if err == nil {
			said, _ := rest.Peek(len("frame"))
			_, _ = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n%s", said)
			_ = c.Close()
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/plain")
	if strings.Contains(strings.ToLower(r.Header.Get("Accept")), "event-stream") {
		_, _ = io.WriteString(w, "an event\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			_, _ = io.WriteString(w, err.Error())
		}
	}
	_, _ = fmt.Fprintf(w, "%s %s %s %q %d %q %v", r.Method, r.URL, r.Host, r.Header, r.ContentLength, body, err)
}

// said is all that a server says to a text, answer by answer, without what
// differs from one second to the next.
func said(t *testing.T, address, text string) (all []string) {
	t.Helper()
	c := dial(t, address)
	c.say(text)
	for {
		if _, err := c.reader.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection does not end after %q", text)
			}
			return all
		}
		answer, err := http.ReadResponse(c.reader, nil)
		if err != nil {
			rest, _ := c.reader.Peek(c.reader.Buffered())
			return append(all, fmt.Sprintf("%v: %q", err, rest))
		}
		body, err := io.ReadAll(answer.Body)
		answer.Header.Del("Date")
		all = append(all, fmt.Sprintf("%s %q %q %v close=%v", answer.Status, answer.Header, body, err, answer.Close))
	}
}

// bye is a request with which a connection ends.
const bye = "GET /bye HTTP/1.1\r\nConnection: close\r\n" + host

func TestWhatIsNotPlainIsAnsweredByNetHTTP(t *testing.T) {
	var all sync.WaitGroup // at once: net/http takes half a second to refuse one
	defer all.Wait()
	for _, c := range allHanded {
		for _, before := range []string{"", plain("{1}"), plain("{1}") + plain("{2}")} {
			all.Go(func() { c.compare(t, before) })
		}
	}
}

// compare says the same to a server with a lane and to one without.
func (c handed) compare(t *testing.T, before string) {
	var mine, others ways
	// Little more than the head of 5 KB: net/http adds 4 KB.
	limit := func(s *http.Server) { s.MaxHeaderBytes = 8 << 10 }
	s := serve(t, mine.tell, limit)
	reference := &http.Server{Handler: http.HandlerFunc(others.tell), ReadHeaderTimeout: long, ErrorLog: s.server.HTTP.ErrorLog}
	limit(reference)
	listener := listen(t)
	go func() { _ = reference.Serve(listener) }()
	defer func() { _ = reference.Close() }()

	asked := strings.Count(before, "POST")
	want := slices.Repeat([]string{"lane"}, asked)
	if !c.refused {
		want = append(want, "net/http")
	}
	text := before + c.text
	if !c.last {
		text += bye
		want = append(want, "net/http")
	}
	here, there := said(t, s.address, text), said(t, listener.Addr().String(), text)
	if !slices.Equal(here, there) || len(here) <= asked {
		t.Errorf("%s after %d plain ones:\n%s\nnet/http says:\n%s", c.what, asked, strings.Join(here, "\n"), strings.Join(there, "\n"))
	}
	if took := mine.take(); !slices.Equal(took, want) {
		t.Errorf("%s after %d plain ones: read by %v", c.what, asked, took)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	var mine ways
	s := serve(t, mine.tell, nil)
	var text strings.Builder
	for n := range 50 {
		text.WriteString(plain(fmt.Sprintf("number %d", n)))
	}
	answers := said(t, s.address, text.String()+bye)
	for n := range 50 {
		if n >= len(answers) || !strings.Contains(answers[n], fmt.Sprintf("number %d\\\"", n)) {
			t.Fatalf("the answers are %q", answers)
		}
	}
	if took := mine.take(); !slices.Equal(took, append(slices.Repeat([]string{"lane"}, 50), "net/http")) {
		t.Errorf("they were read by %v", took)
	}
}

// However a request is cut into pieces, it is the same.
func TestARequestMayComeInPieces(t *testing.T) {
	var mine ways
	s := serve(t, mine.tell, nil)
	whole := plain("a body")
	c := s.dial().say(whole)
	want := c.hear()
	// Nothing waits for the client's system to send more at once, so that each
	// byte is read by itself, or nearly so.
	for _, b := range []byte(whole) {
		c.say(string(b))
		time.Sleep(50 * time.Microsecond)
	}
	if h := c.hear(); h.body != want.body {
		t.Errorf("byte by byte: %q", h.body)
	}
	for at := 1; at < len(whole); at += 7 {
		c.say(whole[:at])
		time.Sleep(time.Millisecond)
		c.say(whole[at:])
		if h := c.hear(); h.body != want.body {
			t.Errorf("cut at %d: %q", at, h.body)
		}
	}
	if slices.Contains(mine.take(), "net/http") {
		t.Error("pieces left the lane")
	}
	const other = "GET /other HTTP/1.1\r\n" + host
	for at := 1; at < len(other); at += 5 {
		c := s.dial().say(whole + other[:at])
		c.hear()
		c.say(other[at:])
		if h := c.hear(); !strings.HasPrefix(h.body, "GET /other a ") {
			t.Errorf("cut at %d: %q", at, h.body)
		}
	}
}

// Some clients end a body with an empty line, which is not of the next request.
func TestAnEmptyLineBeforeARequestIsPassedOver(t *testing.T) {
	s := serve(t, echo, nil)
	c := s.dial().say("\r\n" + plain("1") + "\r\n" + plain("2"))
	c.hears("1")
	c.hears("2")
	c.say("\r")
	time.Sleep(time.Millisecond)
	c.say("\n\n" + "GET /other HTTP/1.1\r\n" + host)
	c.hears("")
}

// net/http takes an empty line without CR for the end of a head: a client that
// wrote one waits for its answer, and says nothing more.
func TestAHeadThatEndsWithLFAloneIsAnswered(t *testing.T) {
	s := serve(t, echo, nil)
	for _, end := range []string{"\n\n", "\n\r\n"} {
		s.dial().say("POST /graphql HTTP/1.1\r\nContent-Length: 2\r\nHost: a" + end + "{}").hears("{}")
	}
}

// A large body is read as it comes, whatever the reader's buffers.
func TestALargeBodyIsReadWhole(t *testing.T) {
	s := serve(t, echo, nil)
	c := s.dial()
	for _, size := range []int{0, 1, 4<<10 - 64, 4 << 10, 100_001} {
		body := strings.Repeat("0123456789", size/10+1)[:size]
		c.say(plain(body))
		if h := c.hear(); h.body != body || h.ContentLength != int64(size) {
			t.Fatalf("%d bytes: %d came back", size, len(h.body))
		}
	}
}

// A handler may keep nothing, but what it reads is the request that it answers.
func TestNothingOfARequestIsLeftForTheNext(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Names", strings.Join(slices.Sorted(maps.Keys(r.Header)), " "))
		if value := r.Header.Get("Set"); value != "" {
			w.Header().Set("Was", value)
		}
		_, _ = io.WriteString(w, way(r)+" "+r.Host)
	}, nil)
	c := s.dial()
	c.say("POST /graphql HTTP/1.1\r\nHost: b\r\nSet: yes\r\nContent-Length: 0\r\n\r\n")
	if h := c.hears("lane b"); h.Header.Get("Was") != "yes" || h.Header.Get("Names") != "Content-Length Set" {
		t.Errorf("%q", h.Header)
	}
	c.say(plain(""))
	if h := c.hears("lane a"); h.Header.Get("Was") != "" || h.Header.Get("Names") != "Content-Length" {
		t.Errorf("the next one: %q", h.Header)
	}
}
