// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package eyeballs connects to a host that has several addresses, some of which may be dead (RFC 8305, "happy eyeballs").
// net.Dialer knows one race, that of IPv6 against IPv4, and gives each address of a family seconds before it tries the
// next one; a host of which one address is a black hole costs them every time.
package eyeballs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// maxAddresses bounds the addresses of a host that are tried.
const maxAddresses = 16

// Dialer connects to hosts.
type Dialer struct {
	// Delay is how long one address has before the next is tried as well.
	Delay time.Duration
	// Lookup finds the addresses of a host; nil is net.DefaultResolver.LookupNetIP.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Dial connects to one address; nil is that of a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

type dialed struct {
	conn net.Conn
	err  error
}

// DialContext connects to the first address that answers. The error is that of the first address that failed, without
// package net's words about addresses, and says how many others there are.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.Lookup == nil {
		d.Lookup = net.DefaultResolver.LookupNetIP
	}
	if d.Dial == nil {
		d.Dial = new(net.Dialer).DialContext
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return d.race(ctx, network, []string{address})
	}
	found, err := d.Lookup(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, a := range interleave(found) {
		addresses = append(addresses, net.JoinHostPort(a.String(), port))
	}
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	return d.race(ctx, network, addresses)
}

// race dials one address after the other, each a delay after the last or when one has failed.
func (d Dialer) race(ctx context.Context, network string, addresses []string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialed)
	try := func(address string) {
		conn, err := d.Dial(ctx, network, address)
		select {
		case results <- dialed{conn, err}:
		case <-ctx.Done():
			if conn != nil {
				conn.Close()
			}
		}
	}
	timer := time.NewTimer(d.Delay)
	defer timer.Stop()
	next, pending := 0, 0
	start := func() {
		if next < len(addresses) {
			go try(addresses[next])
			next++
			pending++
		}
		timer.Reset(d.Delay)
	}
	var first error
	for start(); pending > 0; {
		select {
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			pending--
			start()
		case <-timer.C:
			start()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if op, ok := errors.AsType[*net.OpError](first); ok && op.Err != nil {
		first = op.Err
	}
	if len(addresses) > 1 {
		return nil, fmt.Errorf("%w (the first of %d addresses)", first, len(addresses))
	}
	return nil, first
}

// interleave puts the addresses in an order in which the families take turns, and begins as the resolver does (RFC 8305, §4).
func interleave(found []netip.Addr) []netip.Addr {
	var same, other []netip.Addr
	for _, a := range found {
		a = a.Unmap()
		if a.Is4() == found[0].Unmap().Is4() {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	var mixed []netip.Addr
	for i := range max(len(same), len(other)) {
		if i < len(same) {
			mixed = append(mixed, same[i])
		}
		if i < len(other) {
			mixed = append(mixed, other[i])
		}
	}
	return mixed[:min(len(mixed), maxAddresses)]
}
