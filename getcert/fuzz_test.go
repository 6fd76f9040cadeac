// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/testca"
)

// fuzzKey is the same in every process, so that a corpus keeps its meaning.
func fuzzKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// FuzzCertificates: whatever a CA answers is a list that begins with the certificate for our key and is no longer than
// allowed, or a *CertificateError of one printable line.
func FuzzCertificates(f *testing.F) {
	ca := testca.New(f, testca.Options{})
	mine, other := pemOf(issued(f, ca, fuzzKey(f))), pemOf(issued(f, ca, newKey(f)))
	root := string(ca.PEM())
	for _, seed := range []string{
		mine, mine + root, root + mine, mine + mine, other, root, "", "no PEM at all", mine[:len(mine)/2],
		"Bag Attributes\n" + mine + "subject=/CN=Jane\n" + root,
		strings.Replace(mine, "CERTIFICATE", "X509 CERTIFICATE", 2), strings.Repeat(root, 40) + mine,
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + mine,
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "\x1b[31mred\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		key := fuzzKey(t)
		all, err := getcert.ParseCertificates(body, key)
		if err != nil {
			if e, ok := errors.AsType[*getcert.CertificateError](err); !ok || all != nil || !printable(e.Reason) {
				t.Errorf("%d certificates and %q", len(all), err)
			}
			return
		}
		if len(all) > 32 {
			t.Errorf("%d certificates", len(all))
		}
		for i, c := range all {
			if i == 0 && !key.Public().(*ecdsa.PublicKey).Equal(c.PublicKey) {
				t.Error("the first is for another key")
			}
			if _, err := x509.ParseCertificate(c.Raw); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzRefusal: every answer that is not 200 is an error of one printable line, and a web page is not quoted.
func FuzzRefusal(f *testing.F) {
	f.Add(400, "", []byte("STATUS_MISSING_PARAMETER_ERROR"))
	f.Add(400, "", []byte("ECP certificates have been disabled.\n"))
	f.Add(302, "https://disco.example.org/", []byte("<html>"))
	f.Add(302, "http://[", []byte(""))
	f.Add(500, "", []byte("<!DOCTYPE html><html><h1>Oops</h1>"))
	f.Add(418, "", []byte("\x1b]0;title\x07\xff\xfe"))
	f.Fuzz(func(t *testing.T, status int, location string, body []byte) {
		answer := &http.Response{StatusCode: status, Header: http.Header{}, Request: &http.Request{URL: &url.URL{Scheme: "https", Host: "ca.example.org"}}}
		if location != "" {
			answer.Header.Set("Location", location)
		}
		err := getcert.Refusal(answer, body)
		if err == nil || !printable(err.Error()) {
			t.Fatalf("%q", err)
		}
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) && strings.Contains(err.Error(), "<") {
			t.Errorf("a web page is quoted: %q", err)
		}
	})
}

// printable tells whether a text may be shown on a terminal, as one line of some length.
func printable(s string) bool {
	return len(s) < 2000 && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
