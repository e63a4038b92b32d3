package main

import (
	"bytes"
	"errors"
	"strconv"
)

var errAnswer = errors.New("not an answer of HTTP/1.1 with a length")

// ask sends a request and returns the status of the answer, which is read whole.
func (c *connection) ask(request []byte) (status string, err error) {
	if _, err := c.Write(request); err != nil {
		return "", err
	}
	c.buffer = c.buffer[:0]
	for {
		head, rest, complete := bytes.Cut(c.buffer, []byte("\r\n\r\n"))
		if complete {
			status, chunked, length, err := readHead(head)
			if err != nil {
				return "", err
			}
			c.body = rest
			if chunked && bytes.HasSuffix(rest, []byte("0\r\n\r\n")) || !chunked && len(rest) == length {
				return status, nil
			}
		}
		if err := c.more(); err != nil {
			return "", err
		}
	}
}

// more reads what has come into the buffer.
func (c *connection) more() error {
	if len(c.buffer) == cap(c.buffer) {
		c.buffer = append(c.buffer, make([]byte, len(c.buffer))...)[:len(c.buffer)]
	}
	n, err := c.Read(c.buffer[len(c.buffer):cap(c.buffer)])
	c.buffer = c.buffer[:len(c.buffer)+n]
	return err
}

// readHead takes of an answer's head what is needed to find its end.
func readHead(head []byte) (status string, chunked bool, length int, err error) {
	lines := bytes.Split(head, []byte("\r\n"))
	fields := bytes.Fields(lines[0])
	if len(fields) < 2 || !bytes.HasPrefix(fields[0], []byte("HTTP/1.1")) {
		return "", false, 0, errAnswer
	}
	length = -1
	for _, line := range lines[1:] {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return "", false, 0, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if length < 0 && !chunked {
		if string(fields[1]) != "204" && string(fields[1]) != "304" {
			return "", false, 0, errAnswer
		}
		length = 0
	}
	return string(fields[1]), chunked, length, nil
}
