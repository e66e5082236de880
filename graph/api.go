package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"spillway/engine"
	"spillway/graph/caller"
	"spillway/graph/internal/exec"
	"spillway/graph/view"
	"spillway/ledger"
)

// Config of New.
type Config struct {
	Engine *engine.Engine
	Ledger *ledger.Ledger
	// Open shows the schema to everyone by introspection and in suggestions of
	// error messages; otherwise admins alone see it.
	Open bool
	// Now is the clock; nil: the system's.
	Now func() time.Time
	// Log gets the faults of the server; nil: none.
	Log *slog.Logger
}

// API answers GraphQL documents. It is safe for concurrent use. It is a
// graphql.GraphExecutor, so that any transport can drive it; the caller comes
// in the context.
type API struct {
	schema    graphql.ExecutableSchema
	root      *resolvers
	open      bool
	log       *slog.Logger
	documents *lru.Cache[string, *document]
	persisted *lru.Cache[string, string]
}

var _ graphql.GraphExecutor = (*API)(nil)

// How many documents are kept, and how long they may be for that.
const (
	keptDocuments  = 2000
	longestKept    = 16 << 10
	hashOfDocument = sha256.Size * 2
)

// New makes the API.
func New(c Config) *API {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{open: c.Open, log: c.Log}
	// The sizes are positive constants, which is all that lru asks.
	a.documents, _ = lru.New[string, *document](keptDocuments)
	a.persisted, _ = lru.New[string, string](keptDocuments)
	a.root = &resolvers{from: &view.Source{Engine: c.Engine, Ledger: c.Ledger, Now: c.Now}, log: c.Log}
	config := exec.Config{Resolvers: a.root, Directives: exec.DirectiveRoot{Access: access}}
	config.Schema = withoutDefer(exec.NewExecutableSchema(config).Schema())
	a.schema = exec.NewExecutableSchema(config)
	return a
}

// withoutDefer is the schema without @defer, which the parser adds to every
// schema: answers come whole.
func withoutDefer(s *ast.Schema) *ast.Schema {
	own := *s
	own.Directives = maps.Clone(s.Directives)
	delete(own.Directives, "defer")
	return &own
}

// Schema is the schema that is served.
func (a *API) Schema() *ast.Schema { return a.schema.Schema() }

// seesSchema tells whether the caller may look at the schema.
func (a *API) seesSchema(c *caller.Caller) bool { return a.open || c.Has(caller.Admin) }

// CreateOperationContext reads a request: it finds the document and the
// operation, reads the variables, and holds all to the limits.
func (a *API) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	c := caller.From(ctx)
	op := &graphql.OperationContext{
		DisableIntrospection: !a.seesSchema(c),
		RecoverFunc:          a.recover,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			return next(ctx)
		},
		OperationName: params.OperationName,
		Extensions:    params.Extensions,
		Headers:       params.Headers,
	}
	doc, errs := a.document(c, params)
	if errs != nil {
		return op, refuse(c, errs)
	}
	op.RawQuery, op.Doc, op.ResolverMiddleware = params.Query, doc.QueryDocument, doc.plains.resolve
	if op.Operation = doc.Operations.ForName(params.OperationName); op.Operation == nil {
		return op, refuse(c, gqlerror.List{malformed("operationName", "names no operation of the document, or is missing among several")})
	}
	var err error
	if op.Variables, err = validator.VariableValues(a.Schema(), op.Operation, params.Variables); err != nil {
		return op, refuse(c, gqlerror.List{variableFault(op.Operation, err)})
	}
	if err := doc.checkCost(op.Operation, op.Variables); err != nil {
		return op, refuse(c, gqlerror.List{err})
	}
	return op, nil
}

// document finds the document of a request, parsed and valid.
func (a *API) document(c *caller.Caller, params *graphql.RawParams) (*document, gqlerror.List) {
	hash, err := a.persistedQuery(params)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	doc, kept := a.documents.Get(params.Query)
	if !kept {
		var errs gqlerror.List
		if doc, errs = a.parse(c, params.Query); errs != nil {
			return nil, errs
		}
	}
	// Whoever is not known cannot push out what others use.
	if !c.Known() || len(params.Query) > longestKept {
		return doc, nil
	}
	if !kept {
		a.documents.Add(params.Query, doc)
	}
	if hash != "" {
		a.persisted.Add(hash, params.Query)
	}
	return doc, nil
}

// persistedQuery finds a query by its hash, as clients with automatic
// persisted queries send it. It returns the hash that came with the query.
func (a *API) persistedQuery(params *graphql.RawParams) (hash string, err *gqlerror.Error) {
	extension, ok := params.Extensions["persistedQuery"].(map[string]any)
	if !ok {
		return "", nil
	}
	hash, _ = extension["sha256Hash"].(string)
	if version := fmt.Sprint(extension["version"]); version != "1" || len(hash) != hashOfDocument {
		return "", malformed("extensions.persistedQuery", "must hold version 1 and a sha256Hash")
	}
	if params.Query == "" {
		if params.Query, ok = a.persisted.Get(hash); !ok {
			// Clients know this message, and send the document then.
			return "", refusal(engine.CodeNotFound, "PersistedQueryNotFound")
		}
		return hash, nil
	}
	if sum := sha256.Sum256([]byte(params.Query)); hex.EncodeToString(sum[:]) != hash {
		return "", malformed("extensions.persistedQuery", "is not the hash of the document")
	}
	return hash, nil
}

// DispatchOperation runs an operation. The handler gives the answer of a query
// or mutation once, and the answers of a subscription until it gives nil.
func (a *API) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	ctx = graphql.WithOperationContext(ctx, op)
	if c := caller.From(ctx); c.OnlyUser() {
		ctx = ledger.Only(ctx, c.Account)
	}
	start := graphql.WithResponseContext(ctx, a.present, a.recover)
	next, err := a.start(start)
	if errs := graphql.GetErrors(start); errs != nil {
		return graphql.OneShot(&graphql.Response{Errors: errs}), ctx
	}
	if err != nil {
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{err}}), ctx
	}
	return func(ctx context.Context) (response *graphql.Response) {
		if op.Operation.Operation == ast.Subscription && ctx.Err() != nil {
			return nil
		}
		ctx = graphql.WithResponseContext(ctx, a.present, a.recover)
		defer func() {
			if r := recover(); r != nil {
				response = &graphql.Response{Errors: gqlerror.List{a.present(ctx, a.recover(ctx, r))}}
			}
		}()
		if response = next(ctx); response != nil {
			response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
		}
		return response
	}, ctx
}

// start begins the execution. A panic of it becomes an answer.
func (a *API) start(ctx context.Context) (next graphql.ResponseHandler, err *gqlerror.Error) {
	defer func() {
		if r := recover(); r != nil {
			err = a.present(ctx, a.recover(ctx, r))
		}
	}()
	return a.schema.Exec(ctx), nil
}

// DispatchError is the answer to a request that was refused.
func (a *API) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	return &graphql.Response{Errors: refuse(caller.From(ctx), errs)}
}

// recover logs a panic and hides it.
func (a *API) recover(ctx context.Context, panicked any) error {
	a.log.ErrorContext(ctx, "a panic while answering", "request", caller.From(ctx).Request,
		"panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	return errPanicked
}
