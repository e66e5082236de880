package waterfall

import (
	"fmt"
	"strconv"
	"strings"
)

// Telling is what the sentence of a decision is made of: its recorded facts
// and the rules of the plan version that it names.
type Telling struct {
	Rules     *Rules // nil when the feature is not in the plan
	Allowed   bool
	Reason    Reason
	Requested int64
	Granted   int64
	Steps     []Step
	// Credits is the charge of each step in millionths, beside Steps.
	Credits []int64
	// RetryAt is a second, 0 for never.
	RetryAt int64
	// After is what became of it since.
	After Aftermath
}

// Aftermath is what became of an allowed decision after it was made; the zero
// value: nothing. Credits are millionths.
type Aftermath struct {
	Released, Expired, Settled bool
	// Used, Unfunded and Charged are those of the settlement.
	Used, Unfunded, Charged   int64
	Refunded, RefundedCredits int64
}

// Explain says in one sentence, or two, what was decided and why, for the
// person who asked. Times are UTC.
func Explain(t Telling) string {
	if t.Allowed {
		return explainAllowed(t) + t.After.words() + "."
	}
	text := "Denied: " + t.denial() + "."
	if t.RetryAt != 0 {
		text += " Possible again at " + AtSecond(t.RetryAt).Time().Format("2006-01-02 15:04:05") + " UTC."
	}
	return text
}

func explainAllowed(t Telling) string {
	var from []string
	for i, s := range t.Steps {
		if s.Taken == 0 {
			continue
		}
		part := strconv.FormatInt(s.Taken, 10) + " from " + t.source(&t.Steps[i])
		if i < len(t.Credits) && t.Credits[i] > 0 {
			part += " (" + shortCredits(t.Credits[i]) + ")"
		}
		from = append(from, part)
	}
	switch {
	case len(from) == 0: // this process has not heard of the plan yet
		return fmt.Sprintf("Allowed: %d", t.Granted)
	case t.Granted < t.Requested:
		return fmt.Sprintf("Allowed in part: %d of %d, %s", t.Granted, t.Requested, strings.Join(from, ", "))
	}
	return "Allowed: " + strings.Join(from, ", ")
}

// words go on with the sentence: what was decided may not be what stands.
func (a *Aftermath) words() string {
	var text string
	switch {
	case a.Settled && a.Used == 0:
		text = "; nothing was used"
	case a.Settled:
		text = fmt.Sprintf("; %d used", a.Used)
		if a.Charged > 0 {
			text += " (" + shortCredits(a.Charged) + ")"
		}
		if a.Unfunded > 0 {
			text += fmt.Sprintf(", %d of it unfunded", a.Unfunded)
		}
	case a.Released:
		text = "; released"
	case a.Expired:
		text = "; the hold expired"
	}
	if a.Refunded > 0 {
		text += fmt.Sprintf("; %d refunded", a.Refunded)
		if a.RefundedCredits > 0 {
			text += " (" + shortCredits(a.RefundedCredits) + ")"
		}
	}
	return text
}

func (t *Telling) denial() string {
	switch t.Reason {
	case AccountSuspended:
		return "the account is suspended"
	case FeatureNotInPlan:
		return "the plan does not include this feature"
	case CeilingReached:
		return fmt.Sprintf("%d would go over a fixed ceiling of the plan, which nothing can pay for", t.Requested)
	case SpendCapReached:
		return "the account's own spend cap is reached"
	case Indivisible:
		return fmt.Sprintf("no single source covers all %d, and this feature may not be split", t.Requested)
	}
	return t.shortage()
}

// shortage says what is left of a waterfall that cannot fund the request.
func (t *Telling) shortage() string {
	var left []string
	credits := false
	for i := range t.Steps {
		if s := &t.Steps[i]; s.Available > 0 {
			left = append(left, fmt.Sprintf("%d in %s", s.Available, t.source(s)))
			credits = credits || t.Rules.Buckets[s.Bucket].Kind == Credit
		}
	}
	short := t.Reason == InsufficientCredits && !credits
	var text string
	switch spent := t.spent(); {
	case len(left) > 0:
		text = fmt.Sprintf("%d asked, but only %s left", t.Requested, strings.Join(left, " and "))
	case spent != "":
		text = spent + " used up"
	case short:
		return "there are not enough credits"
	default:
		return "nothing is left"
	}
	if short {
		text += ", and there are not enough credits"
	}
	return text
}

// spent names what is used up, with its verb. Credits are spoken of apart.
func (t *Telling) spent() string {
	var names []string
	verb := " is"
	for i := range t.Steps {
		kind := t.Rules.Buckets[t.Steps[i].Bucket].Kind
		if t.Steps[i].Reason != Exhausted || kind == Credit {
			continue
		}
		names = append(names, t.source(&t.Steps[i]))
		if kind == Promotion || len(names) > 1 {
			verb = " are"
		}
	}
	if len(names) == 0 {
		return ""
	}
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " and " + names[n] + verb
	}
	return names[0] + verb
}

// source names a bucket for a person.
func (t *Telling) source(s *Step) string {
	b := &t.Rules.Buckets[s.Bucket]
	switch b.Kind {
	case RateLimit:
		return "the " + windowName(b.Windows[max(0, s.Window)].Seconds) + " limit"
	case FreeTier:
		return "the " + [...]string{"", "daily", "weekly", "monthly"}[b.Period] + " free quota"
	case Promotion:
		return "promotions"
	case Entitlement:
		return "the entitlement"
	default:
		return "credits"
	}
}

// windowName is a duration as people say it: 5-hour, 7-day, 90-second.
func windowName(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{secondsPerDay, "day"}, {3600, "hour"}, {60, "minute"}} {
		if seconds%unit.seconds == 0 {
			return strconv.FormatInt(seconds/unit.seconds, 10) + "-" + unit.name
		}
	}
	return strconv.FormatInt(seconds, 10) + "-second"
}

// shortCredits writes millionths as a decimal with two digits at least.
func shortCredits(micros int64) string {
	whole, rest := micros/1_000_000, micros%1_000_000
	digits := strconv.FormatInt(1_000_000+rest, 10)[1:]
	fraction := digits[:2] + strings.TrimRight(digits[2:], "0")
	return strconv.FormatInt(whole, 10) + "." + fraction
}
