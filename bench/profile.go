package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

// profile writes CPU profiles of the usual mix: of the engine in this process,
// and of a server that answers GraphQL. The program must have been built with
// testdata/profile.go.txt laid over it, as `make profile` does.
func (b *bench) profile(ctx context.Context) error {
	file, err := os.Create(filepath.Join(b.options.profile, "profile-engine.pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	m, err := b.rig.load(usual(b.here), b.callers, b.long, b.stores).run(ctx)
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %s/s\n", file.Name(), number(m.rate))
	if err := b.profileHeap(); err != nil {
		return err
	}
	for name, load := range map[string]func(*server) load{
		"server": func(s *server) load {
			return authorizeLoad(usual(b.there), b.service, 128, b.long, b.stores.with("server", s.pid()), s)
		},
		"batch": func(s *server) load {
			return batchLoad(usual(b.there), b.service, 8, b.long, b.stores.with("server", s.pid()), s)
		},
	} {
		if err := b.profileServer(ctx, filepath.Join(b.options.profile, "profile-"+name+".pprof"), load); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// profileHeap writes what the engine holds in memory.
func (b *bench) profileHeap() error {
	runtime.GC()
	file, err := os.Create(filepath.Join(b.options.profile, "profile-heap.pprof"))
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(file), file.Close())
}

func (b *bench) profileServer(ctx context.Context, path string, load func(*server) load) error {
	_ = os.Remove(path) // of an earlier run
	s, err := serve(ctx, b.program, b.database, b.redis, "SPILLWAY_PROFILE="+path)
	if err != nil {
		return err
	}
	defer s.stop()
	warm := load(s)
	warm.duration = time.Second
	if _, err := warm.run(ctx); err != nil {
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	m, err := load(s).run(ctx)
	if err != nil {
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return err
	}
	time.Sleep(time.Second) // it is being written
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return fmt.Errorf("no profile in %s: was %s built by `make profile`?", path, b.program)
	}
	fmt.Printf("%s: %s/s, server CPU %.0f µs each\n", path, number(m.rate), m.cpu["server"])
	return nil
}
