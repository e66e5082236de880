package ledger

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"spillway/engine/waterfall"
)

// rows is a parameter of one of the row types of the migrations: an array of
// what a statement writes, in the binary form of array_recv and record_recv
// (PostgreSQL's src/backend/utils/adt). Its cells are appended in the order of
// the type's columns, and each with the column's type; the database refuses
// rows of another shape.
type rows struct {
	buf     []byte
	count   int
	columns int
	begun   int // where the row that is being written has its length
}

// The types of columns (pg_type.h: they are the same in every database).
const (
	boolType      = pgtype.BoolOID
	byteaType     = pgtype.ByteaOID
	int8Type      = pgtype.Int8OID
	int8sType     = pgtype.Int8ArrayOID
	int2Type      = pgtype.Int2OID
	int4Type      = pgtype.Int4OID
	textType      = pgtype.TextOID
	timestampType = pgtype.TimestamptzOID
	uuidType      = pgtype.UUIDOID
)

// arrayHeader is how much stands before the first row: the number of
// dimensions, whether there are nulls, the type, the length, the lower bound.
const arrayHeader = 5 * 4

// memory of rows that were sent.
var memory = sync.Pool{New: func() any { return &rows{} }}

// mostKept is how large rows may be to be used again, in bytes.
const mostKept = 1 << 20

// newRows makes room for n rows of a number of columns, of about size bytes each.
func newRows(n, columns, size int) *rows {
	r := memory.Get().(*rows)
	*r = rows{buf: slices.Grow(r.buf[:0], arrayHeader+n*size)[:arrayHeader], columns: columns}
	return r
}

// free gives the memory back: the rows are sent.
func (r *rows) free() {
	if cap(r.buf) <= mostKept {
		memory.Put(r)
	}
}

// next begins a row.
func (r *rows) next() *rows {
	r.end()
	r.count++
	r.begun = len(r.buf)
	r.buf = binary.BigEndian.AppendUint32(r.buf, 0)
	r.buf = binary.BigEndian.AppendUint32(r.buf, uint32(r.columns))
	return r
}

// end writes the length of the row that was begun last.
func (r *rows) end() {
	if r.count > 0 {
		binary.BigEndian.PutUint32(r.buf[r.begun:], uint32(len(r.buf)-r.begun-4))
	}
}

func (r *rows) cell(kind uint32, size int) {
	r.buf = binary.BigEndian.AppendUint32(r.buf, kind)
	r.buf = binary.BigEndian.AppendUint32(r.buf, uint32(size))
}

func (r *rows) null(kind uint32) *rows {
	r.cell(kind, -1)
	return r
}

func (r *rows) text(s string) *rows {
	r.cell(textType, len(s))
	r.buf = append(r.buf, s...)
	return r
}

func (r *rows) bytes(b []byte) *rows {
	r.cell(byteaType, len(b))
	r.buf = append(r.buf, b...)
	return r
}

func (r *rows) id(id ID) *rows {
	r.cell(uuidType, len(id))
	r.buf = append(r.buf, id[:]...)
	return r
}

// int8OrNull is null for 0.
func (r *rows) int8OrNull(n int64) *rows {
	if n == 0 {
		return r.null(int8Type)
	}
	return r.int8(n)
}

// int8s is an array of bigint; null for none.
func (r *rows) int8s(all []int64) *rows {
	if len(all) == 0 {
		return r.null(int8sType)
	}
	r.cell(int8sType, arrayHeader+12*len(all))
	for _, field := range [...]uint32{1, 0, int8Type, uint32(len(all)), 1} {
		r.buf = binary.BigEndian.AppendUint32(r.buf, field)
	}
	for _, n := range all {
		r.buf = binary.BigEndian.AppendUint32(r.buf, 8)
		r.buf = binary.BigEndian.AppendUint64(r.buf, uint64(n))
	}
	return r
}

// idOrNull is null for the absent id.
func (r *rows) idOrNull(id ID) *rows {
	if id.IsZero() {
		return r.null(uuidType)
	}
	return r.id(id)
}

func (r *rows) int8(n int64) *rows {
	r.cell(int8Type, 8)
	r.buf = binary.BigEndian.AppendUint64(r.buf, uint64(n))
	return r
}

func (r *rows) int4(n int32) *rows {
	r.cell(int4Type, 4)
	r.buf = binary.BigEndian.AppendUint32(r.buf, uint32(n))
	return r
}

func (r *rows) int2(n int16) *rows {
	r.cell(int2Type, 2)
	r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(n))
	return r
}

func (r *rows) bool(b bool) *rows {
	r.cell(boolType, 1)
	if b {
		r.buf = append(r.buf, 1)
	} else {
		r.buf = append(r.buf, 0)
	}
	return r
}

// microsTo2000 is from the beginning of Unix time to that of PostgreSQL's.
const microsTo2000 = 946_684_800_000_000

func (r *rows) at(at waterfall.Instant) *rows {
	r.cell(timestampType, 8)
	r.buf = binary.BigEndian.AppendUint64(r.buf, uint64(int64(at)-microsTo2000))
	return r
}

// atOrNull is null for the absent instant.
func (r *rows) atOrNull(at waterfall.Instant) *rows {
	if at == 0 {
		return r.null(timestampType)
	}
	return r.at(at)
}

// rowTypes are made by the migrations.
var rowTypes = []string{"event_row", "monetization_row", "posting_row", "lot_row", "head_row"}

// learnRows teaches a connection the arrays of the row types. On a database
// that is not migrated yet there are none to learn.
func learnRows(ctx context.Context, c *pgx.Conn) error {
	found, err := c.Query(ctx, `select typname::text, oid, typarray from pg_type where typname = any($1) and typnamespace = 'public'::regnamespace`, rowTypes)
	if err != nil {
		return err
	}
	var name string
	var element, array uint32
	_, err = pgx.ForEachRow(found, []any{&name, &element, &array}, func() error {
		c.TypeMap().RegisterType(&pgtype.Type{Name: name + "[]", OID: array, Codec: rowsCodec{element}})
		return nil
	})
	return err
}

// rowsCodec writes rows of a type; nothing reads them.
type rowsCodec struct{ element uint32 }

// FormatSupported implements pgtype.Codec.
func (rowsCodec) FormatSupported(format int16) bool { return format == pgtype.BinaryFormatCode }

// PreferredFormat implements pgtype.Codec.
func (rowsCodec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

// PlanEncode implements pgtype.Codec.
func (c rowsCodec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	if _, fits := value.(*rows); !fits || format != pgtype.BinaryFormatCode {
		return nil
	}
	return c
}

// Encode implements pgtype.EncodePlan.
func (c rowsCodec) Encode(value any, buf []byte) ([]byte, error) {
	return append(buf, c.array(value.(*rows))...), nil
}

// array is the parameter as it is sent.
func (c rowsCodec) array(r *rows) []byte {
	r.end()
	header := r.buf[:0:arrayHeader]
	for _, field := range [...]uint32{1, 0, c.element, uint32(r.count), 1} {
		header = binary.BigEndian.AppendUint32(header, field)
	}
	return r.buf
}

// PlanScan implements pgtype.Codec.
func (rowsCodec) PlanScan(*pgtype.Map, uint32, int16, any) pgtype.ScanPlan { return nil }

var errWriteOnly = errors.New("ledger: rows are not read")

// DecodeDatabaseSQLValue implements pgtype.Codec.
func (rowsCodec) DecodeDatabaseSQLValue(*pgtype.Map, uint32, int16, []byte) (driver.Value, error) {
	return nil, errWriteOnly
}

// DecodeValue implements pgtype.Codec.
func (rowsCodec) DecodeValue(*pgtype.Map, uint32, int16, []byte) (any, error) {
	return nil, errWriteOnly
}
