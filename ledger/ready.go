package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// NotReadyError says why no decision can be made, in words for an operator.
type NotReadyError struct{ Reason string }

func (e *NotReadyError) Error() string { return e.Reason }

// Reasons of NotReadyError, apart from the database being away.
const (
	ReasonStandby  = "PostgreSQL is a standby and takes no writes"
	ReasonReadOnly = "PostgreSQL is read-only"
	ReasonRole     = "the role " + AppRole + " is refused, or lacks its rights: run spillway migrate"
	ReasonSchema   = "the schema is not up to date: run spillway migrate"
	reasonAway     = "PostgreSQL is away"
)

const sqlReady = `select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
	current_user = $1 and pg_has_role(session_user, $1, 'member')
		and has_table_privilege('accounts', 'select') and has_any_column_privilege('accounts', 'update')
		and has_table_privilege('usage_events', 'select') and has_table_privilege('usage_events', 'insert')
		and has_table_privilege('monetization_events', 'insert') and has_table_privilege('balance_updates', 'insert')
		and has_table_privilege('grants', 'select') and has_any_column_privilege('grants', 'update')`

// Ready returns nil where a decision could be made: on a primary that takes writes and
// confirms them, as AppRole with its rights, with every migration that this program
// knows. It asks on a connection of those that write. Its error is a *NotReadyError.
func (l *Ledger) Ready(ctx context.Context) error {
	var standby, readOnly, role bool
	err := l.write.QueryRow(ctx, sqlReady, AppRole).Scan(&standby, &readOnly, &role)
	switch {
	case err != nil && ctx.Err() != nil && l.unconfirmed():
		return &NotReadyError{ReasonUnconfirmed} // all connections wait
	case err != nil:
		return notReady(err)
	case standby:
		l.leave()
		return &NotReadyError{ReasonStandby}
	case readOnly:
		l.leave()
		return &NotReadyError{ReasonReadOnly}
	case !role:
		return &NotReadyError{ReasonRole}
	}
	if current, err := l.SchemaCurrent(ctx); err != nil {
		return notReady(err)
	} else if !current {
		return &NotReadyError{ReasonSchema}
	}
	return l.confirms(ctx)
}

// notReady is the reason that an error of the database tells.
func notReady(err error) error {
	// Of several servers none takes writes, and those that answer are standbys.
	var known *NotReadyError
	if errors.As(err, &known) {
		return known
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || Away(err) {
		return &NotReadyError{reasonAway}
	}
	switch pg.Code {
	case "42P01", "3F000", "42704", "42883": // a table, schema, type or function is missing
		return &NotReadyError{ReasonSchema}
	case "42501", "22023": // the role or a right is refused
		return &NotReadyError{ReasonRole}
	}
	return &NotReadyError{reasonAway}
}
