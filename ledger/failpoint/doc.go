// Package failpoint names the steps of the protocol at which a test lets
// something happen to the process or to its connection. Without the build tag
// failpoints, as everywhere but in one test, nothing of it is in the program.
package failpoint

// Step is a step of the protocol of a batch.
type Step int

// The steps, in their order: each is reached when what its name says is done.
const (
	Taken           Step = iota + 1 // from the queue
	Begun                           // locks are held, what is wanted is read
	Loaded                          // counters and grants are up to the moment
	Decided                         // in memory alone
	CountersWritten                 // under the version to come
	Sent                            // the writes and COMMIT, without their answer
	Committed                       // the answer has come
	Remembered                      // the worker keeps the new state
	Answered                        // the callers are told
)

// Steps are all of them.
var Steps = []Step{Taken, Begun, Loaded, Decided, CountersWritten, Sent, Committed, Remembered, Answered}

func (s Step) String() string {
	return [...]string{"", "taken", "begun", "loaded", "decided", "counters written", "sent", "committed", "remembered", "answered"}[s]
}
