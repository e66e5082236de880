package edge

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/engine"
	"spillway/graph/caller"
)

const (
	// heartbeat keeps proxies from closing a quiet stream.
	heartbeat = 15 * time.Second
	beat      = ": \n\n"
	// slowest is how long a reader may leave a message unread.
	slowest = 10 * time.Second
)

// stream answers with server-sent events: `next` for each answer, `complete`
// at the end. It ends when the token does, and with the server.
func (e *Edge) stream(ctx context.Context, w http.ResponseWriter, params *graphql.RawParams, size int, expires time.Time) {
	e.streams.Add(1)
	defer e.streams.Done()
	out := &events{w: w, control: http.NewResponseController(w)}
	// The server's read timeout would end the request under way.
	_ = out.control.SetReadDeadline(time.Time{})
	h := w.Header()
	h["Content-Type"] = []string{typeStream}
	h["Cache-Control"] = []string{"no-store, no-transform"}
	h["X-Accel-Buffering"] = []string{"no"} // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	if out.send(beat) != nil { // the headers must not wait for the first answer
		return
	}
	op, errs := e.prepare(ctx, params, size)
	if errs == nil {
		var leave func()
		if leave, errs = e.admit(op, caller.From(ctx)); errs == nil {
			defer leave()
		}
	}
	if errs != nil {
		// Told in the stream: clients read no body of another status.
		_ = out.next(marshal(e.API.DispatchError(graphql.WithOperationContext(ctx, op), errs)))
		_ = out.complete()
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running := ctx
	if op.Operation.Operation != ast.Subscription {
		var stop context.CancelFunc
		running, stop = context.WithTimeout(ctx, e.Deadline)
		defer stop()
	} else {
		defer e.endWith(expires, cancel)()
	}
	e.forward(ctx, out, e.run(ctx, running, op))
}

// endWith ends a subscription when its token ends or the server drains. The
// function it returns must be called when the subscription ends by itself.
func (e *Edge) endWith(expires time.Time, cancel context.CancelCauseFunc) (stop func()) {
	undo := context.AfterFunc(e.closing, func() { cancel(errClosing) })
	if expires.IsZero() {
		return func() { undo() }
	}
	timer := time.AfterFunc(expires.Sub(e.Now()), func() { cancel(errExpired) })
	return func() { undo(); timer.Stop() }
}

// run gives the answers of an operation, written out, and closes the channel
// after the last. It waits for its reader until ctx ends; running may end before:
// that too is an answer. The executor writes each answer of a subscription over
// the one before, so none is handed on as it is.
func (e *Edge) run(ctx, running context.Context, op *graphql.OperationContext) <-chan []byte {
	answers := make(chan []byte)
	go func() {
		defer close(answers)
		e.API.Run(running, op, func(response *graphql.Response) error {
			select {
			case answers <- marshal(response):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return answers
}

func (e *Edge) forward(ctx context.Context, out *events, answers <-chan []byte) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		var err error
		select {
		case answer, more := <-answers:
			if !more {
				e.last(ctx, out)
				return
			}
			err = out.next(answer)
		case <-tick.C:
			err = out.send(beat)
		case <-ctx.Done():
			e.last(ctx, out)
			return
		}
		if err != nil {
			return
		}
	}
}

// last ends a stream. A token that ended is told before. A server that closes
// says nothing: clients take `complete` for the last word, and connect again
// only without it.
func (e *Edge) last(ctx context.Context, out *events) {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errClosing):
		return
	case errors.Is(cause, errExpired):
		_ = out.next(marshal(e.API.DispatchError(ctx, gqlerror.List{fault(engine.CodeUnauthenticated, "a valid token is needed")})))
	}
	_ = out.complete()
}

// events writes server-sent events. Each must be read in time.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (o *events) next(answer []byte) error {
	return o.send("event: next\ndata: " + string(answer) + "\n\n")
}

func (o *events) complete() error { return o.send("event: complete\ndata: \n\n") }

func (o *events) send(text string) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(slowest))
	if _, err := o.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := o.control.Flush(); err != nil {
		return err
	}
	return o.control.SetWriteDeadline(time.Time{})
}
