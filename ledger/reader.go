package ledger

import (
	"encoding/binary"
	"fmt"

	"spillway/engine/waterfall"
)

// reader decodes the binary values of one row from left to right. The driver's
// own scanning costs several times as much as all the checks.
type reader struct {
	values [][]byte
	next   int
	texts  *texts
	err    error
}

func (r *reader) value(size int) []byte {
	v := r.values[r.next]
	r.next++
	if v != nil && size > 0 && len(v) != size {
		r.err = fmt.Errorf("ledger: a value of %d bytes where %d are expected", len(v), size)
		return nil
	}
	return v
}

func (r *reader) int16() int16 {
	if v := r.value(2); v != nil {
		return int16(binary.BigEndian.Uint16(v))
	}
	return 0
}

func (r *reader) int32() int32 {
	if v := r.value(4); v != nil {
		return int32(binary.BigEndian.Uint32(v))
	}
	return 0
}

// int64 reads a bigint; NULL becomes 0.
func (r *reader) int64() int64 { return r.int64Or(0) }

func (r *reader) int64Or(absent int64) int64 {
	if v := r.value(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return absent
}

func (r *reader) bool() bool {
	v := r.value(1)
	return v != nil && v[0] != 0
}

// instant reads a timestamptz; NULL becomes 0.
func (r *reader) instant() waterfall.Instant {
	if v := r.value(8); v != nil {
		return waterfall.Instant(int64(binary.BigEndian.Uint64(v)) + microsTo2000)
	}
	return 0
}

func (r *reader) id() (id ID) {
	copy(id[:], r.value(16))
	return id
}

func (r *reader) hash() (h [32]byte) {
	copy(h[:], r.value(32))
	return h
}

// text reads a text that comes again and again.
func (r *reader) text() string { return r.texts.of(r.value(0)) }

// raw reads a text as it lies in the driver's buffer: valid for this row only.
func (r *reader) raw() []byte { return r.value(0) }

// list reads a text[]; NULL becomes nil.
func (r *reader) list() []string {
	v := r.value(0)
	if len(v) < 12 {
		return nil
	}
	dimensions := binary.BigEndian.Uint32(v)
	if dimensions == 0 {
		return []string{}
	}
	var all []string
	for v = v[12+8*dimensions:]; len(v) >= 4; {
		size := int(int32(binary.BigEndian.Uint32(v)))
		if v = v[4:]; size < 0 || size > len(v) {
			r.err = errSteps
			return nil
		}
		all = append(all, r.texts.of(v[:size]))
		v = v[size:]
	}
	return all
}

// int64s reads a bigint[] without nulls; NULL becomes nil.
func (r *reader) int64s() []int64 {
	v := r.value(0)
	if len(v) < arrayHeader {
		return nil
	}
	var all []int64
	for v = v[arrayHeader:]; len(v) >= 12; v = v[12:] {
		all = append(all, int64(binary.BigEndian.Uint64(v[4:])))
	}
	return all
}

// texts keeps one copy of each text that was seen lately.
type texts struct{ seen map[string]string }

// maxTexts bounds the copies.
const maxTexts = 1 << 15

func (t *texts) of(b []byte) string {
	if s, ok := t.seen[string(b)]; ok {
		return s
	}
	if t.seen == nil || len(t.seen) >= maxTexts {
		t.seen = make(map[string]string, 256)
	}
	s := string(b)
	t.seen[s] = s
	return s
}
