package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"spillway/ledger"
	"spillway/server/stores"
	"spillway/server/tune"
)

// The exit codes that scripts rely on.
const (
	exitDone     = 0
	exitFault    = 1 // the ledger does not add up
	exitUnusable = 2 // arguments, settings or the machine must be changed first
	exitAway     = 3 // could not finish
)

// commands is the command line. Settings come from the environment, so that no
// secret stands in the list of processes.
type commands struct {
	Dev     devCommand     `cmd:"" help:"Run on a private PostgreSQL and Redis with demo data; the place to start."`
	Serve   serveCommand   `cmd:"" help:"Serve on the stores that the settings name."`
	Migrate migrateCommand `cmd:"" help:"Bring the database schema up to date."`

	Verify    verifyCommand    `cmd:"" help:"Prove the ledger: a line for each fault, exit code 1 where there is one."`
	Reconcile reconcileCommand `cmd:"" help:"The same checks, kept as a Reconciliation."`
	Export    exportCommand    `cmd:"" help:"Write an account's records as NDJSON and CSV."`

	Token  tokenCommand  `cmd:"" help:"Print a signed token (HS256 secret only)."`
	Stores storesCommand `cmd:"" help:"Run a command with a throwaway PostgreSQL and Redis, then remove them."`
}

// outside is all that a command may use of its surroundings.
type outside struct {
	lookup         lookup
	stdin          io.Reader
	stdout, stderr io.Writer
	serve          application
	prove          prover
}

// unusable is an error that a person mends by other arguments or settings.
type unusable struct{ error }

func unusablef(format string, args ...any) error { return unusable{fmt.Errorf(format, args...)} }

// exitCode ends the program with this code and no further word.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func main() {
	if slices.Index(os.Args, "serve") == 1 { // the stores that `dev` starts are left as they are
		tune.Timers()
	}
	tune.Collector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A second signal ends us at once, by the system's own way; the children
	// are tied to our life.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], outside{lookup: os.LookupEnv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, serve: serveApp, prove: proveLedger})
	os.Exit(code)
}

// run is the whole program, as tests start it. It returns the exit code.
func run(ctx context.Context, args []string, out outside) int {
	command, code := parse(args, out)
	if command == nil {
		return code
	}
	err := command.Run(&out, boxed{ctx})
	var own exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &own):
		return int(own)
	}
	complain(out.stderr, err)
	return codeOf(err)
}

// boxed carries the context to a command: kong binds arguments by their exact
// type, and an interface is not one.
type boxed struct{ context.Context }

// parse returns the command to run, or the exit code where there is none: after
// --help, or after arguments that cannot be used.
func parse(args []string, out outside) (*kong.Context, int) {
	ended := -1
	parser, err := kong.New(&commands{},
		kong.Name("spillway"),
		kong.Description("Decides how much of a metered product a request may use, and from where."),
		kong.Writers(out.stdout, out.stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { ended = code }),
	)
	if err != nil {
		complain(out.stderr, err)
		return nil, exitUnusable
	}
	command, err := parser.Parse(args)
	if ended == 0 { // help was asked for and printed
		return nil, exitDone
	}
	if err != nil {
		complain(out.stderr, fmt.Errorf("%w; see spillway --help", err))
		return nil, exitUnusable
	}
	return command, exitDone
}

func codeOf(err error) int {
	var setup *stores.SetupError
	var wrong unusable
	var unsafe *ledger.UnsafeError
	if errors.As(err, &setup) || errors.As(err, &wrong) || errors.As(err, &unsafe) {
		return exitUnusable
	}
	return exitAway
}

// complain writes one line, whatever the error's text holds.
func complain(w io.Writer, err error) {
	line := strings.Join(strings.Fields(err.Error()), " ")
	// Where standard error is closed there is nobody left to tell.
	_, _ = fmt.Fprintf(w, "spillway: %s\n", line)
}
