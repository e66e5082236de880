package ledger

// Listed is a page of a list. Where a filter passes few of the rows, a page may
// hold fewer than asked and still have More: the list goes on behind Scanned,
// the last row that was looked at.
type Listed[T any] struct {
	Rows    []T
	More    bool
	Scanned ID
}

// stretch are rows of an account's list that stand together: those of them that
// may pass, and with more the last one, behind which there are others.
type stretch[T any] struct {
	rows []T
	more bool
}

// A page of a filtered list looks at this many rows at the most, so that it
// costs the same however many there are.
const (
	scanChunk  = 500
	scanBudget = 2_000
)

// descent makes a page for each of some accounts: it goes down their rows, the
// newest first, a chunk of all accounts at a time, until every page is full.
type descent[T any] struct {
	first  int
	before ID
	// selective: many rows may not pass.
	selective bool
	// read finds the next rows of each account below an id, looking at as many as
	// the limit.
	read   func(accounts []string, before []ID, limit int) (map[string]stretch[T], error)
	id     func(T) ID
	passes func(T) bool
}

func (d *descent[T]) pages(accounts []string) (map[string]Listed[T], error) {
	pages := make(map[string]Listed[T], len(accounts))
	before := make([]ID, len(accounts))
	for i := range before {
		before[i] = d.before
	}
	chunk := min(scanChunk, d.first+1)
	if d.selective {
		chunk = scanChunk
	}
	for scanned := 0; len(accounts) > 0; {
		found, err := d.read(accounts, before, chunk)
		if err != nil {
			return nil, err
		}
		scanned += chunk
		var open []string
		var next []ID
		for _, account := range accounts {
			s := found[account]
			page, full := d.take(pages[account], s.rows)
			pages[account] = page
			if !full && s.more && scanned < scanBudget {
				open, next = append(open, account), append(next, d.id(s.rows[len(s.rows)-1]))
			} else if !full {
				page.More = s.more
				pages[account] = page
			}
		}
		accounts, before, chunk = open, next, scanChunk
	}
	return pages, nil
}

// take puts rows on a page, and tells whether it was full before the last that
// passes.
func (d *descent[T]) take(page Listed[T], rows []T) (Listed[T], bool) {
	for _, row := range rows {
		if d.passes(row) {
			if len(page.Rows) == d.first {
				page.More = true
				return page, true
			}
			page.Rows = append(page.Rows, row)
		}
		page.Scanned = d.id(row)
	}
	return page, false
}
