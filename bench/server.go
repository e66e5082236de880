package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// server is a process of its own that answers GraphQL over HTTP.
type server struct {
	cmd     *exec.Cmd
	address string
	said    *output
}

// output keeps what a process prints on standard error.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// secret signs the tokens of the run.
const secret = "a secret of the measurements, on this machine alone"

// serve starts the program on the stores.
func serve(ctx context.Context, program, database, redisURL string, further ...string) (*server, error) {
	env := append(os.Environ(), "DATABASE_URL="+database, "REDIS_URL="+redisURL, "SPILLWAY_JWT_SECRET="+secret,
		"SPILLWAY_LISTEN=127.0.0.1:0", "SPILLWAY_LOG_LEVEL=warn")
	return launch(ctx, append(env, further...), program, "serve")
}

// launch starts a program and waits for the line that names its address.
func launch(ctx context.Context, env []string, program string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, program, args...), said: &output{}}
	s.cmd.Env, s.cmd.Stderr = env, s.said
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if address, ok := strings.CutPrefix(lines.Text(), "ready http://"); ok {
				ready <- address
			}
		}
	}()
	select {
	case s.address = <-ready:
	case <-time.After(30 * time.Second):
	}
	if s.address == "" {
		s.stop()
		return nil, fmt.Errorf("%s did not become ready: %s", program, s.said)
	}
	return s, nil
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server in order.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	ended := time.AfterFunc(15*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer ended.Stop()
	_ = s.cmd.Wait() // how it ends is not what we measure
}

// token signs a token for a subject with a role.
func token(subject, role string) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "spillway", "aud": "spillway", "sub": subject,
		"iat": now.Unix(), "exp": now.Add(6 * time.Hour).Unix(), "roles": []string{role}}).SignedString([]byte(secret))
}
