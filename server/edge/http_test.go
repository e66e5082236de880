package edge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/server/edge"
)

func TestHowARequestMayCome(t *testing.T) {
	w := newWorld(t, setup{})
	const viewer = `{"query":"{ viewer { userId } }"}`
	big := `{"query":"{ viewer { userId } }","variables":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`
	for _, c := range []struct {
		name, body string
		headers    map[string]string
		status     int
		media      string
		errors     bool
	}{
		{"plain", viewer, nil, 200, "application/json", false},
		{"accepting all", viewer, map[string]string{"Accept": "*/*"}, 200, "application/json", false},
		{"accepting the newer type", viewer, map[string]string{"Accept": "application/graphql-response+json"}, 200, "application/graphql-response+json", false},
		{"accepting both", viewer, map[string]string{"Accept": "application/graphql-response+json, application/json"}, 200, "application/graphql-response+json", false},
		{"accepting html", viewer, map[string]string{"Accept": "text/html"}, 406, "application/json", true},
		{"accepting it no more", viewer, map[string]string{"Accept": "application/json;q=0"}, 406, "application/json", true},
		{"nor that", viewer, map[string]string{"Accept": "application/json; q=0.00, */*; q=0.000"}, 406, "application/json", true},
		{"accepting it a little", viewer, map[string]string{"Accept": "application/json; q=0.001"}, 200, "application/json", false},
		{"a charset", viewer, map[string]string{"Content-Type": "application/json; charset=UTF-8"}, 200, "application/json", false},
		{"another charset", viewer, map[string]string{"Content-Type": "application/json; charset=latin1"}, 415, "application/json", true},
		{"no content type", viewer, map[string]string{"Content-Type": ""}, 415, "application/json", true},
		{"plain text", viewer, map[string]string{"Content-Type": "text/plain"}, 415, "application/json", true},
		{"a form", "query=%7Bviewer%7D", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "application/json", true},
		{"multipart", viewer, map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, 415, "application/json", true},
		{"application/graphql", "{ viewer { userId } }", map[string]string{"Content-Type": "application/graphql"}, 415, "application/json", true},
		{"no body", "", nil, 400, "application/json", true},
		{"no JSON", "{", nil, 400, "application/json", true},
		{"a list of requests", "[" + viewer + "]", nil, 400, "application/json", true},
		{"two requests", viewer + viewer, nil, 400, "application/json", true},
		{"no query", `{"variables":{}}`, nil, 400, "application/json", true},
		{"a query that is no string", `{"query":{}}`, nil, 400, "application/json", true},
		{"variables that are no object", `{"query":"{__typename}","variables":[]}`, nil, 400, "application/json", true},
		{"extensions that are no object", `{"query":"{__typename}","extensions":1}`, nil, 400, "application/json", true},
		{"null for what may be left out", `{"query":"{__typename}","variables":null,"operationName":null,"extensions":null}`, nil, 200, "application/json", false},
		{"broken UTF-8", "{\"query\":\"{__typename}\xff\"}", nil, 400, "application/json", true},
		{"half a character", `{"query":"{__typename} #\ud83d"}`, nil, 400, "application/json", true},
		{"a character in halves", `{"query":"{__typename} #\ud83d\ude00"}`, nil, 200, "application/json", false},
		{"a document that does not parse", `{"query":"{"}`, nil, 200, "application/json", true},
		{"the same, by the newer type", `{"query":"{"}`, map[string]string{"Accept": "application/graphql-response+json"}, 400, "application/graphql-response+json", true},
		{"a document that is not valid", `{"query":"{nothing}"}`, map[string]string{"Accept": "application/graphql-response+json"}, 400, "application/graphql-response+json", true},
		{"an unknown operation", `{"query":"query A {__typename}","operationName":"B"}`, map[string]string{"Accept": "application/graphql-response+json"}, 400, "application/graphql-response+json", true},
		{"a variable of another type", `{"query":"query($v: Int) {plan(key: \"a\", version: $v) {key}}","variables":{"v":"x"}}`, map[string]string{"Accept": "application/graphql-response+json"}, 400, "application/graphql-response+json", true},
		{"more than 64 KB", big, nil, 413, "application/json", true},
	} {
		a := w.post(w.user("ann", w.id("acme")), c.body, c.headers)
		media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		if a.status != c.status || media != c.media || (len(a.Errors) > 0) != c.errors {
			t.Errorf("%s: %d %s %s", c.name, a.status, media, a.body)
			continue
		}
		if a.header.Get("Content-Type") != media+"; charset=utf-8" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", c.name, a.header)
		}
		if c.errors {
			e := a.Errors[0].Extensions
			if e["code"] != "BAD_USER_INPUT" || e["retryable"] != false || e["requestId"] != a.header.Get("X-Request-Id") || strings.Contains(a.body, `"data"`) {
				t.Errorf("%s: %s", c.name, a.body)
			}
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	w := newWorld(t, setup{})
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE"} {
		request, _ := http.NewRequest(method, w.url+"/graphql?query={__typename}", nil)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 405 || response.Header.Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: %d", method, response.StatusCode)
		}
	}
}

func TestAnErrorEchoesNothing(t *testing.T) {
	w := newWorld(t, setup{})
	const mark = "kumquat"
	for _, body := range []string{
		`{"query":"` + mark, `{"query":1,"` + mark + `":2}`, mark, `{"variables":"` + mark + `"}`,
		`{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + mark + `"}}}`,
	} {
		if a := w.post("", body, nil); strings.Contains(a.body, mark) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
}

func TestABatchMayBeLarge(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	inputs := make([]vars, 1000)
	for i := range inputs {
		inputs[i] = vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key(), "metadata": vars{"text": strings.Repeat("x", 500)}}
	}
	const query = `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { decision { status } error { code } } }`
	data := w.must(w.service(), query, vars{"in": inputs})
	if n := len(at[[]any](t, data, "authorizeBatch")); n != 1000 {
		t.Errorf("%d answers", n)
	}
	if a := w.ask(w.service(), query, vars{"in": append(inputs, inputs[0])}); a.code() != "BAD_USER_INPUT" || a.field() != "inputs" {
		t.Errorf("1001 requests: %s", a.body)
	}
	if a := w.ask(w.service(), `query($x: ID!) { account(id: $x) { id } }`, vars{"x": strings.Repeat("x", 70<<10)}); a.code() != "QUERY_TOO_COMPLEX" {
		t.Errorf("a large query: %s", a.body[:200])
	}
	if a := w.ask(w.service(), query, vars{"in": strings.Repeat("x", 1<<20)}); a.status != 413 {
		t.Errorf("more than 1 MB: %d", a.status)
	}
}

// A body without a length is cut off at the limit too.
func TestABodyWithoutALengthIsBounded(t *testing.T) {
	w := newWorld(t, setup{})
	reader, writer := io.Pipe()
	go func() {
		for range 1000 {
			if _, err := writer.Write([]byte(strings.Repeat("x", 1000))); err != nil {
				return
			}
		}
		_ = writer.Close()
	}()
	request, _ := http.NewRequest("POST", w.url+"/graphql", reader)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	_ = reader.Close()
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 413 {
		t.Errorf("%d", response.StatusCode)
	}
}

func TestTheRequestIDGoesAround(t *testing.T) {
	w := newWorld(t, setup{})
	for _, c := range []struct {
		given string
		kept  bool
	}{{"abc-123_X.y", true}, {strings.Repeat("a", 64), true}, {strings.Repeat("a", 65), false}, {"a b", false}, {"<script>", false}, {"é", false}, {"", false}} {
		a := w.post("", `{"query":"{ viewer { userId } }"}`, map[string]string{"X-Request-Id": c.given})
		got := a.header.Get("X-Request-Id")
		if (got == c.given) != c.kept || got == "" || a.Errors[0].Extensions["requestId"] != got {
			t.Errorf("%q: %q in %s", c.given, got, a.body)
		}
	}
}

func TestOtherOriginsNeedLeave(t *testing.T) {
	w := newWorld(t, setup{config: func(c *edge.Config) { c.Origins = []string{"https://app.example.org"} }})
	for origin, allowed := range map[string]string{"https://app.example.org": "https://app.example.org", "https://evil.example.org": "", "http://app.example.org": "", "null": "", "https://app.example.org.evil.org": ""} {
		request, _ := http.NewRequest("OPTIONS", w.url+"/graphql", nil)
		request.Header.Set("Origin", origin)
		request.Header.Set("Access-Control-Request-Method", "POST")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != allowed {
			t.Errorf("%s: %q", origin, got)
		}
		if response.Header.Get("Access-Control-Allow-Credentials") != "" || response.Header.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, response.Header)
		}
	}
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestPages(t *testing.T) {
	w := newWorld(t, setup{})
	for _, c := range []struct {
		path           string
		status         int
		holds          string
		media, caching string
	}{
		{"/", 200, "<title>portal", "text/html; charset=utf-8", "no-cache"},
		{"/accounts/acme", 200, "<title>portal", "text/html; charset=utf-8", "no-cache"},
		{"/assets/plain.js", 200, "export {}", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/accounts/acme.example.com", 200, "<title>portal", "text/html; charset=utf-8", "no-cache"},
		{"/assets/gone.js", 404, "", "", ""},
		{"/favicon.ico", 404, "", "", ""},
		{"/graphiql", 200, "API explorer", "text/html; charset=utf-8", "no-cache"},
		{"/graphiql/app.js", 200, "fetch(", "text/javascript; charset=utf-8", "no-cache"},
		{"/graphiql/style.css", 200, "body", "text/css; charset=utf-8", "no-cache"},
		{"/graphiql/../../edge.go", 404, "", "", ""},
	} {
		response, body := get(t, w.url+c.path)
		if response.StatusCode != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%s: %d %.80s", c.path, response.StatusCode, body)
		}
		if c.status != 200 {
			continue
		}
		h := response.Header
		if h.Get("Content-Type") != c.media || h.Get("Cache-Control") != c.caching {
			t.Errorf("%s: %v", c.path, h)
		}
		for name, part := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"} {
			if !strings.Contains(h.Get(name), part) {
				t.Errorf("%s: %s is %q", c.path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %s", c.path, h.Get("Content-Security-Policy"))
		}
	}
}

// What the build compressed is sent so to whoever reads gzip, and as it is to
// everyone else.
func TestPagesAreSentCompressed(t *testing.T) {
	w := newWorld(t, setup{})
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for accepts, coding := range map[string]string{"": "", "br": "", "gzip;q=0": "", "gzip; q=0.0, br": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/assets/app-1234.js", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", accepts)
		response, err := plain.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.Header.Get("Content-Encoding") != coding || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v %v", accepts, response.Header, err)
		}
		if want := map[string]string{"": "export {}", "gzip": "packed"}[coding]; string(body) != want {
			t.Errorf("%q: %s", accepts, body)
		}
	}
	if response, body := get(t, w.url+"/"); response.Header.Get("Vary") != "" || !strings.Contains(body, "portal") {
		t.Errorf("%v %s", response.Header, body)
	}
}

func TestTheExplorerLoadsNothingFromElsewhere(t *testing.T) {
	w := newWorld(t, setup{})
	for _, path := range []string{"/graphiql", "/graphiql/app.js", "/graphiql/style.css"} {
		_, body := get(t, w.url+path)
		for _, other := range []string{"http:", "https:", "//cdn", "import(", "@import", "src=\"//"} {
			if strings.Contains(body, other) {
				t.Errorf("%s holds %s", path, other)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	var postgres, redis error
	w := newWorld(t, setup{config: func(c *edge.Config) {
		c.Postgres = func(context.Context) error { return postgres }
		c.Redis = func(context.Context) error { return redis }
	}})
	down := errors.New("dial tcp 10.0.0.7: refused")
	for _, c := range []struct {
		postgres, redis error
		status          int
		holds           string
	}{
		{nil, nil, 200, `"redis":"ok"`},
		{nil, down, 200, `"redis":"away"`},
		{down, nil, 503, `"reason":"PostgreSQL is away"`},
		{down, down, 503, `"redis":"away"`},
	} {
		postgres, redis = c.postgres, c.redis
		response, body := get(t, w.url+"/readyz")
		if response.StatusCode != c.status || !strings.Contains(body, c.holds) || strings.Contains(body, "10.0.0.7") {
			t.Errorf("%+v: %d %s", c, response.StatusCode, body)
		}
		if response, _ := get(t, w.url+"/healthz"); response.StatusCode != 200 {
			t.Errorf("%+v: the process does not live", c)
		}
	}
	w.ask("", "{ viewer { userId } }", nil)
	response, body := get(t, w.url+"/metrics")
	if response.StatusCode != 200 || !strings.Contains(body, `spillway_requests_total{code="UNAUTHENTICATED"} 1`) || !strings.Contains(body, "spillway_request_seconds_count") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// awaitUnderWay waits until so many requests are under way.
func (w *world) awaitUnderWay(n int) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, metrics := get(w.t, w.url+"/metrics")
		if strings.Contains(metrics, fmt.Sprintf("spillway_requests_under_way %d\n", n)) {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%d requests are not under way", n)
		}
	}
}

// Draining lets what runs finish, and refuses what comes after.
func TestDrain(t *testing.T) {
	w := newWorld(t, setup{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"query":"{ __typename }"}`
	if _, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:5]); err != nil {
		t.Fatal(err)
	}
	w.awaitUnderWay(1)
	done := make(chan error, 1)
	go func() { done <- w.edge.Drain(w.server) }()
	for refused := false; !refused; { // it has begun
		late, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if refused = err != nil; !refused {
			_ = late.Close()
			time.Sleep(time.Millisecond)
		}
	}
	if _, err := conn.Write([]byte(body[5:])); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	if !strings.Contains(string(answer), `{"data":{"__typename":"Query"}}`) {
		t.Errorf("%s", answer)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(w.url + "/healthz"); err == nil {
		t.Error("the server still listens")
	}
}

// What may succeed when sent again says when.
func TestARetryIsToldWhen(t *testing.T) {
	w := newWorld(t, setup{config: func(c *edge.Config) { c.Deadline = 500 * time.Millisecond }})
	acme := w.id("acme")
	release := w.hold("select from accounts where account_id = $1 for update", acme)
	in := vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": "late"}}
	const document = `mutation($in: AuthorizeInput!) { authorize(input: $in) { status } }`
	if a := w.ask(w.service(), document, in); a.code() != "UNAVAILABLE" || a.header.Get("Retry-After") != "1" {
		t.Errorf("%q: %s", a.header.Get("Retry-After"), a.body)
	}
	for way, answer := range w.everyWay(w.service(), asks["Mutation.authorize"], acme) {
		if !strings.Contains(answer, `"UNAVAILABLE"`) {
			t.Errorf("over %s: %s", way, answer)
		}
	}
	release()
	if a := w.ask(w.service(), document, in); len(a.Errors) > 0 || a.header.Get("Retry-After") != "" {
		t.Errorf("%q: %s", a.header.Get("Retry-After"), a.body)
	}
	if a := w.ask(w.service(), document, nil); a.code() != "BAD_USER_INPUT" || a.header.Get("Retry-After") != "" {
		t.Errorf("%q: %s", a.header.Get("Retry-After"), a.body)
	}
}

// More requests at once than a server answers in time are turned away unread,
// and those that are under way are answered.
func TestMoreRequestsThanAServerAnswersInTime(t *testing.T) {
	w := newWorld(t, setup{})
	const most, more = 512, 50
	acme := w.id("acme")
	release := w.hold("select from accounts where account_id = $1 for update", acme)
	in := vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": "same"}}
	const document = `mutation($in: AuthorizeInput!) { authorize(input: $in) { status } }`
	answers := make([]*answer, most+more)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = w.ask(w.service(), document, in) })
	}
	w.awaitUnderWay(most)
	early := w.post(w.service(), `{"query":"{ viewer { userId } }"}`, map[string]string{"Accept": "application/graphql-response+json"})
	if early.code() != "RATE_LIMITED" || early.status != http.StatusServiceUnavailable || early.header.Get("Retry-After") != "1" {
		t.Errorf("%d: %s", early.status, early.body)
	}
	for way, answer := range w.everyWay(w.service(), "query { viewer { userId } }", acme) {
		if !strings.Contains(answer, `"RATE_LIMITED"`) {
			t.Errorf("over %s: %s", way, answer)
		}
	}
	release()
	group.Wait()
	decided, limited := 0, 0
	for _, a := range answers {
		switch {
		case len(a.Errors) == 0:
			decided++
		case a.code() == "RATE_LIMITED" && a.status == http.StatusOK && a.header.Get("Retry-After") == "1":
			limited++
		default:
			t.Fatalf("%d: %s", a.status, a.body)
		}
	}
	if limited < more || decided == 0 {
		t.Errorf("%d decided, %d turned away", decided, limited)
	}
	if a := w.ask(w.service(), document, in); len(a.Errors) > 0 {
		t.Errorf("afterwards: %s", a.body)
	}
}

// Whoever takes too long to say what they want is not waited for, and a server
// that ends waits for nobody longer than ten seconds.
func TestNobodyIsWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	begin := func(text string) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	begun := time.Now()
	slow := begin("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Ty")
	_ = slow.SetReadDeadline(begun.Add(8 * time.Second))
	if _, err := io.ReadAll(slow); err != nil {
		t.Errorf("a header that does not end: %v", err)
	}
	begin("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	w.connect(w.admin()) // reads nothing, not even that it is closed
	w.follow(w.admin(), decisions(w.id("acme"), ""))
	time.Sleep(100 * time.Millisecond)
	begun = time.Now()
	_ = w.edge.Drain(w.server)
	if took := time.Since(begun); took > 10*time.Second+time.Second*slack {
		t.Errorf("the server took %v to end", took)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://")); err == nil {
		t.Error("the server still listens")
	}
}
