package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/graph/caller"
)

const (
	initTimeout = 10 * time.Second
	pingEvery   = 20 * time.Second
	silence     = 50 * time.Second // without any sign of the client
	// queued is how many messages may wait for a reader; when the queue stays
	// full for so long that nobody seems to read, the socket is closed. The
	// system holds many more, and room for each is kept by every socket.
	queued = 16
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
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		e.streams.Done()
		return // the upgrader has answered
	}
	s := &socket{edge: e, conn: conn, id: id, authorization: authorization(r), active: map[string]*operation{},
		out: make(chan []byte, queued), written: make(chan struct{})}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	// On a goroutine of its own, so that net/http's ends, and lets go of the
	// request and of its buffers: 11 kB that a socket has no use for.
	go s.serve()
}

// socket is one connection. Its reader handles the messages of the client in
// order; each operation runs beside it. A writer runs only while there is
// something to write: most of the time most sockets are idle, and a goroutine
// takes some kB.
type socket struct {
	edge          *Edge
	conn          *websocket.Conn
	id            string
	authorization string // of the request; connection_init may bring another

	out chan []byte
	// pending counts what is queued and not yet written, and the end of the
	// socket. Who makes it 1 starts the writer, which ends when it is 0 again.
	pending atomic.Int32
	written chan struct{} // closed when nothing is written any more

	ctx context.Context
	end context.CancelCauseFunc

	caller *caller.Caller // nil before connection_init
	runs   sync.WaitGroup

	mu     sync.Mutex
	active map[string]*operation
}

// operation is one that runs. Its id is free again as soon as its last message is
// queued or the client has completed it, which the operation may notice later.
type operation struct{ cancel context.CancelFunc }

// closing is why a socket ends that the server closes with a code.
type closing struct {
	code   int
	reason string
}

func (c *closing) Error() string { return c.reason }

func (s *socket) serve() {
	defer s.edge.streams.Done()
	s.edge.metrics.sockets.Inc()
	defer s.edge.metrics.sockets.Dec()
	time.AfterFunc(pingEvery, s.ping)
	undo := context.AfterFunc(s.edge.closing, func() { s.end(errClosing) })
	defer undo()
	context.AfterFunc(s.ctx, s.wake)
	s.end(s.read())
	s.drain()
	<-s.written
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
		// On a stack of its own, which ends with it: the reader's would stay as
		// large as a message once made it, and what readers do is wait.
		handled := make(chan error, 1)
		go func() { handled <- s.handle(m, len(text)) }()
		if err := <-handled; err != nil {
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

func (s *socket) handle(m message, size int) (err error) {
	defer func() {
		if r := recover(); r != nil { // as net/http does, which sees no more of a socket
			s.edge.Log.Error("a panic in a socket", "request", s.id, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errGone
		}
	}()
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
		s.complete(m.ID)
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
		given = s.authorization
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
	params := &graphql.RawParams{}
	if m.ID == "" || decode(m.Payload, params) != "" {
		return &closing{closeInvalid, "Invalid message"}
	}
	// Each operation has a caller of its own: what a decision notes there for the
	// transport would pile up with the socket's.
	c := *s.caller
	ctx, cancel := context.WithCancel(caller.With(s.ctx, &c))
	own := &operation{cancel}
	if !s.begin(m.ID, own) {
		cancel()
		return &closing{closeSameID, "Subscriber for this id already exists"}
	}
	op, errs := s.edge.prepare(ctx, params, size)
	var leave func()
	if errs == nil {
		leave, errs = s.edge.admit(op, s.caller)
	}
	if errs != nil {
		s.leave(m.ID, own)
		response := s.edge.API.DispatchError(ctx, errs)
		return s.send(s.ctx, errorMessage(m.ID, response.Errors))
	}
	s.runs.Go(func() {
		defer leave()
		s.run(ctx, m.ID, own, op)
		s.leave(m.ID, own)
	})
	return nil
}

// begin notes an operation that begins, unless its id is taken.
func (s *socket) begin(id string, o *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[id] != nil {
		return false
	}
	s.active[id] = o
	return true
}

// complete ends what runs under an id, as its client asks.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.active[id]; o != nil {
		o.cancel()
		delete(s.active, id)
	}
}

// leave notes the end of an operation. Its id may be another one's by then.
func (s *socket) leave(id string, o *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.cancel(); s.active[id] == o {
		delete(s.active, id)
	}
}

// run sends the answers of an operation, and `complete` unless the client has
// completed it or the socket ends: a client that reads `complete` first has nothing
// left to wait for, and never learns by which code the socket was closed.
func (s *socket) run(ctx context.Context, id string, o *operation, op *graphql.OperationContext) {
	running := ctx
	if op.Operation.Operation == ast.Subscription {
		s.edge.metrics.subscriptions.Inc()
		defer s.edge.metrics.subscriptions.Dec()
	} else {
		limited, cancel := context.WithTimeout(ctx, s.edge.Deadline)
		defer cancel()
		running = limited
	}
	s.edge.API.Run(running, op, func(response *graphql.Response) error {
		return s.tell(ctx, id, o, nextMessage(id, response), false)
	})
	if s.ctx.Err() == nil {
		_ = s.tell(ctx, id, o, encode(id, "complete", nil), true)
	}
}

// errCompleted says that an operation's client has completed it.
var errCompleted = errors.New("the client has completed the operation")

// roomPoll is how often an operation looks whether a full queue has room.
const roomPoll = 2 * time.Millisecond

// tell queues a message of an operation. Whether the id is still the operation's,
// the queueing and, with its last message, the end of that are one step: a client
// that has read the last message finds its id free, and one that has completed an
// operation and begun another under the id reads nothing of the former.
func (s *socket) tell(ctx context.Context, id string, o *operation, text []byte, last bool) error {
	for begun := time.Now(); ; {
		queued, err := s.tryTell(id, o, text, last)
		if queued || err != nil {
			return err
		}
		if time.Since(begun) > slowest/2 {
			s.end(errSlow)
			return errSlow
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(roomPoll):
		}
	}
}

// tryTell does so where the queue has room.
func (s *socket) tryTell(id string, o *operation, text []byte, last bool) (queued bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[id] != o {
		return false, errCompleted
	}
	select {
	case s.out <- text:
	default:
		return false, nil
	}
	if last {
		delete(s.active, id)
	}
	s.wake()
	return true, nil
}

// send queues a message. A reader who leaves the queue full is too slow.
func (s *socket) send(ctx context.Context, text []byte) error {
	select {
	case s.out <- text:
		s.wake()
		return nil
	default:
	}
	full := time.NewTimer(slowest / 2)
	defer full.Stop()
	select {
	case s.out <- text:
		s.wake()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-full.C:
		s.end(errSlow)
		return errSlow
	}
}

// wake counts one thing more to write, and sees that somebody writes it.
func (s *socket) wake() {
	if s.pending.Add(1) == 1 {
		go s.write()
	}
}

// write writes what is queued. At the end of the socket it writes why it ended,
// and then nobody writes again: what it leaves pending keeps others from it.
func (s *socket) write() {
	for more := true; more; more = s.pending.Add(-1) > 0 {
		if s.ctx.Err() != nil {
			s.farewell()
			close(s.written)
			return
		}
		_ = s.conn.SetWriteDeadline(time.Now().Add(slowest))
		if err := s.conn.WriteMessage(websocket.TextMessage, <-s.out); err != nil {
			s.lost()
			close(s.written)
			return
		}
	}
}

// ping asks an idle client for a sign, again and again. It may do so while
// another writes.
func (s *socket) ping() {
	if s.ctx.Err() != nil {
		return
	}
	if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(slowest)); err != nil {
		s.lost()
		return
	}
	time.AfterFunc(pingEvery, s.ping)
}

// lost ends a socket that cannot be written to.
func (s *socket) lost() {
	s.end(errGone)
	_ = s.conn.Close() // wakes the reader
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
