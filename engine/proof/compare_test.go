package proof_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// compare holds all that can be seen of the engine to the model.
func (p *pair) compare() {
	ctx := context.Background()
	p.compareBalance(ctx)
	p.compareGrants(ctx)
	from := max(0, len(p.decisions)-6)
	current := slices.Clone(p.decisions[from:])
	must(true, p.CurrentDecisions(ctx, current))
	for i := from; i < len(p.decisions); i++ {
		d := current[i-from]
		if fault := p.models[i].differs(d); fault != "" {
			p.r.Fatalf("decision %d: %s", i, fault)
		}
		want, sentence := p.models[i], p.Explain(d)
		// What neither side tells anew was held before: to read it costs more.
		if told := fmt.Sprint(sentence, want.status, want.settled, want.refunds, want.back); told != want.told {
			if fault := want.toldWrong(sentence); fault != "" {
				p.r.Fatalf("decision %d: %s", i, fault)
			}
			want.told = told
		}
	}
	p.compareBuckets(ctx)
	p.compareKinds(waterfall.Kind(1 + len(p.decisions)%int(waterfall.Credit)))
}

func (p *pair) compareBalance(ctx context.Context) {
	want := p.m.balance()
	b := must(p.Balances(ctx, []string{p.id}))[p.id]
	if got := (modelBalance{b.Available, b.Held, b.ExpiringSoon, moment(b.NextExpiryAt)}); got != want {
		p.r.Fatalf("balance %+v, the model says %+v", got, want)
	}
	past := *must(p.BalancesAt(ctx, []string{p.id}, b.AsOf))[p.id]
	if past != *b {
		p.r.Fatalf("balance %+v, at the same moment %+v", *b, past)
	}
}

// moment is zero for none.
func moment(at waterfall.Instant) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

func (p *pair) compareGrants(ctx context.Context) {
	refs := make([]ledger.GrantRef, len(p.grants))
	for i, g := range p.grants {
		refs[i] = ledger.GrantRef{Account: p.id, ID: g.ID}
	}
	byID := map[ledger.ID]ledger.Grant{}
	found := must(p.ledger.GrantsByID(ctx, refs))
	rows := make([]*ledger.Grant, len(found))
	for i := range found {
		rows[i] = &found[i]
	}
	if err := p.CurrentGrants(ctx, rows); err != nil {
		p.r.Fatal(err)
	}
	for _, g := range rows {
		byID[ledger.ID(g.ID)] = *g
	}
	for i, ref := range refs {
		if g, want := byID[ref.ID], p.m.grants[i]; g.Remaining != want.remaining || g.Held != want.held {
			p.r.Fatalf("grant %d has %d and holds %d, the model says %d and %d", i, g.Remaining, g.Held, want.remaining, want.held)
		} else if next := moment(g.ComesAgainAt()); next != want.next() {
			p.r.Fatalf("grant %d comes again at %s, the model says %s", i, next, want.next())
		}
	}
}

func (p *pair) compareBuckets(ctx context.Context) {
	user := "ann"
	var got, want []string
	for _, b := range must(p.Buckets(ctx, engine.BucketQuery{Account: p.id, User: &user})) {
		used, limit := p.m.used(b.Bucket, b.Feature, user)
		got = append(got, fmt.Sprint(b.Feature, " ", b.Bucket.Key, " ", b.View.Remaining, " ", b.View.Used, " ", b.View.Limit))
		want = append(want, fmt.Sprint(b.Feature, " ", b.Bucket.Key, " ", p.m.available(b.Bucket, b.Feature, user, p.m.capRoom()), " ", used, " ", limit))
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
