package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// processes are whose CPU is told apart, in the order of the table.
var processes = []string{"server", "PostgreSQL", "Redis", "bench"}

// watched are the processes that a load keeps busy.
type watched map[string]int

// ticksPerSecond of /proc/PID/stat: USER_HZ, which Linux keeps at 100 for all
// programs.
const ticksPerSecond = 100

// stat reads the parent and the CPU time in seconds of a process, that of its
// ended children included.
func stat(pid int) (parent int, cpu float64, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, err
	}
	// The second field is a name in parentheses, which may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return 0, 0, fmt.Errorf("/proc/%d/stat is %q", pid, text)
	}
	ticks := 0
	for _, f := range fields[11:15] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, 0, err
		}
		ticks += n
	}
	parent, err = strconv.Atoi(fields[1])
	return parent, float64(ticks) / ticksPerSecond, err
}

// cpuOf is the CPU time in seconds of a process and its children.
func cpuOf(pid int) float64 {
	_, total, err := stat(pid)
	if err != nil {
		return 0 // it has ended
	}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, e := range entries {
		child, _ := strconv.Atoi(filepath.Base(e))
		if parent, cpu, err := stat(child); err == nil && parent == pid {
			total += cpu
		}
	}
	return total
}

// cpu is the time of each so far.
func (w watched) cpu() map[string]float64 {
	spent := make(map[string]float64, len(w))
	for name, pid := range w {
		if pid == os.Getpid() {
			_, spent[name], _ = stat(pid) // the servers are our children
			continue
		}
		spent[name] = cpuOf(pid)
	}
	return spent
}

// cpuEach is what was spent since before, in µs for each of n.
func (w watched) cpuEach(before map[string]float64, n int64) map[string]float64 {
	each := map[string]float64{}
	for name, now := range w.cpu() {
		each[name] = (now - before[name]) * 1e6 / float64(max(n, 1))
	}
	return each
}

// memory reads a line such as VmHWM of a process, in bytes.
func memory(pid int, line string) (int64, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for l := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", pid, line)
}

// storePids finds the processes of PostgreSQL and Redis. Where they run on
// another machine there are none.
func storePids(ctx context.Context, c *pgx.Conn, cache redis.UniversalClient) (watched, error) {
	var backend int
	if err := c.QueryRow(ctx, "select pg_backend_pid()").Scan(&backend); err != nil {
		return nil, err
	}
	w := watched{"bench": os.Getpid()}
	if parent, _, err := stat(backend); err == nil {
		w["PostgreSQL"] = parent
	}
	info, err := cache.Info(ctx, "server").Result()
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(info, "\r\n") {
		if text, ok := strings.CutPrefix(line, "process_id:"); ok {
			if w["Redis"], err = strconv.Atoi(text); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

func (w watched) with(name string, pid int) watched {
	all := watched{name: pid}
	for n, p := range w {
		all[n] = p
	}
	return all
}

// median of some figures, which are not empty.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}
