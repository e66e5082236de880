package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// finding is one place where the ledger does not add up.
type finding struct {
	Account, Check, Expected, Found string
}

// prover replays the ledger of one account, or of all where account is empty,
// and reports each fault as it is found. With keep the result is stored as a
// Reconciliation. An error means that the replay could not finish.
type prover func(ctx context.Context, databaseURL, account string, keep bool, report func(finding)) error

// verifyCommand is `spillway verify`.
type verifyCommand struct {
	Account string `help:"Only this account; all without it."`
}

// Help is shown by spillway verify --help.
func (verifyCommand) Help() string { return settingsHelp([]setting{databaseURL}) }

// Run prints a line per fault and nothing else.
func (c *verifyCommand) Run(out *outside, ctx boxed) error { return prove(ctx, out, c.Account, false) }

// reconcileCommand is `spillway reconcile`.
type reconcileCommand struct {
	Account string `help:"Only this account; all without it."`
}

// Help is shown by spillway reconcile --help.
func (reconcileCommand) Help() string { return settingsHelp([]setting{databaseURL}) }

// Run prints what verify prints, and stores it.
func (c *reconcileCommand) Run(out *outside, ctx boxed) error {
	return prove(ctx, out, c.Account, true)
}

func prove(ctx context.Context, out *outside, account string, keep bool) error {
	s, err := loadSettings(out.lookup, databaseURL)
	if err != nil {
		return err
	}
	if account != "" && !accountID.MatchString(account) {
		return unusablef("--account must have 1 to 128 letters, digits or . _ : @ / -")
	}
	faults := 0
	var printing error
	err = out.prove(ctx, s.DatabaseURL, account, keep, func(f finding) {
		faults++
		if _, err := fmt.Fprintln(out.stdout, f); err != nil {
			printing = err
		}
	})
	switch {
	case err != nil:
		return err
	case printing != nil:
		return fmt.Errorf("%d faults found, and they could not be printed: %w", faults, printing)
	case faults > 0:
		return exitCode(exitFault)
	}
	return nil
}

// String is the line that scripts read: four words without spaces in them.
func (f finding) String() string {
	return fmt.Sprintf("account=%s check=%s expected=%s found=%s", word(f.Account), word(f.Check), word(f.Expected), word(f.Found))
}

// word quotes what would not read as one word.
func word(text string) string {
	if text == "" || strings.ContainsAny(text, " \"=") || strconv.Quote(text) != `"`+text+`"` {
		return strconv.Quote(text)
	}
	return text
}
