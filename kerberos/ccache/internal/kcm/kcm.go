// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package kcm asks the daemon of KCM caches, SSSD's or Heimdal's, over its socket: a question has a number and arguments, an
// answer the code of an error or some bytes.
//
//	c := &kcm.Client{Socket: "/var/run/.heim_org.h5l.kcm-socket", Take: count}
//	defer c.Close()
//	reply, err := c.Ask(ctx, kcm.GetPrincipal, append([]byte(name), 0))
//	if kcm.Gone(err) { … } // there is no such cache
//
// The protocol is that of kcm.c and cc_kcm.c in Heimdal and MIT Kerberos. What the bytes of an answer mean is the business of who
// asks; so is how long the daemon may take.
package kcm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"
)

// Error says that the daemon of KCM could not be asked, or what it answered.
type Error struct {
	Socket string
	Code   int32 // of libkrb5, where the daemon gave one
	Err    error // what went wrong on the way, else
}

// Error names the socket, and gives the daemon's code or what the network had against it.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("asking the credential daemon at %s: %v", e.Socket, e.Err)
	}
	return fmt.Sprintf("the credential daemon at %s answered with the error %d", e.Socket, e.Code)
}

// Unwrap is what the network had against it; nil if the daemon answered.
func (e *Error) Unwrap() error { return e.Err }

// The questions that are asked; all have the name of a cache but GetCacheUUIDList, GetCacheByUUID and GetDefaultCache. MIT's list
// of tickets, GetCredList, is known to MIT's library and sssd.
const (
	GetPrincipal     uint16 = 8
	GetCredUUIDList  uint16 = 9
	GetCredByUUID    uint16 = 10
	GetCacheUUIDList uint16 = 18
	GetCacheByUUID   uint16 = 19
	GetDefaultCache  uint16 = 20
	GetKDCOffset     uint16 = 22
	GetCredList      uint16 = 13001
)

// UUIDLen is how many bytes each entry of a list of UUIDs has.
const UUIDLen = 16

// Gone tells the codes of libkrb5 for something that is not there: KRB5_FCC_NOFILE, KRB5_CC_END, KRB5_CC_NOTFOUND, and
// KRB5_FCC_PERM, which Heimdal gives for caches of others.
func Gone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains([]int32{-1765328189, -1765328242, -1765328243, -1765328190}, e.Code)
}

// Client asks over one connection, and over another if the daemon ends that. It is for one goroutine.
type Client struct {
	Socket string // path
	// Take is asked whether so many bytes of an answer may be read; required. Its error is that of Ask.
	Take func(n int64) error

	conn net.Conn
	stop func() bool
}

// Ask sends a question and waits for the answer. Daemons end connections that were idle, and some for questions that they do not
// know. The error is an [*Error], or that of Take. The first context bounds the connection as well.
func (c *Client) Ask(ctx context.Context, question uint16, arguments ...[]byte) ([]byte, error) {
	request := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0, 2, 0}, question)
	for _, argument := range arguments {
		request = append(request, argument...)
	}
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return nil, err
		}
	}
	reply, err := c.exchange(request)
	if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Err != nil) {
		c.Close() // what comes next would be no answer
	}
	return reply, err
}

func (c *Client) exchange(request []byte) ([]byte, error) {
	fail := func(err error) error { return &Error{Socket: c.Socket, Err: err} }
	if _, err := c.conn.Write(request); err != nil {
		return nil, fail(err)
	}
	var head [8]byte // a length, and a code of the transport which the length does not count; then comes the daemon's code
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, fail(err)
	}
	length, code := int64(binary.BigEndian.Uint32(head[:])), int32(binary.BigEndian.Uint32(head[4:]))
	if err := c.Take(length); err != nil {
		return nil, err
	}
	reply, err := io.ReadAll(io.LimitReader(c.conn, length))
	if err == nil && int64(len(reply)) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fail(err)
	}
	if code == 0 && len(reply) < 4 {
		return nil, fail(io.ErrUnexpectedEOF)
	}
	if code == 0 {
		code, reply = int32(binary.BigEndian.Uint32(reply)), reply[4:]
	}
	if code != 0 {
		return nil, &Error{Socket: c.Socket, Code: code}
	}
	return reply, nil
}

func (c *Client) connect(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", c.Socket)
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err // the socket is told already
	}
	if err != nil {
		return &Error{Socket: c.Socket, Err: err}
	}
	c.conn = conn
	c.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return nil
}

// Close ends the connection, if there is one.
func (c *Client) Close() {
	if c.conn != nil {
		c.stop()
		c.conn.Close()
		c.conn = nil
	}
}
