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
		told := &tail{engine: e, from: e.now()}
		wake := make(chan struct{}, 1)
		await := func(news waterfall.Instant) (waterfall.Instant, time.Duration, error) {
			began := time.Now()
			next, err := told.await(ctx, wake, news)
			return next, time.Since(began), err
		}

		behind := told.from + 1
		if news, took, err := await(behind); err != nil || news != behind || took != tailPoll {
			t.Errorf("a tail that is behind waits %v, until %d, not %d: %v", took, news, behind, err)
		}
		time.AfterFunc(time.Hour, func() { wake <- struct{}{} })
		until := e.now() + waterfall.Instant(time.Hour.Microseconds()) + tailSkew
		if news, took, err := await(told.from); err != nil || news != until || took != time.Hour+tailPoll {
			t.Errorf("a tail that has read all waits %v, until %d, not %d: %v", took, news, until, err)
		}
		wake <- struct{}{}
		until = e.now() + tailSkew
		if news, took, err := await(behind); err != nil || news != until || took != tailPoll {
			t.Errorf("a tail that is told of more while it is behind waits %v, until %d, not %d: %v", took, news, until, err)
		}
		time.AfterFunc(time.Minute, cancel)
		if _, took, err := await(told.from); err == nil || took != time.Minute {
			t.Errorf("a tail that nobody needs waits %v: %v", took, err)
		}
	})
}
