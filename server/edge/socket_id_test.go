package edge

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestTheIDOfAnOperation of a socket is free for the client's next one from the
// moment at which the client can know that the last one is over.
func TestTheIDOfAnOperation(t *testing.T) {
	// Of a socket only its queue is used: with something pending nobody writes.
	newSocket := func(room int) (*socket, *operation) {
		s := &socket{active: map[string]*operation{}, out: make(chan []byte, room)}
		s.ctx, s.end = context.WithCancelCause(t.Context())
		s.pending.Store(1)
		o := &operation{func() {}}
		if !s.begin("1", o) {
			t.Fatal("the first one cannot begin")
		}
		return s, o
	}

	t.Run("is free when its last message is read", func(t *testing.T) {
		for range 1000 {
			s, o := newSocket(1)
			go func() { _ = s.tell(s.ctx, "1", o, []byte("complete"), true) }()
			if <-s.out; !s.begin("1", &operation{func() {}}) {
				t.Fatal("the client has read complete, and the id is still taken")
			}
		}
	})
	t.Run("is taken while it runs", func(t *testing.T) {
		s, o := newSocket(1)
		if err := s.tell(s.ctx, "1", o, []byte("next"), false); err != nil {
			t.Fatal(err)
		}
		if <-s.out; s.begin("1", &operation{func() {}}) {
			t.Error("two run under one id")
		}
	})
	t.Run("is the client's as soon as it has completed it", func(t *testing.T) {
		s, old := newSocket(1)
		s.out <- []byte("full")
		waiting := make(chan error, 1)
		go func() { waiting <- s.tell(t.Context(), "1", old, []byte("of the old one"), false) }()
		time.Sleep(2 * roomPoll)
		s.complete("1")
		if !s.begin("1", &operation{func() {}}) {
			t.Fatal("the id is not free")
		}
		<-s.out
		if err := <-waiting; !errors.Is(err, errCompleted) || len(s.out) > 0 {
			t.Errorf("the old one went on: %v, %d messages", err, len(s.out))
		}
	})
	t.Run("a client that reads nothing is cut off", func(t *testing.T) {
		s, o := newSocket(1)
		s.out <- []byte("full")
		if queued, err := s.tryTell("1", o, []byte("next"), false); queued || err != nil {
			t.Errorf("%t %v", queued, err)
		}
	})
}
