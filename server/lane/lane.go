package lane

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves HTTP/1.1. It is used once, and safe for concurrent use.
type Server struct {
	// HTTP has the handler and the timeouts, and serves what does not take the
	// lane. There a timeout of 0 is none.
	HTTP *http.Server

	path     string // that of the requests that may take the lane
	start    string // the first line of those
	others   *others
	closing  atomic.Bool
	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	running  sync.WaitGroup
}

// New makes a server that is not serving yet. POST requests to the path may take
// the lane.
func New(server *http.Server, path string) *Server {
	return &Server{HTTP: server, path: path, start: "POST " + path + " HTTP/1.1\r\n",
		conns: map[*conn]struct{}{}, others: &others{arriving: make(chan net.Conn), closed: make(chan struct{})}}
}

// Serve answers the connections of a listener until the server is shut down,
// and then returns http.ErrServerClosed. It closes the listener.
func (s *Server) Serve(listener net.Listener) error {
	defer func() { _ = listener.Close() }()
	s.mu.Lock()
	s.listener = listener
	s.mu.Unlock()
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	s.others.address = listener.Addr()
	go func() { _ = s.HTTP.Serve(s.others) }() // it ends with the server
	return s.accept(listener)
}

// accept takes connections. Where there are no more descriptors it waits, as
// net/http does, until there are some again.
func (s *Server) accept(listener net.Listener) error {
	const longest = time.Second
	for pause := 5 * time.Millisecond; ; {
		c, err := listener.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			s.begin(c)
		case s.closing.Load():
			return http.ErrServerClosed
		case passing(err):
			s.logf("lane: %v; trying again in %v", err, pause)
			time.Sleep(pause)
			pause = min(2*pause, longest)
		default:
			return err
		}
	}
}

// passing tells a fault of Accept after which it may be tried again.
func passing(err error) bool {
	var fault interface{ Temporary() bool }
	return errors.As(err, &fault) && fault.Temporary()
}

// begin serves a connection, unless the server was shut down while it came.
func (s *Server) begin(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		_ = c.Close()
		return
	}
	n := newConn(s, c)
	s.conns[n] = struct{}{}
	s.running.Add(1)
	go n.serve()
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.running.Done()
}

// Shutdown stops listening, closes what is idle, and returns when all requests
// are answered, or with the error of the context when that ends first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop(func(c *conn) bool { return c.state.CompareAndSwap(idle, ended) })
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	err := s.HTTP.Shutdown(ctx)
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close cuts all connections.
func (s *Server) Close() error {
	s.stop(func(*conn) bool { return true })
	return s.HTTP.Close()
}

// stop ends the listening and closes some of the connections.
func (s *Server) stop(some func(*conn) bool) {
	s.closing.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for c := range s.conns {
		if some(c) {
			_ = c.Close() // before its request hears of it, and answers
			c.cancel()
		}
	}
}

func (s *Server) logf(format string, args ...any) {
	if s.HTTP.ErrorLog == nil {
		log.Printf(format, args...)
		return
	}
	s.HTTP.ErrorLog.Printf(format, args...)
}

// others is the listener of net/http: what arrives are connections whose
// requests do not take the lane.
type others struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
	address  net.Addr
}

func (o *others) take(c net.Conn) {
	select {
	case o.arriving <- c:
	case <-o.closed:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (o *others) Accept() (net.Conn, error) {
	select {
	case c := <-o.arriving:
		return c, nil
	case <-o.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (o *others) Close() error {
	o.once.Do(func() { close(o.closed) })
	return nil
}

// Addr implements net.Listener.
func (o *others) Addr() net.Addr { return o.address }
