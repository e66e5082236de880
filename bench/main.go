package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"spillway/bench/bare"
	"spillway/server/tune"
)

// options of the command line.
type options struct {
	quick   bool
	only    *regexp.Regexp
	growth  int
	program string
	out     string
	readme  string
	profile string
	against string
	// connections of the comparison with another build, separated by commas.
	connections string
}

func main() {
	// As the server does by itself, so that the engine here is the one there.
	tune.Collector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "a fraction of each duration: shows that everything runs, and its figures mean nothing")
	only := flag.String("only", "", "measure only the `parts` whose names match this regular expression")
	flag.IntVar(&o.growth, "growth", 0, "also make this many `decisions`, and measure before and after")
	flag.StringVar(&o.program, "program", "bin/spillway", "the `file` of the server")
	flag.StringVar(&o.out, "out", "bench/latest.json", "the `file` for the report; a run of some parts writes none")
	flag.StringVar(&o.readme, "readme", "", "also write the table into this `file`")
	flag.StringVar(&o.profile, "profile", "", "write CPU profiles of the engine and of the server into this `folder`, and measure nothing")
	flag.StringVar(&o.against, "against", "", "hold the server against another build of it, this `file`, and measure nothing else")
	flag.StringVar(&o.connections, "connections", "64", "with -against, the `numbers` of connections, separated by commas")
	asBare := flag.Bool("bare", false, "be the bare gqlgen server that the GraphQL layer is held against")
	flag.Parse()
	if *asBare {
		tune.Timers() // as the server does
		return serveBare(ctx)
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	if o.profile != "" {
		return b.profile(ctx)
	}
	if o.against != "" {
		return b.measureAgainst(ctx)
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	fmt.Print(b.report.table())
	if *only != "" {
		return nil
	}
	return b.report.save(o.out, o.readme)
}

// serveBare is the bare server, as launch starts it.
func serveBare(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", bare.Handler())
	server := &http.Server{Handler: mux} // #nosec: nobody but our own load reaches it
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Printf("ready http://%s\n", listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
