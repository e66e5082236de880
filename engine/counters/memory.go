package counters

import (
	"context"
	"maps"
	"sync"

	"spillway/engine/waterfall"
)

// Memory is a store within the process, for a single server without Redis and
// for simulation. It is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	accounts map[string]*memoryHash
}

type memoryHash struct {
	version Version
	shape   string
	fields  map[Field]string
}

// NewMemory is an empty store.
func NewMemory() *Memory { return &Memory{accounts: map[string]*memoryHash{}} }

// Read answers each query, in order.
func (m *Memory) Read(_ context.Context, queries []Query) ([]Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Snapshot, len(queries))
	for i, q := range queries {
		out[i].Fields = make([]*waterfall.Series, len(q.Fields))
		h := m.accounts[q.Account]
		if h == nil {
			continue
		}
		out[i].Version, out[i].Shape = h.version, h.shape
		for j, f := range q.Fields {
			packed, ok := h.fields[f]
			if !ok {
				continue
			}
			s, err := unpack(packed)
			if err != nil {
				out[i].Version = Version{}
				continue
			}
			out[i].Fields[j] = s
		}
	}
	return out, nil
}

// Write applies each update and tells which of them the store now holds.
func (m *Memory) Write(_ context.Context, updates []Update) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held := make([]bool, len(updates))
	for i, u := range updates {
		h := m.accounts[u.Account]
		switch {
		case u.Replace:
			h = &memoryHash{fields: map[Field]string{}}
			m.accounts[u.Account] = h
		case h == nil || h.version != u.Expected || h.shape != u.Shape:
			delete(m.accounts, u.Account)
			continue
		}
		h.version, h.shape = u.Version, u.Shape
		for f, s := range u.Fields {
			h.fields[f] = string(pack(s))
		}
		held[i] = true
	}
	return held, nil
}

// Flush forgets everything.
func (m *Memory) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = map[string]*memoryHash{}
}

// Copy is a store that holds what this one holds now, as a dump does.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := NewMemory()
	for account, h := range m.accounts {
		c.accounts[account] = &memoryHash{h.version, h.shape, maps.Clone(h.fields)}
	}
	return c
}

// Away is always false.
func (m *Memory) Away() bool { return false }
