package stores

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// redis is the redis-server of one place.
type redis struct {
	program  string
	dir      string
	port     int
	password string
	cluster  bool // it is a node of a cluster,
	busPort  int  // and hears the others there
	settled  bool // the ports have been used and stay
}

func newRedis(p *place, dir string) (*redis, error) {
	program, err := findRedis()
	if err != nil {
		return nil, err
	}
	if err := p.user.makeDir(dir); err != nil {
		return nil, unwritable(p.data, err)
	}
	return &redis{program: program, dir: dir, password: rand.Text()}, nil
}

// command gives the configuration on standard input, so that the password
// stands neither in a file nor in the list of processes.
func (r *redis) command() (*exec.Cmd, error) {
	if !r.settled {
		for _, port := range []*int{&r.port, &r.busPort} {
			free, err := freePort()
			if err != nil {
				return nil, err
			}
			*port = free
		}
	}
	cmd := exec.Command(r.program, "-")
	cmd.Dir = r.dir
	cmd.Stdin = strings.NewReader(r.config())
	return cmd, nil
}

// config keeps nothing on disk: the counters are a cache.
func (r *redis) config() string {
	lines := []string{
		"bind 127.0.0.1",
		"port " + strconv.Itoa(r.port),
		"requirepass " + r.password,
		"daemonize no",
		"appendonly no",
		`save ""`,
	}
	if r.cluster {
		lines = append(lines, r.clusterConfig()...)
	}
	return strings.Join(append(lines, ""), "\n")
}

// freePort asks the system for a port that is free now. Another process may
// take it before Redis does; the start is then tried with another one.
func freePort() (int, error) {
	for {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			return 0, err
		}
		if port != 6379 {
			return port, nil
		}
	}
}

// ready signs in and pings, in Redis' plain line protocol.
func (r *redis) ready(ctx context.Context) error {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp4", r.address())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", r.password); err != nil {
		return err
	}
	replies := bufio.NewReader(conn)
	for _, want := range []string{"+OK\r\n", "+PONG\r\n"} {
		got, err := replies.ReadString('\n')
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("redis answered %q", got)
		}
	}
	r.settled = true
	return nil
}

// transient recognizes a port that is taken: by another program before the
// first start, or by a killed server that is still ending.
func (r *redis) transient(tail []byte) bool {
	return bytes.Contains(tail, []byte("Address already in use"))
}

func (r *redis) address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port))
}

func (r *redis) url() string {
	u := url.URL{Scheme: "redis", User: url.UserPassword("", r.password), Host: r.address(), Path: "/0"}
	return u.String()
}
