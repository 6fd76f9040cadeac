// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// ask sends the request to the addresses of a KDC.
func (s *Sender) ask(ctx context.Context, l *record, t target, request []byte) ([]byte, error) {
	attempt := Attempt{KDC: t.name(), Network: t.network}
	first := l.begin(attempt)
	addresses, err := s.addresses(ctx, t)
	if err != nil {
		return nil, l.fail(ctx, first, err)
	}
	reply, ok := hedge(ctx, addresses, func(ctx context.Context, address string) ([]byte, error) {
		index := first
		if address != addresses[0] {
			index = l.begin(attempt)
		}
		l.at(index, address)
		return s.exchange(ctx, l, index, t, address, request)
	})
	if !ok {
		return nil, errSilent // what was wrong with each address is noted
	}
	return reply, nil
}

// exchange sends the request to one address.
func (s *Sender) exchange(ctx context.Context, l *record, index int, t target, address string, request []byte) ([]byte, error) {
	call := s.tcp
	if t.network == "udp" {
		call = s.udp
	}
	reply, err := call(ctx, address, request)
	if t.network == "udp" && errors.Is(err, errTooBig) {
		l.failed(index, err)
		index = l.begin(Attempt{KDC: t.name(), Network: "tcp", Address: address})
		reply, err = s.tcp(ctx, address, request)
	}
	if err != nil {
		return nil, l.fail(ctx, index, err)
	}
	return reply, nil
}

// fail notes an error, unless it only says that nobody waits any more.
func (l *record) fail(ctx context.Context, index int, err error) error {
	if ctx.Err() == nil {
		l.failed(index, err)
	}
	return err
}

// connect closes the connection when ctx ends, which ends all waiting for it. The caller closes it by done.
func (s *Sender) connect(ctx context.Context, network, address string) (conn net.Conn, done func(), err error) {
	dial := s.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	if conn, err = dial(ctx, network, address); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return conn, func() { stop(); conn.Close() }, nil
}

// udp repeats the request after one second of silence, and again after twice the time (RFC 4120 §7.2.1). The socket is connected,
// so that the answers of others do not arrive, and that a port where nobody listens is an error.
func (s *Sender) udp(ctx context.Context, address string, request []byte) ([]byte, error) {
	conn, done, err := s.connect(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	defer done()
	buffer := make([]byte, 1<<16) // no datagram is larger
	for wait := time.Second; ; wait *= 2 {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return nil, err
		}
		n, err := conn.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return answer(request, buffer[:n])
	}
}

// tcp puts the length before the request, as the answer has it (RFC 4120 §7.2.2).
func (s *Sender) tcp(ctx context.Context, address string, request []byte) ([]byte, error) {
	conn, done, err := s.connect(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer done()
	framed := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(request)), uint32(len(request)))
	if _, err := conn.Write(append(framed, request...)); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, early(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxReply {
		return nil, fmt.Errorf("the answer would have %d bytes", length)
	}
	reply, err := io.ReadAll(io.LimitReader(conn, int64(length)))
	if err != nil {
		return nil, err
	}
	if len(reply) < int(length) {
		return nil, early(io.ErrUnexpectedEOF)
	}
	return answer(request, reply)
}

func early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it hung up before the answer was complete: %w", io.ErrUnexpectedEOF)
	}
	return err
}
