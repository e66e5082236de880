package scalar

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

var errJSON = errors.New("must be JSON")

// MarshalJSON writes a JSON value that is stored as text; nil is null.
func MarshalJSON(text json.RawMessage) graphql.Marshaler {
	if text == nil {
		return graphql.Null
	}
	return written(text)
}

// UnmarshalJSON reads any JSON value as compact text. Numbers of variables
// keep all their digits.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, errJSON
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
