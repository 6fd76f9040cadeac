// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"testing"
)

// middle stands between a client and the identity provider, with a certificate that the client trusts, and
// replaces one text in each direction.
type middle struct {
	Request, Response replacement
}

type replacement struct{ Old, New string }

// in replaces exactly one occurrence: a message that has none means that the test tests nothing.
func (r replacement) in(t *testing.T, body io.ReadCloser) (io.ReadCloser, int) {
	data, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	if r.Old != "" {
		if n := bytes.Count(data, []byte(r.Old)); n != 1 {
			t.Errorf("%d occurrences of %q, want 1, in\n%s", n, r.Old, data)
		}
		data = bytes.Replace(data, []byte(r.Old), []byte(r.New), 1)
	}
	return io.NopCloser(bytes.NewReader(data)), len(data)
}

// start returns the URL that stands for idp's.
func (m middle) start(t *testing.T, f federation) string {
	t.Helper()
	target, err := url.Parse(f.IdP.SSOURL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(f.TLSCA.Cert)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
			body, n := m.Request.in(t, r.In.Body)
			r.Out.Body, r.Out.ContentLength = body, int64(n)
		},
		ModifyResponse: func(r *http.Response) error {
			body, n := m.Response.in(t, r.Body)
			r.Body, r.ContentLength = body, int64(n)
			r.Header.Set("Content-Length", strconv.Itoa(n))
			return nil
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	pair := newServerPair(t, f.TLSCA, "127.0.0.1")
	server := httptest.NewUnstartedServer(proxy)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + target.Path
}

// TestSignatures proves that the peers verify what passes through us: a message that was altered anywhere but
// in our hands is refused, and the same message unaltered is taken.
func TestSignatures(t *testing.T) {
	f := startFederation(t)
	for _, tt := range []struct {
		name   string
		middle middle
		code   int
		idpLog string
		spLog  string
	}{{
		// Shibboleth 3.4.1 signs the AuthnRequest with RSA and SHA-1, which SimpleSAMLphp 1.19.7 still verifies.
		name: "nothing altered",
		code: exitDone,
	}, {
		name:   "AuthnRequest altered",
		middle: middle{Request: replacement{`AllowCreate="1"`, `AllowCreate="0"`}},
		code:   exitServer,
		// There is one. SimpleSAMLphp 1.19.7 forgets a signature when the digest is wrong.
		idpLog: "Validation of received messages enabled, but no signature found on message",
	}, {
		name:   "assertion altered",
		middle: middle{Response: replacement{alice.Principal, "mallo@example.edu"}},
		code:   exitServer,
		spLog:  "Message was signed, but signature could not be verified",
	}, {
		name:   "white space of the assertion altered",
		middle: middle{Response: replacement{"<saml:AttributeStatement>", "<saml:AttributeStatement> "}},
		code:   exitServer,
		spLog:  "Message was signed, but signature could not be verified",
	}} {
		t.Run(tt.name, func(t *testing.T) {
			idpLog, spLog := len(f.IdP.log(t)), len(f.SP.log(t))
			c := f.newClient(t, alice).with("ECP_IDP", tt.middle.start(t, f))
			r := c.x509up(t, tt.code, "get-cert")
			r.keepsSecret(t, alice.Password)
			wantLogged(t, "SimpleSAMLphp", f.IdP.log(t)[idpLog:], tt.idpLog)
			wantLogged(t, "shibd", f.SP.log(t)[spLog:], tt.spLog)
			if _, err := os.Lstat(c.File); (err == nil) != (tt.code == exitDone) {
				t.Errorf("exit code %d, and of the file: %v", tt.code, err)
			}
		})
	}
}
