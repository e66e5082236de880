package stores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit   = 5 * time.Minute // crash recovery of a full write-ahead log
	ghostLimit   = time.Minute     // for what a killed server left to end
	fastLimit    = time.Minute     // an orderly stop, then an immediate one
	pollInterval = 20 * time.Millisecond
	restartPause = 2 * time.Second // before a server that died is started again
	oldLogSize   = 16 << 20        // bytes after which a log is put aside
	errorTail    = 4 << 10         // bytes of a log that may explain a failure
)

// Server is one store's server process. All methods are safe for concurrent
// use; those that change its state take turns.
type Server struct {
	kind      serverKind
	name      string
	logPath   string
	user      *account
	notes     io.Writer
	immediate syscall.Signal // ends it at once, and when we die
	fast      syscall.Signal // ends it in order

	turn sync.Mutex // held while starting or stopping

	mu     sync.Mutex // guards the two below
	proc   *process
	wanted bool // false after a stop or kill that was asked for
}

// serverKind is what differs between PostgreSQL and Redis.
type serverKind interface {
	// command is the program with its arguments; called for each start.
	command() (*exec.Cmd, error)
	// ready returns nil once the server answers.
	ready(ctx context.Context) error
	// transient tells from the end of the log whether an ended start may be
	// tried again.
	transient(tail []byte) bool
}

// Pid is the number of the server's main process, 0 while it does not run.
func (s *Server) Pid() int {
	if p := s.current(); p.running() {
		return p.pid
	}
	return 0
}

func (s *Server) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

func (s *Server) set(proc *process, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proc, s.wanted = proc, wanted
}

// Start starts the server on its address and data, and returns when it answers.
// A server that runs is left alone. What a killed server left behind, processes
// still ending or a stale lock file, is waited for.
func (s *Server) Start(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.start(ctx)
}

func (s *Server) start(ctx context.Context) error {
	if s.current().running() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for begun := time.Now(); ; {
		proc, from, err := s.launch()
		if err != nil {
			return fmt.Errorf("%s could not be started: %w", s.name, err)
		}
		err = s.awaitReady(ctx, proc)
		if err == nil {
			s.set(proc, true)
			return nil
		}
		proc.killGroup()
		<-proc.exited
		tail := readTail(s.logPath, from)
		if ctx.Err() != nil || !s.kind.transient(tail) || time.Since(begun) > ghostLimit {
			return fmt.Errorf("%s did not start: %w: %s (log: %s)", s.name, err, lastLine(tail), s.logPath)
		}
		if err := pause(ctx, 5*pollInterval); err != nil {
			return err
		}
	}
}

// launch spawns the process, and tells where in the log its lines begin.
func (s *Server) launch() (*process, int64, error) {
	cmd, err := s.kind.command()
	if err != nil {
		return nil, 0, err
	}
	log, from, err := openLog(s.logPath, s.user)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = log.Close() }() // the child has its own copy
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	proc, err := spawn(cmd, s.user, s.immediate)
	return proc, from, err
}

var errEnded = errors.New("it ended at once")

func (s *Server) awaitReady(ctx context.Context, proc *process) error {
	slow := time.After(10 * time.Second)
	for {
		if s.kind.ready(ctx) == nil {
			return nil
		}
		select {
		case <-proc.exited:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-slow:
			note(s.notes, "%s is still starting; after a crash it repeats its log first", s.name)
		case <-time.After(pollInterval):
		}
	}
}

// Kill ends the server's main process with SIGKILL, as a crash would, and
// returns when it is gone.
func (s *Server) Kill() error { return s.stop(syscall.SIGKILL) }

// StopImmediate ends the server without any orderly work; the next start
// recovers.
func (s *Server) StopImmediate() error { return s.stop(s.immediate) }

// StopFast ends the server in order: open transactions are rolled back,
// committed data are on disk. After a minute it is ended at once.
func (s *Server) StopFast() error { return s.stop(s.fast) }

func (s *Server) stop(sig syscall.Signal) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	proc := s.current()
	s.set(proc, false)
	if !proc.running() {
		return nil
	}
	if err := proc.signal(sig); err != nil {
		return fmt.Errorf("%s could not be stopped: %w", s.name, err)
	}
	for _, harder := range []syscall.Signal{s.immediate, syscall.SIGKILL} {
		select {
		case <-proc.exited:
			return nil
		case <-time.After(fastLimit):
			note(s.notes, "%s does not stop; sending %v", s.name, harder)
			_ = proc.signal(harder)
		}
	}
	<-proc.exited
	return nil
}

// keepRunning starts the server again each time it ends unasked, until ctx ends.
func (s *Server) keepRunning(ctx context.Context) {
	for {
		proc := s.current()
		if proc.running() {
			select {
			case <-ctx.Done():
				return
			case <-proc.exited:
			}
		}
		if pause(ctx, restartPause) != nil {
			return
		}
		if err := s.revive(ctx); err != nil && ctx.Err() == nil {
			note(s.notes, "%v", err)
		}
	}
}

// revive starts the server if it should run and does not.
func (s *Server) revive(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	wanted := s.wanted
	s.mu.Unlock()
	if !wanted || s.current().running() {
		return nil
	}
	note(s.notes, "%s ended unexpectedly; starting it again", s.name)
	return s.start(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// openLog opens a log for appending and puts a long one aside.
func openLog(path string, user *account) (*os.File, int64, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > oldLogSize {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, 0, err
		}
	}
	log, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := log.Stat()
	if err == nil {
		err = user.own(path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, info.Size(), nil
}

// readTail returns the end of what was written to the log since from.
func readTail(path string, from int64) []byte {
	log, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil
	}
	defer func() { _ = log.Close() }()
	if info, err := log.Stat(); err == nil {
		from = max(from, info.Size()-errorTail)
	}
	if _, err := log.Seek(from, io.SeekStart); err != nil {
		return nil
	}
	tail, err := io.ReadAll(io.LimitReader(log, errorTail))
	if err != nil {
		return nil
	}
	return tail
}

// lastLine prefers a line that names a fatal fault to the mere last one.
func lastLine(text []byte) string {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, line := range lines {
		if bytes.Contains(line, []byte("FATAL")) || bytes.Contains(line, []byte("PANIC")) {
			return string(bytes.TrimSpace(line))
		}
	}
	return string(bytes.TrimSpace(lines[len(lines)-1]))
}

func note(w io.Writer, format string, args ...any) {
	// A progress line that nobody can read is no reason to stop.
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}
