package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strconv"

	"spillway/engine/waterfall"
)

// printOf is how the fingerprint of a request is made: 64 bits of SHA-256 over
// its parts, each behind its length as a varint. It is written here again,
// apart from the code that writes it, so that a changed request is found.
func printOf(parts ...string) int64 {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// eventPrint tells whether the fingerprint is that of what the event says was
// asked.
func eventPrint(e *Event) bool {
	quantity := strconv.FormatInt(e.Requested, 10)
	switch e.Kind {
	case Authorized:
		seconds := int64(0)
		if e.HoldUntil != 0 {
			seconds = int64(e.HoldUntil-e.At) / 1_000_000
		}
		return e.Fingerprint == printOf("authorize", e.User, e.Feature, quantity+" "+strconv.FormatBool(e.AllowPartial)+" "+strconv.FormatInt(seconds, 10))
	case Settled:
		return e.Fingerprint == printOf("settle", e.Decision.String(), quantity)
	case Released:
		return e.Fingerprint == printOf("release", e.Decision.String())
	case HoldExpired:
		return e.Fingerprint == printOf("expire", e.Decision.String())
	case Refunded:
		return e.Fingerprint == printOf("refund", e.Decision.String(), quantity) || e.Fingerprint == printOf("refund", e.Decision.String(), "all")
	}
	return false
}

// grantPrint tells whether the fingerprint is that of what the grant's terms
// are. That it takes effect at once is the same as having named that moment.
func grantPrint(g *Grant) bool {
	content := struct {
		Account       string
		Kind          waterfall.Kind
		Units         bool
		Amount        int64
		Features      []string
		Priority      int32
		EffectiveAt   *waterfall.Instant
		ExpiresAt     *waterfall.Instant
		Reference     string
		Note          string
		Recurrence    waterfall.Period
		RolloverLimit *int64
		Key           string
	}{Account: g.Account, Kind: g.Kind, Units: g.Units, Amount: g.Amount, Features: g.Features, Priority: g.Priority,
		EffectiveAt: &g.EffectiveAt, Reference: g.Reference, Note: g.Note, Recurrence: g.Recurrence, Key: g.Key}
	if g.ExpiresAt != 0 {
		content.ExpiresAt = &g.ExpiresAt
	}
	if g.RolloverLimit >= 0 {
		content.RolloverLimit = &g.RolloverLimit
	}
	for range 2 {
		text, err := json.Marshal(content)
		if err == nil && printOf("grant", string(text)) == g.Fingerprint {
			return true
		}
		content.EffectiveAt = nil
	}
	return false
}
