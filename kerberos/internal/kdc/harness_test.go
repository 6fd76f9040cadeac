// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/x509up/x509up/kerberos/internal/kdc"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Messages of the kinds that Sender looks at, without what it does not.
var (
	asRequest  = []byte{0x6a, 2, 0x30, 0}
	asReply    = []byte{0x6b, 2, 0x30, 0}
	tgsRequest = []byte{0x6c, 2, 0x30, 0}
	tgsReply   = []byte{0x6d, 2, 0x30, 0}
)

// krbError is a KRB-ERROR with all fields before the error-code, or the mandatory ones.
func krbError(code int32, all bool) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(30)|0x60, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for tag, value := range []int64{5, 30, 0, 1, 0, 1, int64(code)} {
				if !all && (tag == 2 || tag == 3) {
					continue
				}
				b.AddASN1(asn1.Tag(tag).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
					if tag == 2 || tag == 4 {
						b.AddASN1GeneralizedTime(time.Unix(0, 0).UTC())
					} else {
						b.AddASN1Int64(value)
					}
				})
			}
			b.AddASN1(asn1.Tag(9).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte("R")) })
		})
	})
	return b.BytesOrPanic()
}

// network has KDCs by "udp 192.0.2.1:88"; elsewhere packets vanish.
type network struct {
	mu     sync.Mutex
	kdcs   map[string]func(net.Conn)
	dialed []string
}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	where := network + " " + address
	n.dialed = append(n.dialed, where)
	serve, ok := n.kdcs[where]
	if ok && serve == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	if !ok && network == "tcp" { // no answer to a SYN
		n.mu.Unlock()
		<-ctx.Done()
		n.mu.Lock()
		return nil, ctx.Err()
	}
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		if ok {
			serve(server)
		}
		_, _ = io.Copy(io.Discard, server)
	}()
	return client, nil
}

func (n *network) list() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.dialed)
}

// datagram answers each.
func datagram(reply []byte) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 1<<16)
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			if _, err := c.Write(reply); err != nil {
				return
			}
		}
	}
}

// later answers only the second datagram.
func later(reply []byte) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<16))
		datagram(reply)(c)
	}
}

// stream reads a request and writes the bytes, with a pause before each if it is not zero, and hangs up.
func stream(pause time.Duration, data []byte) func(net.Conn) {
	return func(c net.Conn) {
		var head [4]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head[:]))); err != nil {
			return
		}
		for rest := data; len(rest) > 0; {
			n := len(rest)
			if pause > 0 {
				n = 1
				_ = c.SetReadDeadline(time.Now().Add(pause))
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					return // the client hung up
				}
			}
			if _, err := c.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		c.Close()
	}
}

func framed(reply []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...)
}

// config names KDCs of the realm R, and has other lines in [libdefaults].
func config(t testing.TB, libdefaults string, kdcs ...string) *krb5conf.Config {
	t.Helper()
	text := "[libdefaults]\n" + libdefaults + "\n[realms]\nR = {\n"
	for _, k := range kdcs {
		text += "kdc = " + k + "\n"
	}
	c, err := krb5conf.Parse(strings.NewReader(text+"}\n"), "krb5.conf")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// zone is what a name server knows: SRV records as "priority weight port target", addresses by host.
type zone struct {
	srv    map[string][]string
	hosts  map[string][]string
	silent string // the name that it does not answer questions about
	mu     sync.Mutex
	asked  []string
}

func (z *zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()                      // which package net speaks the protocol of TCP to
		context.AfterFunc(ctx, func() { client.Close() }) // package net waits on for seconds
		go z.serve(server)
		return client, nil
	}}
}

func (z *zone) serve(c net.Conn) {
	defer c.Close()
	for {
		var head [2]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		reply := z.answer(query)
		if reply == nil {
			continue
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (z *zone) answer(query []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := q.Name.String()
	z.mu.Lock()
	z.asked = append(z.asked, name)
	z.mu.Unlock()
	if name == z.silent {
		return nil
	}
	m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeSuccess, nil
	for _, text := range z.srv[name] {
		var r dnsmessage.SRVResource
		var target string
		if _, err := fmt.Sscan(text, &r.Priority, &r.Weight, &r.Port, &target); err != nil {
			panic(err)
		}
		r.Target = dnsmessage.MustNewName(target)
		if q.Type == dnsmessage.TypeSRV {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &r})
		}
	}
	for _, address := range z.hosts[name] {
		ip := net.ParseIP(address)
		var body dnsmessage.ResourceBody
		switch four := ip.To4(); {
		case q.Type == dnsmessage.TypeA && four != nil:
			body = &dnsmessage.AResource{A: [4]byte(four)}
		case q.Type == dnsmessage.TypeAAAA && four == nil:
			body = &dnsmessage.AAAAResource{AAAA: [16]byte(ip)}
		default:
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: body})
	}
	if z.srv[name] == nil && z.hosts[name] == nil {
		m.RCode = dnsmessage.RCodeNameError
	}
	reply, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return reply
}

// send asks the realm R.
func send(t testing.TB, s *kdc.Sender, request []byte) (reply []byte, from string, err error) {
	t.Helper()
	return s.Send(t.Context(), "R", request)
}
