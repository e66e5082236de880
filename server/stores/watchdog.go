package stores

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watchdog is a shell that waits on a pipe from us. When we die, the kernel
// closes our end, the shell reads the end of the file and signals the child.
type watchdog struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func startWatchdog(pid int, sig syscall.Signal) (*watchdog, error) {
	script := fmt.Sprintf("read -r done || kill -%d %d", int(sig), pid)
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &watchdog{cmd: cmd, pipe: pipe}, nil
}

// release ends the watchdog without harm, once its child is gone: the number of
// a dead process may soon belong to another.
func (w *watchdog) release() {
	if w == nil {
		return
	}
	// Both may fail only where the watchdog is already gone, which is the aim.
	_, _ = io.WriteString(w.pipe, "done\n")
	_ = w.pipe.Close()
	_ = w.cmd.Wait()
}
