// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/google/go-cmp/cmp"
	"github.com/x509up/x509up/internal/fed/ca"
)

const password = "correct horse 42"

var (
	now  = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
	jane = ca.Attributes{Principal: "jdoe@example.org", Name: "Jane Doe", Mail: "jane.doe@example.org"}
)

// online makes a CA that knows Jane.
func online(t *testing.T) *ca.Online {
	t.Helper()
	a, err := ca.New(now, ca.RDN{Type: ca.DC, Value: "org"}, ca.RDN{Type: ca.CN, Value: "Test CA"})
	if err != nil {
		t.Fatal(err)
	}
	return &ca.Online{
		Authority:    a,
		Organisation: "Example University",
		People:       []ca.Person{{Principal: jane.Principal, Name: jane.Name, Mail: jane.Mail, Serial: "A251"}},
		Now:          func() time.Time { return now },
	}
}

// request makes a PKCS #10 request.
func request(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// post asks the CA with a form, and a cookie.
func post(c *ca.Online, form url.Values, cookie string, who ca.Attributes) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/secure/getcert", nil)
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	c.Answer(w, r, []byte(form.Encode()), who)
	return w
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := request(t, newKey(t))
	block, _ := pem.Decode([]byte(good))
	block.Bytes[len(block.Bytes)-1] ^= 1
	forged := string(pem.EncodeToMemory(block))
	const submit = `Unable to complete ECP transaction. Either CSRF check failed, or invalid "submit" command issued.`
	const myproxy = "Error! MyProxy unable to create certificate."
	for _, tt := range []struct {
		name   string
		form   url.Values
		cookie string
		who    ca.Attributes
		want   string
	}{
		{"nothing", url.Values{}, "", jane, submit},
		{"another command", url.Values{"submit": {"getuser"}}, "", jane, submit},
		{"CSRF without a cookie", url.Values{"submit": {"certreq"}, "certreq": {good}, "CSRF": {"abc"}}, "", jane, submit},
		{"CSRF differs", url.Values{"submit": {"certreq"}, "certreq": {good}, "CSRF": {"abc"}}, "CSRF=abd", jane, submit},
		{"no request", url.Values{"submit": {"certreq"}}, "", jane, "Missing certificate request."},
		{"no request comes before no user", url.Values{"submit": {"certreq"}}, "", ca.Attributes{}, "Missing certificate request."},
		{"no PEM", url.Values{"submit": {"certreq"}, "certreq": {"hello"}}, "", jane, myproxy},
		{"not signed by its key", url.Values{"submit": {"certreq"}, "certreq": {forged}}, "", jane, myproxy},
		{"unknown type of key", url.Values{"submit": {"certreq"}, "certreq": {request(t, ed)}}, "", jane, myproxy},
		{"no attributes", url.Values{"submit": {"certreq"}, "certreq": {good}}, "", ca.Attributes{}, "STATUS_MISSING_PARAMETER_ERROR"},
		{"no mail", url.Values{"submit": {"pkcs12"}, "p12password": {password}}, "",
			ca.Attributes{Principal: jane.Principal, Name: jane.Name}, "STATUS_MISSING_PARAMETER_ERROR"},
		{"short password", url.Values{"submit": {"pkcs12"}, "p12password": {"12345678901"}}, "", jane, "Password must have at least 12 characters."},
		{"no password", url.Values{"submit": {"pkcs12"}}, "", jane, "Password must have at least 12 characters."},
		{"two passwords", url.Values{"submit": {"pkcs12"}, "password1": {password}, "password2": {"x"}}, "", jane, "Passwords did not match."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := post(online(t), tt.form, tt.cookie, tt.who)
			if got.Code != 400 || got.Header().Get("Content-Type") != "text/plain" || got.Body.String() != tt.want {
				t.Errorf("got %d %s %q, want %q", got.Code, got.Header().Get("Content-Type"), got.Body, tt.want)
			}
		})
	}
}

// slashes writes a name as grid tools do.
func slashes(t *testing.T, raw []byte) string {
	t.Helper()
	var seq pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &seq); err != nil {
		t.Fatal(err)
	}
	short := map[string]string{ca.DC.String(): "DC", ca.C.String(): "C", ca.O.String(): "O", ca.CN.String(): "CN"}
	var b strings.Builder
	for _, set := range seq {
		for _, a := range set {
			fmt.Fprintf(&b, "/%s=%s", short[a.Type.String()], a.Value)
		}
	}
	return b.String()
}

func TestCertreq(t *testing.T) {
	t.Parallel()
	c := online(t)
	key := newKey(t)
	got := post(c, url.Values{"SUBMIT": {"certreq"}, "certreq": {request(t, key)}, "CSRF": {"abc"}}, "CSRF=abc", jane)
	block, rest := pem.Decode(got.Body.Bytes())
	if got.Code != 200 || block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignatureFrom(c.Authority.Cert); err != nil {
		t.Error(err)
	}
	type facts struct {
		Subject  string
		Usage    x509.KeyUsage
		Extended []x509.ExtKeyUsage
		Mail     []string
		From, To time.Time
		CA       bool
	}
	want := facts{
		"/DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251",
		x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		[]string{jane.Mail}, now.Add(-5 * time.Minute), now.Add(12 * time.Hour), false,
	}
	have := facts{slashes(t, cert.RawSubject), cert.KeyUsage, cert.ExtKeyUsage, cert.EmailAddresses, cert.NotBefore, cert.NotAfter, cert.IsCA}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		t.Error("the certificate is for another key")
	}
	if !bytes.Contains(cert.RawSubject, []byte("\x16\x03org")) {
		t.Errorf("domain components are not IA5String: %x", cert.RawSubject)
	}
	usage := asn1.ObjectIdentifier{2, 5, 29, 15}
	for _, e := range cert.Extensions {
		if e.Id.Equal(usage) && !e.Critical {
			t.Error("keyUsage is not critical")
		}
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	c := online(t)
	csr := request(t, newKey(t))
	for _, tt := range []struct {
		name string
		form url.Values
		want int // hours
	}{
		{"certreq, default", url.Values{"certreq": {csr}}, 12},
		{"certreq, zero", url.Values{"certreq": {csr}, "certlifetime": {"0"}}, 12},
		{"certreq, nonsense", url.Values{"certreq": {csr}, "certlifetime": {"1e3"}}, 12},
		{"certreq, some", url.Values{"certreq": {csr}, "certlifetime": {"100"}}, 100},
		{"certreq, too long", url.Values{"certreq": {csr}, "certlifetime": {"278"}}, 277},
		{"certreq, negative", url.Values{"certreq": {csr}, "certlifetime": {"-5"}}, 1},
		{"pkcs12, default", url.Values{}, 9516},
		{"pkcs12, some", url.Values{"p12lifetime": {"300"}}, 300},
		{"pkcs12, days", url.Values{"p12lifetime": {"3"}, "p12multiplier": {"24"}}, 72},
		{"pkcs12, months", url.Values{"p12lifetime": {"14"}, "p12multiplier": {"732"}}, 9516},
		{"pkcs12, negative", url.Values{"p12lifetime": {"-1"}}, 9516},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form := url.Values{"submit": {"pkcs12"}, "password1": {password}, "password2": {password}}
			if tt.form.Has("certreq") {
				form.Set("submit", "certreq")
			}
			for k, v := range tt.form {
				form[k] = v
			}
			got := post(c, form, "", jane)
			var cert *x509.Certificate
			var err error
			if block, _ := pem.Decode(got.Body.Bytes()); block != nil {
				cert, err = x509.ParseCertificate(block.Bytes)
			} else {
				var key any
				key, cert, err = pkcs12.Decode(got.Body.Bytes(), password)
				if err == nil && !key.(*rsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
					t.Error("the key is of another certificate")
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if hours := int(cert.NotAfter.Sub(now).Hours()); hours != tt.want {
				t.Errorf("%d hours, want %d", hours, tt.want)
			}
		})
	}
}

func TestWeakKey(t *testing.T) {
	t.Parallel()
	for bits, status := range map[int]int{1024: 400, 2048: 200} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		if got := post(online(t), url.Values{"submit": {"certreq"}, "certreq": {request(t, key)}}, "", jane); got.Code != status {
			t.Errorf("%d bits: %d %s", bits, got.Code, got.Body)
		}
	}
}

// TestOtherKey: the key that nobody asked for is at least of the right kind.
func TestOtherKey(t *testing.T) {
	t.Parallel()
	c := online(t)
	c.Faults.OtherKey = true
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(post(c, url.Values{"submit": {"certreq"}, "certreq": {request(t, key)}}, "", jane).Body.Bytes())
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if pub, ok := cert.PublicKey.(*rsa.PublicKey); !ok || key.PublicKey.Equal(pub) {
		t.Errorf("the certificate is for %v", cert.PublicKey)
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	c := online(t)
	c.Faults.Truncate = true
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("the handler ended with %v", r)
		}
	}()
	post(c, url.Values{"submit": {"certreq"}, "certreq": {request(t, newKey(t))}}, "", jane)
}

// TestSubjectHash compares with what openssl x509 -subject_hash and -subject_hash_old printed for the names.
func TestSubjectHash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      []ca.RDN
		want, old string
	}{
		{[]ca.RDN{{Type: ca.DC, Value: "org"}, {Type: ca.DC, Value: "example"}, {Type: ca.O, Value: "Example Grid"}, {Type: ca.CN, Value: "Example Grid CA"}}, "f4a71061", "b6bb1c9b"},
		{[]ca.RDN{{Type: ca.C, Value: "DE"}, {Type: ca.O, Value: "  Two   Blanks "}, {Type: ca.CN, Value: "UPPER lower"}}, "96496957", "91898f6d"},
		{[]ca.RDN{{Type: ca.CN, Value: "ÜBER Zürich CA"}}, "c41ee132", "d747f8c5"},
	} {
		a, err := ca.New(now, tt.name...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ca.SubjectHash(a.Cert); got != tt.want || err != nil {
			t.Errorf("%v: %s, %v, want %s", tt.name, got, err, tt.want)
		}
		if got := ca.OldSubjectHash(a.Cert); got != tt.old {
			t.Errorf("%v: the old one is %s, want %s", tt.name, got, tt.old)
		}
	}
}

func TestServerCert(t *testing.T) {
	t.Parallel()
	a, err := ca.New(now, ca.RDN{Type: ca.CN, Value: "Web CA"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := a.ServerCert(now)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.PEM(a.Cert)) {
		t.Fatal("the CA is not PEM")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := server.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now}); err != nil {
			t.Error(err)
		}
	}
}

func TestNewRSA(t *testing.T) {
	t.Parallel()
	a, err := ca.NewRSA(now, ca.RDN{Type: ca.CN, Value: "RSA CA"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Cert.CheckSignatureFrom(a.Cert); err != nil || a.Cert.SignatureAlgorithm != x509.SHA256WithRSA {
		t.Errorf("its signature is %v: %v", a.Cert.SignatureAlgorithm, err)
	}
}

// TestHostCert expects what VOMS wants of its servers: an RSA key, named by the SHA-1 that OpenSSL and C++ compute.
func TestHostCert(t *testing.T) {
	t.Parallel()
	a := online(t).Authority
	host, err := a.HostCert(now)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := host.PrivateKey.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() != 2048 {
		t.Fatalf("the key is %T", host.PrivateKey)
	}
	sum := sha1.Sum(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	if !bytes.Equal(host.Leaf.SubjectKeyId, sum[:]) {
		t.Errorf("the key identifier is %X, want %X", host.Leaf.SubjectKeyId, sum)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Cert)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := host.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	subject, err := ca.HostName()
	if err != nil || !bytes.Equal(subject, host.Leaf.RawSubject) {
		t.Errorf("HostName gives %X, %v; the certificate has %X", subject, err, host.Leaf.RawSubject)
	}
}
