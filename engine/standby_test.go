package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
)

// TestACommitIsNeverCancelled: while no synchronous standby confirms, a COMMIT waits
// for as long as that takes. Nobody is told of what it decided, by the first call or
// by one with the same key, and nobody reads it; once there is confirmation the same
// key tells one decision.
func TestACommitIsNeverCancelled(t *testing.T) {
	t.Parallel()
	s := ownStores(t)
	w := newWorldOfStores(t, s)
	account := w.account("synchronous", "plus")
	admin := w.connection()
	standby := func(names string) {
		t.Helper()
		for _, sql := range []string{"set synchronous_commit = local", "alter system set synchronous_standby_names = '" + names + "'", "select pg_reload_conf()"} {
			if _, err := admin.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(200 * time.Millisecond) // every process has read it
	}
	r := engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: "once"}
	ask := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		_, err := w.Authorize(ctx, r)
		return err
	}
	standby("nobody")
	// Longer than a batch's COMMIT is waited for.
	if err := ask(11 * time.Second); code(err) != engine.CodeUnavailable {
		t.Errorf("the first call: %v", err)
	}
	if err := ask(3 * time.Second); code(err) != engine.CodeUnavailable {
		t.Errorf("the same key again: %v", err)
	}
	if ids := w.eventsOf(account); len(ids) != 0 {
		t.Errorf("what is not confirmed is read: %v", ids)
	}
	standby("")
	first, err := w.Authorize(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if ids := w.eventsOf(account); len(ids) != 1 || ids[0] != first.ID {
		t.Errorf("%v, answered %s", ids, first.ID)
	}

	// What was decided before is answered behind a confirmation too: a primary that
	// came back has it, and its standby may not.
	standby("nobody")
	if err := ask(time.Second); code(err) != engine.CodeUnavailable {
		t.Errorf("an earlier decision, while nothing is confirmed: %v", err)
	}
	standby("")
	if again, err := w.Authorize(t.Context(), r); err != nil || again.ID != first.ID {
		t.Errorf("%v: %v", again, err)
	}
}
