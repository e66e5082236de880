package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// The selection of a decision: every value of it, with the steps.
const decisionFields = `id userId feature { key } status reason explanation requested granted charged settledQuantity refunded refundedCredits unfunded ` +
	`steps { position kind bucketKey available taken reason resetsAt } retryAt holdExpiresAt idempotencyKey replayed planKey planVersion createdAt updatedAt`

const (
	authorizeHead = `{"query":"mutation($in: AuthorizeInput!) { authorize(input: $in) { ` + decisionFields + ` } }","variables":{"in":`
	batchHead     = `{"query":"mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { decision { ` + decisionFields +
		` } error { code message } } }","variables":{"in":[`
)

// appendInput writes an AuthorizeInput. None of its texts needs escaping.
func appendInput(b []byte, account, feature, key string) []byte {
	b = append(append(b, `{"accountId":"`...), account...)
	b = append(append(b, `","userId":"user-1","feature":"`...), feature...)
	b = append(append(b, `","quantity":1,"idempotencyKey":"`...), key...)
	return append(b, `"}`...)
}

var (
	allowed = []byte(`"status":"ALLOWED"`)
	once    = []byte(`"replayed":false`)
)

// errShed is what a server says that has too much to do.
var errShed = errors.New("the server turns requests away")

// check tells whether an answer holds n decisions, all of them new and allowed.
func check(answer []byte, n int) error {
	if bytes.Contains(answer, []byte(`"RATE_LIMITED"`)) {
		return errShed
	}
	if bytes.Count(answer, allowed) != n || bytes.Count(answer, once) != n {
		return fmt.Errorf("the server answers %.500s", answer)
	}
	return nil
}

// authorizeLoad asks servers for a mix, one decision a request; the connections
// are dealt out to the servers in turn.
func authorizeLoad(m mix, token string, connections int, d time.Duration, w watched, servers ...*server) load {
	return load{callers: connections, duration: d, watched: w, caller: func(ctx context.Context, c int) (caller, error) {
		conn, err := dial(ctx, servers[c%len(servers)].address, token)
		if err != nil {
			return nil, err
		}
		random, key := rand.New(rand.NewPCG(rand.Uint64(), 7)), keys()
		var body []byte
		return func(ctx context.Context, n int) (int, error) {
			account, feature := m.next(random)
			body = append(appendInput(append(body[:0], authorizeHead...), account, feature, key(n)), `}}`...)
			answer, err := conn.post(ctx, body)
			if err == nil {
				err = check(answer, 1)
			}
			return 1, err
		}, nil
	}}
}

// batchLoad asks for a hundred decisions a request.
func batchLoad(m mix, token string, connections int, d time.Duration, w watched, s *server) load {
	const size = 100
	return load{callers: connections, duration: d, watched: w, caller: func(ctx context.Context, _ int) (caller, error) {
		conn, err := dial(ctx, s.address, token)
		if err != nil {
			return nil, err
		}
		random, key := rand.New(rand.NewPCG(rand.Uint64(), 7)), keys()
		var body []byte
		return func(ctx context.Context, n int) (int, error) {
			body = append(body[:0], batchHead...)
			for i := range size {
				if i > 0 {
					body = append(body, ',')
				}
				account, feature := m.next(random)
				body = appendInput(body, account, feature, key(n)+"-"+strconv.Itoa(i))
			}
			answer, err := conn.post(ctx, append(body, `]}}`...))
			if err == nil {
				err = check(answer, size)
			}
			return size, err
		}, nil
	}}
}

// paced sends requests at fixed times, whether or not those before are
// answered, and returns how long each took from the time it was due. A client
// that waits for its answer first would not notice a server that stands still.
func paced(ctx context.Context, m mix, token string, rate int, d time.Duration, s *server) (measure, error) {
	const connections = 64
	ctx, cancel := context.WithTimeout(ctx, d+20*time.Second)
	defer cancel()
	callers, err := authorizeLoad(m, token, connections, d, nil, s).gather(ctx)
	if err != nil {
		return measure{}, err
	}
	total := int(d.Seconds() * float64(rate))
	latencies := make([]time.Duration, total)
	began := time.Now().Add(50 * time.Millisecond)
	err = each(connections, connections, func(c int) error {
		for n := c; n < total; n += connections {
			due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
				due = time.Now() // our own timers are not what is measured
			}
			if _, err := callers[c](ctx, n); err != nil {
				return err
			}
			latencies[n] = time.Since(due)
		}
		return nil
	})
	measured := summary(latencies)
	measured.rate = float64(total) / time.Since(began).Seconds()
	return measured, err
}
