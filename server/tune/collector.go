package tune

import (
	"os"
	"runtime/debug"
)

// gcPercent trades memory for speed: what lives is small, what passes through is
// much. Measured on authorize against 400: half the memory for 2 % more CPU.
const gcPercent = 200

// Collector sets how often garbage is collected, unless GOGC in the environment
// says so.
func Collector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
