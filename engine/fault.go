package engine

import (
	"fmt"
)

// Code is an error code of the public contract.
type Code string

// The codes of the contract. A refusal is none of them: it is a decision.
const (
	CodeUnauthenticated     Code = "UNAUTHENTICATED"
	CodeForbidden           Code = "FORBIDDEN"
	CodeBadInput            Code = "BAD_USER_INPUT"
	CodeNotFound            Code = "NOT_FOUND"
	CodeIdempotencyConflict Code = "IDEMPOTENCY_CONFLICT"
	CodeConflict            Code = "CONFLICT"
	CodeTooComplex          Code = "QUERY_TOO_COMPLEX"
	CodeRateLimited         Code = "RATE_LIMITED"
	CodeUnavailable         Code = "UNAVAILABLE"
	CodeInternal            Code = "INTERNAL"
)

// Fault is an error that a client is told: its code, the field of the input
// that is wrong, and one sentence. It never holds a store's own text.
type Fault struct {
	Code    Code
	Field   string // path below the input, "" where no field is at fault
	Message string

	cause error
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Message, f.cause)
	}
	if f.Field != "" {
		return fmt.Sprintf("%s: %s: %s", f.Code, f.Field, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Code, f.Message)
}

// Unwrap is the cause, for logs.
func (f *Fault) Unwrap() error { return f.cause }

// Retryable tells whether the same call may succeed if sent again.
func (f *Fault) Retryable() bool {
	return f.Code == CodeUnavailable || f.Code == CodeRateLimited
}

func badInput(field, format string, args ...any) *Fault {
	return &Fault{Code: CodeBadInput, Field: field, Message: fmt.Sprintf(format, args...)}
}

func notFound(field, what string) *Fault {
	return &Fault{Code: CodeNotFound, Field: field, Message: what + " was not found"}
}

func conflict(format string, args ...any) *Fault {
	return &Fault{Code: CodeConflict, Message: fmt.Sprintf(format, args...)}
}

// conflictOf is a conflict with what a field says.
func conflictOf(field, format string, args ...any) *Fault {
	return &Fault{Code: CodeConflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

func keyConflict(field string) *Fault {
	return &Fault{Code: CodeIdempotencyConflict, Field: field, Message: "the key was used with another request"}
}

func unavailable(cause error) *Fault {
	return &Fault{Code: CodeUnavailable, Message: "the service cannot answer now; the same key, sent again, tells the outcome", cause: cause}
}

func tooMany() *Fault {
	return &Fault{Code: CodeRateLimited, Message: "too many requests wait; try again in a moment"}
}

func internal(cause error) *Fault {
	return &Fault{Code: CodeInternal, Message: "an internal error; nothing was changed", cause: cause}
}
