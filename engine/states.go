package engine

import (
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// states are the accounts decided on lately, as the workers left them. A batch
// takes those that it decides on out, and puts them back when it is recorded:
// what is taken out belongs to one batch alone, and a batch that fails leaves
// nothing behind.
type states struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, *account]
	// changed is the share of them that other processes have changed meanwhile,
	// a mean over about the last meanOf that were looked at.
	changed float64
	// contested: other processes decide on many of the same accounts.
	contested atomic.Bool
}

const (
	meanOf = 1024
	// contestedShare is from when on the accounts of this process count as those
	// of others too. Where requests go to any of n processes it is about 1-1/n;
	// where each process has accounts of its own, nearly none.
	contestedShare = 0.2
)

func newStates(most int) *states {
	lru, _ := simplelru.NewLRU[string, *account](most, nil) // fails only for a size below 1
	return &states{lru: lru}
}

// take takes out what is known of accounts.
func (s *states) take(ids []string) map[string]*account {
	known := make(map[string]*account, len(ids))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if a, ok := s.lru.Peek(id); ok {
			known[id] = a
			s.lru.Remove(id)
		}
	}
	return known
}

// keep puts accounts back, or in.
func (s *states) keep(accounts []*account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range accounts {
		s.lru.Add(a.ID, a)
	}
}

// note is told how many accounts of a batch were known, and how many of these
// another process had changed.
func (s *states) note(known, changed int) {
	if known == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	weight := min(1, float64(known)/meanOf)
	s.changed += weight * (float64(changed)/float64(known) - s.changed)
	s.contested.Store(s.changed >= contestedShare)
}
