//go:build !linux

package tune

// Timers does nothing: this system has no such setting.
func Timers() {}
