//go:build !linux

package stores

import "syscall"

// tieToParent reports false: this system knows no parent-death signal, and the
// child needs a watchdog.
func tieToParent(*syscall.SysProcAttr, syscall.Signal) bool { return false }
