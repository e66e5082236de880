package lane

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answer is the http.ResponseWriter of the lane: it keeps all until the handler
// is done, and then is one write. It guesses no Content-Type.
type answer struct {
	header http.Header
	status int
	body   []byte
	out    []byte
}

// answers that are used again.
var answers = sync.Pool{New: func() any { return &answer{header: http.Header{}} }}

// kept is how large the memory of an answer may be to be used again, in bytes.
const kept = 64 << 10

func (a *answer) free() {
	if cap(a.body)+cap(a.out) > kept {
		return
	}
	clear(a.header)
	a.status, a.body, a.out = 0, a.body[:0], a.out[:0]
	answers.Put(a)
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter. Nothing can be said before the
// answer, so that an informational status is dropped.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// ends tells an answer after which the handler wants the connection to end.
func (a *answer) ends() bool {
	said := a.header["Connection"]
	return len(said) > 0 && strings.EqualFold(said[0], "close")
}

// message is the answer as it goes over the wire. last: the connection ends
// with it.
func (a *answer) message(now time.Time, last bool) []byte {
	a.WriteHeader(http.StatusOK)
	b := append(a.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	b = append(append(append(b, ' '), http.StatusText(a.status)...), "\r\n"...)
	for name, values := range a.header {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Connection", "Date":
			continue // said below
		}
		for _, value := range values {
			b = append(append(b, name...), ": "...)
			b = append(append(b, oneLine(value)...), "\r\n"...)
		}
	}
	b = append(append(append(b, "Date: "...), date(now)...), "\r\n"...)
	if last {
		b = append(b, "Connection: close\r\n"...)
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		b = strconv.AppendInt(append(b, "Content-Length: "...), int64(len(a.body)), 10)
		b = append(b, "\r\n\r\n"...)
		b = append(b, a.body...)
	} else {
		b = append(b, "\r\n"...)
	}
	a.out = b
	return b
}

// oneLine keeps a value from being read as two headers.
func oneLine(value string) string {
	if !strings.ContainsAny(value, "\r\n") {
		return value
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
}

// said is a second and how the header Date says it.
type said struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[said]

func date(now time.Time) string {
	second := now.Unix()
	if last := lastDate.Load(); last != nil && last.second == second {
		return last.text
	}
	text := now.UTC().Format(http.TimeFormat)
	lastDate.Store(&said{second, text})
	return text
}
