package edge

import (
	"sync/atomic"
	"time"
)

// gate bounds the requests under way, subscriptions aside. More than can be answered
// soon would only wait, for the processor too, where no queue sees it; to turn
// them away costs least before anything is read.
//
// How many that is depends on the machine and on what is asked, so the gate
// learns it: of the requests that met it more than half full, nine in ten shall
// be answered soon. One that was not makes room for one less, nine that were for
// one more. Where few are under way, nothing is learned: what takes long then
// does not wait for others, and a store that is away is no overload.
type gate struct {
	busy  atomic.Int64
	parts atomic.Int64 // the limit, in parts of a request
}

const (
	soon = 100 * time.Millisecond
	// Requests that may be under way: at the beginning, at least and at most.
	// Fewer would leave the engine's batches half empty, more take memory for
	// what no machine answers in time.
	firstLimit = 512
	leastLimit = 256
	mostLimit  = 1024
	// A quick request is one part; a slow one takes back as many.
	partsOfOne = 9
)

func newGate() *gate {
	g := &gate{}
	g.parts.Store(firstLimit * partsOfOne)
	return g
}

// limit is how many may be under way.
func (g *gate) limit() int64 { return g.parts.Load() / partsOfOne }

// enter lets a request in, unless too many are under way. met is how many are,
// this one among them; who was let in says it again to leave.
func (g *gate) enter() (met int64, ok bool) {
	if met = g.busy.Add(1); met > g.limit() {
		g.busy.Add(-1)
		return met, false
	}
	return met, true
}

// leave ends a request that was let in, and learns from how long it took. One
// that met many more than are let in by now says nothing new: else all that
// waited at the same time would be blamed one after the other.
func (g *gate) leave(met int64, took time.Duration) {
	g.busy.Add(-1)
	limit := g.limit()
	switch {
	case met <= limit/2 || met > limit+limit/8:
	case took > soon && limit > leastLimit:
		g.parts.Add(-partsOfOne)
	case took <= soon && limit < mostLimit:
		g.parts.Add(1)
	}
}
