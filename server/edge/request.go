package edge

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"spillway/graph/caller"
)

// requestID is the client's own id of the request where it is a sane one, so
// that logs can be followed from end to end, else a new one.
func requestID(r *http.Request) string {
	if given := r.Header["X-Request-Id"]; len(given) == 1 && saneID(given[0]) {
		return given[0]
	}
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], rand.Uint64())
	return hex.EncodeToString(id[:])
}

func saneID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// signIn finds who asks. Without a token, and with one that is not accepted
// for whatever reason, nobody is known: the answer is the same.
func (e *Edge) signIn(authorization, request string) (*caller.Caller, time.Time) {
	c := &caller.Caller{Request: request}
	token, ok := bearer(authorization)
	if !ok {
		return c, time.Time{}
	}
	p, err := e.Verifier.Verify(token, e.Now())
	if err != nil {
		e.Log.Debug("a token was refused", "request", request, "error", err)
		e.metrics.refusedTokens.Inc()
		return c, time.Time{}
	}
	c.User, c.Account, c.Roles = p.User, p.Account, p.Roles
	return c, p.ExpiresAt
}

// bearer is the token of an Authorization header.
func bearer(authorization string) (string, bool) {
	const scheme = "bearer "
	if len(authorization) <= len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return "", false
	}
	return authorization[len(scheme):], true
}

func authorization(r *http.Request) string {
	if given := r.Header["Authorization"]; len(given) == 1 {
		return given[0]
	}
	return ""
}

// allowOrigin tells a browser that the page of an allowed origin may read the
// answer. The portal's own pages need no such word.
func (e *Edge) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(e.origins) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !e.origins[origin] {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id")
		h.Set("Access-Control-Max-Age", "600")
	}
}

// mayConnect tells whether a websocket may be opened from where the request
// comes: a browser says the page's origin, and lets any page try.
func (e *Edge) mayConnect(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true // no browser
	}
	if len(origins) > 1 {
		return false
	}
	if e.origins[origins[0]] {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
