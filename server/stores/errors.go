package stores

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Problem names what keeps the stores from starting.
type Problem string

// What the person at the keyboard can change, unlike a fault of a store.
const (
	// MissingProgram: PostgreSQL 15 or later, or redis-server, is not installed.
	MissingProgram Problem = "missing program"
	// InUse: another process works in the same directory.
	InUse Problem = "directory in use"
	// Unwritable: the directory cannot be made, written or entered.
	Unwritable Problem = "unwritable directory"
	// WrongVersion: the data were written by a PostgreSQL that is not installed.
	WrongVersion Problem = "wrong version"
)

// SetupError says in one line what is wrong with the machine or the arguments,
// and what to do about it.
type SetupError struct {
	Problem Problem
	// Message is one line for a person: what is wrong, and what to do.
	Message string
	// Err is the cause, where there is one.
	Err error
}

func (e *SetupError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *SetupError) Unwrap() error { return e.Err }

func setupError(problem Problem, cause error, format string, args ...any) error {
	return &SetupError{Problem: problem, Message: fmt.Sprintf(format, args...), Err: cause}
}

// unwritable turns a failed step below dir into one line. Only the reason is
// repeated: the path in the operating system's text is one of ours.
func unwritable(dir string, cause error) error {
	reason := cause
	var errno syscall.Errno
	var path *fs.PathError
	switch {
	case errors.As(cause, &errno):
		reason = errno
	case errors.As(cause, &path):
		reason = path.Err
	}
	return setupError(Unwritable, cause, "cannot use the directory %s: %v; choose another one with --dir", dir, reason)
}
