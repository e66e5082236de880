package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"time"
)

// connection is a client of one keep-alive connection that costs next to
// nothing: net/http's own takes as much CPU as the server that is measured.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
	head   []byte // of each request, up to the length of its body
	out    []byte
	body   []byte
}

// dial opens a connection that is closed when ctx ends.
func dial(ctx context.Context, address, token string) (*connection, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	head := "POST /graphql HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: application/json\r\n"
	if token != "" {
		head += "Authorization: Bearer " + token + "\r\n"
	}
	return &connection{conn: conn, reader: bufio.NewReader(conn), head: []byte(head + "Content-Length: ")}, nil
}

// post sends a body and returns that of the answer, which holds until the next
// call.
func (c *connection) post(ctx context.Context, body []byte) ([]byte, error) {
	if limit, ok := ctx.Deadline(); ok {
		if err := c.conn.SetDeadline(limit); err != nil {
			return nil, err
		}
	}
	c.out = append(c.out[:0], c.head...)
	c.out = append(strconv.AppendInt(c.out, int64(len(body)), 10), "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, err
	}
	return c.answer()
}

var (
	statusOK      = []byte("HTTP/1.1 200 ")
	contentLength = []byte("Content-Length: ")
	chunked       = []byte("Transfer-Encoding: chunked")
)

func (c *connection) answer() ([]byte, error) {
	length, parts := -1, false
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first && !bytes.HasPrefix(line, statusOK) {
			return nil, fmt.Errorf("the server answers %q", line)
		}
		if len(line) == 0 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(rest)); err != nil {
				return nil, err
			}
		}
		parts = parts || bytes.Equal(line, chunked)
	}
	c.body = c.body[:0]
	switch {
	case parts:
		err := c.chunks()
		return c.body, err
	case length < 0:
		return nil, fmt.Errorf("an answer of no length")
	}
	err := c.take(length)
	return c.body, err
}

// take adds n bytes to the body.
func (c *connection) take(n int) error {
	for n > 0 {
		piece, err := c.reader.Peek(min(n, c.reader.Size()))
		if err != nil {
			return err
		}
		c.body = append(c.body, piece...)
		if _, err := c.reader.Discard(len(piece)); err != nil {
			return err
		}
		n -= len(piece)
	}
	return nil
}

func (c *connection) chunks() error {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.reader.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}

// query sends a document with variables, for what is not asked often.
func (c *connection) query(ctx context.Context, document string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, err
	}
	answer, err := c.post(ctx, body)
	if err == nil && (!bytes.HasPrefix(answer, []byte(`{"data":`)) || bytes.Contains(answer, []byte(`"errors"`))) {
		err = fmt.Errorf("the server answers %.500s", answer)
	}
	return answer, err
}
