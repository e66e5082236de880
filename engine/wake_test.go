package engine

import "testing"

// Readers at the same place share a read only where nothing changed between
// their waking up: one that began before may not hold what woke the later of
// them, and nobody would wake it again.
func TestReadersShareNoReadOverAChange(t *testing.T) {
	h := newHub()
	_, stop := h.watch("a")
	seen := h.changes("a")
	for _, c := range []struct {
		what    string
		happens func()
		changed bool
	}{
		{"nothing", func() {}, false},
		{"another account", func() { h.changed([]string{"b"}) }, false},
		{"the account", func() { h.changed([]string{"b", "a"}) }, true},
		{"perhaps any account", h.missed, true},
	} {
		c.happens()
		if now := h.changes("a"); (now != seen) != c.changed {
			t.Errorf("%s: %d, then %d", c.what, seen, now)
		} else {
			seen = now
		}
	}
	stop()
	if len(h.accounts) > 0 {
		t.Error("an account that nobody watches is kept")
	}
}
