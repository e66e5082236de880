package view

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

var errUnread = errors.New("a read shared by a list did not end")

// together reads for all elements of a list at once. What a client asks of one
// element of a list it asks of all of them: the first that is asked reads for
// all, the others wait for it. So a list costs as many statements as it has
// nested fields, however long it is.
type together struct {
	mu    sync.Mutex
	reads map[any]*shared
}

// shared is one read, done once.
type shared struct {
	once  sync.Once
	value any
	err   error
}

// once is what a read gives, done by the first that asks for it by this key.
func once[T any](t *together, key any, read func() (T, error)) (T, error) {
	t.mu.Lock()
	s := t.reads[key]
	if s == nil {
		if t.reads == nil {
			t.reads = map[any]*shared{}
		}
		s = &shared{err: errUnread} // which stays when the read panics
		t.reads[key] = s
	}
	t.mu.Unlock()
	s.once.Do(func() { s.value, s.err = read() })
	value, _ := s.value.(T) // absent with an error
	return value, s.err
}

// thisField is the key of the field that is being answered: all elements of a
// list are asked for it by the same place in the document, and so with the same
// arguments.
func thisField(ctx context.Context) any { return graphql.GetFieldContext(ctx).Field.Field }
