//go:build proof

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// PostgreSQL's disk fills up under traffic: nothing is answered that is not on
// it, and when there is room again the service is back. The disk is a small
// tmpfs, which only root can mount: this is a test of `make proof`.
func TestADiskThatIsFull(t *testing.T) {
	dir, err := os.MkdirTemp("", "spillway-disk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=400m,mode=0755"); err != nil {
		t.Fatalf("a tmpfs cannot be mounted: %v; run make proof as root, or where sudo asks for no password", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	c := newCluster(t, dir)
	filler := filepath.Join(dir, "filler")
	full := fault{"the disk full", func(c *cluster, _ int) func() {
		c.check(fill(filler))
		return func() {
			c.check(os.Remove(filler))
			// It may have gone down over it.
			c.check(c.stores.Postgres.Start(context.Background()))
		}
	}}
	var sum tally
	for n := range *rounds {
		fine := t.Run(fmt.Sprintf("%s %d", full.name, n+1), func(t *testing.T) {
			c.t = t
			clients := c.try(full, n, fmt.Sprintf("full %d", n))
			if clients.resent == 0 {
				t.Error("nobody noticed that the disk was full")
			}
			sum.add(full, clients)
		})
		if c.t = t; !fine {
			sum.violations++
		}
	}
	t.Log(&sum)
}

// fill writes until there is no room.
func fill(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for size := len(block); size > 0; {
		_, err := file.Write(block[:size])
		if errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return err
		}
	}
	return file.Close()
}
