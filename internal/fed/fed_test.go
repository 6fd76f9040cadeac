// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/google/go-cmp/cmp"
	"github.com/x509up/x509up/internal/fed"
)

func TestContent(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	c := login(t, f)
	for _, tt := range []struct {
		method, url, body string
		status            int
		want              string
	}{
		{"GET", f.ProtectedURL, "", 200, "Hello, Jane Doe.\nmethod: GET\nbody: \n"},
		{"PUT", f.ProtectedURL, "some text", 200, "Hello, Jane Doe.\nmethod: PUT\nbody: some text\n"},
		{"POST", f.ProtectedURL + "echo", "\x00\xff\r\n", 200, "\x00\xff\r\n"},
		{"GET", f.ProtectedURL + "redirect", "", 302, "<a href=\"/secure/\">Found</a>.\n\n"},
		{"GET", f.ProtectedURL + "nothing", "", 404, "404 page not found\n"},
		{"GET", f.PublicURL, "", 200, "<html><body><h1>Example Grid</h1><p>Everybody may read this.</p></body></html>\n"},
		{"GET", f.PublicURL + "nothing", "", 404, "404 page not found\n"},
	} {
		t.Run(tt.method+" "+tt.url, func(t *testing.T) {
			got := do(t, c, newRequest(t, tt.method, tt.url, "", tt.body))
			if got.status != tt.status || got.body != tt.want {
				t.Errorf("got %d %q, want %d %q", got.status, got.body, tt.status, tt.want)
			}
		})
	}
	if got := do(t, c, newRequest(t, "POST", f.ProtectedURL+"echo", "text/csv", "a,b")); got.header.Get("Content-Type") != "text/csv" {
		t.Errorf("the echo is of type %q", got.header.Get("Content-Type"))
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	idp, sp := f.Client(), f.Client()
	envelope := ask(t, sp, f.SPURL)
	r := do(t, idp, toIdP(t, f, envelope, f.Username, f.Password))
	delivered := deliver(t, f, sp, toACS(envelope, r.body))
	for _, set := range append(r.header["Set-Cookie"], delivered.header["Set-Cookie"]...) {
		c, err := http.ParseSetCookie(set)
		if err != nil || !c.Secure || !c.HttpOnly || c.Domain != "" {
			t.Errorf("the cookie is set by %q, %v", set, err)
		}
	}
	names := func(c *http.Client, where string) []string {
		u, err := url.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, cookie := range c.Jar.Cookies(u) {
			out = append(out, cookie.Name)
		}
		return out
	}
	if diff := cmp.Diff([]string{"JSESSIONID"}, names(idp, f.IdPURL)); diff != "" {
		t.Errorf("cookies of the IdP (-want +got):\n%s", diff)
	}
	// The one that belongs to the login has gone with it.
	if diff := cmp.Diff([]string{"_shibsession_64656661756c74"}, names(sp, f.SPURL)); diff != "" {
		t.Errorf("cookies of the SP (-want +got):\n%s", diff)
	}
}

// TestGetcert goes through both modes; the forms and errors in detail are in package ca.
func TestGetcert(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	c := login(t, f)
	roots := x509.NewCertPool()
	roots.AddCert(f.UserCA)
	verify := func(t *testing.T, cert *x509.Certificate) {
		t.Helper()
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Error(err)
		}
		if cert.Subject.CommonName != "Jane Doe A251" {
			t.Errorf("the certificate is for %q", cert.Subject.CommonName)
		}
	}
	key, request := csr(t)
	got := form(t, f, c, url.Values{"submit": {"certreq"}, "certreq": {request}})
	cert := certificate(t, got.body)
	verify(t, cert)
	if got.header.Get("Content-Type") != "text/plain" || !key.PublicKey.Equal(cert.PublicKey) {
		t.Errorf("certreq: %s for the key %v", got.header.Get("Content-Type"), cert.PublicKey)
	}
	got = form(t, f, c, url.Values{"submit": {"pkcs12"}, "p12password": {p12password}, "p12lifetime": {"3"}})
	_, cert, err := pkcs12.Decode([]byte(got.body), p12password)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, cert)
	if got.header.Get("Content-Type") != "application/x-pkcs12" {
		t.Errorf("pkcs12: %s", got.header.Get("Content-Type"))
	}
	if got := get(t, c, f.SPURL+"/"); got.status != 400 || !strings.HasPrefix(got.body, "Unable to complete ECP transaction.") {
		t.Errorf("a GET: %d %q", got.status, got.body)
	}
}

func TestListAndMetadata(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	if got := get(t, f.Client(), f.ListURL); !strings.HasPrefix(got.body, f.IdPURL+" "+f.IdPName+"\n") || strings.Count(got.body, "\n") != 2 {
		t.Errorf("the list is %q", got.body)
	}
	type endpoint struct {
		Binding  string `xml:",attr"`
		Location string `xml:",attr"`
	}
	type entity struct {
		ID   string     `xml:"entityID,attr"`
		Name string     `xml:"IDPSSODescriptor>Extensions>UIInfo>DisplayName"`
		SSO  []endpoint `xml:"IDPSSODescriptor>SingleSignOnService"`
		ACS  []endpoint `xml:"SPSSODescriptor>AssertionConsumerService"`
	}
	idp := entity{f.EntityID, f.IdPName, []endpoint{{"urn:oasis:names:tc:SAML:2.0:bindings:SOAP", f.IdPURL}}, nil}
	sp := entity{f.SPEntityID, "", nil, []endpoint{{"urn:oasis:names:tc:SAML:2.0:bindings:PAOS", f.ACSURL}}}
	var all struct {
		XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntitiesDescriptor"`
		Until    string   `xml:"validUntil,attr"`
		Entities []entity `xml:"EntityDescriptor"`
	}
	if err := xml.Unmarshal([]byte(get(t, f.Client(), f.MetadataURL).body), &all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]entity{idp, sp}, all.Entities); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if until, err := time.Parse(time.RFC3339, all.Until); err != nil || time.Until(until) < 24*time.Hour {
		t.Errorf("the metadata are valid until %q", all.Until)
	}
	sum := sha1.Sum([]byte(f.EntityID))
	for _, tt := range []struct {
		name, id string
		status   int
		want     entity
	}{
		{"entityID", url.QueryEscape(f.EntityID), 200, idp},
		{"the SP", url.PathEscape(f.SPEntityID), 200, sp},
		{"hash", "%7Bsha1%7D" + hex.EncodeToString(sum[:]), 200, idp},
		{"unknown", url.PathEscape("https://x"), 404, entity{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, "GET", f.MDQURL+"entities/"+tt.id, "", "")
			req.Header.Set("Accept", "application/samlmetadata+xml")
			r := do(t, f.Client(), req)
			var got entity
			if err := xml.Unmarshal([]byte(r.body), &got); r.status != tt.status || err != nil && r.status == 200 {
				t.Fatalf("%d %v %s", r.status, err, r.body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.status != 200 {
				return
			}
			req = req.Clone(t.Context())
			req.Header.Set("If-None-Match", r.header.Get("ETag"))
			if again := do(t, f.Client(), req); again.status != 304 {
				t.Errorf("asked again: %d", again.status)
			}
			req.Header.Del("Accept")
			if again := do(t, f.Client(), req); again.status != 406 {
				t.Errorf("without Accept: %d", again.status)
			}
		})
	}
}

// A lockedBuffer may be written by several servers.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	f := start(t, fed.Options{Log: &log})
	c := login(t, f)
	form(t, f, c, url.Values{"submit": {"nonsense"}})
	f.Close()

	want := []fed.Request{
		{Server: "sp", Method: "GET", Path: "/secure/getcert", Status: 200, Conn: 1},
		{Server: "idp", Method: "POST", Path: "/idp/profile/SAML2/SOAP/ECP", Status: 200, Login: true, Conn: 2},
		{Server: "sp", Method: "POST", Path: "/Shibboleth.sso/SAML2/ECP", Status: 302, Assertion: true, Conn: 1},
		{Server: "ca", Method: "POST", Path: "/secure/getcert", Status: 400, Conn: 1},
	}
	got := f.Requests()
	for i := range got {
		if age := time.Since(got[i].Time); age < 0 || age > time.Minute {
			t.Errorf("request %d was %v ago", i, age)
		}
		got[i].Time = time.Time{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in memory (-want +got):\n%s", diff)
	}
	keys := []string{"assertion", "conn", "login", "method", "path", "server", "status", "time"}
	var lines []fed.Request
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		var r fed.Request
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(fields))); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		r.Time = time.Time{}
		lines = append(lines, r)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestPostedFaultIsNoted(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	deliver(t, f, f.Client(), `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>`+
		`<faultcode>S:Server</faultcode><faultstring>they differ</faultstring></S:Fault></S:Body></S:Envelope>`)
	if r := f.Requests()[0]; r.Fault != "they differ" || r.Assertion {
		t.Errorf("noted: %+v", r)
	}
}

func TestWriteDir(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	dir := filepath.Join(t.TempDir(), "it's a $(new) folder")
	d, err := f.WriteDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteDir(dir); err != nil {
		t.Errorf("writing it again: %v", err)
	}
	cmd := exec.Command("/bin/sh", "-c", ". ./env.sh && env")
	cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Split(string(out), "\n")
	for _, want := range []string{
		"ECP_IDP=" + f.IdPURL,
		"X509UP_SERVICE_PROVIDER=" + f.SPURL,
		"X509UP_USERNAME=" + f.Username,
		"X509UP_PASSWORD_FILE=" + filepath.Join(dir, "password"),
		"SSL_CERT_FILE=" + filepath.Join(dir, "ca.pem"),
		"X509_CERT_DIR=" + filepath.Join(dir, "certificates"),
		"X509_USER_PROXY=" + filepath.Join(dir, "x509up.pem"),
	} {
		if !slices.Contains(env, want) || !slices.Contains(d.Environ(), want) {
			t.Errorf("%s is missing:\n%s", want, out)
		}
	}
	// The hash is what openssl x509 -hash says about this name.
	for path, want := range map[string]struct {
		mode os.FileMode
		text string
	}{
		dir:        {os.ModeDir | 0o700, ""},
		d.Password: {0o600, f.Password + "\n"},
		d.CA:       {0o644, string(f.CACertPEM)},
		d.List:     {0o644, get(t, f.Client(), f.ListURL).body},
		d.Metadata: {0o644, get(t, f.Client(), f.MetadataURL).body},
		filepath.Join(d.CertDir, "f4a71061.0"): {0o644,
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.UserCA.Raw}))},
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want.mode {
			t.Errorf("%s has the mode %v, want %v", path, info.Mode(), want.mode)
		}
		if text, err := os.ReadFile(path); err == nil && string(text) != want.text {
			t.Errorf("%s holds %q, want %q", path, text, want.text)
		}
	}
	policy, err := os.ReadFile(filepath.Join(d.CertDir, "f4a71061.signing_policy"))
	if err != nil || !bytes.Contains(policy, []byte("'/DC=org/DC=example/O=Example Grid/CN=Example Grid CA'")) {
		t.Errorf("the signing policy is %q, %v", policy, err)
	}
	if _, err := f.WriteDir(filepath.Join(d.List, "below a file")); err == nil {
		t.Error("a folder below a file was written")
	}
}

// TestLatency counts round trips: a handshake of TCP, one of TLS 1.3, one request; then a request alone.
func TestLatency(t *testing.T) {
	t.Parallel()
	const oneWay = 20 * time.Millisecond
	f := start(t, fed.Options{Latency: oneWay})
	c := f.Client()
	for _, trips := range []time.Duration{3, 1} {
		began := time.Now()
		if got := get(t, c, f.PublicURL); got.status != 200 {
			t.Fatalf("got %d", got.status)
		}
		if took := time.Since(began); took < trips*2*oneWay {
			t.Errorf("%d round trips took %v, want at least %v", trips, took, trips*2*oneWay)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	for _, where := range []string{f.IdPURL, f.SPURL} {
		u, err := url.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"127.0.0.1", "localhost"} {
			conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", u.Port()), &tls.Config{RootCAs: f.CAPool, ServerName: name})
			if err != nil {
				t.Errorf("%s as %s: %v", where, name, err)
				continue
			}
			if v := conn.ConnectionState().Version; v != tls.VersionTLS13 {
				t.Errorf("%s speaks %s", where, tls.VersionName(v))
			}
			conn.Close()
		}
	}
	idp, sp := strings.Split(f.IdPURL, ":")[1], strings.Split(f.SPURL, ":")[1]
	if idp == sp {
		t.Errorf("both servers are %s, so a jar would mix their cookies", idp)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const clients = 20
	f := start(t, fed.Options{})
	var group sync.WaitGroup
	for range clients {
		group.Go(func() { login(t, f) })
	}
	group.Wait()
	if f.Logins() != clients {
		t.Errorf("%d logins were counted, want %d", f.Logins(), clients)
	}
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	c := login(t, f)
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if res, err := c.Get(f.ProtectedURL); err == nil {
		res.Body.Close()
		t.Error("after Close the SP answers")
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		start(b, fed.Options{}).Close()
	}
}

func ExampleStart() {
	f, err := fed.Start(fed.Options{})
	if err != nil {
		panic(err)
	}
	defer f.Close()
	res, err := f.Client().Get(f.PublicURL)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	os.Stdout.WriteString(res.Status + "\n")
	// Output: 200 OK
}
