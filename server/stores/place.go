package stores

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The entries of a caller's directory.
const (
	lockFile = "lock"   // held by the process that works here
	dataName = "stores" // the data, or a link to them
	runName  = "run"    // in the data: the socket directory, or a link to it
)

// longestSocketDir keeps the whole socket path below 100 bytes: systems allow
// 104 or 108, and PostgreSQL appends "/.s.PGSQL." and a port.
const longestSocketDir = 80

// staleAfter is the age at which a throwaway directory without an owner is
// swept away. A younger one may be about to be locked.
const staleAfter = 10 * time.Minute

// place is where one set of stores lives.
type place struct {
	dir       string // what the caller named
	data      string // where the data really are; the account may enter it
	run       string // the socket directory
	user      *account
	lock      *os.File
	ephemeral bool
}

// openPlace makes and locks the directory and settles who runs the servers.
func openPlace(opts Options) (*place, error) {
	if opts.Ephemeral {
		return openEphemeral(opts.Dir)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, unwritable(opts.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, unwritable(dir, err)
	}
	p := &place{dir: dir}
	if err := p.takeLock(); err != nil {
		return nil, err
	}
	if err := p.settle(); err != nil {
		p.unlock()
		return nil, err
	}
	return p, nil
}

// openEphemeral makes a throwaway directory below parent, or in the system's
// temporary directory, that the servers' user can enter.
func openEphemeral(parent string) (*place, error) {
	user, err := chooseAccount("")
	if err != nil {
		return nil, err
	}
	parents := []string{parent}
	if parent == "" {
		parents = []string{os.TempDir(), "/tmp", "/var/tmp"}
	}
	var last error
	for _, parent := range parents {
		if !user.canEnter(parent) {
			last = unwritable(parent, fmt.Errorf("%s cannot enter it", user))
			continue
		}
		sweep(parent)
		dir, err := os.MkdirTemp(parent, "spillway-stores-")
		if err != nil {
			last = unwritable(parent, err)
			continue
		}
		p := &place{dir: dir, data: dir, user: user, ephemeral: true}
		if err := errors.Join(user.own(dir), p.takeLock(), p.makeRun()); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		return p, nil
	}
	return nil, last
}

// sweep removes throwaway directories whose process was killed.
func sweep(parent string) {
	found, _ := filepath.Glob(filepath.Join(parent, "spillway-stores-*"))
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		p := &place{dir: dir, data: dir}
		if p.takeLock() != nil {
			continue // in use, or not ours
		}
		p.removeRun()
		_ = os.RemoveAll(dir) // whatever stays is swept the next time
		p.unlock()
	}
}

// takeLock makes the directory ours until we end, however we end.
func (p *place) takeLock() error {
	path := filepath.Join(p.dir, lockFile)
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return unwritable(p.dir, err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder := make([]byte, 20)
		n, _ := lock.Read(holder)
		_ = lock.Close()
		return setupError(InUse, err, "the directory %s is in use by another spillway (process %s): stop that one, or choose another directory with --dir",
			p.dir, strings.TrimSpace(string(holder[:n])))
	}
	if err != nil {
		_ = lock.Close()
		return unwritable(p.dir, err)
	}
	p.lock = lock
	if err := errors.Join(lock.Truncate(0), writeAt(lock, fmt.Sprintln(os.Getpid()))); err != nil {
		p.unlock()
		return unwritable(p.dir, err)
	}
	return nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func (p *place) unlock() {
	if p.lock != nil {
		_ = p.lock.Close() // closing releases the lock; nothing is buffered
		p.lock = nil
	}
}

// settle finds or makes the data directory and the user for it.
func (p *place) settle() error {
	link := filepath.Join(p.dir, dataName)
	user, err := chooseAccount(link)
	if err != nil {
		return err
	}
	p.user = user
	p.data, err = filepath.EvalSymlinks(link)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		if err := p.makeData(link); err != nil {
			return err
		}
	default:
		return unwritable(p.dir, err)
	}
	if !user.canEnter(p.data) {
		return setupError(Unwritable, nil, "%s cannot enter the data in %s: let it pass through the directories above, run as the owner of the data, or choose another directory with --dir",
			user, p.data)
	}
	if err := p.makeRun(); err != nil {
		return unwritable(p.dir, err)
	}
	return nil
}

// makeData makes the data directory in the caller's directory where the
// account can enter that, else in /var/lib with a link to it.
func (p *place) makeData(link string) error {
	// A link to data that somebody removed would be in the way.
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(p.dir, err)
	}
	if p.user.canEnter(p.dir) {
		if err := p.user.makeDir(link); err != nil {
			return unwritable(p.dir, err)
		}
		real, err := filepath.EvalSymlinks(link)
		if err != nil {
			return unwritable(p.dir, err)
		}
		p.data = real
		return nil
	}
	outside, err := os.MkdirTemp("/var/lib", "spillway-")
	if err == nil {
		err = errors.Join(p.user.own(outside), os.Symlink(outside, link))
	}
	if err != nil {
		return setupError(Unwritable, err, "%s cannot enter %s, and no directory could be made in /var/lib: choose another directory with --dir", p.user, p.dir)
	}
	p.data = outside
	return nil
}

// makeRun makes an empty socket directory with a short path.
func (p *place) makeRun() error {
	p.removeRun()
	p.run = filepath.Join(p.data, runName)
	if len(p.run) <= longestSocketDir {
		return p.user.makeDir(p.run)
	}
	short, err := os.MkdirTemp("/tmp", "spillway-run-")
	if err != nil {
		return err
	}
	// The link tells the next start what to remove, should we be killed.
	if err := errors.Join(p.user.own(short), os.Symlink(short, p.run)); err != nil {
		return err
	}
	p.run = short
	return nil
}

// removeRun removes the socket directory with whatever a killed server left.
func (p *place) removeRun() {
	path := filepath.Join(p.data, runName)
	if short, err := os.Readlink(path); err == nil {
		// The servers' user may have written this link, so it is not trusted.
		if ok, err := filepath.Match("/tmp/spillway-run-*", short); ok && err == nil && filepath.Clean(short) == short {
			_ = os.RemoveAll(short)
		}
	}
	_ = os.RemoveAll(path)
}

// close gives the directory back, and removes it where it was a throwaway.
func (p *place) close() error {
	p.removeRun()
	var err error
	if p.ephemeral {
		err = os.RemoveAll(p.dir)
	}
	p.unlock()
	return err
}
