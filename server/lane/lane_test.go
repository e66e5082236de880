package lane

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"
)

// A connection may have been accepted just before the server was shut down. Not
// to be there when that closes what is idle must not save it.
func TestAConnectionThatComesTooLateIsClosed(t *testing.T) {
	s := New(&http.Server{}, "/graphql")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	client, c := net.Pipe()
	_ = client.SetReadDeadline(time.Now().Add(time.Second))
	s.begin(c)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("its client reads %v", err)
	}
	if len(s.conns) > 0 {
		t.Error("the server keeps it")
	}
}

// A date is kept for its second, and for no other.
func TestDatesFollowTheClock(t *testing.T) {
	at := time.Date(2026, 2, 28, 23, 59, 59, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "Sat, 28 Feb 2026 22:59:59 GMT"}, {time.Second - 1, "Sat, 28 Feb 2026 22:59:59 GMT"}, {time.Second, "Sat, 28 Feb 2026 23:00:00 GMT"},
		{0, "Sat, 28 Feb 2026 22:59:59 GMT"}, {24 * time.Hour, "Sun, 01 Mar 2026 22:59:59 GMT"},
	} {
		if got := date(at.Add(c.after)); got != c.want {
			t.Errorf("after %v: %s", c.after, got)
		}
	}
}

// A listener may fail for a while, as it does without descriptors, or for good.
func TestAListenerThatFails(t *testing.T) {
	broken := errors.New("broken")
	s := New(&http.Server{ErrorLog: log.New(io.Discard, "", 0)}, "/graphql")
	l := &failing{errs: []error{passingFault{}, passingFault{}, broken}}
	if err := s.Serve(l); !errors.Is(err, broken) {
		t.Errorf("Serve: %v", err)
	}
	if len(l.errs) > 0 || !l.closed {
		t.Errorf("it was not asked again %d times; closed: %v", len(l.errs), l.closed)
	}
	_ = s.Close()
}

type passingFault struct{}

func (passingFault) Error() string   { return "too many open files" }
func (passingFault) Temporary() bool { return true }

// failing is a listener that has errors only.
type failing struct {
	errs   []error
	closed bool
}

func (f *failing) Accept() (net.Conn, error) {
	err := f.errs[0]
	f.errs = f.errs[1:]
	return nil, err
}

func (f *failing) Close() error { f.closed = true; return nil }
func (*failing) Addr() net.Addr { return &net.TCPAddr{} }
