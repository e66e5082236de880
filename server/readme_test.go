package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each command that the README names is there.
func TestTheReadmesCommandsAreThere(t *testing.T) {
	readme, makefile := read(t, "../README.md"), read(t, "../Makefile")
	var portal struct{ Scripts map[string]string }
	if err := json.Unmarshal([]byte(read(t, "../web/package.json")), &portal); err != nil {
		t.Fatal(err)
	}
	there := map[string]func(name string) bool{
		`make ([a-z]+)`:     func(name string) bool { return strings.Contains(makefile, "\n"+name+": ") },
		`npm run ([a-z:]+)`: func(name string) bool { return portal.Scripts[name] != "" },
		`bin/spillway ([a-z]+)`: func(name string) bool {
			code, _, _ := start(t, environment(), name, "--help")
			return code == exitDone
		},
	}
	for pattern, isThere := range there {
		// Prose says "make changes" too: a command stands in a block or in backquotes.
		found := regexp.MustCompile("(?m)(?:^|`|&& )"+pattern).FindAllStringSubmatch(readme, -1)
		if len(found) == 0 {
			t.Errorf("the README has no %s", pattern)
		}
		for _, command := range found {
			if !isThere(command[1]) {
				t.Errorf("%s is not there", strings.TrimLeft(command[0], "`"))
			}
		}
	}
}

// What is promised is shown by tests that exist, where the README says.
func TestThePromisesHaveTheirTests(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../README.md"), "## What is promised")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| [^|]+ \| (.+) \|$`).FindAllStringSubmatch(table, -1)
	if len(rows) < 25 {
		t.Fatalf("only %d promises", len(rows))
	}
	named := regexp.MustCompile("`([^`]+)`")
	for _, row := range rows[1:] {
		dir := "" // where the tests are that are named next
		for _, name := range named.FindAllStringSubmatch(row[1], -1) {
			switch path := filepath.Join("..", dir, name[1]); {
			case strings.HasPrefix(name[1], "Test"), strings.HasPrefix(name[1], "Fuzz"):
				if !declared(t, filepath.Join("..", dir), name[1]) {
					t.Errorf("%s has no %s", dir, name[1])
				}
			case strings.Contains(filepath.Base(name[1]), "."): // a file, of the directory before or of the root
				if !exists(path) && !exists(filepath.Join("..", name[1])) {
					t.Errorf("there is no %s in %q", name[1], dir)
				}
			default:
				if dir = name[1]; !exists(filepath.Join("..", dir)) {
					t.Errorf("there is no %s", dir)
				}
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// declared tells whether a package's tests have one by that name.
func declared(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool { return strings.Contains(read(t, file), "\nfunc "+name+"(") })
}
