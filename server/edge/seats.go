package edge

import (
	"errors"
	"sync"
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
	taken map[string]int
}

func (s *seats) take(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[user] >= mostSubscriptions {
		return false
	}
	if s.taken == nil {
		s.taken = map[string]int{}
	}
	s.taken[user]++
	return true
}

func (s *seats) leave(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[user]--; s.taken[user] == 0 {
		delete(s.taken, user)
	}
}
