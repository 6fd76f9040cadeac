// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reader is a program of others that shows what a credential file holds, one "label : value" a line.
type reader struct {
	Name   string
	Args   func(path string) []string
	Labels map[string]string // its label for each fact that it shows
	Kinds  map[string]string // its word for each type of proxycert

	RSAOnly string // what it says when it breaks off at an EC key
}

// Words of proxycert, which are those of grid-proxy-info.
const (
	endEntity   = "end entity credential"
	fullProxy   = "RFC 3820 compliant impersonation proxy"
	limited     = "RFC 3820 compliant limited proxy"
	independent = "RFC 3820 compliant independent proxy"
)

func readers() []reader {
	labels := map[string]string{
		"subject": "subject", "issuer": "issuer", "identity": "identity", "type": "type", "path": "path", "left": "timeleft",
	}
	return []reader{{
		Name:   "grid-proxy-info", // Globus 7.3
		Args:   func(path string) []string { return []string{"-all", "-f", path} },
		Labels: labels,
		Kinds:  map[string]string{endEntity: endEntity, fullProxy: fullProxy, limited: limited, independent: independent},
	}, {
		Name:   "voms-proxy-info2", // voms-clients 2.1.0~rc3, C++
		Args:   func(path string) []string { return []string{"-all", "-file", path} },
		Labels: labels,
		// It takes everything for a proxy: of an end-entity certificate it shows the CA as the identity. And it
		// does not tell the policies of RFC 3820 from each other.
		Kinds: map[string]string{
			endEntity: "unknown", fullProxy: "RFC compliant proxy", limited: "RFC compliant proxy", independent: "RFC compliant proxy",
		},
	}, {
		Name:   "voms-proxy-info3", // voms-clients-java 3.3.2
		Args:   func(path string) []string { return []string{"-all", "-file", path} },
		Labels: labels,
		// It knows no independent proxies, and takes them for full ones.
		Kinds: map[string]string{
			endEntity: "EEC", fullProxy: "RFC3820 compliant impersonation proxy", limited: "RFC3820 compliant limited proxy",
			independent: "RFC3820 compliant impersonation proxy",
		},
		// It wants to print the strength of the key, and knows that of RSA alone.
		RSAOnly: "BCECPublicKey cannot be cast",
	}, {
		Name: "arcproxy", // NorduGrid 6.17
		Args: func(path string) []string { return []string{"-I", "-P", path} },
		Labels: map[string]string{
			"subject": "Subject", "issuer": "Issuer", "identity": "Identity", "type": "Proxy type", "path": "Proxy path", "left": "Time left for proxy",
		},
		Kinds: map[string]string{
			endEntity:   "CA certificate", // sic
			fullProxy:   "X.509 Proxy Certificate Profile RFC compliant impersonation proxy - RFC inheritAll proxy",
			limited:     "X.509 Proxy Certificate Profile RFC compliant restricted proxy",
			independent: "X.509 Proxy Certificate Profile RFC compliant independent proxy - RFC independent proxy",
		},
	}}
}

// acceptedByAll expects that openssl verifies the file and that each reader sees in it what we see.
func (c client) acceptedByAll(t *testing.T, path string) {
	t.Helper()
	c.verifiedByOpenSSL(t, path)
	ours := c.ownFacts(t, path)
	isRSA := c.credential(t, path).Leaf().PublicKeyAlgorithm == x509.RSA
	for _, r := range readers() {
		if !isRSA && r.RSAOnly != "" {
			c.run(t, 1, r.Name, r.Args(path)...).says(t, r.RSAOnly)
			continue
		}
		theirs := r.facts(c.run(t, 0, r.Name, r.Args(path)...).Stdout)
		want := ours.as(r)
		for name := range r.Labels {
			if name != "left" && theirs[name] != want[name] {
				t.Errorf("%s: %s is %q, and we say %q", r.Name, name, theirs[name], want[name])
			}
		}
		left, err := parseTimeLeft(theirs["left"])
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		if d := (time.Duration(ours.TimeLeft)*time.Second - left).Abs(); d > time.Minute {
			t.Errorf("%s: time left is %v, and we say %d s", r.Name, left, ours.TimeLeft)
		}
	}
}

func (c client) verifiedByOpenSSL(t *testing.T, path string) {
	t.Helper()
	r := c.run(t, 0, "openssl", "verify", "-allow_proxy_certs", "-CApath", c.env["X509_CERT_DIR"], "-untrusted", path, path)
	if want := path + ": OK\n"; r.Stdout != want {
		t.Errorf("%s said %q, want %q", r.Command, r.Stdout, want)
	}
}

// facts picks what the reader shows out of its output.
func (r reader) facts(output string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(output) {
		label, value, _ := strings.Cut(line, ":")
		for name, want := range r.Labels {
			if strings.TrimSpace(label) == want {
				facts[name] = strings.TrimSpace(value)
			}
		}
	}
	return facts
}

// ownFacts is what x509up says of a credential file.
type ownFacts struct {
	Path     string `json:"path"`
	Subject  string `json:"subject"`
	Issuer   string `json:"issuer"`
	Identity string `json:"identity"`
	Type     string `json:"type"`
	TimeLeft int64  `json:"time_left"` // seconds
	Valid    bool   `json:"valid"`
}

func (c client) ownFacts(t *testing.T, path string) ownFacts {
	t.Helper()
	var facts ownFacts
	r := c.x509up(t, exitDone, "info", "--json", "-f", path)
	if err := json.Unmarshal([]byte(r.Stdout), &facts); err != nil {
		t.Fatalf("%s: %v", r.Command, err)
	}
	if !facts.Valid {
		t.Errorf("%s: not valid:\n%s", r.Command, r.Stdout)
	}
	return facts
}

// as is what the reader should say, when it agrees with us.
func (f ownFacts) as(r reader) map[string]string {
	want := map[string]string{
		"subject": f.Subject, "issuer": f.Issuer, "identity": f.Identity, "type": r.Kinds[f.Type], "path": f.Path,
	}
	switch {
	case f.Type == endEntity && r.Name == "voms-proxy-info2":
		want["identity"] = f.Issuer
	case f.Type == independent && r.Name == "grid-proxy-info":
		// Globus takes RFC 3820 at its word: an independent proxy has nothing from its issuer, not even the identity.
		// All others, and we, say who made it.
		want["identity"] = f.Subject
	}
	return want
}

var timeUnit = regexp.MustCompile(`(\d+) (day|hour|minute|second)s?`)

// parseTimeLeft reads "276:59:59  (11.5 days)" and "11 days 12 hours 59 minutes 59 seconds".
func parseTimeLeft(s string) (time.Duration, error) {
	if clock, _, _ := strings.Cut(s, " "); strings.Count(clock, ":") == 2 {
		return time.ParseDuration(strings.Replace(strings.Replace(clock, ":", "h", 1), ":", "m", 1) + "s")
	}
	units := map[string]time.Duration{"day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute, "second": time.Second}
	var sum time.Duration
	matches := timeUnit.FindAllStringSubmatch(s, -1)
	for _, m := range matches {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * units[m[2]]
	}
	if matches == nil {
		return 0, fmt.Errorf("no time left in %q", s)
	}
	return sum, nil
}

// TestGlobusFiles makes ~/.globus and then proxies from it, with the programs that have always done that.
func TestGlobusFiles(t *testing.T) {
	f := startFederation(t)
	c := f.newClient(t, zoe)
	c.x509up(t, exitDone, "get-cert", "-H", "48", "--globus")
	cert := filepath.Join(c.Home, ".globus", "usercert.pem")
	key := filepath.Join(c.Home, ".globus", "userkey.pem")
	wantMode(t, cert, 0o644)
	c.verifiedByOpenSSL(t, cert)
	c.run(t, 0, "openssl", "pkey", "-check", "-noout", "-in", key)

	// All but arcproxy look into the home of the account, whatever HOME says.
	for _, maker := range []struct {
		name string
		args func(out string) []string
	}{
		{"grid-proxy-init", func(out string) []string {
			return []string{"-rfc", "-verify", "-cert", cert, "-key", key, "-valid", "5:00", "-out", out}
		}},
		{"voms-proxy-init2", func(out string) []string {
			return []string{"-rfc", "-cert", cert, "-key", key, "-valid", "5:00", "-out", out}
		}},
		{"voms-proxy-init3", func(out string) []string {
			return []string{"-rfc", "-cert", cert, "-key", key, "-valid", "5:00", "-out", out}
		}},
		{"arcproxy", func(out string) []string { return []string{"-c", "validityPeriod=5H", "-P", out} }},
	} {
		t.Run(maker.name, func(t *testing.T) {
			out := filepath.Join(c.Home, maker.name)
			c.run(t, 0, maker.name, maker.args(out)...)
			wantLife(t, c.credential(t, out), 5*time.Hour)
			facts := c.ownFacts(t, out)
			if facts.Type != fullProxy || facts.Identity != zoe.subject() {
				t.Errorf("we say: %+v", facts)
			}
		})
	}
}
