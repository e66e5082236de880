// Package edge is where the network meets the API: everything HTTP.
//
//	/graphql   POST with JSON, server-sent events, and graphql-transport-ws
//	/          the portal; /graphiql an explorer that loads nothing from elsewhere
//	/healthz   the process lives; /readyz it can decide; /metrics Prometheus
//
// What is posted comes by package lane, which takes less for it than net/http.
// A request gets an id and a caller first, then its body is read within its
// limit, then the API answers. Nothing that came in is repeated in an error.
//
//	edge.go     the handler and its configuration
//	request.go  the id, the caller, the origin
//	post.go     one request, one answer
//	stream.go   server-sent events
//	socket.go   websockets: the connection; protocol.go: its messages
//	gate.go     how many requests may be under way; seats.go: how many
//	            subscriptions
//	pages.go    the portal and the explorer
//	health.go   for those who operate it
package edge
