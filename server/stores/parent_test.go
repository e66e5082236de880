package stores

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func itoa(n int) string { return strconv.Itoa(n) }

// parent is this test binary in another process, with stores in dir.
type parent struct {
	cmd             *exec.Cmd
	postgres, redis int
}

func startParent(t *testing.T, dir string) parent {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SPILLWAY_STORES_PARENT="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the parent did not start: %v", err)
	}
	p := parent{cmd: cmd}
	if _, err := fmt.Sscan(line, &p.postgres, &p.redis); err != nil {
		t.Fatalf("the parent says %q", line)
	}
	return p
}

// family are the processes that work in the data of dir: the two servers, and
// whatever PostgreSQL forked.
func family(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, dir+"/") {
			found = append(found, link)
		}
	}
	return found
}

func TestNoChildOutlivesTheParent(t *testing.T) {
	dir := directory(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		p := startParent(t, dir)
		if !alive(p.postgres) || !alive(p.redis) || len(family(t, dir)) < 3 {
			t.Fatalf("the children do not run: %v", family(t, dir))
		}
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err := p.cmd.Wait()
		if sig == syscall.SIGINT && err != nil {
			t.Errorf("after %v: %v", sig, err)
		}
		if sig == syscall.SIGINT && len(family(t, dir)) > 0 {
			t.Errorf("after %v there are %v", sig, family(t, dir))
		}
		eventually(t, "every child is gone after "+sig.String(), func() bool { return len(family(t, dir)) == 0 })
	}
}

// The next start may come while the servers of a killed parent are still
// ending, and recovers what was committed.
func TestStartRightAfterAKill(t *testing.T) {
	dir := directory(t)
	run := func(url, sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 3 {
		p := startParent(t, dir)
		url := (&postgres{run: filepath.Join(dir, dataName, runName), port: socketPort}).url(databaseName)
		run(url, "CREATE TABLE IF NOT EXISTS kept (n int)")
		run(url, "INSERT INTO kept VALUES (1)") // the connection stays open
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait() // says that it was killed
		s := begin(t, Options{Dir: dir})
		if got := ask(t, s, "SELECT count(*)::text FROM kept"); got != itoa(round+1) {
			t.Errorf("round %d finds %s rows", round, got)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// The way of systems without a parent-death signal.
func TestWatchdog(t *testing.T) {
	for _, orderly := range []bool{true, false} {
		sleeper := exec.Command("sleep", "60")
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		dog, err := startWatchdog(sleeper.Process.Pid, syscall.SIGKILL)
		if err != nil {
			t.Fatal(err)
		}
		if orderly {
			dog.release()
			if !alive(sleeper.Process.Pid) || dog.cmd.ProcessState == nil {
				t.Error("a released watchdog must end and leave the child alone")
			}
			if err := sleeper.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		} else if err := dog.pipe.Close(); err != nil { // what the kernel does when we die
			t.Fatal(err)
		}
		if err := sleeper.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("orderly %v: the child ended with %v", orderly, err)
		}
		if !orderly {
			if err := dog.cmd.Wait(); err != nil {
				t.Error(err)
			}
		}
	}
}
