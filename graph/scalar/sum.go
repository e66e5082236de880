package scalar

import (
	"errors"
	"io"
	"math/big"

	"github.com/99designs/gqlgen/graphql"
)

var errSum = errors.New(`must be an integer in a string, such as "12"`)

// Sum is a sum of integers that may exceed 64 bits, written as a decimal string.
// The zero value is 0.
type Sum struct{ n *big.Int }

// SumOf is the sum n, which must not change any more; nil is 0.
func SumOf(n *big.Int) Sum { return Sum{n} }

// Quantity is the sum as a Quantity, the largest one where it is larger.
func (s Sum) Quantity() int64 {
	switch {
	case s.n == nil:
		return 0
	case !s.n.IsInt64():
		return maxQuantity
	}
	return min(s.n.Int64(), maxQuantity)
}

// String writes the digits.
func (s Sum) String() string { return string(s.append(nil)) }

func (s Sum) append(b []byte) []byte {
	if s.n == nil {
		return append(b, '0')
	}
	return s.n.Append(b, 10)
}

// AppendSum writes the digits as a string.
func AppendSum(b []byte, s Sum) []byte { return append(s.append(append(b, '"')), '"') }

// MarshalGQL writes the digits as a string.
func (s Sum) MarshalGQL(w io.Writer) { _, _ = w.Write(AppendSum(nil, s)) }

// MarshalSum writes a Sum.
func MarshalSum(s Sum) graphql.Marshaler { return s }

// UnmarshalSum reads a Sum, and no number.
func UnmarshalSum(v any) (Sum, error) {
	s, _ := v.(string)
	if digits := digits(s); digits == 0 || digits < len(s) {
		return Sum{}, errSum
	}
	n, _ := new(big.Int).SetString(s, 10) // digits alone always parse
	return Sum{n}, nil
}
