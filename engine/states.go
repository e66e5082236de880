package engine

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// states are the accounts decided on lately, as the workers left them. A batch
// takes those that it decides on out, and puts them back when it is recorded:
// what is taken out belongs to one batch alone, and a batch that fails leaves
// nothing behind.
type states struct {
	mu  sync.Mutex
	lru *simplelru.LRU[string, *account]
}

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
