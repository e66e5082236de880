//go:build failpoints

package failpoint

import (
	"os"
	"sync/atomic"
	"syscall"
)

// Action is what happens at a step.
type Action int

// The actions.
const (
	Crash Action = iota + 1 // the process is killed
	Cut                     // its connection to the database breaks
)

func (a Action) String() string { return [...]string{"", "crash", "cut"}[a] }

type trap struct {
	step   Step
	action Action
}

var armed atomic.Pointer[trap]

// Arm lets an action happen once, when the step is next reached.
func Arm(s Step, a Action) { armed.Store(&trap{s, a}) }

// Sprung tells whether it has happened.
func Sprung() bool { return armed.Load() == nil }

// Reach is called at each step. cut breaks the connection, if there is one.
func Reach(s Step, cut func()) {
	t := armed.Load()
	if t == nil || t.step != s || !armed.CompareAndSwap(t, nil) {
		return
	}
	if t.action == Cut {
		cut()
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}
