package scalar

import (
	"errors"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// fractionDigits is how many digits a Credits may have after the point.
const fractionDigits = 6

const perUnit = 1_000_000

var errCredits = errors.New(`must be a decimal in a string with at most 6 digits after the point, such as "12.5"`)

// Credits is an exact decimal with at most six digits after the point: an
// amount of credits, or a whole number of units. Its parts may exceed 64 bits
// by so much that only the way out tells whether they fit.
type Credits struct {
	negative bool
	whole    uint64 // math.MaxUint64 stands for "too large for anything"
	micros   uint32
}

// Millionths is an amount of millionths of a credit.
func Millionths(n int64) Credits {
	c := Credits{negative: n < 0}
	size := uint64(n)
	if c.negative {
		size = -size
	}
	c.whole, c.micros = size/perUnit, uint32(size%perUnit)
	return c
}

// SumOfMillionths is a sum of millionths of a credit, which may exceed 64 bits.
// It stands at the largest Credits where it is larger than any: 2^64 - 1.
func SumOfMillionths(n *big.Int) Credits {
	if n == nil {
		return Credits{}
	}
	whole, micros := new(big.Int).QuoRem(new(big.Int).Abs(n), big.NewInt(perUnit), new(big.Int))
	c := Credits{negative: n.Sign() < 0, whole: math.MaxUint64}
	if whole.IsUint64() {
		c.whole, c.micros = whole.Uint64(), uint32(micros.Uint64())
	}
	return c
}

// Units is a whole number of units.
func Units(n int64) Credits {
	c := Credits{negative: n < 0, whole: uint64(n)}
	if c.negative {
		c.whole = -c.whole
	}
	return c
}

// Millionths is the amount in millionths, the nearest 64 bit integer where it
// is larger.
func (c Credits) Millionths() int64 {
	if c.whole > (math.MaxInt64-uint64(c.micros))/perUnit {
		return c.sign(math.MaxInt64)
	}
	return c.sign(int64(c.whole*perUnit + uint64(c.micros)))
}

// Units is the amount in whole units, the nearest 64 bit integer where it is
// larger; ok is false when it has a fraction.
func (c Credits) Units() (n int64, ok bool) {
	return c.sign(int64(min(c.whole, math.MaxInt64))), c.micros == 0
}

func (c Credits) sign(n int64) int64 {
	if c.negative {
		return -n
	}
	return n
}

// String writes the canonical form: no exponent, no trailing zeros.
func (c Credits) String() string {
	var room [32]byte
	return string(c.append(room[:0]))
}

func (c Credits) append(b []byte) []byte {
	if c.negative && (c.whole != 0 || c.micros != 0) {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, c.whole, 10)
	if c.micros == 0 {
		return b
	}
	b = append(b, '.')
	for rest, digit := c.micros, uint32(perUnit/10); rest > 0; digit /= 10 {
		b = append(b, byte('0'+rest/digit))
		rest %= digit
	}
	return b
}

// ParseCredits reads a decimal: an optional minus, digits, and after a point
// at most six more.
func ParseCredits(s string) (Credits, error) {
	var c Credits
	rest := s
	if rest != "" && rest[0] == '-' {
		c.negative, rest = true, rest[1:]
	}
	n := digits(rest)
	if n == 0 {
		return Credits{}, errCredits
	}
	whole, err := strconv.ParseUint(rest[:n], 10, 64)
	if err != nil {
		whole = math.MaxUint64
	}
	c.whole, rest = whole, rest[n:]
	if rest == "" {
		return c, nil
	}
	if n = digits(rest[1:]); rest[0] != '.' || n == 0 || n > fractionDigits || n != len(rest)-1 {
		return Credits{}, errCredits
	}
	for i := 1; i <= fractionDigits; i++ {
		c.micros *= 10
		if i <= n {
			c.micros += uint32(rest[i] - '0')
		}
	}
	return c, nil
}

// digits is how many digits the text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// AppendCredits writes the decimal as a string.
func AppendCredits(b []byte, c Credits) []byte { return append(c.append(append(b, '"')), '"') }

// MarshalGQL writes the decimal as a string.
func (c Credits) MarshalGQL(w io.Writer) {
	var room [34]byte
	_, _ = w.Write(AppendCredits(room[:0], c))
}

// MarshalCredits writes a Credits.
func MarshalCredits(c Credits) graphql.Marshaler { return c }

// UnmarshalCredits reads a Credits, and no number.
func UnmarshalCredits(v any) (Credits, error) {
	s, ok := v.(string)
	if !ok {
		return Credits{}, errCredits
	}
	return ParseCredits(s)
}
