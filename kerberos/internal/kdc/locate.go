// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what krb5.conf and DNS may name.
const (
	maxServers   = 16
	maxAddresses = 8 // of a host
)

// server is a KDC, and the networks by which it is reached.
type server struct {
	host, port string // host without brackets
	udp, tcp   bool
	written    string // in krb5.conf, where err says that it is of no use
	err        error
}

func (s server) name() string { return net.JoinHostPort(s.host, s.port) }

// servers are the KDCs of a realm, in the order in which they are to be asked. There is at least one if err is nil.
func (s *Sender) servers(ctx context.Context, realm string) ([]server, error) {
	var found []server
	for _, written := range s.Config.KDCs(realm) {
		found = append(found, parse(written))
	}
	if len(found) == 0 {
		var err error
		if found, err = s.lookup(ctx, realm); err != nil {
			return nil, &NoKDCError{Realm: realm, Err: err}
		}
	}
	var servers []server
	for _, f := range found {
		if !slices.ContainsFunc(servers, func(have server) bool { return have.same(f) }) && len(servers) < maxServers {
			servers = append(servers, f)
		}
	}
	return servers, nil
}

func (s server) same(other server) bool {
	return s.host == other.host && s.port == other.port && s.udp == other.udp && s.tcp == other.tcp && s.written == other.written
}

// parse reads a KDC of krb5.conf as MIT's library does, where white space ends it, and Heimdal's "tcp/host" and "udp/host". One
// that is of no use to MIT's library makes it give up the whole realm.
func parse(written string) server {
	text, _, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(written, "\t", " ")), " ")
	wrong := func(reason string) server { return server{written: written, err: errors.New(reason)} }
	if scheme, _, ok := strings.Cut(text, "://"); ok {
		if strings.EqualFold(scheme, "https") {
			return wrong("it is an HTTPS proxy (MS-KKDCP), which is not supported")
		}
		return wrong("it is a URL, and not one of an HTTPS proxy")
	}
	s := server{port: "88", udp: true, tcp: true}
	if network, rest, ok := strings.Cut(text, "/"); ok {
		text, s.udp, s.tcp = rest, network == "udp", network == "tcp"
		if s.udp == s.tcp {
			return wrong(`what is before the slash is neither "udp" nor "tcp"`)
		}
	}
	if address, err := parseAddress(text); err == nil { // of IPv6 without brackets, which MIT refuses
		s.host = address.String()
		return s
	}
	port, given := "", false
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if s.host, port, ok = strings.Cut(rest, "]"); !ok {
			return wrong("a bracket is missing")
		}
		if port, given = strings.CutPrefix(port, ":"); !given && port != "" {
			return wrong("what follows the bracket is no port")
		}
	} else {
		s.host, port, given = strings.Cut(text, ":")
	}
	if given {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return wrong("the port is not a number from 1 to 65535")
		}
		s.port = port
	}
	if _, err := parseAddress(s.host); err != nil && (!isDomain(s.host) || strings.Trim(s.host, "0123456789") == "") {
		return wrong("there is no name of a host, and no address")
	}
	return s
}

// parseAddress reads an address, whose zone must be the name of an interface: netip takes anything for one, of which a
// bracket would end the address when it is joined with a port.
func parseAddress(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err == nil && address.Zone() != "" && !isDomain(address.Zone()) {
		err = errors.New("its zone is no interface")
	}
	return address, err
}

// lateDNS is how long one of the two lookups may take longer than the other, if that found something.
const lateDNS = 250 * time.Millisecond

// lookup asks DNS for the SRV records of both networks (RFC 4120 §7.2.3.2), which package net puts in the order of RFC 2782.
func (s *Sender) lookup(ctx context.Context, realm string) ([]server, error) {
	if !s.Config.LookupKDC() {
		return nil, errors.New("DNS is not asked (dns_lookup_kdc)")
	}
	if !isDomain(realm) {
		return nil, errors.New("the realm has not the form of a domain, of which DNS could know")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		servers []server
		err     error
	}
	both := []string{"udp", "tcp"}
	results := map[string]chan result{}
	for _, network := range both {
		answer := make(chan result, 1)
		results[network] = answer
		go func() {
			servers, err := s.records(ctx, network, realm)
			answer <- result{servers, err}
		}()
	}
	var late <-chan time.Time // never, until one has found something
	got := map[string]result{}
	for len(got) < len(both) {
		select {
		case got["udp"] = <-results["udp"]:
			results["udp"] = nil
		case got["tcp"] = <-results["tcp"]:
			results["tcp"] = nil
		case <-late:
			return append(got["udp"].servers, got["tcp"].servers...), nil
		case <-ctx.Done():
			return nil, fmt.Errorf("DNS has not answered: %w", context.Cause(ctx))
		}
		if len(got["udp"].servers)+len(got["tcp"].servers) > 0 {
			late = time.After(lateDNS)
		}
	}
	servers := append(got["udp"].servers, got["tcp"].servers...)
	if len(servers) == 0 {
		return nil, got["udp"].err
	}
	return servers, nil
}

// records are the SRV records for one network. There is at least one if err is nil.
func (s *Sender) records(ctx context.Context, network, realm string) ([]server, error) {
	// The dot keeps search domains out. With records of which some are not names, net gives the others and an error.
	_, records, err := s.resolver().LookupSRV(ctx, "kerberos", network, strings.TrimSuffix(realm, ".")+".")
	var servers []server
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" || r.Port == 0 { // a target of "." means that there is no such service here
			err = fmt.Errorf("DNS says that the realm has no KDC for %s", network)
			continue
		}
		servers = append(servers, server{host: host, port: strconv.Itoa(int(r.Port)), udp: network == "udp", tcp: network == "tcp"})
	}
	if len(servers) > 0 {
		return servers, nil
	}
	if err == nil {
		err = errors.New("DNS knows none")
	}
	return nil, err
}

func (s *Sender) resolver() *net.Resolver {
	if s.Resolver == nil {
		return net.DefaultResolver
	}
	return s.Resolver
}

// isDomain says whether a host, or a realm (RFC 4120 §6.1), has the form of a name in DNS.
func isDomain(name string) bool {
	return name != "" && len(name) < 254 && !strings.HasPrefix(name, ".") && !strings.Contains(name, "..") &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		})
}

// addresses are those of a host, with port.
func (s *Sender) addresses(ctx context.Context, t target) ([]string, error) {
	if _, err := netip.ParseAddr(t.host); err == nil {
		return []string{t.name()}, nil
	}
	found, err := s.resolver().LookupNetIP(ctx, "ip", t.host)
	var addresses []string
	for _, a := range found {
		if text := net.JoinHostPort(a.Unmap().String(), t.port); !slices.Contains(addresses, text) && len(addresses) < maxAddresses {
			addresses = append(addresses, text)
		}
	}
	if err == nil && len(addresses) == 0 {
		err = errors.New("the host has no address")
	}
	return addresses, err
}
