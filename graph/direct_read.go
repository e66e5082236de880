package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"spillway/graph/scalar"
	"spillway/graph/view"
)

// sent is a request as it came, its variables unread.
type sent struct {
	query, operation string
	variables        []byte
}

// decoder reads JSON in memory, and is used again: what a new one takes would be
// a tenth of all the memory that a request does.
type decoder struct {
	jsontext.Decoder
	in bytes.Buffer
}

var decoders = sync.Pool{New: func() any { return &decoder{} }}

func decode(b []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.in = *bytes.NewBuffer(b)
	d.Reset(&d.in)
	return d
}

func (d *decoder) free() {
	d.in = bytes.Buffer{}
	d.Reset(&d.in)
	decoders.Put(d)
}

// readRequest reads a body that holds a query and variables and nothing else but
// an operation's name. It says no to all that it does not expect, wrong or
// merely rare.
func readRequest(body []byte) (r sent, ok bool) {
	d := decode(body)
	defer d.free()
	ok = members(d, func(name string) bool {
		switch name {
		case "query":
			return text(d, &r.query)
		case "operationName":
			if d.PeekKind() == 'n' {
				return d.SkipValue() == nil
			}
			return text(d, &r.operation)
		case "variables":
			value, err := d.ReadValue()
			end := d.InputOffset()
			r.variables = body[end-int64(len(value)) : end]
			return err == nil
		}
		return false
	})
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return r, false
	}
	return r, ok && r.query != "" && r.variables != nil
}

// readInput reads the one variable of a direct document.
func readInput(variables []byte, variable string) (in view.AuthorizeInput, ok bool) {
	d := decode(variables)
	defer d.free()
	in.Quantity = 1
	var account, user, feature, key bool
	ok = members(d, func(name string) bool {
		return name == variable && members(d, func(name string) bool {
			switch name {
			case "accountId":
				account = text(d, &in.AccountID)
				return account
			case "userId":
				user = text(d, &in.UserID)
				return user
			case "feature":
				feature = text(d, &in.Feature)
				return feature
			case "idempotencyKey":
				key = text(d, &in.IdempotencyKey)
				return key
			case "quantity":
				return integer(d, &in.Quantity)
			case "allowPartial":
				t, err := d.ReadToken()
				in.AllowPartial = err == nil && t.Kind() == 't'
				return in.AllowPartial || t.Kind() == 'f'
			case "holdFor":
				return duration(d, &in.HoldFor)
			case "metadata":
				return labels(d, &in.Metadata)
			}
			return false
		})
	})
	return in, ok && account && user && feature && key
}

// members reads an object, each member by the function, which reads its value
// and says whether it is as expected. A name that stands twice is an error.
func members(d *decoder, read func(name string) bool) bool {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil || !read(t.String()) {
			return false
		}
	}
	t, err := d.ReadToken()
	return err == nil && t.Kind() == '}'
}

func text(d *decoder, to *string) bool {
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '"' {
		return false
	}
	*to = t.String()
	return true
}

func integer(d *decoder, to *int64) bool {
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '0' {
		return false
	}
	*to, err = strconv.ParseInt(t.String(), 10, 64)
	return err == nil
}

func duration(d *decoder, to **int64) bool {
	var s string
	if !text(d, &s) {
		return false
	}
	seconds, err := scalar.UnmarshalDuration(s)
	*to = &seconds
	return err == nil
}

// labels reads any JSON as the scalar does.
func labels(d *decoder, to *json.RawMessage) bool {
	value, err := d.ReadValue()
	if err != nil {
		return false
	}
	digits := json.NewDecoder(bytes.NewReader(value))
	digits.UseNumber()
	var v any
	if digits.Decode(&v) != nil || v == nil {
		return false
	}
	*to, err = scalar.UnmarshalJSON(v)
	return err == nil
}
