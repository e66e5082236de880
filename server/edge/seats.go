package edge

import (
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/engine"
	"spillway/graph/caller"
)

// Why a subscription ends that neither side has ended.
var (
	errExpired = errors.New("the token has ended")
	errClosing = errors.New("the server is closing")
	errSlow    = errors.New("the reader is too slow")
	errGone    = errors.New("the connection is gone")
)

// mostSubscriptions is how many a user may have at once in this process.
const mostSubscriptions = 10

// seats counts the subscriptions of each user.
type seats struct {
	mu    sync.Mutex
	taken map[person]int
}

// person is a user of an account: another account may have one of the same name.
type person struct{ account, user string }

func (s *seats) take(p person) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[p] >= mostSubscriptions {
		return false
	}
	if s.taken == nil {
		s.taken = map[person]int{}
	}
	s.taken[p]++
	return true
}

func (s *seats) leave(p person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[p]--; s.taken[p] == 0 {
		delete(s.taken, p)
	}
}

// admit lets in an operation of a stream or a socket: a subscription where its
// user has a seat free, a query or mutation by the gate, as one that is posted.
// leave gives the place back.
func (e *Edge) admit(op *graphql.OperationContext, c *caller.Caller) (leave func(), errs gqlerror.List) {
	if op.Operation.Operation == ast.Subscription {
		p := person{c.Account, c.User}
		if !e.seats.take(p) {
			return nil, gqlerror.List{fault(engine.CodeRateLimited, "at most 10 subscriptions at once are possible")}
		}
		return func() { e.seats.leave(p) }, nil
	}
	met, ok := e.gate.enter()
	if !ok {
		return nil, gqlerror.List{fault(engine.CodeRateLimited, "too many requests wait; try again in a moment")}
	}
	begun := e.Now()
	return func() { e.gate.leave(met, e.Now().Sub(begun)) }, nil
}
