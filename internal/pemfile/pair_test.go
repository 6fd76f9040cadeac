// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
)

func TestPair(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{})
	ca := root.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Issuing CA"})
	stranger := testca.New(t, testca.Options{Subject: "/CN=Stranger"})
	twin := root.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Issuing CA"}) // renewed with another key
	leaf := ca.Issue(t, testca.Leaf{})
	other := ca.Issue(t, testca.Leaf{})
	proxy := testca.Issue(t, leaf, testca.Proxy{})
	certs := func(c ...*x509.Certificate) *pemfile.Contents { return &pemfile.Contents{Certificates: c} }
	key := func(k crypto.Signer) *pemfile.Contents { return &pemfile.Contents{Key: k, Encrypted: true} }
	l, o := leaf.Chain[0], other.Chain[0]
	extra := &pemfile.Contents{Extra: []*pem.Block{{Type: "DIRACX"}}}
	for _, c := range []struct {
		name  string
		files []*pemfile.Contents
		want  []*x509.Certificate
		extra []string
	}{
		{"usercert.pem, userkey.pem", []*pemfile.Contents{certs(l), key(leaf.Key)}, []*x509.Certificate{l}, nil},
		{"key first", []*pemfile.Contents{key(leaf.Key), certs(l)}, []*x509.Certificate{l}, nil},
		{"one file", []*pemfile.Contents{{Key: leaf.Key, Encrypted: true, Certificates: []*x509.Certificate{l}}}, []*x509.Certificate{l}, nil},
		{"the key in both", []*pemfile.Contents{{Key: leaf.Key, Certificates: []*x509.Certificate{l}}, key(leaf.Key)}, []*x509.Certificate{l}, nil},
		{"chain upside down", []*pemfile.Contents{certs(root.Cert, ca.Cert, l), key(leaf.Key)}, []*x509.Certificate{l, ca.Cert, root.Cert}, nil},
		{"chain in three files", []*pemfile.Contents{certs(root.Cert), nil, certs(ca.Cert), certs(l), key(leaf.Key)},
			[]*x509.Certificate{l, ca.Cert, root.Cert}, nil},
		{"twice the same", []*pemfile.Contents{certs(l, l, ca.Cert), certs(ca.Cert), key(leaf.Key)}, []*x509.Certificate{l, ca.Cert}, nil},
		{"a gap", []*pemfile.Contents{certs(root.Cert, l), key(leaf.Key)}, []*x509.Certificate{l}, []string{"CERTIFICATE"}},
		{"two issuers of one name", []*pemfile.Contents{certs(twin.Cert, l, ca.Cert), key(leaf.Key)},
			[]*x509.Certificate{l, ca.Cert}, []string{"CERTIFICATE"}},
		{"the wrong issuer of that name alone", []*pemfile.Contents{certs(twin.Cert, l), key(leaf.Key)}, []*x509.Certificate{l, twin.Cert}, nil},
		{"a neighbour", []*pemfile.Contents{certs(o, l, ca.Cert), key(leaf.Key)}, []*x509.Certificate{l, ca.Cert}, []string{"CERTIFICATE"}},
		{"strangers", []*pemfile.Contents{certs(stranger.Cert), extra, certs(l), key(leaf.Key)}, []*x509.Certificate{l}, []string{"DIRACX", "CERTIFICATE"}},
		{"a proxy", []*pemfile.Contents{certs(l, ca.Cert), certs(proxy.Chain[0]), key(proxy.Key)},
			[]*x509.Certificate{proxy.Chain[0], l, ca.Cert}, nil},
		{"the certificate beside its proxy", []*pemfile.Contents{certs(proxy.Chain[0], l), key(leaf.Key)}, []*x509.Certificate{l}, []string{"CERTIFICATE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := pemfile.Pair(c.files...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(raw(c.want), raw(got.Certificates)); diff != "" {
				t.Errorf("certificates (-want +got):\n%s", diff)
			}
			if !equal(got.Key.Public(), c.want[0].PublicKey) || !got.Encrypted {
				t.Errorf("another key, or encrypted: %v", got.Encrypted)
			}
			var extra []string
			for _, block := range got.Extra {
				extra = append(extra, block.Type)
			}
			if diff := cmp.Diff(c.extra, extra); diff != "" {
				t.Errorf("extra blocks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPairRefuses(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	leaf, other := ca.Issue(t, testca.Leaf{Subject: "/O=Grid/CN=Jane \"J\" Doé"}), ca.Issue(t, testca.Leaf{})
	key := &pemfile.Contents{Key: leaf.Key}
	cert := &pemfile.Contents{Certificates: leaf.Chain[:1]}
	const joining = "pemfile: joining a certificate and its private key: "
	for _, c := range []struct {
		name  string
		files []*pemfile.Contents
		want  string
		typed func(error) bool
	}{
		{"nothing", nil, "there is no private key", as[*pemfile.MissingError]},
		{"no key", []*pemfile.Contents{cert}, "there is no private key", as[*pemfile.MissingError]},
		{"no certificate", []*pemfile.Contents{key, nil}, "there is no certificate", as[*pemfile.MissingError]},
		{"two keys", []*pemfile.Contents{key, cert, {Key: other.Key}}, "there are two private keys", as[*pemfile.SecondKeyError]},
		{"another's key", []*pemfile.Contents{cert, {Key: other.Key, Certificates: []*x509.Certificate{ca.Cert}}},
			`the key does not belong to the certificate "/O=Grid/CN=Jane "J" Do\xC3\xA9"`, as[*pemfile.MismatchError]},
		{"a key of another kind", []*pemfile.Contents{cert, {Key: testca.RSA(0)}},
			`the key does not belong to the certificate "/O=Grid/CN=Jane "J" Do\xC3\xA9"`, as[*pemfile.MismatchError]},
	} {
		if got, err := pemfile.Pair(c.files...); err == nil || err.Error() != joining+c.want || !c.typed(err) || got != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestPairFiles joins the files of other programs.
func TestPairFiles(t *testing.T) {
	t.Parallel()
	var files []*pemfile.Contents
	for _, name := range []string{"ca.pem", "rsa.pem", "throwaway-keys/rsa-rfc1423-des3.pem"} {
		got, err := pemfile.Read(read(t, name), (&asker{answer: passphrase}).ask)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, got)
	}
	got, err := pemfile.Pair(files...)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{certificate(t, "rsa.pem").Raw, certificate(t, "ca.pem").Raw}
	if diff := cmp.Diff(want, raw(got.Certificates)); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}
