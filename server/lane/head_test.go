package lane

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

const start = "POST /graphql HTTP/1.1\r\n"

// heads are what follows the first line, up to the empty line, and whether that
// is plain.
var heads = []struct {
	what, fields string
	plain        bool
}{
	{"a plain one", "Host: a\r\nContent-Length: 2\r\n", true},
	{"as Go writes it", "Host: 127.0.0.1:8080\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 20\r\nAuthorization: Bearer a.b-c_d\r\n" +
		"Content-Type: application/json\r\nAccept-Encoding: gzip\r\n", true},
	{"other letters", "hOST: a\r\ncontent-LENGTH: 2\r\nx-request-id: b\r\nX-REQUEST-ID: c\r\n", true},
	{"an underline", "Host: a_b\r\nContent-Length: 2\r\nx_y: z\r\n", true},
	{"a host of version 6", "Host: [::1]:80\r\nContent-Length: 2\r\n", true},
	{"no space, and many", "Host:a\r\nContent-Length: \t 2 \t\r\nX:\r\nY: \t \r\n", true},
	{"a colon and a tab inside", "Host: a\r\nContent-Length: 2\r\nX: a:b\tc\r\n", true},
	{"the same header twice, and thrice", "Host: a\r\nX: 1\r\nX: 2\r\nContent-Length: 2\r\nX: 3\r\n", true},
	{"keep-alive", "Host: a\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n", true},
	{"an empty body", "Host: a\r\nContent-Length: 0\r\n", true},
	{"zeros before", "Host: a\r\nContent-Length: 002\r\n", true},
	{"accepts all", "Host: a\r\nContent-Length: 2\r\nAccept: */*\r\nAccept: application/json\r\n", true},
	{"as many headers as may be", "Host: a\r\nContent-Length: 2\r\n" + strings.Repeat("X: y\r\n", plainHeaders-1), true},

	{"one more", "Host: a\r\nContent-Length: 2\r\n" + strings.Repeat("X: y\r\n", plainHeaders), false},
	{"nothing", "", false},
	{"no host", "Content-Length: 2\r\n", false},
	{"an empty host", "Host:\r\nContent-Length: 2\r\n", false},
	{"two hosts", "Host: a\r\nHost: a\r\nContent-Length: 2\r\n", false},
	{"an empty host and one", "Host:\r\nHost: a\r\nContent-Length: 2\r\n", false},
	{"a host with a path", "Host: a/b\r\nContent-Length: 2\r\n", false},
	{"a host with a space", "Host: a b\r\nContent-Length: 2\r\n", false},
	{"no length", "Host: a\r\n", false},
	{"two lengths", "Host: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n", false},
	{"one length twice", "Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n", false},
	{"a list of lengths", "Host: a\r\nContent-Length: 2, 2\r\n", false},
	{"an empty length", "Host: a\r\nContent-Length:\r\n", false},
	{"a length with a sign", "Host: a\r\nContent-Length: +5\r\n", false},
	{"a negative length", "Host: a\r\nContent-Length: -5\r\n", false},
	{"a length in base 16", "Host: a\r\nContent-Length: 0x5\r\n", false},
	{"a length with an underline", "Host: a\r\nContent-Length: 1_0\r\n", false},
	{"a length with a space inside", "Host: a\r\nContent-Length: 1 0\r\n", false},
	{"a length that is no int64", "Host: a\r\nContent-Length: 99999999999999999999\r\n", false},
	{"chunks", "Host: a\r\nTransfer-Encoding: chunked\r\n", false},
	{"chunks and a length", "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", false},
	{"an unknown encoding", "Host: a\r\nContent-Length: 2\r\ntransfer-encoding: \x0bchunked\r\n", false},
	{"a trailer", "Host: a\r\nContent-Length: 2\r\nTrailer: X\r\n", false},
	{"TE", "Host: a\r\nContent-Length: 2\r\nTE: trailers\r\n", false},
	{"Expect", "Host: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n", false},
	{"an upgrade", "Host: a\r\nContent-Length: 2\r\nUpgrade: h2c\r\n", false},
	{"the connection ends", "Host: a\r\nContent-Length: 2\r\nConnection: close\r\n", false},
	{"a list for the connection", "Host: a\r\nContent-Length: 2\r\nConnection: keep-alive, close\r\n", false},
	{"an empty list for it", "Host: a\r\nContent-Length: 2\r\nConnection:\r\n", false},
	{"Pragma, of which net/http makes Cache-Control", "Host: a\r\nContent-Length: 2\r\nPragma: no-cache\r\n", false},
	{"events", "Host: a\r\nContent-Length: 2\r\nAccept: application/json, text/event-stream\r\n", false},
	{"events in capitals", "Host: a\r\nContent-Length: 2\r\nAccept: TEXT/Event-Stream;q=1\r\n", false},
	{"a line that goes on", "Host: a\r\nX: y\r\n z\r\nContent-Length: 2\r\n", false},
	{"a line that goes on, like a header", "Host: a\r\nX: y\r\n Content-Length: 3\r\nContent-Length: 2\r\n", false},
	{"a first line that goes on", " X: y\r\nHost: a\r\nContent-Length: 2\r\n", false},
	{"a space before the colon", "Host: a\r\nContent-Length : 2\r\n", false},
	{"a tab before the colon", "Host: a\r\nX\t: y\r\nContent-Length: 2\r\n", false},
	{"no colon", "Host: a\r\nX\r\nContent-Length: 2\r\n", false},
	{"no name", "Host: a\r\n: y\r\nContent-Length: 2\r\n", false},
	{"another name than a word", "Host: a\r\nX(y): z\r\nContent-Length: 2\r\n", false},
	{"a name of 8 bits", "Host: a\r\nX\xc3\xa4: z\r\nContent-Length: 2\r\n", false},
	{"LF alone", "Host: a\nContent-Length: 2\r\n", false},
	{"LF alone, and an empty line", "Host: a\n\nContent-Length: 2\r\n", false},
	{"CR alone", "Host: a\rContent-Length: 2\r\n", false},
	{"CR twice", "Host: a\r\r\nContent-Length: 2\r\n", false},
	{"NUL", "Host: a\r\nX: a\x00b\r\nContent-Length: 2\r\n", false},
	{"DEL", "Host: a\r\nX: a\x7fb\r\nContent-Length: 2\r\n", false},
	{"a value of 8 bits", "Host: a\r\nX: \xe4\r\nContent-Length: 2\r\n", false},
	{"an end too early", "Host: a\r\nContent-Length: 2\r\n\r\nX: y\r\n", false},
}

func TestWhichHeadsArePlain(t *testing.T) {
	for _, c := range heads {
		h := head{header: http.Header{}}
		if plain := h.read(start+c.fields+"\r\n", start); plain != c.plain {
			t.Errorf("%s: plain is %v", c.what, plain)
		}
	}
	for _, text := range []string{"", "\r\n", start, start + "Host: a\r\nContent-Length: 2\r\n", start + "Host: a\r\nContent-Length: 2\r\n\r",
		"GET /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", "POST /graphql HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
		"POST /graphql?a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", "POST  /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"} {
		h := head{header: http.Header{}}
		if h.read(text, start) {
			t.Errorf("%q is plain", text)
		}
	}
}

// FuzzHead: whatever the bytes are, what is plain is to net/http's server the
// same request: the same headers, and a body that begins at the same byte.
func FuzzHead(f *testing.F) {
	for _, c := range heads {
		f.Add(start + c.fields + "\r\n")
	}
	asked := make(chan *http.Request)
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begin, err := io.ReadAll(io.LimitReader(r.Body, int64(len(after))))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			begin = []byte(err.Error())
		}
		r.Body = io.NopCloser(bytes.NewReader(begin))
		asked <- r
		panic(http.ErrAbortHandler) // which ends the connection at once
	})}
	listener := &others{arriving: make(chan net.Conn), closed: make(chan struct{}), address: &net.TCPAddr{}}
	go func() { _ = server.Serve(listener) }()
	f.Cleanup(func() { _ = server.Close() })
	// Read first, so that something of an earlier head is there to be left over.
	const before = start + "Host: before\r\nContent-Length: 77\r\nX-Before: 1\r\nX-Before: 2\r\n\r\n"
	h := head{header: http.Header{}}
	f.Fuzz(func(t *testing.T, text string) {
		if !h.read(before, start) {
			t.Fatal("the head before is not plain")
		}
		if !h.read(text, start) {
			return
		}
		sent := &spoken{Reader: strings.NewReader(text + after), answered: make(chan []byte, 1)}
		listener.take(sent)
		select {
		case answer := <-sent.answered:
			t.Fatalf("net/http refuses it: %s", answer)
		case r := <-asked:
			h.compare(t, r)
		}
	})
}

// after follows the head in FuzzHead.
const after = "the body"

func (h *head) compare(t *testing.T, r *http.Request) {
	t.Helper()
	if r.Method != http.MethodPost || r.RequestURI != "/graphql" || r.URL.String() != "/graphql" || r.Proto != "HTTP/1.1" {
		t.Errorf("net/http reads %s %s %s", r.Method, r.RequestURI, r.Proto)
	}
	if r.Host != h.host || r.ContentLength != h.length || !reflect.DeepEqual(r.Header, h.header) {
		t.Errorf("host %q, length %d, %q; net/http reads %q, %d, %q", h.host, h.length, h.header, r.Host, r.ContentLength, r.Header)
	}
	if r.Close || r.TransferEncoding != nil || r.Trailer != nil {
		t.Errorf("net/http also reads: close %v, encoding %q, trailer %q", r.Close, r.TransferEncoding, r.Trailer)
	}
	begin, _ := io.ReadAll(r.Body) // of bytes
	if want := after[:min(int64(len(after)), h.length)]; string(begin) != want {
		t.Errorf("the body begins with %q for net/http", begin)
	}
}

// spoken is a connection whose client has said all it will.
type spoken struct {
	io.Reader
	answered chan []byte
}

func (s *spoken) Write(b []byte) (int, error) {
	select {
	case s.answered <- bytes.Clone(b):
	default:
	}
	return len(b), nil
}

func (*spoken) Close() error                     { return nil }
func (*spoken) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*spoken) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*spoken) SetDeadline(time.Time) error      { return nil }
func (*spoken) SetReadDeadline(time.Time) error  { return nil }
func (*spoken) SetWriteDeadline(time.Time) error { return nil }

// A connection is handed over as it came.
func TestWhatWasReadIsReadAgain(t *testing.T) {
	r := &replayed{Conn: &spoken{Reader: strings.NewReader("def")}, seen: []byte("abc")}
	var all []byte
	for b := make([]byte, 2); ; {
		n, err := r.Read(b)
		all = append(all, b[:n]...)
		if err != nil {
			break
		}
	}
	if string(all) != "abcdef" {
		t.Errorf("read again: %q", all)
	}
	if err := r.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("CloseWrite of what has none: %v", err)
	}
}
