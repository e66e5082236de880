package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"testing"
)

// TestMain lets the test binary be a parent that a test may kill: with a
// directory in the environment it starts the stores there and waits.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SPILLWAY_STORES_PARENT"); dir != "" {
		if err := beParent(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beParent prints the numbers of the children and stops them at an interrupt.
func beParent(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := Start(ctx, Options{Dir: dir})
	if err != nil {
		return err
	}
	_, err = fmt.Println(s.Postgres.Pid(), s.Redis.Pid())
	<-ctx.Done()
	return errors.Join(err, s.Stop())
}
