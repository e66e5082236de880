package lane

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// head is what a request says before its body. It is used again for the next
// one of its connection.
type head struct {
	host   string
	header http.Header // as net/http would have it
	length int64       // of the body
	values [plainHeaders]string
}

// plainHeaders is how many headers a plain request has at most.
const plainHeaders = 32

// read reads the head of a request that begins with the line start, up to and
// with the empty line. It knows one way to write a thing, that of nearly every
// client; plain is false for all else, which may well be a request nonetheless.
// What it reads, net/http reads the same: FuzzHead shows it.
func (h *head) read(text, start string) (plain bool) {
	rest, ok := strings.CutPrefix(text, start)
	if !ok {
		return false
	}
	clear(h.header)
	h.host, h.length = "", -1
	values := h.values[:0]
	for rest != "\r\n" {
		line, after, ok := strings.Cut(rest, "\r\n")
		name, value, isField := strings.Cut(line, ":")
		if !ok || !isField || !plainName(name) || len(values) == plainHeaders {
			return false
		}
		rest, value = after, strings.Trim(value, " \t")
		if !plainValue(value) {
			return false
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if name == "Host" {
			if h.host != "" || !plainHost(value) {
				return false
			}
			h.host = value
			continue
		}
		if changesMeaning(name, value) || name == "Content-Length" && !h.setLength(value) {
			return false
		}
		values = append(values, value)
		one := values[len(values)-1 : len(values) : len(values)]
		if before := h.header[name]; before != nil {
			one = append(before, value)
		}
		h.header[name] = one
	}
	return h.host != "" && h.length >= 0
}

// changesMeaning tells the headers that say how the message is to be read, what
// becomes of the connection, or that net/http makes another header of.
func changesMeaning(name, value string) bool {
	switch name {
	case "Connection":
		return !strings.EqualFold(value, "keep-alive")
	case "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Expect", "Pragma", "Keep-Alive", "Proxy-Connection":
		return true
	case "Accept":
		return strings.Contains(strings.ToLower(value), "event-stream") // an answer without an end
	}
	return false
}

// setLength takes a Content-Length, of which there must be one, in digits.
func (h *head) setLength(value string) bool {
	if h.length >= 0 || value == "" || len(value) > 15 {
		return false
	}
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			return false
		}
	}
	var err error
	h.length, err = strconv.ParseInt(value, 10, 64)
	return err == nil
}

func plainName(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return name != ""
}

// plainValue tells a value of visible characters, spaces and tabs; what is not
// ASCII is left to others.
func plainValue(value string) bool {
	for _, c := range []byte(value) {
		if (c < ' ' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

func plainHost(host string) bool {
	for _, c := range []byte(host) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == ':', c == '[', c == ']', c == '_':
		default:
			return false
		}
	}
	return host != ""
}
