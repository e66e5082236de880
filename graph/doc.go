// Package graph is the GraphQL API: the schema, and the translation between
// it and the engine and the ledger. It decides nothing.
//
//	schema/          what clients see, split by topic
//	scalar/          the leaf values: reading, writing, and nothing else
//	view/            the records as the schema names them
//	caller/          who asks
//	internal/exec/   made from the schema by gqlgen: go generate ./graph
//	api.go           documents in, answers out
//	limits.go        what a document may ask for; cost.go: how much its answer may hold
//	access.go        who may ask for it
//	faults.go        what a client is told when something is wrong; fields.go:
//	                 where; words.go: without what it sent
//	query.go, mutation.go, subscription.go   the root fields: translate, call,
//	                 translate; follow.go: how a subscription runs
//	plain.go         what writes itself instead of by the executor;
//	                 plain_objects.go: its types
//	direct.go        an authorize that needs no executor at all;
//	                 direct_read.go: its request
//
// [API] answers documents and knows nothing of HTTP; the caller comes in the
// context (package caller).
package graph

//go:generate sh -c "cd .. && go tool gqlgen generate"
