package lane_test

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// answers are what handlers say, and what goes over the wire: the headers in the
// order of their names, without Date.
func TestAnswersAsTheyGoOverTheWire(t *testing.T) {
	big := strings.Repeat("0123456789", 300_000)
	for _, c := range []struct {
		what   string
		say    func(w http.ResponseWriter)
		status string
		header string
		body   string
	}{
		{"nothing", func(http.ResponseWriter) {}, "200 OK", "Content-Length: 0", ""},
		{"a body alone", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "body") }, "200 OK", "Content-Length: 4", "body"},
		{"a body in pieces", func(w http.ResponseWriter) {
			for _, piece := range []string{"a", "", "bc", "d"} {
				if n, err := io.WriteString(w, piece); n != len(piece) || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		}, "200 OK", "Content-Length: 4", "abcd"},
		{"headers and a status", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header()["Vary"] = []string{"Origin", "Accept"}
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "short and stout")
		}, "418 I'm a teapot", "Content-Length: 15\r\nContent-Type: text/plain\r\nVary: Origin\r\nVary: Accept", "short and stout"},
		{"the first status holds", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints) // which is no answer
			w.WriteHeader(http.StatusBadRequest)
			w.WriteHeader(http.StatusOK)
		}, "400 Bad Request", "Content-Length: 0", ""},
		{"a body, and then a status", func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "body")
			w.WriteHeader(http.StatusBadRequest)
		}, "200 OK", "Content-Length: 4", "body"},
		{"no content", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }, "204 No Content", "", ""},
		{"no content, with some", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNoContent)
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n")
		}, "204 No Content", "", ""},
		{"not modified", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotModified) }, "304 Not Modified", "", ""},
		{"a status without a name", func(w http.ResponseWriter) { w.WriteHeader(299) }, "299 ", "Content-Length: 0", ""},
		{"a value of several lines", func(w http.ResponseWriter) {
			w.Header().Set("X", "a\r\nContent-Length: 9\r\n\r\nb\nc\rd")
		}, "200 OK", "Content-Length: 0\r\nX: a  Content-Length: 9    b c d", ""},
		{"a message of another shape", func(w http.ResponseWriter) {
			for name, value := range map[string]string{"Content-Length": "1", "Transfer-Encoding": "chunked", "Connection": "upgrade", "Date": "today"} {
				w.Header().Set(name, value)
			}
			_, _ = io.WriteString(w, "body")
		}, "200 OK", "Content-Length: 4", "body"},
		{"a large one", func(w http.ResponseWriter) { _, _ = io.WriteString(w, big) }, "200 OK", "Content-Length: 3000000", big},
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { c.say(w) }, nil)
		client := s.dial()
		for range 2 { // whose second finds the memory of the first
			begun := time.Now()
			client.say(plain("{}"))
			status, header, date := client.head()
			if status != "HTTP/1.1 "+c.status || header != c.header {
				t.Errorf("%s: %q, %q", c.what, status, header)
			}
			if at, err := http.ParseTime(date); err != nil || at.Before(begun.Truncate(time.Second)) || at.After(time.Now()) {
				t.Errorf("%s: the date is %q", c.what, date)
			}
			body := make([]byte, len(c.body))
			if _, err := io.ReadFull(client.reader, body); err != nil || string(body) != c.body {
				t.Errorf("%s: a body of %d bytes, %v", c.what, len(body), err)
			}
		}
		if n := client.reader.Buffered(); n > 0 {
			t.Errorf("%s: %d bytes follow", c.what, n)
		}
	}
}

// head reads the head of an answer, byte for byte: the headers sorted, Date by
// itself.
func (c *client) head() (status, header, date string) {
	c.t.Helper()
	var lines []string
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
		line = strings.TrimSuffix(line, "\r\n")
		if said, ok := strings.CutPrefix(line, "Date: "); ok {
			date = said
			continue
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		c.t.Fatal("an answer without a status")
	}
	slices.SortStableFunc(lines[1:], func(a, b string) int {
		a, _, _ = strings.Cut(a, ":")
		b, _, _ = strings.Cut(b, ":")
		return strings.Compare(a, b)
	})
	return lines[0], strings.Join(lines[1:], "\r\n"), date
}

func TestAHandlerMayEndTheConnection(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "bye")
	}, nil)
	c := s.dial().say(plain("{}"))
	if h := c.hears("bye"); !h.Close {
		t.Errorf("%q does not say so", h.Header)
	}
	c.isCut(0)
}

// What a handler does not read of a body is passed over, up to 256 KB.
func TestABodyMayBeLeftUnread(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		some := make([]byte, 10)
		n, _ := r.Body.Read(some)
		_, _ = w.Write(some[:n])
	}, nil)
	c := s.dial()
	for range 2 {
		c.say(plain("0123456789" + strings.Repeat("x", 256<<10))).hears("0123456789")
	}
	c.say(plain("the next")).hears("the next")

	// One byte more: the answer arrives though the client is still writing, and
	// the connection ends.
	head, body, _ := strings.Cut(plain("0123456789"+strings.Repeat("x", 256<<10+1)), "\r\n\r\n")
	c.say(head + "\r\n\r\n" + body[:10])
	if h := c.hears("0123456789"); !h.Close {
		t.Errorf("%q does not say that the connection ends", h.Header)
	}
	for at := 10; at < 50; at += 10 { // a connection that is closed tells so after the first
		if _, err := io.WriteString(c, body[at:at+10]); err != nil {
			t.Errorf("the connection was closed while the client wrote: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	c.isCut(0)
}

// A body that ends too early is an error for its reader, and the last of its
// connection.
func TestHalfABody(t *testing.T) {
	s := serve(t, echo, nil)
	c := s.dial().say(plain("a body")[:len(plain("a body"))-1])
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	if h := c.hear(); h.StatusCode != http.StatusBadRequest || h.body != io.ErrUnexpectedEOF.Error() || !h.Close {
		t.Errorf("%d %q %q", h.StatusCode, h.body, h.Header)
	}
	c.isCut(0)
}
