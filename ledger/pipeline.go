package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// results waits for the answers to a pipeline's statements. It returns what the
// last one was answered, or the first error.
func results(pipeline *pgconn.Pipeline, statements int) (tag pgconn.CommandTag, err error) {
	for range statements {
		if tag, err = result(pipeline); err != nil {
			_ = pipeline.Close()
			return tag, err
		}
	}
	return tag, pipeline.Close()
}

// send sends statements in one pipeline, the last of them when meanwhile has
// returned: by then the database works on the others. It may take commitTimeout,
// and the answers as long as they take: nothing ends the pipeline. After an error
// the connection is of no more use, and the transaction ends with it.
func (tx *Tx) send(ctx context.Context, queries []*pgx.QueuedQuery, meanwhile func()) (*pgconn.Pipeline, error) {
	conn := tx.conn.Conn()
	prepare, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	statements := make([]*pgconn.StatementDescription, len(queries))
	for i, q := range queries {
		var err error
		// A round trip the first time that a connection sends it.
		if statements[i], err = conn.Prepare(prepare, q.SQL, q.SQL); err != nil {
			return nil, err
		}
	}
	socket := conn.PgConn().Conn()
	if err := socket.SetWriteDeadline(time.Now().Add(commitTimeout)); err != nil {
		return nil, err
	}
	p := conn.PgConn().StartPipeline(ctx)
	last := len(queries) - 1
	err := queue(p, conn, statements[:last], queries[:last])
	if err == nil {
		err = p.Flush()
	}
	if err == nil {
		meanwhile()
		err = queue(p, conn, statements[last:], queries[last:])
	}
	if err == nil {
		err = p.Sync()
	}
	if err == nil {
		err = socket.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func queue(p *pgconn.Pipeline, conn *pgx.Conn, statements []*pgconn.StatementDescription, queries []*pgx.QueuedQuery) error {
	var values pgx.ExtendedQueryBuilder
	for i, q := range queries {
		if r, ok := rowsOf(q); ok {
			if err := sendRows(p, conn, statements[i], r); err != nil {
				return err
			}
			continue
		}
		if err := values.Build(conn.TypeMap(), statements[i], q.Arguments); err != nil {
			return fmt.Errorf("ledger: %s: %w", q.SQL, err)
		}
		p.SendQueryStatement(statements[i], values.ParamValues, values.ParamFormats, nil)
	}
	return nil
}

// result waits for the answer to the next statement.
func result(p *pgconn.Pipeline) (tag pgconn.CommandTag, err error) {
	answer, err := p.GetResults()
	if err != nil {
		return tag, err
	}
	reader, ok := answer.(*pgconn.ResultReader)
	if !ok {
		return tag, fmt.Errorf("ledger: a statement was answered by %T", answer)
	}
	return reader.Close()
}

// rowsOf are the rows that a statement writes.
func rowsOf(q *pgx.QueuedQuery) (r *rows, ok bool) {
	if len(q.Arguments) == 1 {
		r, ok = q.Arguments[0].(*rows)
	}
	return r, ok
}

// sendRows sends a statement whose parameter is its rows, as they are in
// memory: to copy them would be a tenth of the memory that a batch takes.
func sendRows(p *pgconn.Pipeline, conn *pgx.Conn, s *pgconn.StatementDescription, r *rows) error {
	defer r.free()
	kind, _ := conn.TypeMap().TypeForOID(s.ParamOIDs[0])
	if kind == nil {
		return fmt.Errorf("ledger: %s: the connection does not know the type %d", s.SQL, s.ParamOIDs[0])
	}
	p.SendQueryStatement(s, [][]byte{kind.Codec.(rowsCodec).array(r)}, []int16{pgx.BinaryFormatCode}, nil)
	return nil
}
