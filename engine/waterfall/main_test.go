package waterfall

import (
	"flag"
	"os"
	"testing"
)

// A decision costs less than a microsecond: the laws are held to more worlds
// than rapid looks at by itself, unless the command line says how many.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
