package stores

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantProblem checks that err is one line that names its subject and a remedy.
func wantProblem(t *testing.T, err error, problem Problem, words ...string) {
	t.Helper()
	var setup *SetupError
	if !errors.As(err, &setup) {
		t.Fatalf("got %v, want a SetupError", err)
	}
	if setup.Problem != problem {
		t.Errorf("got %s, want %s", setup.Problem, problem)
	}
	for _, word := range append(words, ":") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestOneSpillwayPerDirectory(t *testing.T) {
	dir := directory(t)
	begin(t, Options{Dir: dir})
	_, err := Start(t.Context(), Options{Dir: dir})
	wantProblem(t, err, InUse, dir, "--dir")
}

func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(directory(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/spillway"} {
		_, err := Start(t.Context(), Options{Dir: dir})
		wantProblem(t, err, Unwritable, dir, "--dir")
	}
}

func TestDataOfAnotherPostgres(t *testing.T) {
	dir := directory(t)
	data := filepath.Join(dir, dataName, "postgres")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir})
	wantProblem(t, err, WrongVersion, "PostgreSQL 9")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	begin(t, Options{Dir: dir}) // the failed start gave the directory back
}

// A clone below a directory that the servers' user cannot enter must work: the
// data then live elsewhere, and the next start finds them again.
func TestDirectoryThatTheServersCannotEnter(t *testing.T) {
	parent := directory(t)
	if err := os.Chmod(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "clone")
	s := begin(t, Options{Dir: dir})
	data := s.place.data
	t.Cleanup(func() {
		if err := os.RemoveAll(data); err != nil {
			t.Error(err)
		}
	})
	if outside := !strings.HasPrefix(data, parent); outside != (os.Geteuid() == 0) {
		t.Errorf("the data are in %s", data)
	}
	ask(t, s, "SELECT set_config('a.b', 'c', false)")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if again := begin(t, Options{Dir: dir}); again.place.data != data {
		t.Errorf("the second start made other data: %s, before %s", again.place.data, data)
	}
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	dir := filepath.Join(directory(t), strings.Repeat("long/", 30))
	s := begin(t, Options{Dir: dir})
	run := s.place.run
	if len(run) > longestSocketDir {
		t.Errorf("the socket directory has %d bytes: %s", len(run), run)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(run); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket directory is left behind: %v", err)
	}
}

// A link among the data is no order to remove what it names.
func TestRunLinkIsNotTrusted(t *testing.T) {
	data, victim := directory(t), directory(t)
	if err := os.Symlink(victim, filepath.Join(data, runName)); err != nil {
		t.Fatal(err)
	}
	p := &place{data: data}
	p.removeRun()
	if _, err := os.Stat(victim); err != nil {
		t.Errorf("removed: %v", err)
	}
}

func TestMissingPrograms(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if len(postgresCandidates()) == 0 {
		_, err := findPostgres(nil, 0)
		wantProblem(t, err, MissingProgram, "PostgreSQL", "install")
	}
	_, err := findPostgres(nil, 14)
	if err == nil {
		t.Error("found a PostgreSQL 14, which is too old")
	}
}

func TestStalePidOfAStranger(t *testing.T) {
	data := directory(t)
	pg := &postgres{data: data}
	path := filepath.Join(data, "postmaster.pid")
	// Our own process stands for the one that got the number of a dead server.
	if err := os.WriteFile(path, []byte(itoa(os.Getpid())+"\n"+data+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pg.removeStalePid(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stale lock file stays: %v", err)
	}
}
