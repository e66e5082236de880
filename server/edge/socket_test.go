package edge_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// socket is a client of the websocket protocol.
type socket struct {
	t *testing.T
	*websocket.Conn
}

func (w *world) dial(headers http.Header) (*socket, *http.Response, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: 5 * time.Second}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/graphql", headers)
	if err != nil {
		return nil, response, err
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return &socket{w.t, conn}, response, nil
}

// connect opens a socket and sends connection_init.
func (w *world) connect(token string) *socket {
	w.t.Helper()
	s, _, err := w.dial(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	s.say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `"}}`)
	return s
}

func (s *socket) say(text string) {
	s.t.Helper()
	if err := s.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

type heard struct {
	ID, Type string
	Payload  json.RawMessage
}

func (s *socket) hear() heard {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, text, err := s.ReadMessage()
	if err != nil {
		s.t.Fatal(err)
	}
	var m heard
	if err := json.Unmarshal(text, &m); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return m
}

// ends waits for the end of the socket and returns its code.
func (s *socket) ends() int {
	s.t.Helper()
	return s.endsAfter(func(heard) {})
}

// endsAfter does too, and shows what comes before.
func (s *socket) endsAfter(show func(heard)) int {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		var m heard
		err := s.ReadJSON(&m)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code
		}
		if err != nil {
			s.t.Fatal(err)
		}
		show(m)
	}
}

func TestASocketSpeaksTheProtocol(t *testing.T) {
	w := newWorld(t, setup{})
	s := w.connect(w.user("ann", w.id("acme")))
	if m := s.hear(); m.Type != "connection_ack" {
		t.Fatalf("%+v", m)
	}
	s.say(`{"type":"ping"}`)
	if m := s.hear(); m.Type != "pong" {
		t.Errorf("%+v", m)
	}
	s.say(`{"type":"pong"}`)
	s.say(`{"id":"1","type":"subscribe","payload":{"query":"{ viewer { userId } }"}}`)
	if m := s.hear(); m.ID != "1" || m.Type != "next" || string(m.Payload) != `{"data":{"viewer":{"userId":"ann"}}}` {
		t.Errorf("%+v", m)
	}
	if m := s.hear(); m.ID != "1" || m.Type != "complete" {
		t.Errorf("%+v", m)
	}
	s.say(`{"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}`)
	if m := s.hear(); m.Type != "error" || !strings.Contains(string(m.Payload), `"code":"BAD_USER_INPUT"`) || !strings.HasPrefix(string(m.Payload), "[") {
		t.Errorf("%+v %s", m, m.Payload)
	}
	s.say(`{"id":"1","type":"subscribe","payload":{"query":"{ accounts { edges { cursor } } }"}}`)
	if m := s.hear(); m.Type != "next" || !strings.Contains(string(m.Payload), `"code":"FORBIDDEN"`) {
		t.Errorf("%+v %s", m, m.Payload)
	}
	s.say(`{"id":"gone","type":"complete"}`)
	if m := s.hear(); m.Type != "complete" {
		t.Errorf("%+v", m)
	}
}

func TestHowASocketEnds(t *testing.T) {
	w := newWorld(t, setup{})
	ann := w.user("ann", w.id("acme"))
	start := `{"type":"connection_init","payload":{"authorization":"Bearer ` + ann + `"}}`
	for _, c := range []struct {
		name string
		says []string
		code int
	}{
		{"without a token", []string{`{"type":"connection_init"}`}, 4403},
		{"with a bad token", []string{`{"type":"connection_init","payload":{"authorization":"Bearer x.y.z"}}`}, 4403},
		{"with a token that has ended", []string{`{"type":"connection_init","payload":{"authorization":"Bearer ` + token(claims{"sub": "ann", "account": "acme", "roles": []string{"user"}, "exp": time.Now().Unix() - 1}) + `"}}`}, 4403},
		{"asking before it is acknowledged", []string{`{"id":"1","type":"subscribe","payload":{"query":"{__typename}"}}`}, 4401},
		{"beginning twice", []string{start, start}, 4429},
		{"no JSON", []string{start, `{`}, 4400},
		{"an unknown type", []string{start, `{"type":"start"}`}, 4400},
		{"a request without a document", []string{start, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		{"a request without an id", []string{start, `{"type":"subscribe","payload":{"query":"{__typename}"}}`}, 4400},
		{"a message too large", []string{start, `{"type":"ping","payload":"` + strings.Repeat("x", 64<<10) + `"}`}, 1009},
	} {
		s, _, err := w.dial(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range c.says {
			s.say(text)
		}
		if code := s.ends(); code != c.code {
			t.Errorf("%s: %d, expected %d", c.name, code, c.code)
		}
	}
}

func TestASocketEndsWithItsToken(t *testing.T) {
	w := newWorld(t, setup{})
	s := w.connect(token(claims{"sub": "ann", "account": w.id("acme"), "roles": []string{"user"}, "exp": time.Now().Add(1500*time.Millisecond).Unix() + 1}))
	if m := s.hear(); m.Type != "connection_ack" {
		t.Fatalf("%+v", m)
	}
	begun := time.Now()
	if code := s.ends(); code != 4401 || time.Since(begun) > 5*time.Second {
		t.Errorf("%d after %v", code, time.Since(begun))
	}
}

func TestASocketEndsWithTheServer(t *testing.T) {
	w := newWorld(t, setup{})
	s := w.connect(w.admin())
	s.hear()
	done := make(chan error, 1)
	go func() { done <- w.edge.Drain(w.server) }()
	if code := s.ends(); code != 1001 {
		t.Errorf("%d", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A stream that the server ends, and not its subscription, is not complete:
// clients take that for the last word, and would not ask again.
func TestAStreamOfASubscriptionIsCutWithTheServer(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	feed := w.follow(w.admin(), fmt.Sprintf(`{"query":"subscription { balance(accountId: \"%s\") { available } }"}`, acme))
	feed.next()
	done := make(chan error, 1)
	go func() { done <- w.edge.Drain(w.server) }()
	if got := feed.event(); got != "" {
		t.Errorf("the stream goes on with %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// An id is free again as soon as its client has completed it, whether what runs
// under it has noticed or not.
func TestAnIDMayBeUsedAgain(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	subscribe := fmt.Sprintf(`{"id":"same","type":"subscribe","payload":{"query":"subscription { balance(accountId: \"%s\") { available } }"}}`, acme)
	for i := range 20 {
		conn := &together{}
		dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, NetDial: conn.dial}
		open, _, err := dialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &socket{t, open}
		s.say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + w.user(fmt.Sprint("user", i), acme) + `"}}`)
		s.hear()
		s.say(subscribe)
		s.hear()
		conn.hold = true
		s.say(`{"id":"same","type":"complete"}`)
		s.say(subscribe)
		conn.hold = false
		s.say(`{"type":"pong"}`)
		if m := s.hear(); m.Type != "next" {
			t.Fatalf("%+v %s", m, m.Payload)
		}
		s.say(subscribe)
		if code := s.ends(); code != 4409 {
			t.Errorf("twice at once: %d", code)
		}
		_ = s.Close()
	}
}

// together is a connection that may hold messages back, to send them in one go.
type together struct {
	net.Conn
	hold bool
	held []byte
}

func (c *together) dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	c.Conn = conn
	return c, err
}

// Write sends what was held back too, unless this is to be held as well.
func (c *together) Write(data []byte) (int, error) {
	if c.held = append(c.held, data...); c.hold {
		return len(data), nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = nil
	return len(data), err
}

// The operations of a socket share nothing that they write to: the race detector
// would tell.
func TestOperationsOfASocketAreApart(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "100")
	s := w.connect(w.service())
	s.hear()
	const operations = 40
	for i := range operations {
		s.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"mutation { authorize(input: {accountId: \"%s\", userId: \"u%d\", feature: \"chat\", idempotencyKey: \"%s\"}) { status } }"}}`,
			i, acme, i, w.key()))
	}
	allowed := 0
	for range 2 * operations {
		if m := s.hear(); strings.Contains(string(m.Payload), `"ALLOWED"`) {
			allowed++
		}
	}
	if allowed != operations {
		t.Errorf("%d of %d were allowed", allowed, operations)
	}
}

func TestWhoMayOpenASocket(t *testing.T) {
	w := newWorld(t, setup{})
	host := strings.TrimPrefix(w.url, "http://")
	for origin, status := range map[string]int{"http://" + host: 101, "https://" + host: 101, "https://evil.example.org": 403, "null": 403, "http://" + host + ".evil.org": 403} {
		_, response, err := w.dial(http.Header{"Origin": {origin}})
		if response == nil || response.StatusCode != status {
			t.Errorf("%s: %v, %v", origin, response, err)
		}
	}
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-ws"}}
	if _, response, err := dialer.Dial("ws://"+host+"/graphql", nil); err == nil || response.StatusCode != 400 {
		t.Errorf("another subprotocol: %v, %v", response, err)
	}
}

// events are server-sent events as they come.
type events struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

// follow asks for server-sent events.
func (w *world) follow(token, body string) *events {
	w.t.Helper()
	request, err := http.NewRequest("POST", w.url+"/graphql", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return &events{w.t, response, bufio.NewScanner(response.Body)}
}

// event is the next event as it was written, "" at the end of the stream.
// Heartbeats are passed over.
func (e *events) event() string {
	event := ""
	for e.lines.Scan() {
		switch line := e.lines.Text(); {
		case strings.HasPrefix(line, ":"):
		case line != "":
			event += line + "\n"
		case event != "":
			return event
		}
	}
	return event
}

// next is the answer in the next event.
func (e *events) next() string {
	e.t.Helper()
	event := e.event()
	answer, ok := strings.CutPrefix(event, "event: next\ndata: ")
	if !ok {
		e.t.Fatalf("no answer but %q", event)
	}
	return strings.TrimSuffix(answer, "\n")
}

// stream asks for server-sent events and returns them all.
func (w *world) stream(token, body string) (all []string, response *http.Response) {
	w.t.Helper()
	e := w.follow(token, body)
	for event := e.event(); event != ""; event = e.event() {
		all = append(all, event)
	}
	return all, e.response
}

func TestAStreamTellsItsAnswers(t *testing.T) {
	w := newWorld(t, setup{})
	const complete = "event: complete\ndata: \n"
	for _, c := range []struct{ name, token, body, first string }{
		{"a query", w.admin(), `{"query":"{ viewer { userId } }"}`, "event: next\ndata: {\"data\":{\"viewer\":{\"userId\":\"root\"}}}\n"},
		{"a document that is not valid", w.admin(), `{"query":"{ nothing }"}`, `"code":"BAD_USER_INPUT"`},
		{"nobody", "", `{"query":"{ viewer { userId } }"}`, `"code":"UNAUTHENTICATED"`},
		{"a large request", w.service(), `{"query":"query($x: ID!) { account(id: $x) { id } }","variables":{"x":"` + strings.Repeat("x", 70<<10) + `"}}`, `"code":"QUERY_TOO_COMPLEX"`},
	} {
		events, response := w.stream(c.token, c.body)
		if len(events) != 2 || !strings.Contains(events[0], c.first) || events[1] != complete {
			t.Errorf("%s: %q", c.name, events)
		}
		if h := response.Header; h.Get("Content-Type") != "text/event-stream" || !strings.Contains(h.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %v", c.name, h)
		}
	}
	if _, response := w.stream(w.admin(), `{`); response.StatusCode != 400 || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		t.Errorf("no JSON: %d %v", response.StatusCode, response.Header)
	}
}

// An idle subscription is a reader and a follower: what else a socket needs, it
// has only while there is something to do. Stacks are most of its memory.
func TestAnIdleSubscriptionHasTwoGoroutines(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	const sockets = 8
	for i := range sockets {
		s := w.connect(w.user(fmt.Sprint("user", i), acme))
		s.hear()
		s.say(fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":"subscription { balance(accountId: \"%s\") { available } }"}}`, acme))
		if m := s.hear(); m.Type != "next" {
			t.Fatalf("%+v %s", m, m.Payload)
		}
	}
	// Those that serve a socket, the goroutines of net/http among them.
	serving := func() (n int) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, one := range strings.Split(string(stacks), "\n\n") {
			if strings.Contains(one, "edge.(*socket)") || strings.Contains(one, "edge.(*Edge)") {
				n++
			}
		}
		return n
	}
	// The writer of the last answer may still be on its way out.
	for deadline := time.Now().Add(5 * time.Second); serving() != 2*sockets; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines serve %d subscriptions", serving(), sockets)
		}
	}
}

// What was answered before a socket ends still comes, in order.
func TestAnswersComeBeforeTheEnd(t *testing.T) {
	w := newWorld(t, setup{})
	s := w.connect(w.user("ann", w.id("acme")))
	s.hear()
	const pings = 100
	for range pings {
		s.say(`{"type":"ping"}`)
	}
	s.say(`{"type":"connection_init"}`)
	pongs := 0
	code := s.endsAfter(func(m heard) {
		if m.Type == "pong" {
			pongs++
		}
	})
	if code != 4429 || pongs != pings {
		t.Errorf("%d after %d of %d", code, pongs, pings)
	}
}
