package stores

import (
	"os/exec"
	"runtime"
	"syscall"
)

// process is one running child that dies when we do.
type process struct {
	pid    int
	exited chan struct{} // closed when the child is reaped
	err    error         // how it ended; read it after exited
}

// spawn starts cmd in a process group of its own, as the given user, and sends
// it sig should this process die first.
//
// The parent-death signal follows the *thread* that started the child, so one
// goroutine keeps its thread until the child has been reaped. Go sets the
// signal after it changed the user, which would have cleared it.
func spawn(cmd *exec.Cmd, user *account, sig syscall.Signal) (*process, error) {
	attr := &syscall.SysProcAttr{Setpgid: true, Credential: user.credential()}
	tied := tieToParent(attr, sig)
	cmd.SysProcAttr = attr

	p := &process{exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		var dog *watchdog
		if !tied {
			var err error
			if dog, err = startWatchdog(p.pid, sig); err != nil {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
				_ = cmd.Wait()
				started <- err
				return
			}
		}
		started <- nil
		p.err = cmd.Wait()
		dog.release()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// running reports whether the child has not been reaped yet.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// signal sends sig to the child alone. A child that is gone is no error.
func (p *process) signal(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.pid, sig); err != nil && err != syscall.ESRCH {
		return err
	}
	return nil
}

// killGroup ends the child and whatever it started.
func (p *process) killGroup() {
	if p.running() {
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
}
