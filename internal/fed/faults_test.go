// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/internal/fed"
)

const p12password = "correct horse 42"

// csr makes a key and a request for a certificate.
func csr(t testing.TB) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// certificate reads the answer to a certreq.
func certificate(t testing.TB, body string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(body))
	if block == nil {
		t.Fatalf("no PEM in %q", body)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// fromIdP goes to the IdP with the right password.
func fromIdP(t *testing.T, f *fed.Federation) reply {
	t.Helper()
	return do(t, f.Client(), toIdP(t, f, ask(t, f.Client(), f.SPURL), f.Username, f.Password))
}

// TestFaults shows what each fault does; a fault that is not here fails it.
func TestFaults(t *testing.T) {
	t.Parallel()
	status := func(code int, parts ...string) func(*testing.T, *fed.Federation) {
		return func(t *testing.T, f *fed.Federation) {
			got := fromIdP(t, f)
			if got.status != code {
				t.Errorf("the IdP answered %d, want %d", got.status, code)
			}
			for _, part := range parts {
				if !strings.Contains(got.body, part) {
					t.Errorf("the IdP's answer lacks %q: %s", part, got.body)
				}
			}
			if strings.Contains(got.body, ":Assertion ") {
				t.Error("the IdP's answer holds an assertion")
			}
		}
	}
	checks := map[fed.Fault]func(*testing.T, *fed.Federation){
		fed.WrongPassword200:  status(200, "ecp:Response", "status:AuthnFailed"),
		fed.WrongPassword401:  status(401, "Unauthorized"),
		fed.WrongPasswordHTML: status(200, "<form", `type="password"`),
		fed.SOAPFault:         status(500, "<S:Fault>", "Unknown or unauthorised service provider"),
		fed.MFARequired:       status(200, "status:NoAuthnContext", "Multi-factor"),
		fed.RedirectIdP:       redirects,
		fed.KeycloakNoPassive: func(t *testing.T, f *fed.Federation) {
			if got := fromIdP(t, f); got.status != 200 || strings.Contains(got.body, "Header") || !strings.Contains(got.body, "status:NoPassive") {
				t.Errorf("the IdP answered %d %s", got.status, got.body)
			}
		},
		fed.CASEmpty: func(t *testing.T, f *fed.Federation) {
			if got := fromIdP(t, f); got.status != 200 || got.body != "" {
				t.Errorf("the IdP answered %d %s", got.status, got.body)
			}
		},
		fed.ACSMismatch: mismatch,
		fed.HugeAnswer:  sound(func(body string) bool { return len(body) > 5<<20 }),
		fed.DTD: sound(func(body string) bool {
			return strings.Contains(body, "<!DOCTYPE") && strings.Contains(body, "<!ENTITY")
		}),
		fed.SlowAnswer:   slow,
		fed.BadSignature: unsound,
		fed.NoAttributes: func(t *testing.T, f *fed.Federation) {
			_, request := csr(t)
			got := form(t, f, login(t, f), url.Values{"submit": {"certreq"}, "certreq": {request}})
			if got.status != 400 || got.body != "STATUS_MISSING_PARAMETER_ERROR" {
				t.Errorf("the CA answered %d %q", got.status, got.body)
			}
		},
		fed.IdPDown: func(t *testing.T, f *fed.Federation) { unreachable(t, f, f.IdPURL); ask(t, f.Client(), f.SPURL) },
		fed.SPDown:  func(t *testing.T, f *fed.Federation) { unreachable(t, f, f.SPURL); get(t, f.Client(), f.ListURL) },
		fed.SPNoECP: func(t *testing.T, f *fed.Federation) {
			req := newRequest(t, "GET", f.SPURL, "", "")
			req.Header.Set("Accept", accept)
			req.Header.Set("PAOS", paos)
			if got := do(t, f.Client(), req); got.status != 302 || !strings.Contains(got.header.Get("Location"), "/disco?") {
				t.Errorf("the SP answered %d to %q", got.status, got.header.Get("Location"))
			}
		},
		fed.CertForOtherKey: otherKey,
		fed.DisabledCA: func(t *testing.T, f *fed.Federation) {
			c := login(t, f)
			for _, got := range []reply{get(t, c, f.SPURL), form(t, f, c, url.Values{"submit": {"certreq"}})} {
				if got.status != 400 || got.body != "ECP certificates have been disabled." {
					t.Errorf("the CA answered %d %q", got.status, got.body)
				}
			}
		},
		fed.ExpiredCert: func(t *testing.T, f *fed.Federation) {
			_, request := csr(t)
			cert := certificate(t, form(t, f, login(t, f), url.Values{"submit": {"certreq"}, "certreq": {request}}).body)
			if !cert.NotAfter.Before(time.Now()) {
				t.Errorf("the certificate ends at %v", cert.NotAfter)
			}
		},
		fed.GarbagePKCS12: garbage,
		fed.Truncate:      truncated,
	}
	maps.Copy(checks, vomsFaults())
	maps.Copy(checks, kerberosFaults())
	var missing []fed.Fault
	for _, info := range fed.Faults() {
		check, ok := checks[info.Fault]
		if !ok {
			missing = append(missing, info.Fault)
			continue
		}
		t.Run(string(info.Fault), func(t *testing.T) {
			t.Parallel()
			check(t, start(t, fed.Options{Faults: []fed.Fault{info.Fault}}))
		})
		if info.About == "" || strings.HasSuffix(info.About, ".") || strings.Contains(info.About, "\n") {
			t.Errorf("%s is described as %q", info.Fault, info.About)
		}
	}
	if len(missing) > 0 || len(checks) != len(fed.Faults()) {
		t.Errorf("%d checks for %d faults; without one: %v", len(checks), len(fed.Faults()), missing)
	}
}

// mismatch: all else is in order, so the assertion would be accepted.
func mismatch(t *testing.T, f *fed.Federation) {
	c := f.Client()
	envelope := ask(t, c, f.SPURL)
	body := answer(t, f, envelope)
	if strings.Contains(idpHeader.FindString(body), f.ACSURL) {
		t.Error("the IdP names the right ACS in its header")
	}
	if got := deliver(t, f, c, toACS(envelope, body)); got.status != 302 {
		t.Errorf("the SP answered %d %s", got.status, got.body)
	}
}

// sound is a fault in the bytes around a good assertion.
func sound(there func(body string) bool) func(*testing.T, *fed.Federation) {
	return func(t *testing.T, f *fed.Federation) {
		c := f.Client()
		envelope := ask(t, c, f.SPURL)
		body := answer(t, f, envelope)
		if !there(body) {
			t.Errorf("the fault is not in the answer of %d bytes", len(body))
		}
		body = body[strings.Index(body, "<soap11:Envelope"):]
		if got := deliver(t, f, c, toACS(envelope, body)); got.status != 302 {
			t.Errorf("without the fault the SP answered %d %s", got.status, got.body)
		}
	}
}

func unsound(t *testing.T, f *fed.Federation) {
	c := f.Client()
	envelope := ask(t, c, f.SPURL)
	expect(t, f, c, deliver(t, f, c, toACS(envelope, answer(t, f, envelope))), "verifying the signature of Response")
}

// redirects follows by hand with the password, which the other host must notice, and without.
func redirects(t *testing.T, f *fed.Federation) {
	got := fromIdP(t, f)
	where := got.header.Get("Location")
	if got.status != 307 || !strings.HasPrefix(where, "https://localhost:") {
		t.Fatalf("the IdP answered %d to %q", got.status, where)
	}
	get(t, f.Client(), where)
	req := newRequest(t, "POST", where, "text/xml", "")
	req.SetBasicAuth(f.Username, f.Password)
	do(t, f.Client(), req)
	var seen []bool
	for _, r := range f.Requests() {
		if r.Server == "other" {
			seen = append(seen, r.Login)
		}
	}
	if !slices.Equal(seen, []bool{false, true}) || f.Logins() != 0 {
		t.Errorf("the other host noted %v, and %d logins were counted", seen, f.Logins())
	}
}

// slow reads until its patience ends, and sees that the server stops when it is told to.
func slow(t *testing.T, f *fed.Federation) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	req := toIdP(t, f, ask(t, f.Client(), f.SPURL), f.Username, f.Password).WithContext(ctx)
	res, err := f.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if !errors.Is(err, context.DeadlineExceeded) || !bytes.HasPrefix(body, []byte("<?xml")) {
		t.Errorf("read %q and then %v", body, err)
	}
	res, err = f.Client().Do(toIdP(t, f, ask(t, f.Client(), f.SPURL), f.Username, f.Password))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the answer ended well")
	}
}

func unreachable(t *testing.T, f *fed.Federation, where string) {
	if res, err := f.Client().Get(where); err == nil {
		res.Body.Close()
		t.Errorf("%s answers %s", where, res.Status)
	}
}

func otherKey(t *testing.T, f *fed.Federation) {
	c := login(t, f)
	key, request := csr(t)
	cert := certificate(t, form(t, f, c, url.Values{"submit": {"certreq"}, "certreq": {request}}).body)
	if key.PublicKey.Equal(cert.PublicKey) {
		t.Error("certreq: the certificate is for the key in the request")
	}
	got := form(t, f, c, url.Values{"submit": {"pkcs12"}, "p12password": {p12password}})
	private, cert, err := pkcs12.Decode([]byte(got.body), p12password)
	if err != nil {
		t.Fatal(err)
	}
	if private.(*rsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
		t.Error("pkcs12: the certificate is for the key beside it")
	}
}

func garbage(t *testing.T, f *fed.Federation) {
	c := login(t, f)
	_, request := csr(t)
	got := form(t, f, c, url.Values{"submit": {"certreq"}, "certreq": {request}})
	block, _ := pem.Decode([]byte(got.body))
	if got.status != 200 || block == nil {
		t.Fatalf("certreq: %d %q", got.status, got.body)
	}
	if _, err := x509.ParseCertificate(block.Bytes); err == nil {
		t.Error("certreq: a certificate")
	}
	got = form(t, f, c, url.Values{"submit": {"pkcs12"}, "p12password": {p12password}})
	if _, _, err := pkcs12.Decode([]byte(got.body), p12password); got.status != 200 || err == nil {
		t.Errorf("pkcs12: %d, decoding it: %v", got.status, err)
	}
}

func truncated(t *testing.T, f *fed.Federation) {
	c := login(t, f)
	_, request := csr(t)
	req := newRequest(t, "POST", f.SPURL, "application/x-www-form-urlencoded",
		url.Values{"submit": {"certreq"}, "certreq": {request}}.Encode())
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 || int64(len(body)) >= res.ContentLength {
		t.Errorf("read %d of %d bytes and then %v", len(body), res.ContentLength, err)
	}
}

func TestUnknownFault(t *testing.T) {
	t.Parallel()
	_, err := fed.Start(fed.Options{Faults: []fed.Fault{"typo"}})
	unknown, ok := errors.AsType[*fed.UnknownFaultError](err)
	if !ok || unknown.Name != "typo" {
		t.Errorf("got %v, want an UnknownFaultError with the name", err)
	}
	if f, err := fed.ParseFault("dtd"); f != fed.DTD || err != nil {
		t.Errorf("ParseFault gave %q, %v", f, err)
	}
}
