// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
)

// maker is a program of others that makes proxies.
type maker struct {
	Name string
	Args func(u gridUser) []string // to store one for 5 hours in u.File

	// RSAOnly is what it says when the user certificate has an EC key.
	RSAOnly string
}

func makers() []maker {
	return []maker{{
		Name: "grid-proxy-init", // Globus 7.3
		Args: func(u gridUser) []string {
			return []string{"-cert", u.Cert, "-key", u.Key, "-valid", "5:00", "-out", u.File}
		},
	}, {
		// voms-clients 2.1.0~rc3, C++. At an EC key it says "expecting an rsa key", and then makes a good proxy.
		Name: "voms-proxy-init2",
		Args: func(u gridUser) []string {
			return []string{"-cert", u.Cert, "-key", u.Key, "-valid", "5:00", "-out", u.File}
		},
	}, {
		Name: "voms-proxy-init3", // voms-clients-java 3.3.2
		Args: func(u gridUser) []string {
			return []string{"-cert", u.Cert, "-key", u.Key, "-valid", "5:00", "-out", u.File}
		},
		RSAOnly: "Provided private key is not matching the certificate",
	}, {
		Name: "arcproxy", // NorduGrid 6.17
		Args: func(u gridUser) []string {
			return []string{"-C", u.Cert, "-K", u.Key, "-c", "validityPeriod=5H", "-P", u.File}
		},
	}}
}

// Types of proxycert that no option of ours makes.
const (
	restricted = "RFC 3820 compliant restricted proxy"
	draft      = "Proxy draft (pre-RFC) compliant impersonation proxy"
	legacy     = "full legacy globus proxy"
)

// Words of ours for why nothing may follow below a proxy.
const (
	tooLong = "path length allows 0 proxies below it"
	tooOld  = "no RFC 3820 proxy may follow"
)

// foreign is a proxy that a maker makes.
type foreign struct {
	args []string // besides those of maker.Args
	kind string
	// below is the type of what init --noregen makes of it, or else stops is why it does not.
	below, stops string
}

// foreigners are the proxies that can be had of others, by the maker's name.
func foreigners() map[string][]foreign {
	rfc := func(args ...string) []string { return append([]string{"-rfc"}, args...) }
	return map[string][]foreign{
		"grid-proxy-init": {
			{args: rfc(), kind: fullProxy, below: fullProxy},
			{args: rfc("-limited"), kind: limited, below: limited},
			{args: rfc("-independent"), kind: independent, below: fullProxy},
			// It takes 0 for no limit, and writes none.
			{args: rfc("-path-length", "0"), kind: fullProxy, below: fullProxy},
			{args: rfc("-path-length", "1"), kind: fullProxy, below: fullProxy},
			{args: []string{"-draft"}, kind: draft, stops: tooOld},
			{args: []string{"-old"}, kind: legacy, stops: tooOld},
		},
		"voms-proxy-init2": {
			{args: rfc(), kind: fullProxy, below: fullProxy},
			{args: rfc("-limited"), kind: limited, below: limited},
			{args: rfc("-path-length", "0"), kind: fullProxy, stops: tooLong},
			{args: []string{"-proxyver", "3"}, kind: draft, stops: tooOld},
			{args: []string{"-old"}, kind: legacy, stops: tooOld},
		},
		"voms-proxy-init3": {
			{args: rfc(), kind: fullProxy, below: fullProxy},
			{args: rfc("-limited"), kind: limited, below: limited},
			{args: rfc("-path_length", "0"), kind: fullProxy, stops: tooLong},
			{args: []string{"-proxyver", "3"}, kind: draft, stops: tooOld},
			{args: []string{"-old"}, kind: legacy, stops: tooOld},
		},
		"arcproxy": {
			{kind: fullProxy, below: fullProxy},
			// Not Globus' limited proxy: the language is "any", and its text is "limited".
			{args: []string{"-c", "proxyPolicy=limited"}, kind: restricted, below: fullProxy},
		},
	}
}

// TestForeignProxies reads the proxies of all others, and makes our own below them.
func TestForeignProxies(t *testing.T) {
	g := newGrid(t)
	for _, userKey := range userKeys {
		user := g.newUser(t, userKey)
		for _, m := range makers() {
			for _, p := range foreigners()[m.Name] {
				t.Run(strings.Join(append([]string{userKey.String(), m.Name}, p.args...), " "), func(t *testing.T) {
					t.Parallel()
					u := user.fresh(t)
					args := append(m.Args(u), p.args...)
					if userKey != proxycert.RSA2048 && m.RSAOnly != "" {
						u.run(t, 1, m.Name, args...).says(t, m.RSAOnly)
						return
					}
					u.run(t, 0, m.Name, args...)
					u.understands(t, p)
					u.makesBelow(t, p)
				})
			}
		}
	}
}

// understands expects that we see in the file what is there.
func (u gridUser) understands(t *testing.T, p foreign) {
	t.Helper()
	wantLife(t, u.credential(t, u.File), 5*time.Hour)
	if facts := u.ownFacts(t, u.File); facts.Type != p.kind || facts.Identity != identity {
		t.Errorf("want type %s; we say: %+v", p.kind, facts)
	}
	doubts := strings.Join(u.verified(t, u.File), "\n")
	if p.stops == tooOld {
		if !strings.Contains(doubts, "OpenSSL refuses it") {
			t.Errorf("verify does not warn of it: %q", doubts)
		}
		u.run(t, 2, "openssl", "verify", "-allow_proxy_certs", "-CApath", u.env["X509_CERT_DIR"], "-untrusted", u.File, u.File)
		return
	}
	if doubts != "" {
		t.Errorf("verify warns: %s", doubts)
	}
	u.verifiedByOpenSSL(t, u.File)
}

// makesBelow replaces the proxy by one of ours below it, where that may be.
func (u gridUser) makesBelow(t *testing.T, p foreign) {
	t.Helper()
	before, err := os.ReadFile(u.File)
	if err != nil {
		t.Fatal(err)
	}
	theirs := u.credential(t, u.File)
	r := u.try(t, u.Tool, "init", "--noregen")
	if p.stops != "" {
		after, err := os.ReadFile(u.File)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); r.Code != exitUnfit || diff != "" {
			t.Errorf("%s: exit code %d, and what changed: %s", r.Command, r.Code, diff)
		}
		r.says(t, p.stops)
		return
	}
	if r.Code != exitDone {
		t.Fatalf("%s: exit code %d\n%s", r.Command, r.Code, r.Stderr)
	}
	ours := u.credential(t, u.File)
	if len(ours.Chain) != len(theirs.Chain)+1 || !ours.Chain[1].Equal(theirs.Leaf()) {
		t.Errorf("%d certificates, want one above the %d that were there", len(ours.Chain), len(theirs.Chain))
	}
	wantLife(t, ours, 5*time.Hour)
	if facts := u.ownFacts(t, u.File); facts.Type != p.below {
		t.Errorf("want type %s; we say: %+v", p.below, facts)
	}
	u.verified(t, u.File)
	u.verifiedByOpenSSL(t, u.File)
	if theirs := u.run(t, 0, "grid-proxy-info", "-type", "-f", u.File).Stdout; theirs != p.below+"\n" {
		t.Errorf("grid-proxy-info says %q, want %q", theirs, p.below)
	}
}

// TestBelow lets others make proxies below ours, with a path length that allows it and with one that does not. The
// path is for whoever reads such a file to check: of these, only voms-proxy-init2 and grid-proxy-init -verify look.
func TestBelow(t *testing.T) {
	g := newGrid(t)
	for _, pathLength := range []string{"1", "0"} {
		u := g.newUser(t, proxycert.RSA2048)
		u.x509up(t, exitDone, "init", "--path-length", pathLength)
		out := filepath.Join(u.Home, "below")
		for _, command := range [][]string{
			{"grid-proxy-init", "-cert", u.File, "-key", u.File, "-out", out},
			// It makes none below a proxy without a subject key identifier, such as its own and those of grid-proxy-init.
			{"voms-proxy-init2", "-noregen", "-rfc", "-valid", "5:00", "-out", out},
			{"voms-proxy-init3", "-noregen", "-rfc", "-out", out},
			{"arcproxy", "-C", u.File, "-K", u.File, "-P", out},
		} {
			t.Run(command[0]+" below path length "+pathLength, func(t *testing.T) {
				if pathLength == "0" && command[0] == "voms-proxy-init2" {
					u.run(t, 1, command[0], command[1:]...).says(t, "proxy path length constraint exceeded")
					return
				}
				u.run(t, 0, command[0], command[1:]...)
				if pathLength == "1" {
					u.verified(t, out)
					u.verifiedByOpenSSL(t, out)
					return
				}
				u.run(t, 2, "openssl", "verify", "-allow_proxy_certs", "-CApath", g.CADir, "-untrusted", out, out).
					says(t, "proxy path length constraint exceeded")
				if r := u.x509up(t, exitUnfit, "verify", "-f", out); !strings.Contains(r.Stdout, tooLong) {
					t.Errorf("%s: it does not say %q:\n%s", r.Command, tooLong, r.Stdout)
				}
			})
		}
		if pathLength == "0" {
			u.run(t, 1, "grid-proxy-init", "-verify", "-cert", u.File, "-key", u.File, "-out", out).
				says(t, "Couldn't verify the authenticity of the user's credential")
		}
	}
}
