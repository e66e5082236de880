package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// openForReading opens the ledger for a command that reads, and refuses a
// database that has not been migrated.
func openForReading(ctx context.Context, url string) (*ledger.Ledger, error) {
	l, err := ledger.Open(ctx, url, ledger.Options{Writers: 1, Readers: 4})
	if err != nil {
		return nil, unusable{err}
	}
	if err := checkSchema(ctx, l); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// checkSchema refuses a database that has not been migrated.
func checkSchema(ctx context.Context, l *ledger.Ledger) error {
	current, err := l.SchemaCurrent(ctx)
	if err := notThere(err); err != nil {
		return err
	}
	if err != nil || !current {
		return unusablef("DATABASE_URL: the schema is not up to date; run: spillway migrate")
	}
	return nil
}

// notThere is what an error says that kept us from the database, nil for any
// other: one that is away may come back, one that refuses us needs another
// address.
func notThere(err error) error {
	if why, refused := ledger.Refused(err); refused {
		return unusablef("DATABASE_URL: the database lets nobody in as the address says: %s", why)
	}
	if ledger.Away(err) {
		return fmt.Errorf("DATABASE_URL: the database is away: %w", err)
	}
	return nil
}

// proveLedger is the prover.
func proveLedger(ctx context.Context, p proof, report func(finding)) error {
	l, err := openForReading(ctx, p.Settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer l.Close()
	if p.Keep {
		return reconcile(ctx, l, p, report)
	}
	if err := accountExists(ctx, l, p.Account); err != nil {
		return err
	}
	_, err = l.Verify(ctx, p.Account, func(m ledger.Mismatch) {
		report(finding{m.Account, m.Check, m.Expected, m.Found, m.Reference})
	})
	return err
}

// accountExists refuses an account of which there is nothing to prove. One whose
// row is gone while its records stand is a fault and not an absence.
func accountExists(ctx context.Context, l *ledger.Ledger, account string) error {
	if account == "" {
		return nil
	}
	known, err := l.Known(ctx, account)
	if err == nil && !known {
		return unusablef("--account: there is no account %s", account)
	}
	return err
}

// reconcile proves and keeps, through an engine as the server's own.
func reconcile(ctx context.Context, l *ledger.Ledger, p proof, report func(finding)) error {
	var cache engine.Counters = counters.NewMemory() // empty: it has no say
	if p.Settings.Redis != nil {
		redis := counters.NewRedis(p.Settings.Redis)
		defer func() { _ = redis.Close() }()
		cache = redis
	}
	e, err := engine.New(ctx, l, cache, engine.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	r, err := e.Reconcile(ctx, p.Account)
	var fault *engine.Fault
	if errors.As(err, &fault) && fault.Code == engine.CodeNotFound {
		return unusablef("--account: there is no account %s", p.Account)
	}
	if err != nil {
		return err
	}
	for _, m := range r.Found {
		report(finding{m.Account, m.Check, m.Expected, m.Found, m.Reference})
	}
	if more := int(r.Mismatches) - len(r.Found); more > 0 {
		report(finding{Account: p.Account, Check: "further", Expected: "0", Found: fmt.Sprint(more)})
	}
	return nil
}

// exportCommand is `spillway export`.
type exportCommand struct {
	Account string `required:"" help:"The account."`
	From    string `required:"" help:"The first moment: 2026-03-01 or 2026-03-01T00:00:00Z."`
	To      string `required:"" help:"The moment behind the last."`
	Out     string `default:"." help:"The directory; it is made where it is missing, for nobody but you."`
	Force   bool   `help:"Write over an export that the directory holds."`
}

// Help is shown by spillway export --help.
func (exportCommand) Help() string {
	return "Writes usage_events, monetization_events, balance_updates and grants, and a README that explains them.\n\n" + settingsHelp([]setting{databaseURL})
}

// Run writes the files, and how many rows each has.
func (c *exportCommand) Run(out *outside, ctx boxed) error {
	s, err := loadSettings(out.lookup, databaseURL)
	if err != nil {
		return err
	}
	if !accountID.MatchString(c.Account) {
		return unusablef("--account must have 1 to 128 letters, digits or . _ : @ / -")
	}
	from, err := moment("--from", c.From)
	if err != nil {
		return err
	}
	to, err := moment("--to", c.To)
	if err != nil {
		return err
	}
	if to <= from {
		return unusablef("--to must be later than --from")
	}
	if err := c.vacant(); err != nil {
		return err
	}
	l, err := openForReading(ctx, s.DatabaseURL)
	if err != nil {
		return err
	}
	defer l.Close()
	return c.write(ctx, l, from, to, out.stdout)
}

// exportReadme is the file that explains an export.
const exportReadme = "README.md"

// vacant refuses a directory that holds an export, or a part of one: files of two
// accounts or times beside each other would pass for one.
func (c *exportCommand) vacant() error {
	if c.Force {
		return nil
	}
	names := []string{exportReadme}
	for _, name := range ledger.ExportFiles {
		names = append(names, name+".ndjson", name+".csv")
	}
	for _, name := range names {
		_, err := os.Lstat(filepath.Join(c.Out, name))
		switch {
		case err == nil:
			return unusablef("--out: %s holds %s already; name another directory, or write over it with --force", c.Out, name)
		case !errors.Is(err, os.ErrNotExist):
			return unusablef("--out: %w", err)
		}
	}
	return nil
}

// create makes a file that only its owner may read, in the place of one that
// --force gives up.
func (c *exportCommand) create(name string) (io.WriteCloser, error) {
	path := filepath.Join(c.Out, name)
	if c.Force {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, unusablef("--out: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, unusablef("--out: %w", err)
	}
	return file, nil
}

func (c *exportCommand) write(ctx context.Context, l *ledger.Ledger, from, to waterfall.Instant, stdout io.Writer) error {
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return unusablef("--out: %w", err)
	}
	rows, err := l.Export(ctx, c.Account, from, to, c.create)
	switch {
	case err != nil:
		return err
	case rows == nil:
		return unusablef("--account: there is no account %s", c.Account)
	}
	if err := c.explain(); err != nil {
		return err
	}
	for _, name := range ledger.ExportFiles {
		if _, err := fmt.Fprintf(stdout, "%s %d\n", name, rows[name]); err != nil {
			return err
		}
	}
	return nil
}

// explain writes the guide.
func (c *exportCommand) explain() error {
	guide, err := c.create(exportReadme)
	if err != nil {
		return err
	}
	_, err = io.WriteString(guide, ledger.ExportGuide)
	return errors.Join(err, guide.Close())
}

// moment reads a time of the command line: a day, or a moment with its offset.
func moment(flag, text string) (waterfall.Instant, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(form, text); err == nil {
			return waterfall.InstantOf(t), nil
		}
	}
	return 0, unusablef("%s is %q: expected a day such as 2026-03-01 or a moment such as 2026-03-01T00:00:00Z", flag, text)
}
