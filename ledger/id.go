package ledger

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5/pgtype"

	"spillway/engine/waterfall"
)

// ID is a UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 bits of the fraction of
// the millisecond, 62 random bits. Ids made for ascending instants ascend.
type ID [16]byte

// NewID makes the id of something that happens at an instant, with 64 bits of
// randomness that the caller supplies.
func NewID(at waterfall.Instant, random uint64) ID {
	var id ID
	ms, micros := uint64(at)/1000, uint64(at)%1000
	binary.BigEndian.PutUint64(id[:8], ms<<16|7<<12|micros*4096/1000)
	binary.BigEndian.PutUint64(id[8:], 2<<62|random>>2)
	return id
}

// FirstID is the lowest id that anything at the instant or later can have. No id
// tells of a moment before 1970.
func FirstID(at waterfall.Instant) ID {
	return NewID(max(0, at), 0)
}

// At is the time that an id carries, to the microsecond.
func (id ID) At() waterfall.Instant {
	ms := int64(id[0])<<40 | int64(id[1])<<32 | int64(id[2])<<24 | int64(id[3])<<16 | int64(id[4])<<8 | int64(id[5])
	part := int64(id[6]&0x0f)<<8 | int64(id[7])
	return waterfall.Instant(ms*1000 + (part*1000+4095)/4096)
}

// IsZero tells the absent id.
func (id ID) IsZero() bool { return id == ID{} }

// String is the usual 8-4-4-4-12 form in lower case.
func (id ID) String() string {
	var b [36]byte
	at := 0
	for i, group := range [...][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			b[at] = '-'
			at++
		}
		at += hex.Encode(b[at:], id[group[0]:group[1]])
	}
	return string(b[:])
}

var errNotAnID = errors.New("ledger: not an id")

// ParseID reads the form that String writes, and nothing else.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, errNotAnID
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	for i := 0; i < len(digits); i++ {
		if c := digits[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return id, errNotAnID
		}
	}
	_, err := hex.Decode(id[:], []byte(digits))
	return id, err
}

// UUIDValue and ScanUUID let the driver send and read an id as a uuid.
func (id ID) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: id, Valid: true}, nil }

// ScanUUID reads a uuid that is not NULL.
func (id *ID) ScanUUID(v pgtype.UUID) error {
	if !v.Valid {
		return errNotAnID
	}
	*id = v.Bytes
	return nil
}
