package edge

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"

	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/graph/caller"
)

const (
	initTimeout = 10 * time.Second
	pingEvery   = 20 * time.Second
	silence     = 50 * time.Second // without any sign of the client
	// queued is how many messages may wait for a reader; when the queue stays
	// full for so long that nobody seems to read, the socket is closed.
	queued = 64
)

func isUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

var upgrader = websocket.Upgrader{
	Subprotocols:     []string{subprotocol},
	HandshakeTimeout: 5 * time.Second,
	ReadBufferSize:   1 << 10,
	WriteBufferSize:  1 << 10,
	WriteBufferPool:  &sync.Pool{},
	// The origin is checked before, with an answer of our own.
	CheckOrigin: func(*http.Request) bool { return true },
}

// socket opens a websocket.
func (e *Edge) socket(w http.ResponseWriter, r *http.Request, id string) {
	if !e.mayConnect(r) {
		e.refuse(w, http.StatusForbidden, id, "pages of this origin may not connect")
		return
	}
	if !slices.Contains(websocket.Subprotocols(r), subprotocol) {
		e.refuse(w, http.StatusBadRequest, id, "the subprotocol must be "+subprotocol)
		return
	}
	e.streams.Add(1)
	defer e.streams.Done()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	e.metrics.sockets.Inc()
	defer e.metrics.sockets.Dec()
	s := &socket{edge: e, conn: conn, id: id, header: r.Header, out: make(chan []byte, queued), active: map[string]context.CancelFunc{}}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.serve()
}

// socket is one connection. Its reader handles the messages of the client in
// order; each operation runs beside it; the writer alone writes.
type socket struct {
	edge   *Edge
	conn   *websocket.Conn
	id     string
	header http.Header
	out    chan []byte

	ctx context.Context
	end context.CancelCauseFunc

	caller *caller.Caller // nil before connection_init
	runs   sync.WaitGroup

	mu     sync.Mutex
	active map[string]context.CancelFunc
}

// closing is why a socket ends that the server closes with a code.
type closing struct {
	code   int
	reason string
}

func (c *closing) Error() string { return c.reason }

func (s *socket) serve() {
	written := make(chan struct{})
	go func() { defer close(written); s.write() }()
	undo := context.AfterFunc(s.edge.closing, func() { s.end(errClosing) })
	defer undo()
	s.end(s.read())
	s.drain()
	<-written
	_ = s.conn.Close()
	s.runs.Wait()
}

// read handles messages until the connection ends, and says why it did.
func (s *socket) read() error {
	s.conn.SetReadLimit(largestBody)
	_ = s.conn.SetReadDeadline(time.Now().Add(initTimeout))
	s.conn.SetPongHandler(func(string) error { s.alive(); return nil })
	for {
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			return s.readFault(err)
		}
		s.alive()
		m, ok := readMessage(text)
		if kind != websocket.TextMessage || !ok {
			return &closing{closeInvalid, "Invalid message"}
		}
		if err := s.handle(m, len(text)); err != nil {
			return err
		}
	}
}

// readFault is why nothing more can be read.
func (s *socket) readFault(err error) error {
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return &closing{closeTooLarge, "Message too large"}
	case s.caller == nil && isTimeout(err):
		return &closing{closeInitTimeout, "Connection initialisation timeout"}
	}
	return errGone
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// alive notes a sign of the client. Before connection_init only that counts.
func (s *socket) alive() {
	if s.caller != nil && s.ctx.Err() == nil {
		_ = s.conn.SetReadDeadline(time.Now().Add(silence))
	}
}

func (s *socket) handle(m message, size int) error {
	switch m.Type {
	case "connection_init":
		return s.init(m)
	case "ping":
		return s.send(s.ctx, encode("", "pong", nil))
	case "pong":
		return nil
	case "subscribe":
		return s.subscribe(m, size)
	case "complete":
		s.mu.Lock()
		if cancel := s.active[m.ID]; cancel != nil {
			cancel()
		}
		s.mu.Unlock()
		return nil
	}
	return &closing{closeInvalid, "Invalid message"}
}

// init finds who connects. A token that is not accepted closes the socket in a
// way that tells clients not to try again with it.
func (s *socket) init(m message) error {
	if s.caller != nil {
		return &closing{closeTooManyInits, "Too many initialisation requests"}
	}
	given := authorizationOf(m.Payload)
	if given == "" {
		given = s.header.Get("Authorization")
	}
	c, expires := s.edge.signIn(given, s.id)
	if !c.Known() {
		return &closing{closeForbidden, "Forbidden"}
	}
	s.caller = c
	s.alive()
	s.conn.SetReadLimit(bodyLimit(c))
	timer := time.AfterFunc(expires.Sub(s.edge.Now()), func() { s.end(errExpired) })
	context.AfterFunc(s.ctx, func() { timer.Stop() })
	return s.send(s.ctx, encode("", "connection_ack", nil))
}

func (s *socket) subscribe(m message, size int) error {
	if s.caller == nil {
		return &closing{closeUnauthorized, "Unauthorized"}
	}
	params := &graphql.RawParams{Headers: s.header}
	if m.ID == "" || decode(m.Payload, params) != "" {
		return &closing{closeInvalid, "Invalid message"}
	}
	ctx, cancel := context.WithCancel(caller.With(s.ctx, s.caller))
	s.mu.Lock()
	_, taken := s.active[m.ID]
	if !taken {
		s.active[m.ID] = cancel
	}
	s.mu.Unlock()
	if taken {
		cancel()
		return &closing{closeSameID, "Subscriber for this id already exists"}
	}
	op, errs := s.edge.prepare(ctx, params, size)
	subscription := errs == nil && op.Operation.Operation == ast.Subscription
	if subscription && !s.edge.seats.take(s.caller.User) {
		subscription, errs = false, gqlerror.List{tooManyStreams()}
	}
	if errs != nil {
		s.leave(m.ID, cancel)
		response := s.edge.API.DispatchError(ctx, errs)
		return s.send(s.ctx, errorMessage(m.ID, response.Errors))
	}
	s.runs.Go(func() {
		if subscription {
			defer s.edge.seats.leave(s.caller.User)
		}
		s.run(ctx, m.ID, op, subscription)
		s.leave(m.ID, cancel)
	})
	return nil
}

func (s *socket) leave(id string, cancel context.CancelFunc) {
	s.mu.Lock()
	delete(s.active, id)
	s.mu.Unlock()
	cancel()
}

// run sends the answers of an operation, and `complete` unless the client has
// completed it.
func (s *socket) run(ctx context.Context, id string, op *graphql.OperationContext, subscription bool) {
	if !subscription {
		limited, cancel := context.WithTimeout(ctx, s.edge.Deadline)
		defer cancel()
		next, running := s.edge.API.DispatchOperation(limited, op)
		if response := next(running); response != nil && s.send(ctx, nextMessage(id, response)) == nil {
			_ = s.send(ctx, encode(id, "complete", nil))
		}
		return
	}
	s.edge.metrics.subscriptions.Inc()
	defer s.edge.metrics.subscriptions.Dec()
	next, running := s.edge.API.DispatchOperation(ctx, op)
	for {
		response := next(running)
		if response == nil {
			break
		}
		if s.send(ctx, nextMessage(id, response)) != nil {
			return
		}
	}
	if ctx.Err() == nil {
		_ = s.send(ctx, encode(id, "complete", nil))
	}
}

// send queues a message. A reader who leaves the queue full is too slow.
func (s *socket) send(ctx context.Context, text []byte) error {
	select {
	case s.out <- text:
		return nil
	default:
	}
	full := time.NewTimer(slowest / 2)
	defer full.Stop()
	select {
	case s.out <- text:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-full.C:
		s.end(errSlow)
		return errSlow
	}
}

// write writes what is queued, until the socket ends, and then why it did.
func (s *socket) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case text := <-s.out:
			_ = s.conn.SetWriteDeadline(time.Now().Add(slowest))
			err = s.conn.WriteMessage(websocket.TextMessage, text)
		case <-ping.C:
			err = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(slowest))
		case <-s.ctx.Done():
			s.farewell()
			return
		}
		if err != nil {
			s.end(errGone)
			_ = s.conn.Close() // wakes the reader
			return
		}
	}
}

// farewell closes the socket with the code of what ended it. What was queued
// before is still sent, unless nobody reads.
func (s *socket) farewell() {
	why := closingOf(context.Cause(s.ctx))
	if why == nil {
		_ = s.conn.Close()
		return
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(slowest / 2))
	for why.code != closeTooSlow {
		select {
		case text := <-s.out:
			if s.conn.WriteMessage(websocket.TextMessage, text) != nil {
				_ = s.conn.Close()
				return
			}
			continue
		default:
		}
		break
	}
	frame := websocket.FormatCloseMessage(why.code, why.reason)
	_ = s.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(slowest/2))
	// The client answers with its own close frame, which wakes the reader;
	// without one, this does.
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
}

// drain reads what still comes, until the client closes too: a connection
// that is closed with something unread could lose what was sent last.
func (s *socket) drain() {
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
	for {
		if _, _, err := s.conn.NextReader(); err != nil {
			return
		}
	}
}

// closingOf is the code for what ended a socket; nil: the connection is gone.
func closingOf(cause error) *closing {
	switch {
	case errors.Is(cause, errExpired):
		return &closing{closeUnauthorized, "Unauthorized: the token has ended"}
	case errors.Is(cause, errClosing):
		return &closing{closeGoingAway, "The server is closing"}
	case errors.Is(cause, errSlow):
		return &closing{closeTooSlow, "Too slow: go on behind the last cursor"}
	}
	var why *closing
	errors.As(cause, &why)
	return why
}
