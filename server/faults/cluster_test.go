package faults

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"spillway/server/stores"
)

const secret = "a secret of the faults, on this machine alone"

// cluster is three servers on stores of their own. Each reaches PostgreSQL and
// Redis through a proxy that can spoil the network, and PostgreSQL through the
// wire besides.
type cluster struct {
	t       *testing.T
	stores  *stores.Stores
	wire    *wire
	network map[string]*toxiproxy.Proxy // "postgres", "redis"
	redis   *redis.Client               // not through the proxy
	program string
	env     []string
	servers [3]*server
	service string // a token
	admin   string
	truth   string // the database that is looked at in the end
}

// newCluster starts everything in a directory, "" for the system's own.
func newCluster(t *testing.T, dir string) *cluster {
	t.Helper()
	s, err := stores.Start(t.Context(), stores.Options{Dir: dir, Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	c := &cluster{t: t, stores: s, network: map[string]*toxiproxy.Proxy{}}
	c.truth = s.DatabaseURL
	options, err := redis.ParseURL(s.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	c.redis = redis.NewClient(options)
	t.Cleanup(func() { _ = c.redis.Close() })
	c.program = build(t)
	c.serve(c.databaseURL(), c.redisURL())
	return c
}

// serve starts the servers on a database and a Redis, and makes a plan.
func (c *cluster) serve(database, redis string) {
	c.t.Helper()
	c.service, c.admin = token(c.t, "service"), token(c.t, "admin")
	c.env = append(os.Environ(), "DATABASE_URL="+database, "REDIS_URL="+redis, "SPILLWAY_JWT_SECRET="+secret, "SPILLWAY_LOG_LEVEL=error")
	c.command("migrate")
	for i := range c.servers {
		c.servers[i] = &server{}
		c.servers[i].start(c.t, c.program, c.env)
		c.t.Cleanup(c.servers[i].kill)
	}
	c.prepare()
}

// program is for those who have it, and may not write where Go builds.
var program = flag.String("program", "", "the server's program; empty: built from the sources")

func build(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "spillway")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "spillway/server").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

func token(t *testing.T, role string) string {
	t.Helper()
	now := time.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "spillway", "aud": "spillway", "sub": "faults", "roles": []string{role},
		"iat": now.Unix(), "exp": now.Add(12 * time.Hour).Unix()}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// databaseURL is PostgreSQL through the wire and the proxy.
func (c *cluster) databaseURL() string {
	config, err := pgconn.ParseConfig(c.stores.DatabaseURL)
	if err != nil {
		c.t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	c.wire = newWire(c.t, network, address)
	u := url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Path: "/" + config.Database, RawQuery: "sslmode=disable"}
	u.Host = c.proxy("postgres", c.wire.address)
	return u.String()
}

// redisURL is Redis through the proxy.
func (c *cluster) redisURL() string {
	u, err := url.Parse(c.stores.RedisURL)
	if err != nil {
		c.t.Fatal(err)
	}
	u.Host = c.proxy("redis", u.Host)
	return u.String()
}

// proxy puts one before an address and returns where it listens.
func (c *cluster) proxy(name, upstream string) string {
	owner := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(owner, name, "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(p.Stop)
	c.network[name] = p
	return p.Listen
}

// spoil adds a toxic, by its JSON, to both directions of a proxy.
func (c *cluster) spoil(name, toxic string) {
	for _, stream := range []string{"upstream", "downstream"} {
		text := fmt.Sprintf(`{"name": "%s", "stream": "%s", %s}`, stream, stream, toxic)
		if _, err := c.network[name].Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *cluster) unspoil(name string) {
	for _, stream := range []string{"upstream", "downstream"} {
		if err := c.network[name].Toxics.RemoveToxic(context.Background(), stream); err != nil {
			c.t.Fatal(err)
		}
	}
}

// command runs a command of the program on the database itself.
func (c *cluster) command(name string) {
	c.t.Helper()
	cmd := exec.Command(c.program, name)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+c.truth)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Errorf("spillway %s: %v\n%s", name, err, out)
	}
}

// server is one process. It keeps its address over restarts, as a service does.
type server struct {
	address string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// start runs the program and waits until it is ready.
func (s *server) start(t *testing.T, program string, env []string) {
	t.Helper()
	listen := s.address
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	said := &bytes.Buffer{}
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Stderr = append(env, "SPILLWAY_LISTEN="+listen), said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.cmd = cmd
	s.mu.Unlock()
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if address, ok := strings.CutPrefix(lines.Text(), "ready http://"); ok {
				ready <- address
			}
		}
	}()
	var address string
	select {
	case address = <-ready:
	case <-time.After(30 * time.Second):
	}
	if address == "" {
		s.kill()
		t.Fatalf("a server did not become ready: %s", said)
	}
	// Clients read the address at every start but the first.
	if s.address == "" {
		s.address = address
	}
}

func (s *server) signal(to syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Signal(to) // it may have ended
}

// end signals the process and waits for its end.
func (s *server) end(by syscall.Signal) {
	s.signal(by)
	_ = s.cmd.Wait() // how it ends is not asked here
}

func (s *server) kill() { s.end(syscall.SIGKILL) }
