package counters

import (
	"encoding/binary"
	"errors"
	"math"

	"spillway/engine/waterfall"
)

// Field names one counter of an account. User is "" for what is pooled per
// account.
type Field struct {
	User    string
	Feature string
	Bucket  string
}

// Buckets that no plan can name: their characters are not allowed in keys.
const (
	// Ceiling counts what was granted of a feature.
	Ceiling = "^"
	// Spend counts the credits that were spent, by day.
	Spend = "$"
)

// Version is the version of an account, compared for equality only.
type Version = [16]byte

// Query asks for some counters of an account.
type Query struct {
	Account string
	Fields  []Field
}

// Snapshot is what the store holds of a query. Fields has one entry for each
// field of the query, nil where nothing was counted. The zero Snapshot stands
// for an account that is not there.
type Snapshot struct {
	Version Version
	Shape   string
	Fields  []*waterfall.Series
}

// Update writes the counters of an account under a new version. With Replace
// the fields are all that the account has. Without, they change a hash that
// must stand at Expected and for the same shape; if it does not, it is dropped,
// because its other fields would be wrong.
type Update struct {
	Account  string
	Expected Version
	Version  Version
	Shape    string
	Replace  bool
	Fields   map[Field]*waterfall.Series
}

// ErrAway says that the store cannot be reached now.
var ErrAway = errors.New("counters: the store is away")

// errPacked says that a field cannot be read.
var errPacked = errors.New("counters: a packed field cannot be read")

// pack writes a series as pairs of varints: the seconds since the pair before,
// and the amount.
func pack(s *waterfall.Series) []byte {
	b := make([]byte, 0, 4*s.Len()+8)
	var before int64
	for i := range s.Len() {
		second, amount := s.At(i)
		b = binary.AppendVarint(b, second-before)
		b = binary.AppendVarint(b, amount)
		before = second
	}
	return b
}

// unpack reads what pack wrote. What cannot have been written, such as seconds
// that do not ascend or sums beyond 64 bits, is an error.
func unpack(b string) (*waterfall.Series, error) {
	s := &waterfall.Series{}
	var second, total int64
	for data := []byte(b); len(data) > 0; {
		step, n := binary.Varint(data)
		if n <= 0 {
			return nil, errPacked
		}
		amount, m := binary.Varint(data[n:])
		if m <= 0 || amount <= 0 || amount > math.MaxInt64-total || step < 0 || step > math.MaxInt64-second || (step == 0 && s.Len() > 0) {
			return nil, errPacked
		}
		data = data[n+m:]
		second += step
		total += amount
		s.Add(second, amount)
	}
	return s, nil
}
