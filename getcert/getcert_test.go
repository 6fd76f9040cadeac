// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/testca"
)

func TestCertReq(t *testing.T) {
	t.Parallel()
	s, ca, key := newService(t), testca.New(t, testca.Options{}), newKey(t)
	leaf := issued(t, ca, key)
	s.issue = says(200, "text/plain", pemOf(leaf))
	got, err := s.client(t).CertReq(t.Context(), given(key), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != key || len(got.Certificates) != 1 || !got.Certificates[0].Equal(leaf) {
		t.Errorf("got the key %v and %d certificates", got.Key, len(got.Certificates))
	}
	form := s.only(t)
	if request := requestIn(t, form.PostForm.Get("certreq")); !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(request.PublicKey) {
		t.Error("the request is for another key")
	}
	checkForm(t, form, "CSRF", map[string]string{"submit": "certreq", "certlifetime": "24", "certreq": form.PostForm.Get("certreq")})
}

// checkForm compares all fields, and the field and the cookie against forgery.
// The SP's cookies come back, those that it set before the login as well.
func checkForm(t *testing.T, form *http.Request, csrf string, want map[string]string) {
	t.Helper()
	if media := form.Header.Get("Content-Type"); media != "application/x-www-form-urlencoded" {
		t.Errorf("the form came as %q", media)
	}
	got, cookies := map[string]string{}, map[string]string{}
	for name, values := range form.PostForm {
		got[name] = strings.Join(values, " | ")
	}
	for _, c := range form.Cookies() {
		cookies[c.Name] = c.Value
	}
	token := got[csrf]
	if len(token) != 10 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		t.Errorf("%s is %q", csrf, token)
	}
	want[csrf] = token
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{csrf: token, "BALANCER": "node-2", "_shibsession_1": "s-1"}, cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

func TestPKCS12(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	leaf := ca.Issue(t, testca.Leaf{RSA: true})
	for _, c := range []struct {
		name    string
		encoder *pkcs12.Encoder
	}{{"OpenSSL 1", pkcs12.LegacyRC2}, {"OpenSSL 3", pkcs12.Modern2023}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.issue = func(w http.ResponseWriter, r *http.Request) {
				data, err := c.encoder.Encode(leaf.Key, leaf.Chain[0], []*x509.Certificate{ca.Cert}, r.PostForm.Get("p12password"))
				if err != nil {
					t.Error(err)
				}
				says(200, "application/x-pkcs12", string(data))(w, r)
			}
			got, err := s.client(t).PKCS12(t.Context(), 277*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Certificates) != 2 || !got.Certificates[0].Equal(leaf.Chain[0]) || !got.Certificates[1].Equal(ca.Cert) {
				t.Errorf("got %d certificates", len(got.Certificates))
			}
			if !leaf.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(got.Key.Public()) {
				t.Error("got another key")
			}
			form := s.only(t)
			password := form.PostForm.Get("p12password")
			if len(password) < 20 {
				t.Errorf("the password is %q", password)
			}
			checkForm(t, form, "CSRF", map[string]string{"submit": "pkcs12", "p12lifetime": "277", "p12password": password})
		})
	}
}

// TestPasswordsDiffer: nobody who learns one password can open another file.
func TestPasswordsDiffer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.issue = says(400, "text/plain", "no")
	for range 3 {
		if _, err := s.client(t).PKCS12(t.Context(), time.Hour); err == nil {
			t.Fatal("no error")
		}
	}
	seen := map[string]bool{}
	for _, form := range s.form {
		seen[form.PostForm.Get("p12password")], seen[form.PostForm.Get("CSRF")] = true, true
	}
	if len(seen) != 6 {
		t.Errorf("of 6 random values %d differ", len(seen))
	}
}

func TestOtherFieldNames(t *testing.T) {
	t.Parallel()
	names := getcert.Form{
		Submit: "do", CertReq: "request", CertLifetime: "validity", P12Password: "secret", P12Lifetime: "hours", CSRF: "token",
	}
	for _, c := range []struct {
		name string
		ask  func(*getcert.Client) error
		want func(*http.Request) map[string]string
	}{
		{"certreq", func(c *getcert.Client) error {
			_, err := c.CertReq(t.Context(), given(newKey(t)), time.Hour)
			return err
		}, func(r *http.Request) map[string]string {
			return map[string]string{"do": "certreq", "validity": "1", "request": r.PostForm.Get("request")}
		}},
		{"pkcs12", func(c *getcert.Client) error {
			_, err := c.PKCS12(t.Context(), time.Hour)
			return err
		}, func(r *http.Request) map[string]string {
			return map[string]string{"do": "pkcs12", "hours": "1", "secret": r.PostForm.Get("secret")}
		}},
	} {
		s := newService(t)
		s.issue = says(400, "text/plain", "no")
		client := s.client(t)
		client.Form = names
		if err := c.ask(client); err == nil {
			t.Errorf("%s: no error", c.name)
		}
		form := s.only(t)
		checkForm(t, form, "token", c.want(form))
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[time.Duration]string{
		-time.Hour:                    "1",
		0:                             "1",
		1:                             "1",
		time.Hour:                     "1",
		time.Hour + 1:                 "2",
		90 * time.Minute:              "2",
		12 * time.Hour:                "12",
		277*time.Hour - time.Second:   "277",
		1_000_000 * time.Second:       "278",
		9516 * time.Hour:              "9516",
		9516*time.Hour + time.Minute:  "9517",
		time.Duration(1<<63 - 1):      "2562048",
		time.Duration(-1 << 63):       "1",
		24 * 365 * 100 * time.Hour:    "876000",
		24*365*100*time.Hour + 3600e6: "876001",
	} {
		s := newService(t)
		s.issue = says(400, "text/plain", "no")
		client := s.client(t)
		if _, err := client.CertReq(t.Context(), given(newKey(t)), lifetime); err == nil {
			t.Error("no error")
		}
		if got := s.only(t).PostForm.Get("certlifetime"); got != want {
			t.Errorf("%v: certlifetime=%s, want %s", lifetime, got, want)
		}
	}
}

// TestAnswersOfCertReq reads answers as they may come: with other lines, in any
// order, with the chain or without.
func TestAnswersOfCertReq(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{})
	ca := root.Intermediate(t, testca.Options{Subject: "/DC=org/DC=example/CN=Issuing CA"})
	key := newKey(t)
	leaf := issued(t, ca, key)
	const junk = "Attribute \"x\" ignored\n-----BEGIN NONSENSE\n\x1b[31mwarning\x1b[0m: slow\r\n"
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("nothing")}))
	for _, c := range []struct {
		name, body string
		want       []*x509.Certificate
	}{
		{"alone", pemOf(leaf), []*x509.Certificate{leaf}},
		{"no line feed at the end", strings.TrimSpace(pemOf(leaf)), []*x509.Certificate{leaf}},
		{"CRLF", strings.ReplaceAll(pemOf(leaf), "\n", "\r\n"), []*x509.Certificate{leaf}},
		{"chain", pemOf(leaf, ca.Cert, root.Cert), []*x509.Certificate{leaf, ca.Cert, root.Cert}},
		{"chain backwards", pemOf(root.Cert, ca.Cert, leaf), []*x509.Certificate{leaf, root.Cert, ca.Cert}},
		{"in the middle", pemOf(root.Cert, leaf, ca.Cert), []*x509.Certificate{leaf, root.Cert, ca.Cert}},
		{"twice", pemOf(leaf, leaf), []*x509.Certificate{leaf, leaf}},
		{"other lines", junk + pemOf(leaf) + junk + pemOf(ca.Cert) + junk, []*x509.Certificate{leaf, ca.Cert}},
		{"an unreadable one beside it", broken + pemOf(leaf) + broken, []*x509.Certificate{leaf}},
		{"another block", string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("x")})) + pemOf(leaf), []*x509.Certificate{leaf}},
		{"the old name", strings.ReplaceAll(pemOf(leaf), " CERTIFICATE", " X509 CERTIFICATE"), []*x509.Certificate{leaf}},
		{"as many as may be", pemOf(leaf) + strings.Repeat(pemOf(ca.Cert), 31), append([]*x509.Certificate{leaf}, repeated(ca.Cert, 31)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.issue = says(200, "text/html", c.body) // as scripts send it that forget the type
			got, err := s.client(t).CertReq(t.Context(), given(key), time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(subjects(c.want), subjects(got.Certificates)); diff != "" {
				t.Errorf("certificates (-want +got):\n%s", diff)
			}
		})
	}
}

func repeated(c *x509.Certificate, n int) []*x509.Certificate {
	all := make([]*x509.Certificate, n)
	for i := range all {
		all[i] = c
	}
	return all
}

func subjects(all []*x509.Certificate) []string {
	var names []string
	for _, c := range all {
		names = append(names, c.Subject.String())
	}
	return names
}

// TestCertificates: what times and kinds of certificates are taken.
func TestCertificates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		leaf testca.Leaf
		want string
	}{
		{"over since now", testca.Leaf{NotAfter: now}, ""},
		{"over", testca.Leaf{NotAfter: now.Add(-time.Second)}, "it has expired at 2030-01-01T11:59:59Z"},
		{"the CA's clock is ahead", testca.Leaf{NotBefore: now.Add(5 * time.Minute)}, ""},
		{"not yet valid", testca.Leaf{NotBefore: now.Add(5*time.Minute + time.Second)},
			"it is not valid before 2030-01-01T12:05:01Z: is the clock right?"},
		{"a CA", testca.Leaf{Change: func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }},
			"it is the certificate of a CA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ca := testca.New(t, testca.Options{})
			leaf := ca.Issue(t, c.leaf)
			s := newService(t)
			s.issue = func(w http.ResponseWriter, r *http.Request) {
				if r.PostForm.Get("submit") == "certreq" {
					says(200, "text/plain", pemOf(leaf.Chain[0]))(w, r)
					return
				}
				data, err := pkcs12.Modern2023.Encode(leaf.Key, leaf.Chain[0], nil, r.PostForm.Get("p12password"))
				if err != nil {
					t.Error(err)
				}
				says(200, "application/x-pkcs12", string(data))(w, r)
			}
			_, err1 := s.client(t).CertReq(t.Context(), given(leaf.Key), time.Hour)
			_, err2 := s.client(t).PKCS12(t.Context(), time.Hour)
			for mode, err := range map[string]error{"certreq": err1, "pkcs12": err2} {
				if c.want == "" && err == nil {
					continue
				}
				e, ok := errors.AsType[*getcert.CertificateError](err)
				if !ok || e.Reason != c.want {
					t.Errorf("%s: got  %v\nwant %s", mode, err, c.want)
				}
			}
		})
	}
}

// TestClock: without a clock of its own the client takes the system's.
func TestClock(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Key: key, NotAfter: time.Now().Add(-time.Minute)})
	s := newService(t)
	s.issue = says(200, "text/plain", pemOf(leaf.Chain[0]))
	client := s.client(t)
	client.Now = nil
	if _, err := client.CertReq(t.Context(), given(key), time.Hour); err == nil || !strings.Contains(err.Error(), "it has expired") {
		t.Errorf("got %v", err)
	}
}

func TestKeyFails(t *testing.T) {
	t.Parallel()
	s := newService(t)
	cause := errors.New("no entropy")
	_, err := s.client(t).CertReq(t.Context(), func(context.Context) (crypto.Signer, error) { return nil, cause }, time.Hour)
	if e, ok := errors.AsType[*getcert.Error](err); !ok || !errors.Is(err, cause) || e.Host != s.url(t, "").Host {
		t.Errorf("got %v", err)
	}
	if len(s.form) > 0 {
		t.Error("a form was sent")
	}
}

// TestCancelled cuts the client off while the CA keeps it waiting, before the
// header and in the middle of the answer.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"", "-----BEGIN CERT"} {
		s := newService(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.issue = func(w http.ResponseWriter, r *http.Request) {
			if begin != "" {
				_, _ = io.WriteString(w, begin)
				_ = http.NewResponseController(w).Flush()
			}
			cancel()
			<-r.Context().Done()
		}
		if _, err := s.client(t).CertReq(ctx, given(newKey(t)), time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("after %q: %v, want context.Canceled", begin, err)
		}
	}
}

func TestCancelledWhileTheKeyIsMade(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.client(t).CertReq(ctx, func(ctx context.Context) (crypto.Signer, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}, time.Hour)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestLoginFails: errors of the login are those of package ecp, as they are.
func TestLoginFails(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.issue = says(404, "text/plain", "no IdP here")
	client := s.client(t)
	client.ECP.IdP = s.url(t, "/nowhere")
	_, err := client.CertReq(t.Context(), given(newKey(t)), time.Hour)
	if e, ok := errors.AsType[*ecp.Error](err); !ok || error(e) != err {
		t.Errorf("got a %T: %v", err, err)
	}
	if _, err := client.PKCS12(t.Context(), time.Hour); err == nil {
		t.Error("pkcs12: no error")
	}
}
