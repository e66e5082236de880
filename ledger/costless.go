package ledger

// Costless tells whether rate limits and the free tier alone paid for an event:
// a decision that was allowed at once and drew on no grant.
//
// Its monetization events are told and not stored: each repeats what a step of
// the event says, at no cost and no price. Most decisions are paid so, and the
// rows were more than a quarter of all that decisions take on disk. An event has
// all of its monetization events stored or none: what draws on a grant stores
// those of its windows too, and a settlement always does, whose steps say what
// it changed and not what was used.
func (e *Event) Costless() bool {
	return e.Kind == Authorized && e.Status == StatusAllowed && e.Postings == 0
}

// CostlessParts are the monetization events of a costless event: one for each
// step that gave something, in their order. Of any other event they are nil.
func (e *Event) CostlessParts() []Monetization {
	if !e.Costless() {
		return nil
	}
	return appendCostless(make([]Monetization, 0, len(e.Steps)), e)
}

func appendCostless(parts []Monetization, e *Event) []Monetization {
	part := int32(0)
	for i := range e.Steps {
		s := &e.Steps[i]
		if s.Taken <= 0 {
			continue
		}
		parts = append(parts, Monetization{Account: e.Account, Event: e.ID, Part: part, Kind: s.Kind, Bucket: s.Bucket, Quantity: s.Taken})
		part++
	}
	return parts
}

// The same in SQL, for what sums or exports any number of them. A step is as
// appendStep writes it: the kind's letter and the bucket, available, taken; the
// last is missing or empty where it is 0.
const (
	// costless is (*Event).Costless of a row u.
	costless = `(u.kind = 1 and u.status = 1 and u.postings = 0)`

	// everyPart are all monetization events, with the time and the feature of
	// their usage events.
	everyPart = `(select u.account_id, u.id, u.created_at, u.feature, m.part, m.kind, m.bucket, m.quantity, m.credits, m.price_version
			from usage_events u join monetization_events m on m.account_id = u.account_id and m.usage_event_id = u.id
			where not ` + costless + `
		union all
		select u.account_id, u.id, u.created_at, u.feature, t.part, t.kind, t.bucket, t.quantity, 0, null
			from usage_events u cross join lateral (
				select (row_number() over (order by s.place) - 1)::smallint as part,
					(strpos('` + kindLetters + `', upper(left(s.step, 1))) - 1)::smallint as kind,
					substr(split_part(s.step, ',', 1), 2) as bucket, n.taken as quantity
				from string_to_table(u.steps, ';') with ordinality s(step, place)
				cross join lateral (select nullif(split_part(s.step, ',', 3), '')::bigint as taken) n
				where n.taken > 0) t
			where ` + costless + `)`
)
