package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The clients: a short timeout, as product services have, and no connection
// that outlives a restart unnoticed.
var client = &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// errRetry is an error after which the same key is sent again.
var errRetry = errors.New("to be sent again")

// post asks a server. An error that a client may not retry is no errRetry.
func (s *server) post(ctx context.Context, token, document string, variables any, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errRetry, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errRetry, err)
	}
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Retryable bool }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%.200s: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		if answer.Errors[0].Extensions.Retryable {
			return fmt.Errorf("%w: %s", errRetry, answer.Errors[0].Message)
		}
		return fmt.Errorf("not to be retried: %s", text)
	}
	return json.Unmarshal(answer.Data, into)
}

const authorize = `mutation($in: AuthorizeInput!) { authorize(input: $in) { id granted charged steps { kind taken } } }`

// authorize asks a server for a decision.
func (c *cluster) authorize(ctx context.Context, s *server, a asked) (answered, error) {
	var data struct {
		Authorize struct {
			ID      string
			Granted int64
			Charged string
			Steps   []struct {
				Kind  string
				Taken int64
			}
		}
	}
	in := map[string]any{"accountId": a.account, "userId": "u", "feature": "f", "quantity": a.quantity, "idempotencyKey": a.key}
	if err := s.post(ctx, c.service, authorize, map[string]any{"in": in}, &data); err != nil {
		return answered{}, err
	}
	d := data.Authorize
	out := answered{id: d.ID}
	for _, step := range d.Steps {
		if step.Kind == "CREDIT" {
			out.credits += step.Taken
		} else {
			out.window += step.Taken
		}
	}
	// A unit costs one credit.
	if d.Granted != out.window+out.credits || d.Charged != fmt.Sprint(out.credits) {
		return out, fmt.Errorf("an answer does not add up: %+v", d)
	}
	return out, nil
}

// prepare makes the feature and the plan.
func (c *cluster) prepare() {
	c.t.Helper()
	plan := fmt.Sprintf(`publishPlan(reason: "test", input: {key: "p", name: "P", features: [{feature: "f", waterfall: [
		{kind: RATE_LIMIT, key: "day", windows: [{limit: %d, duration: "P1D"}]}, {kind: CREDIT, key: "credits"}]}]}) { key }`, windowUnits)
	c.must(`upsertFeature(input: {key: "f", name: "F", unit: "unit"}, reason: "test") { key }`,
		`setPrice(feature: "f", credits: "1", reason: "test") { key }`, plan)
	time.Sleep(time.Second) // a change of the catalog is in force everywhere within a second
}

func (c *cluster) must(mutations ...string) {
	c.t.Helper()
	for _, m := range mutations {
		var data map[string]any
		if err := c.servers[0].post(c.t.Context(), c.admin, "mutation { "+m+" }", nil, &data); err != nil {
			c.t.Fatalf("%s: %v", m, err)
		}
	}
}

// accounts makes accounts with fresh ids.
func (c *cluster) accounts(name string, n int) (ids []string) {
	c.t.Helper()
	for i := range n {
		id := fmt.Sprintf("%s-%d", strings.ReplaceAll(name, " ", "-"), i)
		c.must(fmt.Sprintf(`createAccount(input: {id: "%s", name: "A", plan: "p"}) { id }`, id),
			fmt.Sprintf(`createGrant(input: {accountId: "%s", kind: CREDIT, amount: "%d", idempotencyKey: "g", reason: "test"}) { id }`, id, creditUnits))
		ids = append(ids, id)
	}
	return ids
}

const (
	workers = 8
	// again is the share of calls that repeat an earlier one at another server.
	again = 0.15
	// patience is how long a client sends the same key again.
	patience = 25 * time.Second
	pause    = 2 * time.Millisecond
)

// traffic is what clients do while something breaks.
type traffic struct {
	cluster  *cluster
	accounts []string
	stop     context.CancelFunc
	group    sync.WaitGroup

	mu     sync.Mutex
	calls  []call
	wrong  []error // answers that must never be given
	resent int     // requests after an error
	// elsewhere are the calls that repeated an answered one at another server.
	elsewhere int
}

// begin starts the clients.
func (c *cluster) begin(accounts []string) *traffic {
	ctx, stop := context.WithCancel(context.Background())
	f := &traffic{cluster: c, accounts: accounts, stop: stop}
	for i := range workers {
		f.group.Go(func() { f.work(ctx, i) })
	}
	return f
}

// end waits for the clients. A call that is under way is finished first.
func (f *traffic) end() {
	f.stop()
	f.group.Wait()
}

func (f *traffic) work(ctx context.Context, worker int) {
	r := rand.New(rand.NewPCG(uint64(worker), rand.Uint64()))
	servers := len(f.cluster.servers)
	type done struct {
		asked
		server int
	}
	var mine []done
	for n := 0; ctx.Err() == nil; n++ {
		a := asked{f.accounts[r.IntN(len(f.accounts))], fmt.Sprint(worker, "-", n), 1 + r.Int64N(3)}
		first, repeats := r.IntN(servers), len(mine) > 0 && r.Float64() < again
		if repeats {
			earlier := mine[r.IntN(len(mine))]
			a, first = earlier.asked, (earlier.server+1+r.IntN(servers-1))%servers
		}
		if last, ok := f.call(a, worker, first, r); ok && !repeats {
			mine = append(mine, done{a, last})
		} else if ok {
			f.mu.Lock()
			f.elsewhere++
			f.mu.Unlock()
		}
		time.Sleep(pause)
	}
}

// call sends a request until it is answered, after an error to any server. It
// tells which one answered.
func (f *traffic) call(a asked, worker, server int, r *rand.Rand) (last int, ok bool) {
	c := call{asked: a, worker: worker, begun: time.Now(), unanswered: true}
	var err error
	for ; time.Since(c.begun) < patience; server = r.IntN(len(f.cluster.servers)) {
		if c.answer, err = f.cluster.authorize(context.Background(), f.cluster.servers[server], a); err == nil {
			c.unanswered = false
			break
		}
		if !errors.Is(err, errRetry) {
			break
		}
		f.mu.Lock()
		f.resent++
		f.mu.Unlock()
		time.Sleep(time.Duration(10+r.IntN(40)) * time.Millisecond)
	}
	c.ended = time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
	if err != nil {
		f.wrong = append(f.wrong, fmt.Errorf("%+v: %w", a, err))
	}
	return server, err == nil
}
