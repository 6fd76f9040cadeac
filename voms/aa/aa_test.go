// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package aa_test

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
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func template(t testing.TB) (aa.Template, *testca.CA) {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	return aa.Template{
		Holder: ca.Issue(t, testca.Leaf{}).Leaf(), VO: "vo", Host: "voms.example.org", Port: 15000,
		FQANs: []string{"/vo"}, NotBefore: now, NotAfter: now.Add(time.Hour),
	}, ca
}

func create(t testing.TB, template aa.Template, server *proxycert.Credential) *voms.AC {
	t.Helper()
	der, err := aa.Create(nil, template, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	a, err := voms.ParseAC(der)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Each kind of key signs what is then found to be signed by it.
func TestKeys(t *testing.T) {
	t.Parallel()
	template, ca := template(t)
	curve := func(c elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, key := range map[x509.SignatureAlgorithm]crypto.Signer{
		x509.SHA256WithRSA:   testca.RSA(1),
		x509.ECDSAWithSHA256: curve(elliptic.P256()),
		x509.ECDSAWithSHA384: curve(elliptic.P384()),
		x509.ECDSAWithSHA512: curve(elliptic.P521()),
		x509.PureEd25519:     ed,
	} {
		a := create(t, template, ca.Issue(t, testca.Leaf{Key: key}))
		if _, err := a.Verify(voms.Options{Now: now, Holder: template.Holder}); err != nil || a.SignatureAlgorithm != want {
			t.Errorf("%v: got %v, %v", want, a.SignatureAlgorithm, err)
		}
	}
}

// What is in a template comes out, in each of its forms.
func TestTemplate(t *testing.T) {
	t.Parallel()
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte("x")}
	noRevAvail := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 56}, Critical: true, Value: []byte{5, 0}}
	for name, change := range map[string]func(*aa.Template){
		"plain":   func(*aa.Template) {},
		"no port": func(t *aa.Template) { t.Port = 0 },
		"IPv6":    func(t *aa.Template) { t.Host = "2001:db8::1" },
		"all":     func(t *aa.Template) { t.FQANs = []string{"/vo/g/Role=r/Capability=NULL", "/vo", "", "zoë"} },
		"none":    func(t *aa.Template) { t.FQANs = nil },
		"attributes": func(t *aa.Template) {
			t.Attributes = []voms.Attribute{{Name: "a", Value: "zoë = \"Z\""}, {Qualifier: "/vo"}}
		},
		"targets":          func(t *aa.Template) { t.Targets = []string{"a.example", "b.example"} },
		"serial":           func(t *aa.Template) { t.Serial = big.NewInt(-5) },
		"many":             func(t *aa.Template) { t.FQANs = strings.Split(strings.Repeat("/vo/g ", 1000), " ")[:1000] },
		"more extensions":  func(t *aa.Template) { t.ExtraExtensions = []pkix.Extension{unknown} },
		"other extensions": func(t *aa.Template) { t.ExtraExtensions = []pkix.Extension{noRevAvail} },
		"other time zone":  func(t *aa.Template) { t.NotBefore = now.In(time.FixedZone("", 3600)) },
	} {
		template, ca := template(t)
		change(&template)
		server := ca.Issue(t, testca.Leaf{Subject: "/CN=voms.example.org"})
		a := create(t, template, server)
		serial := template.Serial
		if serial == nil {
			serial = a.Serial
			if serial.Sign() <= 0 || serial.BitLen() > 128 {
				t.Errorf("%s: the serial number is %v", name, serial)
			}
		}
		want := aa.Template{
			VO: a.VO, Host: a.Host, Port: a.Port, FQANs: a.FQANs, Attributes: a.Attributes, Targets: a.Targets,
			NotBefore: a.NotBefore, NotAfter: a.NotAfter, Serial: a.Serial,
		}
		got := template
		got.Holder, got.Serial, got.ExtraExtensions, got.NotBefore = nil, serial, nil, template.NotBefore.UTC()
		compare := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
		if diff := cmp.Diff(want, got, compare); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var ids []string
		for _, e := range a.Extensions {
			ids = append(ids, e.Id.String())
			if want := e.Id.String() == "2.5.29.55" || name == "more extensions" && e.Id.String() == "1.2.3" || name == "other extensions" && e.Id.String() == "2.5.29.56"; e.Critical != want {
				t.Errorf("%s: critical is %v of %v", name, e.Critical, e.Id)
			}
		}
		if got, want := strings.Join(ids, " "), map[string]string{
			"attributes":       "1.3.6.1.4.1.8005.100.100.11 1.3.6.1.4.1.8005.100.100.10 2.5.29.56 2.5.29.35",
			"targets":          "1.3.6.1.4.1.8005.100.100.10 2.5.29.56 2.5.29.35 2.5.29.55",
			"more extensions":  "1.3.6.1.4.1.8005.100.100.10 2.5.29.56 2.5.29.35 1.2.3",
			"other extensions": "1.3.6.1.4.1.8005.100.100.10 2.5.29.35 2.5.29.56",
		}[name]; want != "" && got != want {
			t.Errorf("%s: the extensions are %s, want %s", name, got, want)
		}
	}
}

// The holder is named as VOMS servers do, or as RFC 5755 does; its unique identifier, if it has one, goes with it.
func TestHolder(t *testing.T) {
	t.Parallel()
	template, ca := template(t)
	server := ca.Issue(t, testca.Leaf{Subject: "/CN=voms.example.org"})
	if a := create(t, template, server); !bytes.Equal(a.Holder.Name, template.Holder.RawSubject) {
		t.Error("the holder is not named by its subject")
	}
	template.HolderIssuer = true
	a := create(t, template, server)
	if !bytes.Equal(a.Holder.Name, template.Holder.RawIssuer) || a.Holder.Serial.Cmp(template.Holder.SerialNumber) != 0 {
		t.Error("the holder is not named by its issuer")
	}
	if _, err := a.Verify(voms.Options{Now: now, Holder: template.Holder}); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	template, ca := template(t)
	server := ca.Issue(t, testca.Leaf{})
	for name, change := range map[string]func(*aa.Template){
		"no holder": func(t *aa.Template) { t.Holder = nil },
		"no VO":     func(t *aa.Template) { t.VO = "" },
		"no host":   func(t *aa.Template) { t.Host = "" },
		"no time":   func(t *aa.Template) { t.NotAfter = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := template
		change(&bad)
		if der, err := aa.Create(nil, bad, server.Leaf(), server.Key); err == nil || der != nil || !strings.HasPrefix(err.Error(), "aa: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := aa.Create(nil, template, nil, server.Key); err == nil {
		t.Error("it is made without a certificate")
	}
	if _, err := aa.Create(nil, template, server.Leaf(), nil); err == nil {
		t.Error("it is made without a key")
	}
	if _, err := aa.Create(nil, template, server.Leaf(), strange{}); err == nil || !strings.Contains(err.Error(), "no key that signs") {
		t.Errorf("got %v", err)
	}
	if _, err := aa.Create(nil, template, server.Leaf(), broken{server.Key}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if _, err := aa.Create(strings.NewReader("short"), template, server.Leaf(), server.Key); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

var errBroken = errors.New("the token was pulled out")

type broken struct{ crypto.Signer }

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errBroken }

type strange struct{ crypto.Signer }

func (strange) Public() crypto.PublicKey { return "a key" }
