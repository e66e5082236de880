package proof_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spillway/engine/waterfall"
)

// What a person is told of a decision is held to the model by its figures: they
// are read out of the sentence again.

var (
	toldOpening  = regexp.MustCompile(`^(Allowed|Reserved|Denied|Settled|Released|Expired)`)
	toldUntil    = regexp.MustCompile(`^(?:Reserved(?: in part)? until|Expired (?:at|on)) (.*?) UTC: `)
	toldInPart   = regexp.MustCompile(`^(?:Allowed|Reserved) in part.*?: ([\d,]+) of ([\d,]+)`)
	toldSource   = regexp.MustCompile(`([\d,]+) (from|to) (?:the [^,;.(]*?(limit|free quota)(?: \(\w+\))?|your own [^,;.(]*?limit|(promotions|credits)|the (entitlement))(?: \(([\d,]+\.\d+)\)| \(counted no longer\))?`)
	toldSettled  = regexp.MustCompile(`^Settled: ([\d,]+)(?: of ([\d,]+) used| used, ([\d,]+) as reserved| used after the hold had expired)`)
	toldBack     = regexp.MustCompile(`(?:; |: )([\d,]+) went back`)
	toldUnfunded = regexp.MustCompile(`; ([\d,]+) unfunded`)
	toldRefunded = regexp.MustCompile(`; (?:all ([\d,]+)|([\d,]+) of ([\d,]+)) refunded(?: in ([\d,]+) refunds)?`)
	toldLost     = regexp.MustCompile(`; (nothing of it can|(?:([\d,]+\.\d+))?(?: and )?(?:([\d,]+) units?)? of it cannot) be spent again, because the grant (?:has ended \((?:expired|voided)\)|was renewed meanwhile)`)
	toldDenied   = regexp.MustCompile(`not enough for ([\d,]+)(?: \(([\d,]+) fits?\))?: `)
	toldSingle   = regexp.MustCompile(`covers all ([\d,]+), and this feature is never split: the most is ([\d,]+)`)
)

// figure reads a whole number; "" is 0.
func figure(text string) int64 {
	n, _ := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	return n
}

// micros reads an amount of credits; "" is 0.
func micros(text string) int64 {
	whole, fraction, _ := strings.Cut(text, ".")
	return figure(whole)*1_000_000 + figure((fraction + "000000")[:6])
}

// toldSum is what the sources that a text names gave or got back.
type toldSum struct {
	units, credits int64
	byKind         map[waterfall.Kind]int64
	counted        bool // one that counts got back
}

func sumOf(text, direction string) toldSum {
	sum := toldSum{byKind: map[waterfall.Kind]int64{}}
	for _, m := range toldSource.FindAllStringSubmatch(text, -1) {
		if m[2] != direction {
			continue
		}
		kind := waterfall.RateLimit
		switch {
		case m[3] == "free quota":
			kind = waterfall.FreeTier
		case m[4] == "promotions":
			kind = waterfall.Promotion
		case m[4] == "credits":
			kind = waterfall.Credit
		case m[5] != "":
			kind = waterfall.Entitlement
		}
		sum.byKind[kind] += figure(m[1])
		sum.units += figure(m[1])
		sum.credits += micros(m[6])
		sum.counted = sum.counted || kind <= waterfall.FreeTier && !strings.HasSuffix(m[0], "(counted no longer)")
	}
	return sum
}

// toldWrong says which figure of a sentence is not the model's, "" for none.
func (want *modelDecision) toldWrong(sentence string) string {
	var wrong []string
	hold := func(what string, got, want any) {
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s %v, the model says %v", what, got, want))
		}
	}
	openings := map[string]string{"ALLOWED": "Allowed", "HELD": "Reserved", "DENIED": "Denied", "SETTLED": "Settled", "RELEASED": "Released", "EXPIRED": "Expired"}
	hold("opens with", toldOpening.FindString(sentence), openings[want.status])
	first, rest := sentence, ""
	if at := toldRefunded.FindStringIndex(sentence); at != nil {
		first, rest = sentence[:at[0]], sentence[at[0]:]
	}
	want.holdRefunds(rest, hold)
	gave, got := sumOf(first, "from"), sumOf(first, "to")
	if until := toldUntil.FindStringSubmatch(first); until != nil || want.status == "HELD" || want.status == "EXPIRED" {
		hold("until", fmt.Sprint(until[1:]), fmt.Sprint([]string{clockOf(want.until, want.made)}))
	}
	switch want.status {
	case "ALLOWED", "HELD":
		hold("gave", gave.units, want.first)
		hold("cost", gave.credits, want.firstCharged)
		for kind, units := range gave.byKind {
			hold(kind.String()+" gave", units, want.tookOf(kind))
		}
		part := toldInPart.FindStringSubmatch(first)
		hold("in part", part != nil, want.first < want.asked)
		if part != nil {
			hold("of", [2]int64{figure(part[1]), figure(part[2])}, [2]int64{want.first, want.asked})
		}
	case "DENIED":
		want.holdDenial(first, hold)
	case "SETTLED":
		settled := toldSettled.FindStringSubmatch(first)
		if settled == nil {
			return sentence
		}
		hold("used", figure(settled[1]), want.settled)
		hold("reserved", figure(settled[2]+settled[3]), want.reserved)
		hold("gave", gave.units, want.granted)
		hold("cost", gave.credits, want.charged)
		hold("unfunded", figure(group(toldUnfunded, first)), want.unfunded)
		hold("went back", figure(group(toldBack, first)), max(0, want.reserved-want.settled))
		if want.settled <= want.reserved && want.reserved > 0 {
			want.back.hold(first, got, hold)
		}
	case "RELEASED", "EXPIRED":
		hold("went back", figure(group(toldBack, first)), want.first)
		hold("cost before", got.credits, want.firstCharged)
		want.back.hold(first, got, hold)
	}
	if len(wrong) == 0 {
		return ""
	}
	return sentence + ": " + strings.Join(wrong, "; ")
}

func group(r *regexp.Regexp, text string) string {
	if m := r.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// tookOf is what buckets of a kind gave at first.
func (want *modelDecision) tookOf(kind waterfall.Kind) (units int64) {
	for _, b := range want.plan[want.feature].Buckets {
		for _, s := range want.steps {
			if b.Kind == kind && s.bucket == b.Key {
				units += s.taken
			}
		}
	}
	return units
}

func (want *modelDecision) holdDenial(sentence string, hold func(string, any, any)) {
	if single := toldSingle.FindStringSubmatch(sentence); single != nil {
		hold("asked", figure(single[1]), want.asked)
		most := int64(0)
		for _, s := range want.steps {
			most = max(most, s.available)
		}
		hold("the most", figure(single[2]), most)
		return
	}
	denied := toldDenied.FindStringSubmatch(sentence)
	if known := want.reason != "ACCOUNT_SUSPENDED" && want.reason != "FEATURE_NOT_IN_PLAN"; !known || denied == nil {
		hold("tells what fits", denied != nil, known)
		return
	}
	hold("asked", figure(denied[1]), want.asked)
	hold("fits", figure(denied[2]), want.fits)
}

func (want *modelDecision) holdRefunds(told string, hold func(string, any, any)) {
	refunded := toldRefunded.FindStringSubmatch(told)
	hold("refunded", refunded != nil, want.refunded > 0)
	if refunded == nil {
		return
	}
	hold("units refunded", figure(refunded[1]+refunded[2]), want.refunded)
	if of := figure(refunded[3]); of != 0 || want.refunded != want.granted {
		hold("refunded of", of, want.granted)
	}
	hold("refunds", max(1, figure(refunded[4])), want.refunds.times)
	back := sumOf(told, "to")
	hold("credits refunded", back.credits, want.refunds.credits)
	want.refunds.hold(told, back, hold)
}

// hold holds what came back, and what of it was lost.
func (r *modelReturn) hold(told string, got toldSum, hold func(string, any, any)) {
	hold("back", got.units, r.units)
	lost := int64(0)
	for _, m := range toldLost.FindAllStringSubmatch(told, -1) {
		if strings.HasPrefix(m[1], "nothing") {
			hold("all is lost", !got.counted && r.lost == r.toGrants, true)
			lost += r.lost
		} else {
			lost += micros(m[2]) + figure(m[3])
		}
	}
	hold("lost", lost, r.lost)
}

// clockOf is a time of day as a sentence about something of another moment has it.
func clockOf(at, made time.Time) string {
	layout := "15:04"
	if at.Second() != 0 {
		layout += ":05"
	}
	if at.Format(time.DateOnly) != made.Format(time.DateOnly) {
		layout = "Jan 2, " + layout
	}
	if at.Year() != made.Year() {
		layout = strings.Replace(layout, "Jan 2", "Jan 2, 2006", 1)
	}
	return at.Format(layout)
}
