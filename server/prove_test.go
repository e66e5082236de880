package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

func TestProveTellsByItsCode(t *testing.T) {
	wrong := finding{Account: "acme/1", Check: "balance", Expected: "10", Found: "-3"}
	odd := finding{Account: "b", Check: "chain", Expected: "", Found: `a "b"`, Reference: "sequence:12"}
	for _, c := range []struct {
		name     string
		findings []finding
		err      error
		env      lookup
		account  string
		stdout   string
		code     int
	}{
		{name: "all adds up", env: with(), code: exitDone},
		{
			name: "faults", env: with(), findings: []finding{wrong, odd}, code: exitFault,
			stdout: "account=acme/1 check=balance expected=10 found=-3\naccount=b check=chain@sequence:12 expected=\"\" found=\"a \\\"b\\\"\"\n",
		},
		{
			name: "away after a fault", env: with(), findings: []finding{wrong}, err: errors.New("the database went away"), code: exitAway,
			stdout: "account=acme/1 check=balance expected=10 found=-3\n",
		},
		{name: "no database named", env: environment(), code: exitUnusable},
		{name: "an id that cannot be", env: with(), account: "a b", code: exitUnusable},
	} {
		for _, keep := range []bool{false, true} {
			var stdout bytes.Buffer
			o := &outside{lookup: c.env, stdout: &stdout}
			o.prove = func(_ context.Context, p proof, report func(finding)) error {
				if p.Settings.DatabaseURL != "postgres://owner:hidden@localhost:5432/spillway" || p.Account != c.account || p.Keep != keep ||
					(p.Settings.Redis != nil) != keep {
					t.Errorf("%s: asked for %+v", c.name, p)
				}
				for _, f := range c.findings {
					report(f)
				}
				return c.err
			}
			var err error
			if keep {
				err = (&reconcileCommand{Account: c.account}).Run(o, boxed{t.Context()})
			} else {
				err = (&verifyCommand{Account: c.account}).Run(o, boxed{t.Context()})
			}
			code := exitDone
			var own exitCode
			if errors.As(err, &own) {
				code = int(own)
			} else if err != nil {
				code = codeOf(err)
			}
			if code != c.code || stdout.String() != c.stdout {
				t.Errorf("%s, keep %v: code %d (%v), stdout %q", c.name, keep, code, err, stdout.String())
			}
		}
	}
}

// Standard output that is gone must not turn a fault into a success.
func TestProveThatCannotPrint(t *testing.T) {
	o := &outside{lookup: with(), stdout: closed{}}
	o.prove = func(_ context.Context, _ proof, report func(finding)) error {
		report(finding{Account: "a"})
		return nil
	}
	if err := (&verifyCommand{}).Run(o, boxed{t.Context()}); err == nil {
		t.Error("a fault that nobody saw passed for none")
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }
