// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
)

const (
	plain = "text/plain; charset=utf-8"
	p12   = "application/x-pkcs12"
)

// TestErrors is what the user reads for each answer of a CA. All of it comes
// after "getcert: requesting a certificate from HOST: ".
func TestErrors(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	foreign := ca.Issue(t, testca.Leaf{})
	other := pemOf(foreign.Chain[0])
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("\x30\x00")}))
	const page = "<!DOCTYPE html>\n<html><head><title>Oops</title></head></html>"
	const disabled, refused, answer, certificate = "DisabledError", "RefusedError", "AnswerError", "CertificateError"
	for _, c := range []struct {
		name        string
		status      int
		media, body string
		kind, want  string
	}{
		// ecp.md, the texts of CILogon's code, each as it stands there.
		{"retired", 400, plain, "ECP certificates have been disabled.", disabled,
			"it issues no certificates any more (“ECP certificates have been disabled.”)"},
		{"switched off", 400, plain, "Downloading certificates is disabled.", disabled,
			"it issues no certificates any more (“Downloading certificates is disabled.”)"},
		{"no attributes", 400, plain, "STATUS_MISSING_PARAMETER_ERROR", refused, "it refused (“STATUS_MISSING_PARAMETER_ERROR”)"},
		{"no name", 400, plain, "Cannot create certificate due to missing attributes.", refused,
			"it refused (“Cannot create certificate due to missing attributes.”)"},
		{"no IdP", 400, plain, "STATUS_NO_IDENTITY_PROVIDER", refused, "it refused (“STATUS_NO_IDENTITY_PROVIDER”)"},
		{"eduGAIN", 400, plain, "Failed to get cert due to eduGAIN IdP restriction.", refused,
			"it refused (“Failed to get cert due to eduGAIN IdP restriction.”)"},
		{"short password", 400, plain, "Password must have at least 12 characters.", refused,
			"it refused (“Password must have at least 12 characters.”)"},
		{"no request", 400, plain, "Missing certificate request.", refused, "it refused (“Missing certificate request.”)"},
		{"MyProxy", 400, plain, "Error! MyProxy unable to create certificate.", refused,
			"it refused (“Error! MyProxy unable to create certificate.”)"},
		{"again", 400, plain, "Error creating certificate. Please try again.", refused,
			"it refused (“Error creating certificate. Please try again.”)"},
		{"submit", 400, plain, `Unable to complete ECP transaction. Either CSRF check failed, or invalid "submit" command issued.`, refused,
			`it refused (“Unable to complete ECP transaction. Either CSRF check failed, or invalid "submit" command issued.”)`},
		{"without a type", 400, "", "Passwords did not match.", refused, "it refused (“Passwords did not match.”)"},

		// What a server's words may do to a terminal.
		{"escapes", 400, plain, "no\x1b]0;title\x07 \x1b[31mred\x1b[0m \u202eltr\u202c\x00\xff end\r\nsecond line", refused,
			"it refused (“no]0;title [31mred[0m ltr end”)"},
		{"long", 400, plain, strings.Repeat("word ", 100), refused,
			"it refused (“" + strings.Repeat("word ", 39) + "wor …”)"},
		{"long, without a blank, beyond ASCII", 400, plain, strings.Repeat("ж", 600), refused,
			"it refused (“" + strings.Repeat("ж", 198) + " …”)"},

		// Other answers of the SP and of what stands before it.
		{"400, a page", 400, "text/html", page, answer, "it answered 400 Bad Request with a web page"},
		{"400, empty", 400, plain, "", answer, "it answered 400 Bad Request"},
		{"404", 404, "text/html", page, answer, "it answered 404 Not Found with a web page"},
		{"403, text", 403, plain, "Not you.", answer, "it answered 403 Forbidden (“Not you.”)"},
		{"500", 500, "text/html", page, answer, "it answered 500 Internal Server Error with a web page"},
		{"503, disabled", 503, plain, "All certificates are disabled today.", disabled,
			"it issues no certificates any more (“All certificates are disabled today.”)"},
		{"204", 204, "", "", answer, "it answered 204 No Content"},

		{"a page", 200, "text/html", page, answer, "it answered 200 OK with a web page"},
		{"nothing", 200, plain, "", certificate, "the certificate cannot be used: none came"},
		{"text", 200, plain, "\nmyproxy-logon: no route to host\n", certificate,
			"the certificate cannot be used: none came (“myproxy-logon: no route to host”)"},
		{"a key alone", 200, plain, "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", certificate,
			"the certificate cannot be used: none came (“-----BEGIN PRIVATE KEY-----”)"},
		{"no certificate in the block", 200, plain, broken, certificate,
			"the certificate cannot be used: it is not readable: x509: malformed tbs certificate"},
		{"for another key", 200, plain, other, certificate,
			"the certificate cannot be used: it is for another key than the one that was sent"},
		{"too many", 200, plain, strings.Repeat(other, 33), certificate, "the certificate cannot be used: more than 32 came"},
		{"too large", 200, plain, other + strings.Repeat("x", 1<<20), answer, "it answered 200 OK (“more than 1024 KiB”)"},
		{"too large an error", 400, plain, strings.Repeat("x", 1<<20+1), answer, "it answered 400 Bad Request (“more than 1024 KiB”)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.issue = says(c.status, c.media, c.body)
			_, err := s.client(t).CertReq(t.Context(), given(newKey(t)), time.Hour)
			check(t, s, err, c.kind, c.want)
			if e, ok := errors.AsType[*getcert.RefusedError](err); ok {
				if want := c.name == "no attributes" || c.name == "no name"; e.MissingAttributes() != want {
					t.Errorf("MissingAttributes() = %v", !want)
				}
			}
		})
	}
}

// check compares an error with a type of the package and a text.
func check(t *testing.T, s *service, err error, kind, want string) {
	t.Helper()
	want = "getcert: requesting a certificate from " + s.url(t, "").Host + ": " + want
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	e, ok := errors.AsType[*getcert.Error](err)
	if !ok {
		t.Fatalf("a %T is no *getcert.Error", err)
	}
	if got := reflect.TypeOf(e.Err).Elem().Name(); got != kind {
		t.Errorf("the cause is a %s, want %s", got, kind)
	}
}

func TestErrorsOfPKCS12(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	wrong, err := pkcs12.Modern2023.Encode(newKey(t), leaf.Chain[0], nil, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body, kind, want string
	}{
		{"garbage", "\x30\x82\x09\x00garbage", "CertificateError", "its PKCS #12 file is not readable: it is not PKCS #12"},
		{"nothing", "", "CertificateError", "its PKCS #12 file is not readable: it is not PKCS #12"},
		{"cut off", string(wrong[:len(wrong)/2]), "CertificateError", "its PKCS #12 file is not readable: it is not PKCS #12"},
		{"another password", vector(t, "good-openssl3.p12"), "CertificateError",
			"its PKCS #12 file is not readable: the passphrase is wrong"},
		{"another password, old", vector(t, "good-legacy-rc2-3des.p12"), "CertificateError",
			"its PKCS #12 file is not readable: the passphrase is wrong"},
		{"no key", vector(t, "wrong-no-key.p12"), "CertificateError", "its PKCS #12 file is not readable: " +
			"there is no private key in it, or only one that is encrypted with the certificates"},
		{"a page", "<html>", "AnswerError", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.issue = says(200, p12, c.body)
			_, err := s.client(t).PKCS12(t.Context(), time.Hour)
			want := "the certificate cannot be used: " + c.want
			if c.want == "" {
				want = "it answered 200 OK with a web page"
			}
			check(t, s, err, c.kind, want)
		})
	}
}

// TestKeyOfAnotherCertificate came as PKCS #12.
func TestKeyOfAnotherCertificate(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	s := newService(t)
	s.issue = func(w http.ResponseWriter, r *http.Request) {
		data, err := pkcs12.Modern2023.Encode(newKey(t), leaf.Chain[0], nil, r.PostForm.Get("p12password"))
		if err != nil {
			t.Error(err)
		}
		says(200, p12, string(data))(w, r)
	}
	_, err := s.client(t).PKCS12(t.Context(), time.Hour)
	check(t, s, err, "CertificateError", "the certificate cannot be used: it is for another key than the one that came with it")
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for location, host := range map[string]string{
		"https://wayf.example.org/?entityID=x": "wayf.example.org",
		"/Shibboleth.sso/Login":                "",
		"":                                     "",
	} {
		for _, status := range []int{301, 302, 303, 307} {
			s := newService(t)
			s.issue = func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{location}
				w.WriteHeader(status)
			}
			want := host
			if want == "" {
				want = s.url(t, "").Host
			}
			_, err := s.client(t).CertReq(t.Context(), given(newKey(t)), time.Hour)
			check(t, s, err, "SessionError", "it does not know the session that was just opened: it redirects to "+want)
			s.only(t) // the form goes nowhere else
		}
	}
}

// TestTruncated breaks the connection in the middle of the answer, of known
// length or not.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "1000"} {
		s := newService(t)
		s.issue = func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, "-----BEGIN CERTIFICATE-----\n")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, err := s.client(t).CertReq(t.Context(), given(newKey(t)), time.Hour)
		check(t, s, err, "AnswerError", "its answer ended too soon")
	}
}

// TestDisabledBeforeLogin: the endpoint may say so to the first request, which
// asks for a login, before anybody is asked for a password.
func TestDisabledBeforeLogin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.ask = func(w http.ResponseWriter) { says(400, "text/plain", "ECP certificates have been disabled.")(w, nil) }
	client := s.client(t)
	client.ECP.Credentials = func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
		t.Error("somebody was asked for a password")
		return ecp.Credentials{}, errors.New("no")
	}
	_, err := client.CertReq(t.Context(), given(newKey(t)), time.Hour)
	check(t, s, err, "DisabledError", "it issues no certificates any more (“ECP certificates have been disabled.”)")
	_, err = client.PKCS12(t.Context(), time.Hour)
	check(t, s, err, "DisabledError", "it issues no certificates any more (“ECP certificates have been disabled.”)")

	s.ask = func(w http.ResponseWriter) { says(400, "text/plain", "Bad weather.")(w, nil) }
	_, err = client.CertReq(t.Context(), given(newKey(t)), time.Hour)
	if e, ok := errors.AsType[*ecp.NotECPError](err); !ok || e.Text != "Bad weather." {
		t.Errorf("another text: %v", err)
	}
}

// TestFederation asks a whole federation, in both modes, without a fault and
// with each of those that a CA has.
func TestFederation(t *testing.T) {
	t.Parallel()
	unusable := "the certificate cannot be used: "
	for _, c := range []struct {
		fault         fed.Fault
		certreq, p12s string
	}{
		{"", "", ""},
		{fed.NoAttributes, "it refused (“STATUS_MISSING_PARAMETER_ERROR”)", "it refused (“STATUS_MISSING_PARAMETER_ERROR”)"},
		{fed.DisabledCA, "it issues no certificates any more (“ECP certificates have been disabled.”)",
			"it issues no certificates any more (“ECP certificates have been disabled.”)"},
		{fed.CertForOtherKey, unusable + "it is for another key than the one that was sent",
			unusable + "it is for another key than the one that came with it"},
		{fed.ExpiredCert, unusable + "it has expired at HOUR", unusable + "it has expired at HOUR"},
		{fed.GarbagePKCS12, unusable + "it is not readable: x509: malformed certificate",
			unusable + "its PKCS #12 file is not readable: it is not PKCS #12"},
		{fed.Truncate, "its answer ended too soon", "its answer ended too soon"},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			o := fed.Options{Now: func() time.Time { return now }}
			if c.fault != "" {
				o.Faults = []fed.Fault{c.fault}
			}
			f, err := fed.Start(o)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got1, err1 := member(t, f).CertReq(t.Context(), given(newKey(t)), 11*time.Hour+time.Minute)
			got2, err2 := member(t, f).PKCS12(t.Context(), 500*time.Hour)
			hour := now.Add(-time.Hour).Format(time.RFC3339)
			for want, err := range map[string]error{c.certreq + "|1": err1, c.p12s + "|2": err2} {
				if want = want[:len(want)-2]; want != "" {
					want = fmt.Sprintf("getcert: requesting a certificate from %s: %s", host(t, f.SPURL), strings.ReplaceAll(want, "HOUR", hour))
				}
				if fmt.Sprint(err) != want && (err != nil || want != "") {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
			if c.fault != "" || t.Failed() {
				return
			}
			if diff := cmp.Diff([]time.Time{now.Add(12 * time.Hour), now.Add(500 * time.Hour)},
				[]time.Time{got1.Certificates[0].NotAfter, got2.Certificates[0].NotAfter}); diff != "" {
				t.Errorf("the ends (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClamped: a CA gives less than is asked without a word; the certificate
// tells.
func TestClamped(t *testing.T) {
	t.Parallel()
	f, err := fed.Start(fed.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := member(t, f).CertReq(t.Context(), given(newKey(t)), 10_000*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if end := got.Certificates[0].NotAfter; !end.Equal(now.Add(277 * time.Hour)) {
		t.Errorf("it ends at %v", end)
	}
}

// member is a client for a user of a federation.
func member(t *testing.T, f *fed.Federation) *getcert.Client {
	t.Helper()
	idp, err1 := url.Parse(f.IdPURL)
	sp, err2 := url.Parse(f.SPURL)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	transport := f.Client().Transport.(*http.Transport)
	transport.TLSClientConfig.Time = func() time.Time { return now }
	return &getcert.Client{
		ECP: &ecp.Client{
			IdP: idp, SPTransport: transport, IdPTransport: transport,
			Credentials: func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
				return ecp.Credentials{Username: f.Username, Password: f.Password}, nil
			},
		},
		URL: sp,
		Now: func() time.Time { return now },
	}
}

func host(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func vector(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../internal/pemfile/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
