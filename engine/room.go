package engine

import (
	"math"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// An account's credits are added up in 64 bits. What an admin does, a grant or a
// refund, is refused where they might leave them, now or later: what falls due by
// itself, an issue or the end of a hold, must always find room.

// roomFor reports whether the account can hold a further grant.
func (a *account) roomFor(g *ledger.Grant) bool {
	most := mostOf(&g.Grant, &g.Terms)
	if g.Units {
		return most < math.MaxInt64
	}
	return a.roomBeside(func(lot int) bool { return a.replaces(g, lot) }) > most
}

// roomToReturn reports whether the account can hold what a refund returns, also
// where a grant that has ended loses it again at once.
func (a *account) roomToReturn(back []waterfall.Returned) bool {
	returned := map[int]int64{}
	for i := range back {
		for _, d := range back[i].Draws {
			lot := a.lot(d.Grant)
			returned[lot] = saturated(returned[lot], d.Amount)
		}
	}
	room := a.roomBeside(func(lot int) bool { return returned[lot] > 0 })
	for lot, amount := range returned {
		g := a.lots[lot]
		g.Remaining = saturated(g.Remaining, amount)
		most := mostOf(&g, &a.terms[lot])
		if most == math.MaxInt64 {
			return false
		}
		if g.Units {
			continue
		}
		if room <= most {
			return false
		}
		room -= most
	}
	return true
}

// roomBeside is how much the account can hold beside its open grants in credits,
// each with all that it may ever have, those left out that are excepted.
func (a *account) roomBeside(excepted func(lot int) bool) int64 {
	room := int64(math.MaxInt64)
	for i := range a.lots {
		if !a.lots[i].Units && !a.terms[i].Closed && !excepted(i) {
			room -= min(room, mostOf(&a.lots[i], &a.terms[i]))
		}
	}
	return room
}

// mostOf is what a grant may have at once if nothing is refunded: what it has and
// holds, or, before it was issued, what it will. A recurring one has an issue and
// what rolls over, and beside them, for a moment, what a hold returns that was made
// before it was renewed.
func mostOf(g *waterfall.Grant, t *ledger.Terms) int64 {
	has := saturated(g.Remaining, g.Held)
	switch {
	case g.Issues == 0 && g.Recurrence == waterfall.NoPeriod:
		return g.Amount
	case g.Recurrence == waterfall.NoPeriod || t.VoidedAt != 0 || t.ExpiredAt != 0:
		return has
	}
	issue := max(g.Amount+max(0, g.RolloverLimit), g.Remaining)
	return saturated(issue, max(issue, g.Held))
}
