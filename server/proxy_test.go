package main

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// proxy stands between a server and PostgreSQL, and can keep the database's
// answers to itself.
type proxy struct {
	// url is the database as seen through the proxy.
	url       string
	swallowed atomic.Bool
}

func newProxy(t *testing.T, databaseURL string) *proxy {
	t.Helper()
	config, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // ends the loop below
	seen := url.URL{Scheme: "postgres", Host: listener.Addr().String(), Path: "/" + config.Database, RawQuery: "sslmode=disable"}
	seen.User = url.UserPassword(config.User, config.Password)
	p := &proxy{url: seen.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go p.answers(server, client)
		}
	}()
	return p
}

// swallowAnswers lets requests through from now on, and no answer to a COMMIT.
func (p *proxy) swallowAnswers() { p.swallowed.Store(true) }

// answers passes on what the database says, until it says that it committed
// and that is to be swallowed.
func (p *proxy) answers(server, client net.Conn) {
	defer func() { _ = client.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		if p.swallowed.Load() && committed(buffer[:n]) {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// committed finds the command tag of a COMMIT in what the database says.
func committed(answer []byte) bool {
	const tag = "C\x00\x00\x00\x0bCOMMIT\x00"
	for i := 0; i+len(tag) <= len(answer); i++ {
		if string(answer[i:i+len(tag)]) == tag {
			return true
		}
	}
	return false
}
