package graph

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What gqlgen makes of the schema is committed. The test makes it again in a
// copy of the module and compares.
func TestTheGeneratedCodeIsThatOfTheSchema(t *testing.T) {
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	for _, part := range []string{"go.mod", "go.sum", "gqlgen.yml", "graph", "engine", "ledger", "migrations"} {
		copyTree(t, filepath.Join(module, part), filepath.Join(scratch, part))
	}
	command := exec.Command("go", "tool", "gqlgen", "generate")
	command.Dir = scratch
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, made := range []string{"graph/internal/exec/generated.go", "graph/view/models_gen.go"} {
		want, err := os.ReadFile(filepath.Join(scratch, made))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(module, made))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the schema says; run: go generate ./graph", made)
		}
	}
}

// copyTree copies a file, or the Go and schema files of a folder without its
// tests.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if name == "." {
			target = to
		}
		return os.WriteFile(target, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
