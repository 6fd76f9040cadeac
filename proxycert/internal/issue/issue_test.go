// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package issue_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert/internal/issue"
	"github.com/x509up/x509up/proxycert/internal/keys"
)

// now is a time at which the certificates of testca are valid.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSign: what is asked for is in the certificate, and what follows from the issuer.
func TestSign(t *testing.T) {
	t.Parallel()
	user := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Subject: "/DC=org/CN=Jane Doe"})
	key := newKey(t)
	own := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}
	p := issue.Proxy{NotBefore: now(), NotAfter: now().Add(time.Hour), Key: key.Public(), Extensions: []pkix.Extension{own}}
	cert, err := p.Sign(user.Leaf(), user.Key, bytes.NewReader([]byte{0, 0, 0, 0, 0, 0, 0, 0x54}))
	if err != nil {
		t.Fatal(err)
	}
	if err := user.Leaf().CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
	if got := dn.OneLine(cert.RawSubject); got != "/DC=org/CN=Jane Doe/CN=42" || cert.SerialNumber.Int64() != 42 {
		t.Errorf("it is %s with the number %v", got, cert.SerialNumber)
	}
	if !bytes.Equal(cert.RawIssuer, user.Leaf().RawSubject) || !cert.NotBefore.Equal(p.NotBefore) || !cert.NotAfter.Equal(p.NotAfter) {
		t.Errorf("issuer %s, from %v to %v", dn.OneLine(cert.RawIssuer), cert.NotBefore, cert.NotAfter)
	}
	id, err := keys.ID(key.Public())
	if err != nil || !bytes.Equal(cert.SubjectKeyId, id) || !bytes.Equal(cert.AuthorityKeyId, user.Leaf().SubjectKeyId) {
		t.Errorf("the key is %x of %x, %v", cert.SubjectKeyId, cert.AuthorityKeyId, err)
	}
	var ids []string
	for _, ext := range cert.Extensions {
		ids = append(ids, ext.Id.String())
	}
	if diff := cmp.Diff([]string{"2.5.29.15", "2.5.29.14", "2.5.29.35", "1.2.3"}, ids); diff != "" {
		t.Errorf("extensions (-want +got):\n%s", diff)
	}
	if !key.PublicKey.Equal(cert.PublicKey) || cert.KeyUsage != x509.KeyUsageDigitalSignature || cert.IsCA {
		t.Errorf("usage %b, CA %v", cert.KeyUsage, cert.IsCA)
	}
}

// A broken signer has a good key, which it does not use.
type broken struct{ crypto.Signer }

var errBroken = errors.New("broken")

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errBroken }

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	user := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Subject: "/DC=org/CN=Jane Doe"})
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := newKey(t).Public()
	for name, c := range map[string]struct {
		key    crypto.PublicKey
		signer crypto.Signer
		random io.Reader
		want   error // nil: any
	}{
		"an issuer's key of a kind that signs none": {good, edwards, nil, issue.ErrKey},
		"no random numbers":                         {good, user.Key, iotest.ErrReader(errBroken), errBroken},
		"a signer that does not work":               {good, broken{user.Key}, nil, errBroken},
		"no key":                                    {"no key", user.Key, nil, nil},
	} {
		cert, err := issue.Proxy{NotBefore: now(), NotAfter: now(), Key: c.key}.Sign(user.Leaf(), c.signer, c.random)
		if err == nil || cert != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, cert, err)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	const minute, hour = time.Minute, time.Hour
	for name, c := range map[string]struct {
		begun, left time.Duration // of the issuer
		life        time.Duration
		from, to    time.Duration // around now
	}{
		"a life":               {hour, 10 * hour, 2 * hour, -5 * minute, 2 * hour},
		"no life":              {hour, 10 * hour, 0, -5 * minute, 10 * hour},
		"longer than issuer's": {hour, 10 * hour, 11 * hour, -5 * minute, 10 * hour},
		"the same":             {hour, 10 * hour, 10 * hour, -5 * minute, 10 * hour},
		"a young issuer":       {minute, 10 * hour, hour, -minute, hour},
		"a newborn":            {0, hour, 0, 0, hour},
	} {
		from, to := issue.Window(now().Add(-c.begun), now().Add(c.left), now(), 5*minute, c.life)
		if from.Sub(now()) != c.from || to.Sub(now()) != c.to {
			t.Errorf("%s: from %v to %v, want %v, %v", name, from.Sub(now()), to.Sub(now()), c.from, c.to)
		}
	}
}
