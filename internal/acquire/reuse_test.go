// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestReuse: what is in the file, what is asked for, and whether it is kept
// ("") or why not. The request is for an EC256 credential with an hour left.
func TestReuse(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	jane := ca.Issue(t, testca.Leaf{})
	rsaJane := ca.Issue(t, testca.Leaf{RSA: true})
	shortJane := ca.Issue(t, testca.Leaf{NotAfter: now.Add(59 * time.Minute)})
	proxy := func(p testca.Proxy) *proxycert.Credential { return testca.Issue(t, jane, p) }
	key := func(k proxycert.KeyType) *proxycert.Credential {
		signer, err := k.Generate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return ca.Issue(t, testca.Leaf{Key: signer})
	}
	zero, one := 0, 1
	wantProxy := &acquire.Proxy{}
	const otherLength = "more or fewer proxies may follow below it than is asked for"
	for _, c := range []struct {
		name  string
		have  *proxycert.Credential
		proxy *acquire.Proxy
		type_ proxycert.KeyType
		want  string
	}{
		{"certificate", jane, nil, proxycert.EC256, ""},
		{"proxy", proxy(testca.Proxy{}), wantProxy, proxycert.EC256, ""},
		{"proxy of a proxy", testca.Issue(t, proxy(testca.Proxy{}), testca.Proxy{}), wantProxy, proxycert.EC256, ""},
		{"limited", proxy(testca.Proxy{Policy: proxycert.Limited}), &acquire.Proxy{Policy: proxycert.Limited}, proxycert.EC256, ""},

		{"certificate for proxy", jane, wantProxy, proxycert.EC256, `it is of type "end entity credential", and "RFC 3820 compliant impersonation proxy" is wanted`},
		{"proxy for certificate", proxy(testca.Proxy{}), nil, proxycert.EC256, `it is of type "RFC 3820 compliant impersonation proxy", and "end entity credential" is wanted`},
		{"CA for certificate", &proxycert.Credential{Chain: []*x509.Certificate{ca.Cert}, Key: ca.Key}, nil, proxycert.EC256,
			`it is of type "certificate authority", and "end entity credential" is wanted`},
		{"limited for full", proxy(testca.Proxy{Policy: proxycert.Limited}), wantProxy, proxycert.EC256,
			`it is of type "RFC 3820 compliant limited proxy", and "RFC 3820 compliant impersonation proxy" is wanted`},
		{"full for limited", proxy(testca.Proxy{}), &acquire.Proxy{Policy: proxycert.Limited}, proxycert.EC256,
			`it is of type "RFC 3820 compliant impersonation proxy", and "RFC 3820 compliant limited proxy" is wanted`},
		{"independent for full", proxy(testca.Proxy{Policy: proxycert.Independent}), wantProxy, proxycert.EC256,
			`it is of type "RFC 3820 compliant independent proxy"`},
		{"draft", proxy(testca.Proxy{Format: proxycert.FormatDraft}), wantProxy, proxycert.EC256, `it is of type "Proxy draft (pre-RFC) compliant impersonation proxy"`},
		{"legacy", proxy(testca.Proxy{Format: proxycert.FormatLegacy}), wantProxy, proxycert.EC256, `it is of type "full legacy globus proxy"`},

		{"path length as asked", proxy(testca.Proxy{PathLength: &one}), &acquire.Proxy{PathLength: ptr(1)}, proxycert.EC256, ""},
		{"last for any", proxy(testca.Proxy{PathLength: &zero}), wantProxy, proxycert.EC256, otherLength},
		{"last for one more", proxy(testca.Proxy{PathLength: &zero}), &acquire.Proxy{PathLength: &one}, proxycert.EC256, otherLength},
		{"any for last", proxy(testca.Proxy{}), &acquire.Proxy{PathLength: &zero}, proxycert.EC256, otherLength},

		{"just enough time", ca.Issue(t, testca.Leaf{NotAfter: now.Add(time.Hour)}), nil, proxycert.EC256, ""},
		{"a second too little", ca.Issue(t, testca.Leaf{NotAfter: now.Add(time.Hour - time.Second)}), nil, proxycert.EC256,
			"it has 59 min left, and 1 h are wanted"},
		{"short proxy", proxy(testca.Proxy{NotAfter: now.Add(59 * time.Minute)}), wantProxy, proxycert.EC256,
			"it has 59 min left, and 1 h are wanted"},
		{"long proxy of a short certificate", testca.Issue(t, shortJane, testca.Proxy{NotAfter: now.Add(9 * time.Hour)}), wantProxy,
			proxycert.EC256, "it has 59 min left, and 1 h are wanted"},
		{"long proxy of a short CA", below(t, testca.New(t, testca.Options{NotAfter: now.Add(time.Minute)})), wantProxy,
			proxycert.EC256, "it has 1 min left, and 1 h are wanted"},
		{"proxy of an expired certificate", testca.Issue(t, ca.Issue(t, testca.Leaf{NotAfter: now.Add(-time.Second)}), testca.Proxy{NotAfter: now.Add(9 * time.Hour)}),
			wantProxy, proxycert.EC256, `it expired at 2030-01-01T11:59:59Z`},
		{"from a CA whose clock is ahead", ca.Issue(t, testca.Leaf{NotBefore: now.Add(5 * time.Minute)}), nil, proxycert.EC256, ""},
		{"not yet valid", ca.Issue(t, testca.Leaf{NotBefore: now.Add(5*time.Minute + time.Second)}), nil, proxycert.EC256,
			"it is not valid before 2030-01-01T12:05:01Z"},

		{"EC256 for RSA2048", jane, nil, proxycert.RSA2048, "its key is not what rsa2048 stands for"},
		{"EC256 for EC384", jane, nil, proxycert.EC384, "its key is not what ec384 stands for"},
		{"EC384 for EC256", key(proxycert.EC384), nil, proxycert.EC256, ""},
		{"EC384 for EC384", key(proxycert.EC384), nil, proxycert.EC384, ""},
		{"RSA2048 for RSA2048", rsaJane, nil, proxycert.RSA2048, ""},
		{"RSA2048 for RSA3072", rsaJane, nil, proxycert.RSA3072, "its key is not what rsa3072 stands for"},
		{"RSA2048 for RSA4096", rsaJane, nil, proxycert.RSA4096, "its key is not what rsa4096 stands for"},
		{"RSA2048 for EC256", rsaJane, nil, proxycert.EC256, "its key is not what ec256 stands for"},
		{"RSA2048 for EC384", rsaJane, nil, proxycert.EC384, "its key is not what ec384 stands for"},
		{"RSA proxy of EC for RSA2048", proxy(testca.Proxy{RSA: true}), wantProxy, proxycert.RSA2048, ""},
		{"EC proxy of RSA for EC256", testca.Issue(t, rsaJane, testca.Proxy{}), wantProxy, proxycert.EC256, ""},

		{"no key", &proxycert.Credential{Chain: jane.Chain}, nil, proxycert.EC256, "it has no private key"},
		{"not critical", proxy(testca.Proxy{Bad: []testca.Fault{testca.NotCritical}}), wantProxy, proxycert.EC256, "is not critical"},
		{"signed by another", proxy(testca.Proxy{Bad: []testca.Fault{testca.WrongSigner}}), wantProxy, proxycert.EC256, "signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			r := request(t, s)
			r.Reuse, r.Proxy, r.KeyType = time.Hour, c.proxy, c.type_
			put(t, r.Target.File, c.have, 0o600)
			expectReuse(t, s, r, c.want)
		})
	}
}

func ptr(n int) *int { return &n }

// below is a proxy whose chain holds the CA.
func below(t *testing.T, ca *testca.CA) *proxycert.Credential {
	c := testca.Issue(t, ca.Issue(t, testca.Leaf{}), testca.Proxy{})
	if c.Chain[len(c.Chain)-1] != ca.Cert {
		c.Chain = append(c.Chain, ca.Cert)
	}
	return c
}

// expectReuse runs the request: the file is kept, or replaced for a reason that
// holds want.
func expectReuse(t *testing.T, s *source, r acquire.Request, want string) {
	t.Helper()
	var told []string
	r.Notify = func(doing string) { told = append(told, doing) }
	before, _ := os.ReadFile(r.Target.Path())
	s.leaf.NotAfter = now.Add(12 * time.Hour)
	if r.KeyType != proxycert.EC256 {
		s.err = errTooSlow // enough to see that somebody asked
	}
	got, err := acquire.Run(t.Context(), r)
	if want == "" {
		if after, _ := os.ReadFile(r.Target.Path()); err != nil || !got.Reused || string(after) != string(before) || s.obtained.Load() > 0 {
			t.Errorf("not kept: %v %q", err, told)
		}
		if got.Credential == nil || len(told) > 0 {
			t.Errorf("kept with the credential %v and words %q", got.Credential, told)
		}
		return
	}
	if err != nil && s.err == nil || got.Reused || s.obtained.Load() != 1 {
		t.Errorf("kept, or not obtained: %v, %d times obtained", err, s.obtained.Load())
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "getting a new credential: ") || !strings.Contains(all, want) {
		t.Errorf("told  %q\nwant %q", told, want)
	}
}

const errTooSlow = tooSlow("long keys take too long to make")

type tooSlow string

func (e tooSlow) Error() string { return string(e) }

// TestReuseOfFiles: what else may be in the way.
func TestReuseOfFiles(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	jane, joe := ca.Issue(t, testca.Leaf{}), ca.Issue(t, testca.Leaf{})
	data, err := jane.Marshal(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	mixed := &proxycert.Credential{Chain: jane.Chain, Key: joe.Key}
	for _, c := range []struct {
		name string
		data []byte
		mode fs.FileMode
		want string
	}{
		{"as it should be", data, 0o600, ""},
		{"managed", data, 0o400, ""},
		{"other blocks are kept", append(data, "-----BEGIN DIRACX-----\nAAAA\n-----END DIRACX-----\n"...), 0o600, ""},
		{"readable for all", data, 0o644, "its mode is 0644, more than 0600"},
		{"garbage", []byte("-----BEGIN CERTIFICATE-----\ngarbage\n"), 0o600, "PEM"},
		{"empty", nil, 0o600, "it is empty"},
		{"cut off", data[:len(data)-40], 0o600, "malformed or truncated PEM"},
		{"two others' halves", marshal(t, mixed), 0o600, "does not belong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			r := request(t, s)
			r.Reuse = time.Hour
			write(t, r.Target.File, c.data, c.mode)
			expectReuse(t, s, r, c.want)
		})
	}
	s := newSource(t)
	r := request(t, s)
	r.Reuse = time.Hour
	expectReuse(t, s, r, "no such file or directory")
}

func marshal(t *testing.T, c *proxycert.Credential) []byte {
	t.Helper()
	data, err := c.Marshal(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestKeyOfOthers: a key that is not made here is as its maker likes it, so
// that it is no reason to log in again and again. A proxy's key is made here.
func TestKeyOfOthers(t *testing.T) {
	t.Parallel()
	jane := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{RSA: true})
	r := request(t, stored{jane})
	r.Reuse, r.KeyType = time.Hour, proxycert.EC256
	put(t, r.Target.File, jane, 0o600)
	if got, err := acquire.Run(t.Context(), r); err != nil || !got.Reused {
		t.Errorf("the certificate is not kept: %v", err)
	}
	r.Proxy = &acquire.Proxy{}
	put(t, r.Target.File, testca.Issue(t, jane, testca.Proxy{RSA: true}), 0o600)
	got, err := acquire.Run(t.Context(), r)
	if err != nil || got.Reused {
		t.Errorf("the RSA proxy is kept: %v", err)
	}
	if got, err = acquire.Run(t.Context(), r); err != nil || !got.Reused {
		t.Errorf("the EC proxy is not kept: %v", err)
	}
}

// TestLooksAgain: who waits for the lock finds what its holder has stored.
func TestLooksAgain(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := request(t, s)
	r.Reuse = time.Hour
	r.Notify = func(doing string) {
		if strings.HasPrefix(doing, "waiting") {
			put(t, r.Target.File, s.ca.Issue(t, testca.Leaf{}), 0o600)
		}
	}
	got, err := acquire.Run(t.Context(), r)
	if err != nil || !got.Reused || s.obtained.Load() > 0 {
		t.Errorf("reused %v, %v", got.Reused, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(r.Target.File), "x509up.lock")); err != nil {
		t.Error(err)
	}
}

// TestAnyKind: what there is is kept for its time alone.
func TestAnyKind(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	jane := ca.Issue(t, testca.Leaf{})
	for _, c := range []struct {
		name string
		have *proxycert.Credential
		want bool
	}{
		{"a certificate", jane, true},
		{"a proxy", testca.Issue(t, jane, testca.Proxy{}), true},
		{"a limited proxy", testca.Issue(t, jane, testca.Proxy{Policy: proxycert.Limited}), true},
		{"one that ends soon", ca.Issue(t, testca.Leaf{NotAfter: now.Add(time.Minute)}), false},
	} {
		r := request(t, nil)
		r.Proxy, r.KeyType, r.Reuse = &acquire.Proxy{Policy: proxycert.Independent}, proxycert.RSA4096, time.Hour
		put(t, r.Target.File, c.have, 0o600)
		if acquire.Reusable(t.Context(), r) != nil {
			t.Errorf("%s is kept in the place of another kind", c.name)
		}
		r.AnyKind = true
		if got := acquire.Reusable(t.Context(), r) != nil; got != c.want {
			t.Errorf("%s: kept: %v", c.name, got)
		}
	}
}

// TestProxyLifetime: a proxy may be wanted for another time than its certificate.
func TestProxyLifetime(t *testing.T) {
	t.Parallel()
	r := request(t, newSource(t))
	r.Proxy = &acquire.Proxy{Lifetime: 3 * time.Hour}
	result, err := acquire.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Credential.NotAfter(); !got.Equal(now.Add(3 * time.Hour)) {
		t.Errorf("the proxy ends at %v", got)
	}
	if got := result.Credential.EndEntity().NotAfter; !got.Equal(now.Add(12 * time.Hour)) {
		t.Errorf("the certificate ends at %v", got)
	}
}
