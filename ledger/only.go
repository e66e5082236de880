package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// userRole is the database role to which the rows of one account exist.
const userRole = "spillway_user"

type onlyKey struct{}

// Only leaves the reads of a context with one account: to them the database has
// no rows of others, whatever is asked, and nothing can be written. It is the
// wall behind the checks of the API, for those who see no account but their
// own. "" leaves them with none.
func Only(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, onlyKey{}, account)
}

// OnlyOf is the account that the context is left with; only is false where it
// sees all.
func OnlyOf(ctx context.Context) (account string, only bool) {
	account, only = ctx.Value(onlyKey{}).(string)
	return account, only
}

// reader are the connections for the reads of a context.
func (l *Ledger) reader(ctx context.Context) *pgxpool.Pool {
	if _, only := OnlyOf(ctx); only {
		return l.own
	}
	return l.read
}

// shownAccount is where a connection keeps whose rows it sees.
const shownAccount = "spillway.account"

// showOnly makes a connection of userRole see the account of the context. Where
// it cannot, the connection is not used.
func showOnly(ctx context.Context, c *pgx.Conn) (ok bool, err error) {
	account, _ := OnlyOf(ctx)
	kept := c.PgConn().CustomData()
	if kept[shownAccount] == account {
		return true, nil
	}
	delete(kept, shownAccount)
	if _, err := c.Exec(ctx, `select set_config('`+shownAccount+`', $1, false)`, account); err != nil {
		return false, err
	}
	kept[shownAccount] = account
	return true, nil
}
