package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// accountRange is a range of account ids in byte order: all of them, or, where
// only is not nil, those that it names.
type accountRange struct {
	from, below string
	only        []string
}

const (
	// afterAll is the end of all account ids: none holds a byte that high.
	afterAll = "\U0010FFFF"
	// accountsPerRange is how many accounts a range holds: large enough that
	// opening its cursors costs nothing, small enough that the workers end
	// together.
	accountsPerRange = 500
	// recordsPerRange bounds the records of accounts that are named together:
	// PostgreSQL sorts them, where a range is read in the order of an index.
	recordsPerRange = 100_000
)

// rangeOf holds one account only.
func rangeOf(account string) accountRange {
	return accountRange{from: account, below: account + "\x01"}
}

// rangesOf puts accounts, in the order of their ids, into as few ranges as may
// be.
func rangesOf(accounts []ChangedAccount) (all []accountRange) {
	for len(accounts) > 0 {
		n, records := 1, accounts[0].Records
		for n < len(accounts) && n < accountsPerRange && records+accounts[n].Records <= recordsPerRange {
			records += accounts[n].Records
			n++
		}
		r := rangeOf(accounts[0].ID)
		if n > 1 {
			r.below = rangeOf(accounts[n-1].ID).below
			for _, a := range accounts[:n] {
				r.only = append(r.only, a.ID)
			}
		}
		all, accounts = append(all, r), accounts[n:]
	}
	return all
}

// accountRanges cuts all accounts into ranges that leave nothing out between
// them, not even records of accounts that do not exist.
func (l *Ledger) accountRanges(ctx context.Context) ([]accountRange, error) {
	rows, err := l.reader(ctx).Query(ctx, `select account_id from (select account_id, row_number() over (order by account_id) n from accounts) x
		where n % $1 = 0 order by account_id`, accountsPerRange)
	cuts, err := collect(rows, err, func(row pgx.Row) (*string, error) {
		var id string
		return &id, row.Scan(&id)
	})
	if err != nil {
		return nil, err
	}
	var ranges []accountRange
	from := ""
	for _, cut := range cuts {
		ranges = append(ranges, accountRange{from: from, below: cut})
		from = cut
	}
	return append(ranges, accountRange{from: from, below: afterAll}), nil
}
