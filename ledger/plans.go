package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// plansLast is how long a connection keeps its plans. A plan is made for the
// size that a table had then: one made while the table was empty reads all of
// it, and is kept until the database analyzes the table, which it does once a
// minute at the most.
const plansLast = 15 * time.Second

// plannedAt is where a connection remembers when it dropped its plans.
const plannedAt = "plannedAt"

// dropOldPlans makes a connection plan its statements anew when its plans are
// older than an age. It is called with each connection that is taken from a
// pool; one on which it fails is not used.
func dropOldPlans(age time.Duration) func(context.Context, *pgx.Conn) (bool, error) {
	return func(ctx context.Context, c *pgx.Conn) (bool, error) {
		at, known := c.PgConn().CustomData()[plannedAt].(time.Time)
		switch {
		case !known:
			c.PgConn().CustomData()[plannedAt] = time.Now()
		case time.Since(at) >= age:
			if _, err := c.Exec(ctx, "discard plans"); err != nil {
				return false, err
			}
			c.PgConn().CustomData()[plannedAt] = time.Now()
		}
		return true, nil
	}
}
