package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestATailLooksWhileThereMayBeMore: a reader of all accounts asks the database
// again until it is past what it was told of, and then not before it is told of
// more.
func TestATailLooksWhileThereMayBeMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &Engine{clock: time.Now}
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		follower := newTail(e, e.now(), nil)
		await := func(what string, long time.Duration) {
			t.Helper()
			began := time.Now()
			if err := follower.await(ctx, wake); err != nil || time.Since(began) != long {
				t.Errorf("%s: it waits %v: %v", what, time.Since(began), err)
			}
		}

		await("just begun", tailPoll)
		follower.woken, follower.news = false, follower.from+1
		await("nearly there", tailPoll)
		wake <- struct{}{}
		await("told of more while it is behind", tailPoll)
		if !follower.woken {
			t.Error("the next look does not tell until when there may be more")
		}
		follower.woken, follower.from = false, follower.news
		time.AfterFunc(time.Hour, func() { wake <- struct{}{} })
		await("all is read", time.Hour+tailPoll)
		follower.woken, follower.from = false, follower.news
		began := time.Now()
		time.AfterFunc(time.Minute, cancel)
		if err := follower.await(ctx, wake); err == nil || time.Since(began) != time.Minute {
			t.Errorf("nobody needs it: it waits %v: %v", time.Since(began), err)
		}
	})
}
