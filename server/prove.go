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
	// Reference says where, such as sequence:12; "" for the whole account.
	Reference string
}

// proof is what to prove.
type proof struct {
	Settings settings
	// Account is "" for all.
	Account string
	// Keep stores the result as a Reconciliation.
	Keep bool
}

// prover replays the ledger and reports each fault as it is found. An error
// means that the replay could not finish.
type prover func(ctx context.Context, p proof, report func(finding)) error

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
func (reconcileCommand) Help() string {
	return settingsHelp([]setting{databaseURL, optionalRedis})
}

// optionalRedis is needed only to compare counters too.
var optionalRedis = setting{redisURL.name, "", "Redis, to compare its counters with the usage events; without it they are not looked at", readRedisURL}

// Run prints what verify prints, and stores it.
func (c *reconcileCommand) Run(out *outside, ctx boxed) error {
	return prove(ctx, out, c.Account, true)
}

func prove(ctx context.Context, out *outside, account string, keep bool) error {
	wanted := []setting{databaseURL}
	if value, _ := out.lookup(optionalRedis.name); keep && value != "" {
		wanted = append(wanted, optionalRedis)
	}
	s, err := loadSettings(out.lookup, wanted...)
	if err != nil {
		return err
	}
	if account != "" && !accountID.MatchString(account) {
		return unusablef("--account must have 1 to 128 letters, digits or . _ : @ / -")
	}
	faults := 0
	var printing error
	err = out.prove(ctx, proof{s, account, keep}, func(f finding) {
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

// String is the line that scripts read: four words without spaces in them. The
// check says where it failed, such as chain@sequence:12.
func (f finding) String() string {
	check := f.Check
	if f.Reference != "" {
		check += "@" + f.Reference
	}
	return fmt.Sprintf("account=%s check=%s expected=%s found=%s", word(f.Account), word(check), word(f.Expected), word(f.Found))
}

// word quotes what would not read as one word.
func word(text string) string {
	if text == "" || strings.ContainsAny(text, " \"=") || strconv.Quote(text) != `"`+text+`"` {
		return strconv.Quote(text)
	}
	return text
}
