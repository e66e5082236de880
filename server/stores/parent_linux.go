package stores

import "syscall"

// tieToParent asks the kernel to send sig to the child when the thread that
// started it ends. It reports whether the tie holds by itself.
func tieToParent(attr *syscall.SysProcAttr, sig syscall.Signal) bool {
	attr.Pdeathsig = sig
	return true
}
