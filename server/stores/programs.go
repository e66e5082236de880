package stores

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// oldestPostgres is the oldest major version that the SQL is written for.
const oldestPostgres = 15

// postgresDirs are where packages put the server's programs besides PATH.
var postgresDirs = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // PGDG on RPM systems
	"/usr/libexec/postgresql*",           // Alpine
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on ARM
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/usr/local/pgsql/bin",               // built from source
	"/Applications/Postgres.app/Contents/Versions/latest/bin",
}

// findPostgres returns the directory of the newest usable PostgreSQL, or of
// exactly the major version that wrote the data where major is not 0.
func findPostgres(user *account, major int) (string, error) {
	best, bestDir := 0, ""
	var seen []string
	for _, dir := range postgresCandidates() {
		version := postgresMajor(user, dir)
		if version == 0 {
			continue
		}
		seen = append(seen, strconv.Itoa(version))
		if major != 0 && version != major || version < oldestPostgres || version <= best {
			continue
		}
		best, bestDir = version, dir
	}
	switch {
	case bestDir != "":
		return bestDir, nil
	case major != 0 && len(seen) > 0:
		return "", setupError(WrongVersion, nil,
			"the data were written by PostgreSQL %d, and here is only %s: install PostgreSQL %d, or remove the data to start afresh",
			major, strings.Join(seen, ", "), major)
	case len(seen) > 0:
		return "", setupError(MissingProgram, nil,
			"PostgreSQL %d or later is needed, and here is only %s: install a newer postgresql server package", oldestPostgres, strings.Join(seen, ", "))
	}
	return "", setupError(MissingProgram, nil,
		"the PostgreSQL server (postgres, initdb) is not installed: install PostgreSQL %d or later (Debian: postgresql, macOS: brew install postgresql@17), or put its bin directory into PATH", oldestPostgres)
}

// postgresCandidates are the directories that hold both programs we start.
func postgresCandidates() []string {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range postgresDirs {
		// The only error is a malformed pattern, and these are constants.
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	var usable []string
	known := map[string]bool{}
	for _, dir := range dirs {
		if known[dir] || !isProgram(filepath.Join(dir, "postgres")) || !isProgram(filepath.Join(dir, "initdb")) {
			continue
		}
		known[dir] = true
		usable = append(usable, dir)
	}
	return usable
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// postgresMajor asks the program for its version, as the user that will run it;
// 0 where it cannot run.
func postgresMajor(user *account, dir string) int {
	cmd := exec.Command(filepath.Join(dir, "postgres"), "-V")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user.credential()}
	out, err := cmd.Output()
	if err != nil {
		return 0
	}
	match := postgresVersion.FindSubmatch(out)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}

// findRedis returns the path of redis-server.
func findRedis() (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return filepath.Abs(path)
	}
	for _, path := range []string{"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server"} {
		if isProgram(path) {
			return path, nil
		}
	}
	return "", setupError(MissingProgram, nil,
		"redis-server is not installed: install it (Debian: redis-server, macOS: brew install redis), or put it into PATH")
}
