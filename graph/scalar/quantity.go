package scalar

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

var errInteger = errors.New("must be an integer")

// maxQuantity is the largest Quantity: what JSON numbers hold exactly.
const maxQuantity = 1<<53 - 1

// AppendQuantity writes a Quantity, the largest one where n is larger.
func AppendQuantity(b []byte, n int64) []byte { return strconv.AppendInt(b, min(n, maxQuantity), 10) }

// MarshalQuantity writes a Quantity, the largest one where n is larger.
func MarshalQuantity(n int64) graphql.Marshaler { return number(min(n, maxQuantity)) }

// UnmarshalQuantity reads a Quantity. It refuses what is no integer; the range
// is checked by whoever knows what the quantity is for.
func UnmarshalQuantity(v any) (int64, error) { return integer(v) }

// MarshalCount writes a Count, the largest one where n is larger.
func MarshalCount(n int64) graphql.Marshaler { return number(min(n, maxQuantity)) }

// UnmarshalCount reads a Count like a Quantity.
func UnmarshalCount(v any) (int64, error) { return integer(v) }

// integer reads an integer; beyond 64 bits it gives the nearest one.
func integer(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case json.Number:
		return parseInteger(string(v))
	}
	return 0, errInteger
}

// parseInteger reads digits behind an optional minus; beyond 64 bits it gives
// the nearest integer.
func parseInteger(s string) (int64, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	if unsigned == "" || digits(unsigned) < len(unsigned) {
		return 0, errInteger
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil:
		return n, nil
	case negative:
		return math.MinInt64, nil
	}
	return math.MaxInt64, nil
}
