package faults

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What an account begins with: the units of a window that does not refill
// while a test runs, and credits, one for a unit.
const (
	windowUnits = 150
	creditUnits = 150
)

// asked is one request.
type asked struct {
	account, key string
	quantity     int64
}

// answered is what a server said of it.
type answered struct {
	id              string
	window, credits int64 // what each gave; both 0: denied
}

// call is a request with its answer, between two moments.
type call struct {
	asked
	worker     int
	begun      time.Time
	ended      time.Time
	answer     answered
	unanswered bool // it may have been decided at any time after it began
}

// state is what a sequential Spillway would know of an account.
type state struct {
	window, credits int64 // what is left
	seen            *seen
}

// seen are the decisions made, the latest first.
type seen struct {
	key    string
	answer answered
	before *seen
}

func (s *seen) find(key string) *seen {
	for ; s != nil; s = s.before {
		if s.key == key {
			return s
		}
	}
	return nil
}

// sequential is the model: a key that was seen gives its answer again, another
// one draws on the window first and on credits for the rest, all or nothing.
var sequential = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		places := map[string]int{}
		var parts [][]porcupine.Operation
		for _, op := range history {
			account := op.Input.(asked).account
			place, ok := places[account]
			if !ok {
				place = len(parts)
				places[account], parts = place, append(parts, nil)
			}
			parts[place] = append(parts[place], op)
		}
		return parts
	},
	Init: func() any { return state{window: windowUnits, credits: creditUnits} },
	Step: func(before, input, output any) (bool, any) {
		s, in := before.(state), input.(asked)
		out, known := output.(answered)
		if made := s.seen.find(in.key); made != nil {
			return !known || made.answer == out, s
		}
		var want answered
		if in.quantity <= s.window+s.credits {
			want.window = min(in.quantity, s.window)
			want.credits = in.quantity - want.window
		}
		if known {
			want.id = out.id
			if want != out {
				return false, s
			}
		}
		return true, state{s.window - want.window, s.credits - want.credits, &seen{in.key, want, s.seen}}
	},
	// Between states after the same operations nothing else can differ.
	Equal: func(a, b any) bool {
		x, y := a.(state), b.(state)
		return x.window == y.window && x.credits == y.credits
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, " -> ", output) },
}

// linearizable holds the calls against the model.
func linearizable(calls []call) porcupine.CheckResult {
	start := calls[0].begun
	history := make([]porcupine.Operation, len(calls))
	for i, c := range calls {
		op := porcupine.Operation{ClientId: c.worker, Input: c.asked, Call: int64(c.begun.Sub(start)), Output: c.answer, Return: int64(c.ended.Sub(start))}
		if c.unanswered {
			op.Output, op.Return = nil, math.MaxInt64
		}
		history[i] = op
	}
	return porcupine.CheckOperationsTimeout(sequential, history, time.Minute)
}

// The model itself tells a true history from one that is not.
func TestTheModelSeesWhatIsWrong(t *testing.T) {
	start := time.Now()
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	made := func(key string, quantity int64, id string, window, credits int64, from, to int) call {
		return call{asked: asked{"a", key, quantity}, begun: at(from), ended: at(to), answer: answered{id, window, credits}}
	}
	for _, c := range []struct {
		name  string
		calls []call
		want  porcupine.CheckResult
	}{
		{"in turn", []call{made("1", 100, "x", 100, 0, 0, 1), made("2", 100, "y", 50, 50, 2, 3), made("3", 101, "z", 0, 0, 4, 5)}, porcupine.Ok},
		{"at once, the later first", []call{made("1", 100, "x", 50, 50, 0, 9), made("2", 100, "y", 100, 0, 1, 8)}, porcupine.Ok},
		{"the same again", []call{made("1", 100, "x", 100, 0, 0, 1), made("1", 100, "x", 100, 0, 2, 3)}, porcupine.Ok},
		{"a second decision", []call{made("1", 100, "x", 100, 0, 0, 1), made("1", 100, "y", 50, 50, 2, 3)}, porcupine.Illegal},
		{"given twice", []call{made("1", 100, "x", 100, 0, 0, 1), made("2", 100, "y", 100, 0, 2, 3)}, porcupine.Illegal},
		{"too much", []call{made("1", 150, "x", 150, 0, 0, 1), made("2", 151, "y", 0, 151, 2, 3)}, porcupine.Illegal},
		{"denied for nothing", []call{made("1", 1, "x", 0, 0, 0, 1)}, porcupine.Illegal},
	} {
		if got := linearizable(c.calls); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
