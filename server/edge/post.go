package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/engine"
	"spillway/graph/caller"
)

// The media types of answers.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeStream   = "text/event-stream"
)

// post answers a request in its body.
func (e *Edge) post(w http.ResponseWriter, r *http.Request, id string) {
	begun := e.Now()
	if !isJSON(r.Header.Get("Content-Type")) {
		// A form can be sent by any page without asking; JSON cannot.
		e.refuse(w, http.StatusUnsupportedMediaType, id, "the content type must be application/json in UTF-8")
		return
	}
	answer := accepted(r.Header["Accept"])
	if answer == "" {
		e.refuse(w, http.StatusNotAcceptable, id, "the answer can be application/graphql-response+json, application/json or text/event-stream")
		return
	}
	if answer != typeStream {
		met, ok := e.gate.enter()
		if !ok {
			e.turnAway(w, answer, id)
			return
		}
		defer func() { e.gate.leave(met, e.Now().Sub(begun)) }()
	}
	c, expires := e.signIn(authorization(r), id)
	body, err := readBody(w, r, bodyLimit(c))
	defer body.free()
	if err != nil {
		e.refuseBody(w, id, err)
		return
	}
	ctx := caller.With(r.Context(), c)
	if answer != typeStream && e.direct(ctx, w, answer, body.Bytes(), begun) {
		return
	}
	params := &graphql.RawParams{Headers: r.Header}
	if problem := decode(body.Bytes(), params); problem != "" {
		e.refuse(w, http.StatusBadRequest, id, problem)
		return
	}
	if answer == typeStream {
		e.stream(ctx, w, params, body.Len(), expires)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Deadline)
	defer cancel()
	response, run := e.answer(ctx, params, body.Len())
	status := http.StatusOK
	// A client that knows the newer media type is told by the status too; for
	// application/json, 200 says only that the answer is GraphQL.
	if !run && answer == typeResponse {
		status = http.StatusBadRequest
	}
	e.tell(ctx, w, status, answer, response, begun)
}

// direct answers what needs no executor; where it says false, it did nothing.
func (e *Edge) direct(ctx context.Context, w http.ResponseWriter, media string, body []byte, begun time.Time) bool {
	if len(body) > largestBody {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, e.Deadline)
	defer cancel()
	out := buffers.Get().(*buffer)
	defer out.free()
	out.Reset()
	response, ok := e.API.Direct(ctx, body, &out.Buffer)
	if ok {
		e.tell(ctx, w, http.StatusOK, media, response, begun)
	}
	return ok
}

// tell writes an answer, and notes that it was given.
func (e *Edge) tell(ctx context.Context, w http.ResponseWriter, status int, media string, response *graphql.Response, begun time.Time) {
	tellLimits(w.Header(), caller.From(ctx).Limits)
	if slices.ContainsFunc(response.Errors, isRetryable) {
		w.Header()["Retry-After"] = oneSecond
	}
	e.write(w, status, media, response)
	e.metrics.observe(response, e.Now().Sub(begun))
}

// oneSecond is the least that Retry-After can say; stores that come back and
// queues that are too long need no more.
var oneSecond = []string{"1"}

func isRetryable(err *gqlerror.Error) bool {
	retryable, _ := err.Extensions["retryable"].(bool)
	return retryable
}

// largestInteger is that of a structured field, RFC 9651: one larger would make
// the whole field unreadable.
const largestInteger = 999_999_999_999_999

// tellLimits writes the fields RateLimit and RateLimit-Policy of the draft
// draft-ietf-httpapi-ratelimit-headers: an item for each rate limit that the
// decision met, named by its bucket. Bucket keys hold nothing to be escaped.
func tellLimits(h http.Header, limits []caller.Limit) {
	if len(limits) == 0 {
		return
	}
	var state, policy []byte
	for i, l := range limits {
		if i > 0 {
			state, policy = append(state, ", "...), append(policy, ", "...)
		}
		state = appendItem(state, l.Bucket, ";r=", l.Remaining, ";t=", l.ResetIn)
		policy = appendItem(policy, l.Bucket, ";q=", l.Quota, ";w=", l.Seconds)
	}
	h["Ratelimit"], h["Ratelimit-Policy"] = []string{string(state)}, []string{string(policy)}
}

func appendItem(b []byte, name, key string, n int64, other string, seconds int64) []byte {
	b = append(append(append(b, '"'), name...), '"')
	b = strconv.AppendInt(append(b, key...), min(n, largestInteger), 10)
	return strconv.AppendInt(append(b, other...), seconds, 10)
}

// turnAway refuses a request unread. The answer is put together by hand: to
// marshal it would be a fourth of what turning away costs, when it has to be
// cheap. An id of a request needs no escaping.
func (e *Edge) turnAway(w http.ResponseWriter, media, id string) {
	status := http.StatusOK
	if media == typeResponse {
		status = http.StatusServiceUnavailable
	}
	w.Header()["Retry-After"] = oneSecond
	e.writeBody(w, status, media, []byte(`{"errors":[{"message":"too many requests wait; try again in a moment",`+
		`"extensions":{"code":"RATE_LIMITED","requestId":"`+id+`","retryable":true}}]}`))
	e.metrics.turnedAway()
}

// bodyLimit is how long a body may be: those who may send batches send more.
func bodyLimit(c *caller.Caller) int64 {
	if c.Has(caller.Service) || c.Has(caller.Admin) {
		return largestBatch
	}
	return largestBody
}

// answer runs a query or mutation. run is false where it was refused before.
func (e *Edge) answer(ctx context.Context, params *graphql.RawParams, size int) (response *graphql.Response, run bool) {
	op, errs := e.prepare(ctx, params, size)
	if errs != nil {
		return e.API.DispatchError(graphql.WithOperationContext(ctx, op), errs), false
	}
	if op.Operation.Operation == ast.Subscription {
		return e.API.DispatchError(ctx, gqlerror.List{fault(engine.CodeBadInput,
			"a subscription needs text/event-stream or a websocket")}), false
	}
	next, ctx := e.API.DispatchOperation(ctx, op)
	response = next(ctx)
	if response == nil {
		response = e.API.DispatchError(ctx, gqlerror.List{fault(engine.CodeInternal, "there was no answer")})
	}
	return response, true
}

// prepare reads an operation. What is larger than usual must be the one
// mutation that may be.
func (e *Edge) prepare(ctx context.Context, params *graphql.RawParams, size int) (*graphql.OperationContext, gqlerror.List) {
	op, errs := e.API.CreateOperationContext(ctx, params)
	if errs == nil && size > largestBody && !isBatch(op.Operation) {
		errs = gqlerror.List{fault(engine.CodeTooComplex, "the request is larger than 64 KB, which only authorizeBatch may be")}
	}
	return op, errs
}

// isBatch tells the mutation authorizeBatch. A mutation has one root field.
func isBatch(op *ast.OperationDefinition) bool {
	if op.Operation != ast.Mutation || len(op.SelectionSet) != 1 {
		return false
	}
	field, ok := op.SelectionSet[0].(*ast.Field)
	return ok && field.Name == "authorizeBatch"
}

func fault(code engine.Code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": string(code)}}
}

// write writes an answer. The data is JSON already; marshalling it again would
// only check it.
func (e *Edge) write(w http.ResponseWriter, status int, media string, response *graphql.Response) {
	if len(response.Errors) > 0 {
		e.writeBody(w, status, media, marshal(response))
		return
	}
	e.writeBody(w, status, media, dataHead, response.Data, dataTail)
}

var dataHead, dataTail = []byte(`{"data":`), []byte{'}'}

func (e *Edge) writeBody(w http.ResponseWriter, status int, media string, body ...[]byte) {
	length := 0
	for _, piece := range body {
		length += len(piece)
	}
	h := w.Header()
	h["Content-Type"] = contentTypes[media]
	h["Content-Length"] = []string{strconv.Itoa(length)}
	w.WriteHeader(status)
	for _, piece := range body {
		_, _ = w.Write(piece) // whoever does not read it has gone
	}
}

var contentTypes = map[string][]string{
	typeJSON:     {typeJSON + "; charset=utf-8"},
	typeResponse: {typeResponse + "; charset=utf-8"},
}

// marshal writes a response. Where nothing was run there is no data, not even
// null.
func marshal(response *graphql.Response) []byte {
	body, err := json.Marshal(struct {
		Errors gqlerror.List   `json:"errors,omitempty"`
		Data   json.RawMessage `json:"data,omitempty"`
	}{response.Errors, response.Data})
	if err != nil {
		// Extensions hold strings and booleans, and the data is ours: this is a
		// defect, and no reason to be silent.
		return []byte(`{"errors":[{"message":"the answer could not be written","extensions":{"code":"INTERNAL","retryable":false}}]}`)
	}
	return body
}

// refuse answers a request that is no GraphQL request.
func (e *Edge) refuse(w http.ResponseWriter, status int, id, message string) {
	err := fault(engine.CodeBadInput, message)
	err.Extensions["retryable"], err.Extensions["requestId"] = false, id
	e.write(w, status, typeJSON, &graphql.Response{Errors: gqlerror.List{err}})
}

func (e *Edge) refuseBody(w http.ResponseWriter, id string, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		e.refuse(w, http.StatusRequestEntityTooLarge, id, "the body is larger than "+strconv.FormatInt(large.Limit>>10, 10)+" KB")
		return
	}
	e.refuse(w, http.StatusBadRequest, id, "the body could not be read")
}

// isJSON tells application/json, in UTF-8 where a charset is given.
func isJSON(contentType string) bool {
	if contentType == typeJSON {
		return true
	}
	media, parameters, err := mime.ParseMediaType(contentType)
	charset, given := parameters["charset"]
	return err == nil && media == typeJSON && (!given || strings.EqualFold(charset, "utf-8"))
}

// accepted is the media type of the answer that a client accepts, the first of
// those it names that is possible; "" when none is.
func accepted(accept []string) string {
	if len(accept) == 0 {
		return typeJSON
	}
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			media, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
			if err != nil || refused(parameters) {
				continue
			}
			switch media {
			case "*/*", "application/*", typeJSON:
				return typeJSON
			case typeResponse, typeStream:
				return media
			}
		}
	}
	return ""
}

// refused tells a media type of weight 0, which a client does not accept.
func refused(parameters map[string]string) bool {
	weight, given := parameters["q"]
	return given && strings.Trim(weight, "0.") == ""
}

// buffer is a body in memory that is used again.
type buffer struct{ bytes.Buffer }

var buffers = sync.Pool{New: func() any { return &buffer{} }}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) (*buffer, error) {
	b := buffers.Get().(*buffer)
	b.Reset()
	if r.ContentLength > limit {
		return b, &http.MaxBytesError{Limit: limit}
	}
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return b, err
}

func (b *buffer) free() {
	if b.Cap() <= largestBody*2 {
		buffers.Put(b)
	}
}

// decode reads a request and says what is wrong with it, without repeating any
// of it. Numbers keep their digits.
func decode(body []byte, params *graphql.RawParams) (problem string) {
	if len(bytes.TrimSpace(body)) == 0 {
		return "the body is empty"
	}
	if !utf8.Valid(body) {
		return "the body is not UTF-8"
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(params)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return wrong.Field + ": must be " + kindOf(wrong.Field)
	case errors.As(err, &wrong):
		return "the body must be one JSON object"
	case err != nil:
		return "the body is not JSON"
	}
	if _, err := decoder.Token(); err != io.EOF {
		return "the body holds more than one JSON value"
	}
	if holdsHalf(body) {
		return "the body holds half a character"
	}
	if params.Query == "" && params.Extensions["persistedQuery"] == nil {
		return "query: must hold a document"
	}
	return ""
}

// holdsHalf tells a JSON text, known to be well formed, that writes one half of
// a surrogate pair without the other. Such are usually read as U+FFFD, which
// would make one key of two.
func holdsHalf(body []byte) bool {
	escaped := bytes.Contains(body, []byte(`\ud`)) || bytes.Contains(body, []byte(`\uD`))
	return escaped && !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true))
}

func kindOf(field string) string {
	if field == "query" || field == "operationName" {
		return "a string"
	}
	return "an object"
}
