package bare

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// Handler serves the contract with an authorize that answers a constant. The
// other fields have no resolver: to ask for one is an error. What it does for a
// request is what gqlgen's own POST transport does; that package would bring
// two modules along that nothing else needs.
func Handler() http.Handler {
	server := executor.New(NewExecutableSchema(Config{Resolvers: &root{}}))
	server.SetQueryCache(lru.New[*ast.QueryDocument](100))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := graphql.StartOperationTrace(r.Context())
		params := &graphql.RawParams{Headers: r.Header, ReadTime: graphql.TraceTiming{Start: graphql.Now()}}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if err := decoder.Decode(params); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		params.ReadTime.End = graphql.Now()
		w.Header().Set("Content-Type", "application/json")
		op, errs := server.CreateOperationContext(ctx, params)
		if errs != nil {
			write(w, server.DispatchError(graphql.WithOperationContext(ctx, op), errs))
			return
		}
		answers, ctx := server.DispatchOperation(ctx, op)
		write(w, answers(ctx))
	})
}

func write(w io.Writer, response *graphql.Response) {
	text, err := json.Marshal(response)
	if err != nil {
		panic(err) // the answer is a constant
	}
	_, _ = w.Write(text) // whoever does not read it has gone
}

type root struct{}

func (*root) Mutation() MutationResolver         { return &mutation{} }
func (*root) Query() QueryResolver               { return nil }
func (*root) Subscription() SubscriptionResolver { return nil }

// mutation has one resolver of its own; gqlgen turns the call of another into
// an error.
type mutation struct{ MutationResolver }

// Authorize answers as if one window had paid.
func (*mutation) Authorize(_ context.Context, in AuthorizeInput) (*Decision, error) {
	d := constant
	d.IdempotencyKey = in.IdempotencyKey
	return &d, nil
}

var constant = Decision{
	ID: "019a0000-0000-7000-8000-000000000000", UserID: "user-1",
	Feature: &Feature{Key: "window", Name: "window", Unit: "unit", Divisible: true},
	Status:  DecisionStatusAllowed, Reason: ReasonFunded,
	Explanation: "Allowed: 1 from the limit.",
	Requested:   1, Granted: 1, Charged: "0", RefundedCredits: "0",
	Steps:           []DecisionStep{{Position: 1, Kind: BucketKindRateLimit, BucketKey: "limit", Available: 1_000_000, Taken: 1, Reason: ReasonFunded}},
	SettlementSteps: []DecisionStep{}, PlanKey: "bench", PlanVersion: 1,
	CreatedAt: time.Unix(1_700_000_000, 0).UTC(), UpdatedAt: time.Unix(1_700_000_000, 0).UTC(),
}
