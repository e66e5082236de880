package scalar

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

var (
	errString  = errors.New("must be a string")
	errUnicode = errors.New("must be valid UTF-8")
	errID      = errors.New("must be a string or an integer")
	errInt     = errors.New("must be an integer of 32 bits")
	errBoolean = errors.New("must be true or false")
)

// AppendString writes a string as MarshalString does.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\t':
			b = append(b, `\t`...)
		case '\r':
			b = append(b, `\r`...)
		case '\n':
			b = append(b, `\n`...)
		default:
			const hex = "0123456789ABCDEF"
			b = append(append(b, `\u00`...), hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[done:]...), '"')
}

// MarshalString writes a String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a String, and no number.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", errString
	}
	if !utf8.ValidString(s) {
		return "", errUnicode
	}
	return s, nil
}

// MarshalID writes an ID.
func MarshalID(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalID reads an ID: a string, or an integer as the specification of
// GraphQL allows.
func UnmarshalID(v any) (string, error) {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "", errID
		}
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case string:
		return UnmarshalString(v)
	}
	return "", errID
}

// AppendInt writes an Int.
func AppendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// MarshalInt writes an Int.
func MarshalInt(n int) graphql.Marshaler { return number(n) }

// UnmarshalInt reads an Int of 32 bits.
func UnmarshalInt(v any) (int, error) {
	n, err := integer(v)
	if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, errInt
	}
	return int(n), nil
}

// AppendBoolean writes a Boolean.
func AppendBoolean(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// MarshalBoolean writes a Boolean.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// UnmarshalBoolean reads a Boolean, and no string.
func UnmarshalBoolean(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, errBoolean
	}
	return b, nil
}

// number is an integer that writes itself.
type number int64

// MarshalGQL writes the digits.
func (n number) MarshalGQL(w io.Writer) {
	var room [20]byte
	_, _ = w.Write(strconv.AppendInt(room[:0], int64(n), 10))
}

// written is a value that is already JSON.
type written string

// MarshalGQL writes it as it is.
func (s written) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, string(s)) }
