package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"spillway/engine/waterfall"
)

func TestStepsByExample(t *testing.T) {
	at := waterfall.AtSecond(1_763_890_000)
	for text, e := range map[string]Event{
		"": {CeilingRoom: -1, CapRoom: -1},
		"R5h,50,3,301;CC,20,2,,2500000,1": {CeilingRoom: -1, CapRoom: -1, Steps: []Step{
			{Kind: waterfall.RateLimit, Bucket: "5h", Available: 50, Taken: 3, Reason: 1, Window: 0, ResetsAt: 1_763_890_300, Second: at.Second()},
			{Kind: waterfall.Credit, Bucket: "C", Available: 20, Taken: 2, Reason: 2, Window: -1, Credits: 2_500_000, Second: at.Second()}}},
		"!;^7;$0;tdaily,3,-3,,,-1,,1763880000": {CeilingRoom: 7, CapRoom: 0, Indivisible: true, Steps: []Step{
			{Kind: waterfall.FreeTier, Scope: waterfall.PerAccount, Bucket: "daily", Available: 3, Taken: -3, Window: -1, Second: 1_763_880_000}}},
		"R5h,1;CC;?/,1/,200000,,,5000000,,60000000": {CeilingRoom: -1, CapRoom: -1, Steps: []Step{
			{Kind: waterfall.RateLimit, Bucket: "5h", Available: 1, Reason: 1, Second: at.Second()}, {Kind: waterfall.Credit, Bucket: "C", Reason: 1, Window: -1, Second: at.Second()}},
			Refusal: &waterfall.Refusal{Sources: []waterfall.Source{{Room: 2}, {Credits: 200_000, Later: 5_000_000, LaterAt: at + 60_000_000}}}},
		"^0;$3;?,2,5,3601,7,4,3": {CeilingRoom: 0, CapRoom: 3, Refusal: &waterfall.Refusal{Sources: []waterfall.Source{}, Ceiling: 2, CeilingRoom: 5,
			CeilingBack: at.Second() + 3600, CapLimit: 7, CapSpent: 4, CapPeriod: waterfall.Month}},
		"CC,2,-2,,-2000000;~,2000000,,,,,,1": {CeilingRoom: -1, CapRoom: -1, Lost: &waterfall.Lost{Expired: waterfall.Amount{Credits: 2_000_000}, Whole: true},
			Steps: []Step{{Kind: waterfall.Credit, Bucket: "C", Available: 2, Taken: -2, Credits: -2_000_000, Reason: 1, Window: -1, Second: at.Second()}}},
	} {
		e.At = at
		// kindLetters: R T P E C; the free tier is T.
		got := EncodeSteps(&e)
		if got != text {
			t.Errorf("wrote %q, want %q", got, text)
		}
		back := Event{At: at}
		if err := DecodeSteps(&back, got); err != nil || sameSteps(&back, &e) != "" {
			t.Errorf("%q: %v %s", got, err, sameSteps(&back, &e))
		}
	}
}

// sameSteps tells how two events differ in what the column holds.
func sameSteps(a, b *Event) string {
	tell := func(e *Event) string {
		told, _ := json.Marshal([]any{e.Refusal, e.Lost})
		return fmt.Sprint(e.Indivisible, e.CeilingRoom, e.CapRoom, len(e.Steps), e.Steps, string(told))
	}
	if tell(a) == tell(b) {
		return ""
	}
	return tell(a) + " is not " + tell(b)
}

func TestStepsComeBackAsTheyWere(t *testing.T) {
	amount := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-9, 9), rapid.Int64())
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.OneOf(rapid.Just(int64(-1)), rapid.Int64Range(0, 5), rapid.Int64Range(0, math.MaxInt64))
		e := Event{At: waterfall.Instant(rapid.Int64Range(1_000_000, 1<<55).Draw(t, "at")), Indivisible: rapid.Bool().Draw(t, "indivisible"),
			CeilingRoom: room.Draw(t, "ceiling"), CapRoom: room.Draw(t, "cap")}
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			s := Step{Kind: waterfall.Kind(rapid.IntRange(1, 5).Draw(t, "kind")), Bucket: rapid.StringMatching(`[A-Za-z0-9._:@/-]{1,12}`).Draw(t, "bucket"),
				Available: amount.Draw(t, "available"), Taken: amount.Draw(t, "taken"), Credits: amount.Draw(t, "credits"),
				Reason: waterfall.Reason(rapid.IntRange(0, 10).Draw(t, "reason")), Window: rapid.IntRange(-1, 7).Draw(t, "window"),
				ResetsAt: rapid.Int64Range(0, 1<<40).Draw(t, "resets"), Second: e.At.Second()}
			if s.Kind.Counted() {
				s.Scope = waterfall.Scope(rapid.IntRange(0, 1).Draw(t, "scope"))
			}
			if rapid.Bool().Draw(t, "another second") {
				s.Second = rapid.Int64Range(1, 1<<40).Draw(t, "second")
			}
			e.Steps = append(e.Steps, s)
		}
		e.Refusal, e.Lost = anyRefusal(t, &e), anyLost(t)
		got := Event{At: e.At}
		text := EncodeSteps(&e)
		if err := DecodeSteps(&got, text); err != nil || sameSteps(&got, &e) != "" {
			t.Fatalf("%q: %v %s", text, err, sameSteps(&got, &e))
		}
	})
}

// anyRefusal is a refusal that stands beside the steps of an event, or none.
func anyRefusal(t *rapid.T, e *Event) *waterfall.Refusal {
	if rapid.Bool().Draw(t, "refused") {
		return nil
	}
	amount := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<60))
	r := &waterfall.Refusal{Sources: make([]waterfall.Source, len(e.Steps)), Ceiling: rapid.IntRange(0, 3).Draw(t, "ceiling"),
		CeilingRoom: amount.Draw(t, "leaves"), CeilingBack: rapid.Int64Range(0, 1<<40).Draw(t, "back"), CapLimit: amount.Draw(t, "limit"),
		CapSpent: amount.Draw(t, "spent"), CapPeriod: waterfall.Period(rapid.IntRange(0, 3).Draw(t, "period"))}
	for i := range e.Steps {
		if s := &r.Sources[i]; e.Steps[i].Kind == waterfall.RateLimit {
			s.Room = amount.Draw(t, "room")
		} else {
			*s = waterfall.Source{Credits: amount.Draw(t, "credits"), Elsewhere: amount.Draw(t, "elsewhere"), Others: amount.Draw(t, "others"),
				Later: amount.Draw(t, "later"), LaterUnits: amount.Draw(t, "later units"), LaterAt: waterfall.Instant(amount.Draw(t, "later at"))}
		}
	}
	return r
}

func anyLost(t *rapid.T) *waterfall.Lost {
	if rapid.Bool().Draw(t, "nothing lost") {
		return nil
	}
	amount := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<60))
	two := func(name string) waterfall.Amount {
		return waterfall.Amount{Credits: amount.Draw(t, name), Units: amount.Draw(t, name)}
	}
	return &waterfall.Lost{Expired: two("expired"), Voided: two("voided"), Lapsed: two("lapsed"), Whole: rapid.Bool().Draw(t, "whole")}
}

// FuzzDecodeSteps: whatever stands in the column, it is refused, or it means
// something that is written and read back the same.
func FuzzDecodeSteps(f *testing.F) {
	for _, seed := range []string{"", "!", "^5;$0", "R5h,50,3,301;CC,20,2,,2500000,1", "tdaily,3,-3,-5,,-1,,1763880000", "^-5", "ccredits,1", ";",
		"R", "?", "Ra;?,1/2/3", "Ra,1;CC;?,1,2,3,4,5,1/2/3,4,5,6,7,8;~1", "~1,2,,4,,6,1", "?;Ra", "Ra,,,,,,,", "Ra,1,1,1,1,1,1,1,1", "Xa,1", "Ra,x", "^", "!x", "Ra;!"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := Event{At: waterfall.AtSecond(1_763_890_000)}
		if DecodeSteps(&e, text) != nil {
			return
		}
		again := Event{At: e.At}
		written := EncodeSteps(&e)
		if err := DecodeSteps(&again, written); err != nil || sameSteps(&again, &e) != "" {
			t.Fatalf("%q was read, and written as %q: %v %s", text, written, err, sameSteps(&again, &e))
		}
	})
}
