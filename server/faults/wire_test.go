package faults

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// cut says where a connection breaks at the COMMIT of a batch.
type cut int

const (
	// beforeCommit: the COMMIT does not arrive.
	beforeCommit cut = iota + 1
	// afterCommit: the database has committed, and its answer is lost.
	afterCommit
)

// wire stands between the servers and PostgreSQL. It follows the messages of
// the protocol (version 3.0), and so knows which one carries a COMMIT.
type wire struct {
	address string // where it listens

	mu   sync.Mutex
	how  cut
	left int // commits still to be cut
	done int // that were
}

func newWire(t *testing.T, network, address string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // ends the loop below
	w := &wire{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial(network, address)
			if err != nil { // it is stopped just now
				_ = client.Close()
				continue
			}
			l := &link{wire: w, client: client, database: database, statements: map[string]string{}}
			go l.requests()
			go l.answers()
		}
	}()
	return w
}

// arm cuts the next commits.
func (w *wire) arm(how cut, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.how, w.left, w.done = how, times, 0
}

// disarm stops cutting and tells how many commits were cut.
func (w *wire) disarm() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = 0
	return w.done
}

func (w *wire) next() cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 {
		return 0
	}
	w.left--
	w.done++
	return w.how
}

// link is one connection.
type link struct {
	wire             *wire
	client, database net.Conn
	statements       map[string]string // that were prepared, by name

	mu   sync.Mutex
	lost bool // the answer to a commit is to be lost
}

func (l *link) close() {
	_, _ = l.client.Close(), l.database.Close()
}

// requests passes on what the client says, message by message.
func (l *link) requests() {
	defer l.close()
	// The first message has no type, the others one of a byte.
	for typeBytes := 0; ; typeBytes = 1 {
		head := make([]byte, typeBytes+4)
		if _, err := io.ReadFull(l.client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[typeBytes:])-4)
		if _, err := io.ReadFull(l.client, body); err != nil {
			return
		}
		if typeBytes == 1 && l.commits(head[0], body) {
			switch l.wire.next() {
			case beforeCommit:
				return
			case afterCommit:
				l.mu.Lock()
				l.lost = true
				l.mu.Unlock()
			}
		}
		if _, err := l.database.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// commits tells whether a message executes a COMMIT.
func (l *link) commits(kind byte, body []byte) bool {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch kind {
	case 'P': // Parse: statement, query
		l.statements[string(first)] = string(second)
	case 'B': // Bind: portal, statement
		return l.statements[string(second)] == "commit"
	}
	return false
}

// answers passes on what the database says, unless it says that it committed
// and that is to be lost.
func (l *link) answers() {
	defer l.close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.database.Read(buffer)
		if err != nil {
			return
		}
		l.mu.Lock()
		lost := l.lost
		l.mu.Unlock()
		if lost {
			if bytes.Contains(buffer[:n], []byte("COMMIT\x00")) {
				return
			}
			continue
		}
		if _, err := l.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
