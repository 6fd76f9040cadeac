// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/delay"
)

// Limits of the network.
const (
	maxRequest = 1 << 20
	patience   = 10 * time.Second // for a request over TCP
	stuck      = 10 * time.Minute // how long a faulty server holds a client
	parallel   = 64               // datagrams that are answered at the same time
)

// Start listens on a port of loopback, the same for UDP and TCP, and answers until Close.
func (s *Server) Start() error {
	udp, tcp, err := listen()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.udp, s.tcp, s.open, s.stop = udp, delay.Listen(tcp, s.Latency), map[net.Conn]bool{}, make(chan struct{})
	s.busy.Add(2)
	go s.datagrams()
	go s.connections()
	return nil
}

// listen finds a port that is free for both.
func listen() (net.PacketConn, net.Listener, error) {
	for try := 0; ; try++ {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		tcp.Close()
		if !errors.Is(err, syscall.EADDRINUSE) || try == 20 {
			return nil, nil, err
		}
	}
}

// Addr is where it listens, as host:port; empty before Start.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tcp == nil {
		return ""
	}
	return s.tcp.Addr().String()
}

// Close ends all connections and waits until nobody is served.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed || s.tcp == nil {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.stop)
	err := errors.Join(s.udp.Close(), s.tcp.Close())
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.busy.Wait()
	return err
}

// datagrams answers requests over UDP.
func (s *Server) datagrams() {
	defer s.busy.Done()
	room := make(chan struct{}, parallel)
	for buffer := make([]byte, 64<<10); ; {
		n, from, err := s.udp.ReadFrom(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // a client has left: ICMP
		}
		request := bytes.Clone(buffer[:n])
		room <- struct{}{}
		s.busy.Go(func() {
			defer func() { <-room }()
			s.datagram(request, from)
		})
	}
}

// datagram answers one.
func (s *Server) datagram(request []byte, from net.Addr) {
	if s.Faults.Silent {
		return
	}
	reply := s.faulty(request)
	most := s.Datagram
	if most <= 0 {
		most = defaultDatagram
	}
	if len(reply) > 0 && (len(reply) > most || s.Faults.TCPOnly || s.Faults.Huge) {
		reply = s.tooBig()
	}
	if len(reply) == 0 {
		return
	}
	if s.Latency > 0 {
		wait := time.NewTimer(2 * s.Latency) // there and back
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-s.stop:
			return
		}
	}
	_, _ = s.udp.WriteTo(reply, from)
}

// tooBig is KRB_ERR_RESPONSE_TOO_BIG, of which MIT's KDC says no more than it must.
func (s *Server) tooBig() []byte {
	var realm string
	if len(s.Realms) > 0 {
		realm = s.Realms[0].Name
	}
	body := &messages.KDCReqBody{Realm: realm, SName: types.PrincipalName{NameType: 2, NameString: []string{"krbtgt", realm}}}
	reply, err := refusal{code: errorcode.KRB_ERR_RESPONSE_TOO_BIG}.marshal(s.now(), body, "", types.PrincipalName{})
	if err != nil {
		return nil
	}
	return reply
}

// faulty is the answer to a request, or to garbage garbage.
func (s *Server) faulty(request []byte) []byte {
	if s.Faults.Garbage {
		return []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
	}
	return s.answer(request)
}

// connections answers requests over TCP.
func (s *Server) connections() {
	defer s.busy.Done()
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			c.Close()
			return
		}
		s.open[c] = true
		s.busy.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.busy.Done()
			s.connection(c)
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
		}()
	}
}

// connection answers one request, RFC 4120 §7.2.2, and hangs up, as MIT's KDC does.
func (s *Server) connection(c net.Conn) {
	defer c.Close()
	if s.Faults.Silent {
		_ = c.SetDeadline(time.Now().Add(stuck))
		_, _ = io.Copy(io.Discard, c)
		return
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxRequest {
		return
	}
	request := make([]byte, n)
	if _, err := io.ReadFull(c, request); err != nil {
		return
	}
	reply := s.faulty(request)
	switch {
	case s.Faults.Garbage:
		_, _ = c.Write(reply)
	case s.Faults.Huge:
		s.endless(c)
	case len(reply) > 0:
		_, _ = c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...))
	}
}

// endless sends an answer of 2 GiB for as long as somebody reads it.
func (s *Server) endless(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(stuck))
	_, err := c.Write([]byte{0x7f, 0xff, 0xff, 0xff})
	for chunk := bytes.Repeat([]byte{0x6d}, 64<<10); err == nil; {
		_, err = c.Write(chunk)
	}
}
