package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"spillway/engine/waterfall"
)

// TestATailLooksWhileThereMayBeMore: a reader of all accounts asks the database
// again until it is past what it was told of, and then not before it is told of
// more.
func TestATailLooksWhileThereMayBeMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &Engine{clock: time.Now}
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		follower := newTail(e, nil)
		await := func(what string, long time.Duration, news waterfall.Instant) {
			t.Helper()
			began := time.Now()
			if err := follower.await(ctx, wake); err != nil || time.Since(began) != long || follower.news != news {
				t.Errorf("%s: it waits %v for what is until %d, not %d: %v", what, time.Since(began), follower.news, news, err)
			}
		}

		// Another process may have been first with what its clock says is later.
		start := e.now()
		await("just begun", tailPoll, start+tailSkew)
		follower.from = start + tailSkew - 1
		await("nearly there", tailPoll, start+tailSkew)
		wake <- struct{}{}
		await("told of more while it is behind", tailPoll, e.now()+tailSkew)
		follower.from = follower.news
		time.AfterFunc(time.Hour, func() { wake <- struct{}{} })
		await("all is read", time.Hour+tailPoll, e.now()+waterfall.Instant(time.Hour.Microseconds())+tailSkew)
		follower.from = follower.news
		began := time.Now()
		time.AfterFunc(time.Minute, cancel)
		if err := follower.await(ctx, wake); err == nil || time.Since(began) != time.Minute {
			t.Errorf("nobody needs it: it waits %v: %v", time.Since(began), err)
		}
	})
}
