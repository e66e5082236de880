package proof_test

import (
	"context"
	"fmt"
	"strings"

	"spillway/engine"
	"spillway/ledger"
)

// compare holds all that can be seen of the engine to the model.
func (p *pair) compare() {
	ctx := context.Background()
	available, held := p.m.balance()
	if b := must(p.Balances(ctx, []string{p.id}))[p.id]; b.Available != available || b.Held != held {
		p.r.Fatalf("balance %d held %d, the model says %d held %d", b.Available, b.Held, available, held)
	}
	p.compareGrants(ctx)
	for i := max(0, len(p.decisions)-6); i < len(p.decisions); i++ {
		if fault := p.models[i].differs(p.decisions[i]); fault != "" {
			p.r.Fatalf("decision %d: %s", i, fault)
		}
	}
	p.compareBuckets(ctx)
}

func (p *pair) compareGrants(ctx context.Context) {
	refs := make([]ledger.GrantRef, len(p.grants))
	for i, g := range p.grants {
		refs[i] = ledger.GrantRef{Account: p.id, ID: g.ID}
	}
	byID := map[ledger.ID]ledger.Grant{}
	for _, g := range must(p.ledger.GrantsByID(ctx, refs)) {
		byID[ledger.ID(g.ID)] = g
	}
	for i, ref := range refs {
		if g, want := byID[ref.ID], p.m.grants[i]; g.Remaining != want.remaining || g.Held != want.held {
			p.r.Fatalf("grant %d has %d and holds %d, the model says %d and %d", i, g.Remaining, g.Held, want.remaining, want.held)
		}
	}
}

func (p *pair) compareBuckets(ctx context.Context) {
	user := "ann"
	var got, want []string
	for _, b := range must(p.Buckets(ctx, engine.BucketQuery{Account: p.id, User: &user})) {
		got = append(got, fmt.Sprint(b.Feature, " ", b.Bucket.Key, " ", b.View.Remaining))
		want = append(want, fmt.Sprint(b.Feature, " ", b.Bucket.Key, " ", p.m.available(b.Bucket, b.Feature, user, p.m.capRoom())))
	}
	if a, b := strings.Join(got, ", "), strings.Join(want, ", "); a != b {
		p.r.Fatalf("buckets %s, the model says %s", a, b)
	}
}

// differs says what of a decision is not as the model has it, "" for nothing.
func (want *modelDecision) differs(d *ledger.Decision) string {
	refunded, _ := d.RefundedSoFar()
	type answer struct {
		Status                               string
		Granted, Charged, Unfunded, Refunded int64
	}
	got := answer{d.Now().String(), d.FinalGranted(), d.FinalCharged(), d.Unfunded(), refunded}
	if w := (answer{want.status, want.granted, want.charged, want.unfunded, want.refunded}); got != w {
		return fmt.Sprintf("%+v, the model says %+v", got, w)
	}
	return ""
}

// stepsOf are the steps of an answer as the model tells them.
func stepsOf(steps []ledger.Step) (all []modelStep) {
	for _, s := range steps {
		all = append(all, modelStep{s.Bucket, s.Available, s.Taken})
	}
	return all
}
