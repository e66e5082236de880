package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/graph"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
	"spillway/server/edge"
	"spillway/server/lane"
	"spillway/server/signin"
)

// world is the whole server on real stores, with the catalog that the tests
// speak of.
type world struct {
	t      *testing.T
	edge   *edge.Edge
	api    *graph.API
	server *lane.Server
	engine *engine.Engine
	ledger *ledger.Ledger
	// database is its URL, as a superuser.
	database string
	log      *logged
	url      string // http://127.0.0.1:port
	prefix   string
	keys     atomic.Int64
}

// setup changes how a world is made.
type setup struct {
	closed bool // as serve does: only admins see the schema
	config func(*edge.Config)
	ledger ledger.Options
}

var (
	secret = []byte("a secret of the tests, long enough")
	worlds atomic.Int64
)

// logged collects what the server logs.
type logged struct{ bytes.Buffer }

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	redisURL := os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if redisURL == "" {
		t.Fatal("SPILLWAY_TEST_REDIS_URL is not set; run: make test")
	}
	w := &world{t: t, database: ledgertest.URL(t), log: &logged{}, prefix: fmt.Sprintf("e%d-%d-", os.Getpid(), worlds.Add(1))}
	l, err := ledger.Open(context.Background(), w.database, s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	w.ledger = l
	redis, err := counters.OpenRedis(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := engine.New(context.Background(), w.ledger, redis, engine.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	w.engine = e
	keys, err := signin.Secret(secret)
	if err != nil {
		t.Fatal(err)
	}
	config := edge.Config{
		API:      graph.New(graph.Config{Engine: e, Ledger: w.ledger, Open: !s.closed, Log: log}),
		Verifier: signin.New(keys, "spillway", "spillway"),
		Portal:   portal(),
		Postgres: w.ledger.Ping, Redis: redis.Ping, Log: log,
	}
	if s.config != nil {
		s.config(&config)
	}
	w.api = config.API
	w.edge = edge.New(config)
	w.server = w.edge.Server()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = w.server.Serve(listener) }()
	t.Cleanup(func() { _ = w.edge.Drain(w.server) })
	w.url = "http://" + listener.Addr().String()
	w.catalog()
	return w
}

func portal() fs.FS {
	return fstest.MapFS{
		"index.html":            {Data: []byte("<!doctype html><title>portal</title>")},
		"assets/plain.js":       {Data: []byte("export {}")},
		"assets/app-1234.js":    {Data: []byte("export {}")},
		"assets/app-1234.js.gz": {Data: []byte("packed")},
	}
}

// catalog makes the feature chat (5 a minute for each user, then credits at
// 0.5), the feature video (not divisible, credits at 2 for 10), the plan plus,
// and the accounts acme and umbrella.
func (w *world) catalog() {
	w.t.Helper()
	w.must(w.admin(), `mutation { upsertFeature(input: {key: "chat", name: "Chat", unit: "message"}, reason: "test") { key } }`, nil)
	w.must(w.admin(), `mutation { upsertFeature(input: {key: "video", name: "Video", unit: "second", divisible: false}, reason: "test") { key } }`, nil)
	w.must(w.admin(), `mutation { setPrice(feature: "chat", credits: "0.5", reason: "test") { key } }`, nil)
	w.must(w.admin(), `mutation { setPrice(feature: "video", credits: "2", per: 10, reason: "test") { key } }`, nil)
	w.must(w.admin(), `mutation { publishPlan(reason: "test", input: {key: "plus", name: "Plus", features: [
		{feature: "chat", waterfall: [{kind: RATE_LIMIT, key: "minute", windows: [{limit: 5, duration: "PT1M"}]}, {kind: CREDIT, key: "credits"}]}
		{feature: "video", waterfall: [{kind: CREDIT, key: "credits"}], ceilings: [{limit: 1000, duration: "P1D"}]}]}) { version } }`, nil)
	for _, name := range []string{"acme", "umbrella"} {
		w.must(w.admin(), `mutation($id: ID!, $name: String!) { createAccount(input: {id: $id, name: $name, plan: "plus"}) { id } }`,
			vars{"id": w.id(name), "name": name})
	}
}

type vars map[string]any

// id is the account of a name: tests share a Redis.
func (w *world) id(name string) string { return w.prefix + name }

// hold runs a statement in a transaction of its own, and keeps its locks until
// they are released.
func (w *world) hold(sql string, arguments ...any) (release func()) {
	w.t.Helper()
	conn, err := pgx.Connect(context.Background(), w.database)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err = conn.Exec(context.Background(), "begin"); err == nil {
		_, err = conn.Exec(context.Background(), sql, arguments...)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		w.t.Helper()
		if _, err := conn.Exec(context.Background(), "rollback"); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) key() string { return fmt.Sprint("key-", w.keys.Add(1)) }

// credits gives an account credits.
func (w *world) credits(account, amount string) string {
	w.t.Helper()
	data := w.must(w.admin(), `mutation($in: GrantInput!) { createGrant(input: $in) { id } }`, vars{"in": vars{
		"accountId": account, "kind": "CREDIT", "amount": amount, "idempotencyKey": w.key(), "reason": "test"}})
	return at[string](w.t, data, "createGrant", "id")
}

// Tokens.

type claims map[string]any

func token(c claims) string {
	now := time.Now()
	all := jwt.MapClaims{"iss": "spillway", "aud": "spillway", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	for k, v := range c {
		all[k] = v
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString(secret)
	if err != nil {
		panic(err)
	}
	return signed
}

func (w *world) admin() string { return token(claims{"sub": "root", "roles": []string{"admin"}}) }

func (w *world) service() string {
	return token(claims{"sub": "product", "roles": []string{"service"}})
}

// user is a user of an account.
func (w *world) user(name, account string) string {
	return token(claims{"sub": name, "account": account, "roles": []string{"user"}})
}

// Requests.

// answer is an answer of the API.
type answer struct {
	status int
	header http.Header
	body   string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Locations  []any
		Extensions map[string]any
	}
}

// code is the code of the first error, "" where there is none.
func (a *answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	code, _ := a.Errors[0].Extensions["code"].(string)
	return code
}

func (a *answer) field() string {
	field, _ := a.Errors[0].Extensions["field"].(string)
	return field
}

func (w *world) ask(token, query string, variables vars) *answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.post(token, string(body), nil)
}

// post sends a body. Headers replace the usual ones.
func (w *world) post(token, body string, headers map[string]string) *answer {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodPost, w.url+"/graphql", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range headers {
		if request.Header.Del(name); value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := &answer{status: response.StatusCode, header: response.Header, body: string(text)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, a); err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
	}
	return a
}

// must asks and expects no error.
func (w *world) must(token, query string, variables vars) map[string]any {
	w.t.Helper()
	a := w.ask(token, query, variables)
	if len(a.Errors) > 0 {
		w.t.Fatalf("%s\n%s", query, a.body)
	}
	return a.Data
}

// at finds a value in an answer; null is the zero value.
func at[T any](t *testing.T, v any, path ...any) T {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no %v in %v", step, v)
			}
			v = m[step]
		case int:
			list, ok := v.([]any)
			if !ok || step >= len(list) {
				t.Fatalf("no %v in %v", step, v)
			}
			v = list[step]
		}
	}
	found, ok := v.(T)
	if !ok && v != nil {
		t.Fatalf("%v: %T is not %T", path, v, found)
	}
	return found
}
