// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/internal/kdc"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// everywhere refuses, so that each address is dialed.
type everywhere struct{ network }

func (e *everywhere) dial(ctx context.Context, network, address string) (net.Conn, error) {
	e.mu.Lock()
	if e.kdcs == nil {
		e.kdcs = kdcs{}
	}
	e.kdcs[network+" "+address] = nil
	e.mu.Unlock()
	return e.network.dial(ctx, network, address)
}

// TestKDCs has how KDCs are written in krb5.conf, and where they are looked for.
func TestKDCs(t *testing.T) {
	t.Parallel()
	z := &zone{hosts: map[string][]string{"h.example.": {"192.0.2.7"}, "two.example.": {"192.0.2.8", "192.0.2.9"}}}
	for _, c := range []struct {
		written string
		want    []string
	}{
		{one, []string{u1, t1}},
		{one + ":750", []string{"udp 192.0.2.1:750", "tcp 192.0.2.1:750"}},
		{"[2001:db8::1]:750", []string{"udp [2001:db8::1]:750", "tcp [2001:db8::1]:750"}},
		{"[2001:db8::1]", []string{"udp [2001:db8::1]:88", "tcp [2001:db8::1]:88"}},
		{"2001:db8::1", []string{"udp [2001:db8::1]:88", "tcp [2001:db8::1]:88"}},
		{"udp/" + one, []string{u1}},
		{"tcp/" + one + ":750", []string{"tcp 192.0.2.1:750"}},
		{"tcp/[2001:db8::1]:7", []string{"tcp [2001:db8::1]:7"}},
		{"udp/2001:db8::1", []string{"udp [2001:db8::1]:88"}},
		{one + " # the first", []string{u1, t1}},
		{one + "\t; the first", []string{u1, t1}},
		{"h.example:89", []string{"udp 192.0.2.7:89", "tcp 192.0.2.7:89"}},
		{"tcp/two.example", []string{"tcp 192.0.2.8:88", "tcp 192.0.2.9:88"}},
	} {
		e := &everywhere{}
		_, _, err := send(t, &kdc.Sender{Config: config(t, "", c.written, c.written), Dial: e.dial, Resolver: z.resolver()}, asRequest)
		if diff := cmp.Diff(c.want, e.list()); diff != "" {
			t.Errorf("%s: %v\n%s", c.written, err, diff)
		}
	}
}

// within tells whether the time since then is at least that, and below what package net waits for a name server. Its lookups
// cannot be in a bubble of synctest.
func within(t *testing.T, began time.Time, least time.Duration) {
	t.Helper()
	if took := time.Since(began); took < least || took > 5*time.Second {
		t.Errorf("it took %v, and should take %v", took, least)
	}
}

// TestHosts: of a host that has several addresses, a dead one does not hold up the others, nor one that DNS does not answer the
// next KDC.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list []string
		want string
	}{
		{[]string{"two.example"}, "two.example:88"},
		{[]string{"dead.example", two}, two + ":88"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			z := &zone{hosts: map[string][]string{"two.example.": {one, two}}, silent: "dead.example."}
			n := &network{kdcs: kdcs{u2: datagram(asReply), t1: nil, t2: nil}}
			began := time.Now()
			_, from, err := send(t, &kdc.Sender{Config: config(t, "", c.list...), Dial: n.dial, Resolver: z.resolver()}, asRequest)
			if err != nil || from != c.want {
				t.Error(from, err)
			}
			within(t, began, 200*time.Millisecond)
		})
	}
}

func TestHostUnknown(t *testing.T) {
	t.Parallel()
	z := &zone{}
	_, _, err := send(t, &kdc.Sender{Config: config(t, "", "no.example"), Resolver: z.resolver()}, asRequest)
	e, ok := errors.AsType[*net.DNSError](err)
	if !ok || !e.IsNotFound || !strings.Contains(err.Error(), "no.example:88 (udp, tcp): lookup no.example") {
		t.Error(err)
	}
}

// TestSRV has what DNS says where krb5.conf says nothing.
func TestSRV(t *testing.T) {
	t.Parallel()
	hosts := map[string][]string{"a.": {"192.0.2.11"}, "b.": {"192.0.2.12"}, "c.": {"192.0.2.13"}}
	for _, c := range []struct {
		name, realm string
		srv         map[string][]string
		want        []string
	}{
		{"both", "EXAMPLE.ORG", map[string][]string{
			"_kerberos._udp.EXAMPLE.ORG.": {"2 0 88 b.", "1 0 88 a.", "3 0 750 c."},
			"_kerberos._tcp.EXAMPLE.ORG.": {"1 0 88 a."},
		}, []string{"udp 192.0.2.11:88", "udp 192.0.2.12:88", "udp 192.0.2.13:750", "tcp 192.0.2.11:88"}},
		{"one", "R", map[string][]string{"_kerberos._tcp.R.": {"1 0 88 a.", "2 0 88 b."}}, []string{"tcp 192.0.2.11:88", "tcp 192.0.2.12:88"}},
		{"none by UDP", "R", map[string][]string{"_kerberos._udp.R.": {"0 0 0 ."}, "_kerberos._tcp.R.": {"1 0 88 a."}}, []string{"tcp 192.0.2.11:88"}},
		{"twice the same", "R", map[string][]string{"_kerberos._udp.R.": {"0 0 88 a.", "1 0 88 a."}}, []string{"udp 192.0.2.11:88"}},
		{"a dot at the end", "R.", map[string][]string{"_kerberos._udp.R.": {"0 0 88 a."}}, []string{"udp 192.0.2.11:88"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			z := &zone{srv: c.srv, hosts: hosts}
			e := &everywhere{}
			_, _, err := (&kdc.Sender{Dial: e.dial, Resolver: z.resolver()}).Send(t.Context(), c.realm, asRequest)
			if diff := cmp.Diff(c.want, e.list()); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// TestSRVWeight: of equal priority, the one of more weight is mostly first, and not always (RFC 2782).
func TestSRVWeight(t *testing.T) {
	t.Parallel()
	z := &zone{srv: map[string][]string{"_kerberos._udp.R.": {"0 90 88 a.", "0 10 88 b."}}, hosts: map[string][]string{"a.": {one}, "b.": {two}}}
	first := map[string]int{}
	for range 200 {
		e := &everywhere{}
		if _, _, err := send(t, &kdc.Sender{Dial: e.dial, Resolver: z.resolver()}, asRequest); err == nil {
			t.Fatal("an answer from nobody")
		}
		first[e.list()[0]]++
	}
	if first[u1] <= 100 || first[u2] == 0 {
		t.Errorf("%v", first)
	}
}

func TestSRVMany(t *testing.T) {
	t.Parallel()
	z := &zone{srv: map[string][]string{}, hosts: map[string][]string{}}
	for i := range 40 {
		z.srv["_kerberos._udp.R."] = append(z.srv["_kerberos._udp.R."], fmt.Sprintf("%d 0 88 h%d.", i, i))
		z.hosts[fmt.Sprintf("h%d.", i)] = []string{fmt.Sprintf("192.0.2.%d", i)}
	}
	e := &everywhere{}
	if _, _, err := send(t, &kdc.Sender{Dial: e.dial, Resolver: z.resolver()}, asRequest); err == nil || len(e.list()) != 16 {
		t.Errorf("%d were asked, %v", len(e.list()), err)
	}
}

func TestNoKDC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, realm, libdefaults string
		srv                      map[string][]string
		want                     string
		questions                int
	}{
		{"not known", "EXAMPLE.ORG", "", nil, "lookup _kerberos._udp.EXAMPLE.ORG. on ", 2},
		{"DNS says none", "EXAMPLE.ORG", "", map[string][]string{"_kerberos._udp.EXAMPLE.ORG.": {"0 0 0 ."}, "_kerberos._tcp.EXAMPLE.ORG.": {"0 0 0 ."}},
			"DNS says that the realm has no KDC for udp", 2},
		{"DNS is not asked", "EXAMPLE.ORG", "dns_lookup_kdc = false", nil, "DNS is not asked (dns_lookup_kdc)", 0},
		{"no domain", "C=US/O=Example", "", nil, "the realm has not the form of a domain, of which DNS could know", 0},
		{"empty labels", "a..b", "", nil, "the realm has not the form of a domain, of which DNS could know", 0},
		{"a dot first", ".b", "", nil, "the realm has not the form of a domain, of which DNS could know", 0},
		{"empty", "", "", nil, "the realm has not the form of a domain, of which DNS could know", 0},
		{"long", strings.Repeat("a.", 130), "", nil, "the realm has not the form of a domain, of which DNS could know", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			z := &zone{srv: c.srv}
			_, _, err := (&kdc.Sender{Config: config(t, c.libdefaults), Resolver: z.resolver()}).Send(t.Context(), c.realm, asRequest)
			e, ok := errors.AsType[*kdc.NoKDCError](err)
			if !ok || e.Realm != c.realm {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("kdc: looking for the KDCs of %q: krb5.conf names none: %s", c.realm, c.want); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
			if len(z.asked) != c.questions {
				t.Errorf("%q were asked for", z.asked)
			}
		})
	}
}

// TestSRVSilent: what DNS does not answer for one network does not hold up the other.
func TestSRVSilent(t *testing.T) {
	t.Parallel()
	for _, silent := range []string{"_kerberos._udp.R.", "_kerberos._tcp.R."} {
		t.Run(silent, func(t *testing.T) {
			t.Parallel()
			z := &zone{silent: silent, srv: map[string][]string{"_kerberos._udp.R.": {"0 0 88 a."}, "_kerberos._tcp.R.": {"0 0 88 a."}}, hosts: map[string][]string{"a.": {one}}}
			n := &network{kdcs: kdcs{u1: datagram(asReply), t1: stream(0, framed(asReply))}}
			began := time.Now()
			_, from, err := send(t, &kdc.Sender{Dial: n.dial, Resolver: z.resolver()}, asRequest)
			if err != nil || from != "a:88" {
				t.Error(from, err)
			}
			within(t, began, 250*time.Millisecond)
		})
	}
}

// TestDNSSilent: a dead DNS is waited for as long as the caller wants.
func TestDNSSilent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	dead := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	s := &kdc.Sender{Config: new(krb5conf.Config), Resolver: &net.Resolver{PreferGo: true, Dial: dead}}
	began := time.Now()
	_, _, err := s.Send(ctx, "R", asRequest)
	if e, ok := errors.AsType[*kdc.NoKDCError](err); !ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	} else if want := `kdc: looking for the KDCs of "R": krb5.conf names none: DNS has not answered: context deadline exceeded`; e.Error() != want {
		t.Errorf("%v, want %s", e, want)
	}
	within(t, began, 50*time.Millisecond)
}

// FuzzKDCs: whatever krb5.conf says of a KDC, it is asked at a host and a port, or it is said why not.
func FuzzKDCs(f *testing.F) {
	for _, written := range []string{one, "[::1]:88", "::1", "tcp/h:1", "https://h/", "h:88 # c", "[", "]", "]:", "[h,i]", "/", ":", "udp/", "fe80::1%eth0", "::%]"} {
		f.Add(written)
	}
	z := &zone{}
	resolver := z.resolver()
	f.Fuzz(func(t *testing.T, written string) {
		c, err := krb5conf.Parse(strings.NewReader("[realms]\nR = {\nkdc = "+written), "krb5.conf")
		if err != nil || len(c.KDCs("R")) == 0 || len(written) > 200 {
			return
		}
		e := &everywhere{}
		s := &kdc.Sender{Config: c, Dial: e.dial, Resolver: resolver}
		_, _, err = send(t, s, asRequest)
		unreachable, ok := errors.AsType[*kdc.UnreachableError](err)
		if !ok || len(unreachable.Tried) == 0 {
			t.Fatalf("%q: %v", written, err)
		}
		for _, a := range unreachable.Tried {
			host, port, err := net.SplitHostPort(a.KDC)
			if a.Network != "" && (err != nil || host == "" || port == "" || slices.Contains([]string{"0", "00"}, port)) {
				t.Errorf("%q: %+v", written, a)
			}
		}
	})
}
