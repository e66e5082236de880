package lane

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A connection is idle between requests, where it may be closed at any time.
const (
	idle int32 = iota
	busy
	ended
)

// largestHead is how long a head may be to be read here, in bytes.
const largestHead = 4 << 10

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, largestHead) }}

// conn is a connection, as long as its requests are plain ones.
type conn struct {
	net.Conn
	server *Server
	state  atomic.Int32
	reader *bufio.Reader
	plain  *plain // nil before the first request
	// The context of the requests ends with the connection.
	ctx    context.Context
	cancel context.CancelFunc
	// readBy and writeBy are the deadlines that are set.
	readBy, writeBy time.Time
	// lookOut looks after a client whose request takes long, if it was set for
	// this one; away tells it to end.
	lookOut *time.Timer
	looking bool
	away    atomic.Bool
}

// plain is what a connection needs for plain requests, and what it hands over
// goes without.
type plain struct {
	head   head
	body   body
	looked chan struct{} // has one element when the look-out has ended
	// sample is what all the requests have in common, request the one that is
	// answered.
	sample, request *http.Request
}

func newConn(s *Server, c net.Conn) *conn {
	n := &conn{Conn: c, server: s, reader: readers.Get().(*bufio.Reader)}
	n.reader.Reset(c)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

func (c *conn) newPlain() *plain {
	p := &plain{head: head{header: http.Header{}}, body: body{conn: c}, request: &http.Request{}, looked: make(chan struct{}, 1)}
	path := c.server.path
	p.sample = (&http.Request{Method: http.MethodPost, URL: &url.URL{Path: path}, RequestURI: path, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: &p.body, RemoteAddr: c.RemoteAddr().String()}).WithContext(context.WithValue(c.ctx, http.LocalAddrContextKey, c.LocalAddr()))
	return p
}

// serve answers requests until the connection ends or brings one that is for
// net/http, which then has it for good.
func (c *conn) serve() {
	wait := c.server.HTTP.ReadHeaderTimeout
	for c.await(wait) {
		plain, err := c.readHead()
		if err != nil {
			break
		}
		if !plain {
			c.handOver()
			return
		}
		if !c.answer() || !c.state.CompareAndSwap(busy, idle) || c.server.closing.Load() {
			break
		}
		wait = c.server.HTTP.IdleTimeout
	}
	c.cancel()
	_ = c.Close() // nothing more is said
	c.server.forget(c)
	c.free()
}

func (c *conn) free() {
	c.reader.Reset(nil)
	readers.Put(c.reader)
	c.reader = nil
}

// await waits for the first byte of a request. Empty lines before it are passed
// over, as RFC 9112, section 2.2 wants it: some clients end a body with one.
func (c *conn) await(atMost time.Duration) bool {
	for timed := false; ; {
		if c.reader.Buffered() == 0 && !timed {
			c.readWithin(atMost)
			timed = true
		}
		first, err := c.reader.Peek(1)
		if err != nil {
			return false
		}
		if first[0] != '\r' && first[0] != '\n' {
			return c.state.CompareAndSwap(idle, busy)
		}
		_, _ = c.reader.Discard(1) // it is there
	}
}

// headEnd ends a plain head, and otherEnd one that net/http takes for ended too.
var headEnd, otherEnd = []byte("\n\r\n"), []byte("\n\n")

// readHead takes the head of a plain request. Of another one nothing is taken.
func (c *conn) readHead() (plain bool, err error) {
	for timed := false; ; {
		seen, _ := c.reader.Peek(c.reader.Buffered()) // no more than there is
		if common := min(len(seen), len(c.server.start)); string(seen[:common]) != c.server.start[:common] {
			return false, nil
		}
		if end := bytes.Index(seen, headEnd); end >= 0 {
			if c.plain == nil {
				c.plain = c.newPlain()
			}
			end += len(headEnd)
			if plain = c.plain.head.read(string(seen[:end]), c.server.start); plain {
				_, err = c.reader.Discard(end)
			}
			return plain, err
		}
		if len(seen) == largestHead || bytes.Contains(seen, otherEnd) {
			return false, nil
		}
		if !timed {
			c.readWithin(c.server.HTTP.ReadHeaderTimeout)
			timed = true
		}
		if _, err := c.reader.Peek(len(seen) + 1); err != nil {
			return false, err
		}
	}
}

// answer lets the handler answer, and tells whether the connection goes on.
func (c *conn) answer() bool {
	p := c.plain
	r := p.request
	*r = *p.sample
	r.Host, r.Header, r.ContentLength = p.head.host, p.head.header, p.head.length
	a := answers.Get().(*answer)
	defer a.free()
	p.body.begin(p.head.length)
	done := c.handle(a, r)
	read := done && p.body.drain()
	c.lookAway()
	if !done {
		return false
	}
	last := !read || a.ends() || c.server.closing.Load()
	now := time.Now()
	c.writeWithin(now, c.server.HTTP.WriteTimeout)
	_, err := c.Write(a.message(now, last))
	if !read {
		c.linger()
	}
	return err == nil && !last
}

// handle is false where the handler panics: then nobody knows what the answer
// would have been.
func (c *conn) handle(w http.ResponseWriter, r *http.Request) (done bool) {
	defer func() {
		fault := recover()
		if err, _ := fault.(error); fault != nil && !errors.Is(err, http.ErrAbortHandler) {
			c.server.logf("lane: a panic while answering %s: %v\n%s", c.RemoteAddr(), fault, debug.Stack())
		}
	}()
	c.server.HTTP.Handler.ServeHTTP(w, r)
	return true
}

// patience is how long a request takes before somebody looks whether its client
// is still there. To look costs more than most requests.
const patience = 100 * time.Millisecond

// look has the client looked after from now on. There is nothing more of the
// body to read; as long as there was, its reader noticed a client that left.
func (c *conn) look() {
	c.looking = true
	if c.lookOut == nil {
		c.lookOut = time.AfterFunc(patience, c.lookAfterClient)
		return
	}
	c.lookOut.Reset(patience)
}

// lookAfterClient ends the request's context when the client goes away.
func (c *conn) lookAfterClient() {
	defer func() { c.plain.looked <- struct{}{} }()
	_ = c.SetReadDeadline(time.Time{}) // a client may be silent while it waits
	if c.away.Load() {
		return
	}
	if _, err := c.reader.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.cancel()
	}
}

// lookAway returns when nobody else reads the connection.
func (c *conn) lookAway() {
	if !c.looking {
		return
	}
	c.looking = false
	if c.lookOut.Stop() {
		return
	}
	c.away.Store(true)         // before the deadline is set, which the other sets too
	c.readBy = time.Unix(1, 0) // long ago
	_ = c.SetReadDeadline(c.readBy)
	<-c.plain.looked
	c.away.Store(false)
}

// linger waits a little for the client to read the answer, before the rest of
// what it sends makes the system throw the answer away.
func (c *conn) linger() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		time.Sleep(500 * time.Millisecond)
	}
}

// slack is the part of its time that a deadline may be off before it is set
// anew, which would cost as much as to read a head.
const slack = 16

// readWithin lets reading take so long, from now on; 0: as long as it likes.
func (c *conn) readWithin(d time.Duration) {
	var by time.Time
	if d > 0 {
		by = time.Now().Add(d)
	}
	if by.Sub(c.readBy).Abs() > d/slack {
		c.readBy = by
		_ = c.SetReadDeadline(by) // a connection that is closed says so when it is read
	}
}

// writeWithin is the same for writing, from the time now.
func (c *conn) writeWithin(now time.Time, d time.Duration) {
	if by := now.Add(d); d > 0 && by.Sub(c.writeBy) > d/slack {
		c.writeBy = by
		_ = c.SetWriteDeadline(by)
	}
}

// handOver gives the connection to net/http, with what was read of it.
func (c *conn) handOver() {
	seen, _ := c.reader.Peek(c.reader.Buffered())
	rest := &replayed{Conn: c.Conn, seen: bytes.Clone(seen)}
	_ = c.SetDeadline(time.Time{})
	c.cancel()
	c.free()
	c.server.others.take(rest)
	c.server.forget(c)
}

// replayed is a connection of which something was read already.
type replayed struct {
	net.Conn
	seen []byte
}

// Read implements net.Conn.
func (r *replayed) Read(b []byte) (int, error) {
	if len(r.seen) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.seen)
	if r.seen = r.seen[n:]; len(r.seen) == 0 {
		r.seen = nil
	}
	return n, nil
}

// CloseWrite is what net/http asks for before it closes a connection whose
// client still sends.
func (r *replayed) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// body is that of the request that is being answered.
type body struct {
	conn  *conn
	left  int64
	timed bool // whether the time for it runs
}

func (b *body) begin(length int64) {
	b.left, b.timed = length, false
	if length == 0 {
		b.conn.look()
	}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if b.conn.reader.Buffered() == 0 && !b.timed {
		b.conn.readWithin(b.conn.server.HTTP.ReadTimeout)
		b.timed = true
	}
	n, err := b.conn.reader.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case b.left == 0:
		b.conn.look()
		return n, io.EOF
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (*body) Close() error { return nil }

// mostDrained is how much of a body that the handler did not want is read, so
// that the connection can go on.
const mostDrained = 256 << 10

// drain reads what is left of the body, and tells whether nothing is.
func (b *body) drain() bool {
	if b.left == 0 || b.left > mostDrained {
		return b.left == 0
	}
	_, err := io.Copy(io.Discard, b)
	return err == nil
}
