// Package lane serves HTTP/1.1 with a lane of its own for what is asked most:
// POST requests to one path, with a body of known length, on connections that
// stay open. All else it gives to net/http, connection and all.
//
// net/http takes more for each request than our handler does: a goroutine that
// watches the connection, a context, deadlines, a header that is copied, sorted
// and written piece by piece. The lane is one goroutine, one read and one write.
// It reads only what it is sure of, and never says that a request is wrong: what
// is written in any other way is for net/http to read or to refuse. A handler may
// not keep a request or its header: the memory is that of the next one.
//
//	lane.go    the server: connections come and go
//	conn.go    a connection, its requests and their bodies
//	head.go    what a request says before its body
//	answer.go  the http.ResponseWriter
package lane
