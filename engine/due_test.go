package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// A grant that is due is issued again by the next batch or sweep. What a preview
// and the buckets tell meanwhile is what that batch would find.
func TestAPreviewSeesWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("due", "paid")
	limit := int64(250_000)
	w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 1_000_000, Recurrence: waterfall.Day, RolloverLimit: &limit})
	w.ask(a, "chat", 1)
	w.clock.Add(24*time.Hour + time.Second)
	ask := engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 2}
	p := must(w.Preview(ctx, ask))
	left := must(w.Buckets(ctx, engine.BucketQuery{Account: a}))[0].View.Remaining
	if p.Status != ledger.StatusAllowed || p.MaxQuantity != 2 || left != 2 {
		t.Errorf("%s, %d at the most, %d in the bucket: %s", p.Status, p.MaxQuantity, left, p.Explanation)
	}
	// It wrote nothing: the balance tells the newest posting that there is.
	if b := w.balance(a); b.Available != 1_250_000 || b.Sequence != 2 {
		t.Errorf("%+v", b)
	}
	if d := w.ask(a, "chat", 2); d.Status != p.Status || d.Charged != p.Charged || d.Steps[0].Available != p.Steps[0].Available {
		t.Errorf("decided %+v, previewed %+v", d.Steps, p.Steps)
	}
}
