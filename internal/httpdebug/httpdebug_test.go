// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/httpdebug"
)

// messages keeps what is written, a message for each call.
type messages struct {
	mu   sync.Mutex
	list []string
}

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, string(p))
	return len(p), nil
}

func (m *messages) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.list...)
}

// answers is a RoundTripper that gives one answer.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func respond(status int, header http.Header, body io.Reader) answers {
	return func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return nil, err
			}
			req.Body.Close()
		}
		return &http.Response{Proto: "HTTP/1.1", StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
			Header: header, Body: io.NopCloser(body), Request: req}, nil
	}
}

func newRequest(t *testing.T, method, target string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// envelope is an IdP's answer; what the log must not have is marked by %[1]s.
const envelope = `<?xml version="1.0" encoding="UTF-8"?>
<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Header>` +
	`<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" AssertionConsumerServiceURL="https://sp.example.org/ECP?k=%[1]s" soap11:mustUnderstand="1"/>` +
	`<ecp:RelayState xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp">%[1]s</ecp:RelayState>` +
	`<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec">%[1]s</samlec:GeneratedKey>` +
	`</soap11:Header><soap11:Body><saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" other="%[1]s">` +
	`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example.org/idp</Issuer><!-- %[1]s --><?pi %[1]s?>` +
	`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignatureValue>%[1]s</ds:SignatureValue></ds:Signature>` +
	`<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` +
	`<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="%[1]s"><saml2:Issuer>%[1]s</saml2:Issuer>` +
	`<saml2:Subject><saml2:NameID Format="f">%[1]s</saml2:NameID></saml2:Subject></saml2:Assertion>` +
	`<q:EncryptedAssertion xmlns:q="urn:oasis:names:tc:SAML:2.0:assertion">%[1]s</q:EncryptedAssertion>` +
	`<x:login xmlns:x="https://example.org/" password="%[1]s">%[1]s<x:y/></x:login>` +
	`</saml2p:Response></soap11:Body></soap11:Envelope>`

func TestExchange(t *testing.T) {
	t.Parallel()
	out := new(messages)
	answer := fmt.Sprintf(envelope, "SECRET")
	header := http.Header{"Content-Type": {"text/xml;charset=utf-8"}, "Set-Cookie": {"JSESSIONID=SECRET; Path=/idp; Secure; HttpOnly"}}
	transport := &httpdebug.Transport{Base: respond(200, header, strings.NewReader(answer)), Out: out, Name: "idp"}
	req := newRequest(t, "POST", "https://idp.example.org/ECP", strings.NewReader(`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body/></S:Envelope>`))
	req.SetBasicAuth("jdoe", "SECRET")
	req.Header.Set("Content-Type", "text/xml")
	got, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(got.Body)
	if err != nil || string(data) != answer {
		t.Errorf("the body was changed: %q, %v", data, err)
	}
	got.Body.Close()
	want := []string{`> idp 1: POST https://idp.example.org/ECP
> idp 1: Authorization: Basic [redacted]
> idp 1: Content-Type: text/xml
> idp 1:
> idp 1: <S:Envelope>
> idp 1:   <S:Body/>
> idp 1: </S:Envelope>
`, `< idp 1: HTTP/1.1 200 OK
< idp 1: Content-Type: text/xml;charset=utf-8
< idp 1: Set-Cookie: JSESSIONID=[redacted]; Path=/idp; Secure; HttpOnly
`, `< idp 1:
< idp 1: <S:Envelope>
< idp 1:   <S:Header>
< idp 1:     <ecp:Response AssertionConsumerServiceURL="https://sp.example.org/ECP?k=[redacted]" S:mustUnderstand="1"/>
< idp 1:     <ecp:RelayState>[6 bytes]</ecp:RelayState>
< idp 1:     <samlec:GeneratedKey>[6 bytes]</samlec:GeneratedKey>
< idp 1:   </S:Header>
< idp 1:   <S:Body>
< idp 1:     <samlp:Response ID="_1" other="[redacted]">
< idp 1:       <saml:Issuer>https://idp.example.org/idp</saml:Issuer>
< idp 1:       <ds:Signature>
< idp 1:         <ds:SignatureValue>[6 bytes]</ds:SignatureValue>
< idp 1:       </ds:Signature>
< idp 1:       <samlp:Status>
< idp 1:         <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>
< idp 1:       </samlp:Status>
< idp 1:       <saml:Assertion>[112 bytes]</saml:Assertion>
< idp 1:       <saml:EncryptedAssertion>[6 bytes]</saml:EncryptedAssertion>
< idp 1:       <{https://example.org/}login password="[redacted]">
< idp 1:         <{https://example.org/}y/>
< idp 1:         [redacted]
< idp 1:       </{https://example.org/}login>
< idp 1:     </samlp:Response>
< idp 1:   </S:Body>
< idp 1: </S:Envelope>
`}
	if diff := cmp.Diff(want, out.all()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// marker is a password that no text has by chance.
const marker = "hUnter2-pa55word"

// disguises are the forms in which a secret may come out: as it is, as part of a
// query, in hexadecimal, and in the three base64 forms that it has as part of a
// longer text, less the characters that its neighbours have a share in.
func disguises(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret))}
	for shift := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		forms = append(forms, encoded[(shift*8+5)/6:len(encoded)-1])
	}
	return forms
}

func TestDisguises(t *testing.T) {
	t.Parallel()
	for _, text := range []string{marker, "u:" + marker, "us:" + marker, "use:" + marker + ":x"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		found := false
		for _, form := range disguises(marker) {
			found = found || strings.Contains(encoded, form)
		}
		if !found {
			t.Errorf("%s is not found in %s", text, encoded)
		}
	}
}

// TestNoSecrets plays a login with the marker in every place where a secret can
// be, against a real server, and searches the log.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte("x" + marker))
	const pemKey = "-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----\n"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Set-Cookie", "_shibsession_1="+marker+"; Path=/; HttpOnly; "+marker)
		h.Add("Set-Cookie", marker)
		h.Set("Location", "https://u:"+marker+"@sp.example.org/x;jsessionid="+marker+"?SAMLResponse="+url.QueryEscape(encoded)+"#"+marker)
		h.Set("WWW-Authenticate", "Negotiate "+encoded)
		h.Set("Authentication-Info", "nextnonce="+marker)
		h.Set("X-New", marker)
		h.Set("Content-Type", r.URL.Query().Get("type"))
		body := map[string]string{
			"text/xml":                 fmt.Sprintf(envelope, marker),
			"application/vnd.paos+xml": fmt.Sprintf(envelope, encoded),
			"text/html":                "<html><title>Log in</title><input name=SAMLResponse value='" + marker + "'>",
			"text/plain":               "key\n" + fmt.Sprintf(pemKey, encoded),
			"text/plain;a=b":           "a token: " + encoded + encoded,
			"text/plain;c=d":           "<saml:Assertion>" + marker,
			"application/json":         `{"access_token":"` + marker + `"}`,
			"application/x-pkcs12":     marker,
			"":                         marker,
			"nonsense;;":               marker,
			"application/xml":          "<a>" + marker,
			"image/svg+xml":            `<!DOCTYPE a [<!ENTITY e "` + marker + `">]><a>&e;</a>`,
		}[r.URL.Query().Get("type")]
		if body == "" {
			t.Errorf("no body of type %q", r.URL.Query().Get("type"))
		}
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	out := new(messages)
	transport := &httpdebug.Transport{Base: server.Client().Transport, Out: out, Name: "sp"}
	forms := []struct{ media, body string }{
		{"text/xml", fmt.Sprintf(envelope, marker)},
		{"application/x-www-form-urlencoded", "submit=pkcs12&p12password=" + marker + "&CSRF=" + marker + "&" + marker},
		{"application/x-www-form-urlencoded", "SAMLResponse=" + url.QueryEscape(encoded) + "&submit=" + url.QueryEscape(fmt.Sprintf(pemKey, marker)) + "&certreq=%zz" + marker},
		{"application/x-www-form-urlencoded", encoded + "=="},
		{"text/plain", marker},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=p\r\n\r\n" + marker + "\r\n--b--"},
		{"", marker},
	}
	types := []string{"text/xml", "application/vnd.paos+xml", "text/html", "text/plain", "text/plain;a=b", "text/plain;c=d",
		"application/json", "application/x-pkcs12", "", "nonsense;;", "application/xml", "image/svg+xml"}
	for i, media := range types {
		form := forms[i%len(forms)]
		req := newRequest(t, "POST", server.URL+"/login;jsessionid="+marker+"?type="+url.QueryEscape(media)+"&SAMLRequest="+url.QueryEscape(encoded)+"&"+marker, strings.NewReader(form.body))
		req.SetBasicAuth("jdoe", marker)
		req.URL.User = url.UserPassword("jdoe", marker)
		req.Header.Set("Content-Type", form.media)
		req.Header.Set("Proxy-Authorization", "Bearer "+marker)
		req.Header.Set("Cookie", "a="+marker+"; "+marker+"; b="+encoded)
		req.Header.Set("X-Shibboleth-Duo-Passcode", marker)
		req.Header.Set("X-Api-Key", marker)
		req.Header["x-lower"] = []string{marker}
		answer, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if got, want := len(out.all()), 3*len(types); got != want {
		t.Errorf("%d messages, want %d", got, want)
	}
	log := strings.Join(out.all(), "")
	for _, form := range disguises(marker) {
		if at := strings.Index(log, form); at >= 0 {
			t.Errorf("%q is in the log: …%s…", form, log[max(0, at-200):min(len(log), at+100)])
		}
	}
	// The log is not empty of what helps.
	for _, want := range []string{"Authorization: Basic [redacted]", "Cookie: a=[redacted]", "Set-Cookie: _shibsession_1=[redacted]; Path=/; HttpOnly; [redacted]",
		"X-Shibboleth-Duo-Passcode: [redacted]", "submit=pkcs12", "p12password=[redacted]", `title "Log in"]`, "401 Unauthorized",
		"Www-Authenticate: Negotiate [redacted]", "a token: [redacted]", "<samlp:StatusCode Value="} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log", want)
		}
	}
}

func TestHeaderLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, value, want string }{
		{"Authorization", "Basic eDp5", "Basic [redacted]"},
		{"Authorization", "negotiate YII", "negotiate [redacted]"},
		{"Authorization", "sometoken", "[redacted]"},
		{"Authorization", "Basically x", "[redacted]"},
		{"Www-Authenticate", `Basic realm="IdP password"`, `Basic realm="IdP password"`},
		{"Www-Authenticate", `Basic realm="x", charset="UTF-8"`, `Basic realm="x", charset="UTF-8"`},
		{"Www-Authenticate", "Negotiate", "Negotiate"},
		{"Www-Authenticate", `Digest realm="x", nonce="y"`, "Digest [redacted]"},
		{"Www-Authenticate", "Custom secret", "[redacted]"},
		{"Cookie", "a=1; b=2", "a=[redacted]; b=[redacted]"},
		{"Cookie", "YQ==", "[redacted]"},
		{"Set-Cookie", "a=1", "a=[redacted]"},
		{"Set-Cookie", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=0; Domain=.example.org; SameSite=None; Partitioned", "a=[redacted]; Expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=0; Domain=.example.org; SameSite=None; Partitioned"},
		{"Set-Cookie", "a=1; Secret=2; HttpOnly", "a=[redacted]; [redacted]; HttpOnly"},
		{"Location", "/x?y=z", "/x?y=[redacted]"},
		{"Location", "mailto:secret", "[redacted]"},
		{"Location", "http://[::1", "[redacted]"},
		{"Content-Type", "text/xml", "text/xml"},
		{"Paos", `ver="urn:liberty:paos:2003-08"`, `ver="urn:liberty:paos:2003-08"`},
		{"X-Shibboleth-Duo-Factor", "push", "push"},
		{"X-Unknown", "1", "[redacted]"},
		{"content-type", "text/xml", "text/xml"},
	} {
		t.Run(tt.name+" "+tt.value, func(t *testing.T) {
			t.Parallel()
			got := httpdebug.HeaderLines(http.Header{tt.name: {tt.value}})
			if diff := cmp.Diff([]string{tt.name + ": " + tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	got := httpdebug.HeaderLines(http.Header{"Vary": {"b", "a"}, "Date": {"d"}})
	if diff := cmp.Diff([]string{"Date: d", "Vary: b", "Vary: a"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestCleanURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, want string }{
		{"https://sp.example.org:8443/secure/getcert", "https://sp.example.org:8443/secure/getcert"},
		{"https://sp.example.org", "https://sp.example.org"},
		{"https://u@h/", "https://[redacted]@h/"},
		{"https://u:p@h/", "https://[redacted]@h/"},
		{"https://h/a%20b/c;jsessionid=1/d;x;y", "https://h/a%20b/c;jsessionid=[redacted]/d;[redacted]"},
		{"https://h/?entityID=https%3A%2F%2Fidp.example.org%2Fidp&x=1", "https://h/?entityID=https%3A%2F%2Fidp.example.org%2Fidp&x=[redacted]"},
		{"https://h/?entityID=https://u:p@h/", "https://h/?entityID=[redacted]"},
		{"https://h/?x", "https://h/?[redacted]"},
		{"https://h/?eA==&=1&bad%20name=1", "https://h/?[redacted]&[redacted]&[redacted]"},
		{"https://h/#access_token=1", "https://h/#[redacted]"},
		{"opaque:secret", "opaque:[redacted]"},
		{"//h/x", "//h/x"},
	} {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			if got := httpdebug.CleanURL(u); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBodyLines(t *testing.T) {
	t.Parallel()
	const (
		fault  = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Server</faultcode><faultstring>wrong  password</faultstring></e:Fault></e:Body></e:Envelope>`
		csr    = "-----BEGIN CERTIFICATE REQUEST-----\nMIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgMClNvbWUtU3RhdGUx\n-----END CERTIFICATE REQUEST-----"
		cert   = "-----BEGIN CERTIFICATE-----\nMIICijCCAXICAQAwRTELMAkGA1UEBhMCQVUxEzARBgNVBAgMClNvbWUtU3RhdGUx\n-----END CERTIFICATE-----"
		form   = "application/x-www-form-urlencoded"
		broken = "[%d bytes of text/xml that cannot be read as XML]"
	)
	deep := strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65)
	for _, tt := range []struct{ name, media, body, want string }{
		{"a fault", "text/xml", fault, "<S:Envelope>\n  <S:Body>\n    <S:Fault>\n      <faultcode>e:Server</faultcode>\n      <faultstring>wrong password</faultstring>\n    </S:Fault>\n  </S:Body>\n</S:Envelope>"},
		{"a fault with markup", "text/xml", "<faultstring>&lt;saml:Assertion></faultstring>", "<faultstring>[16 bytes]</faultstring>"},
		{"a fault with a token", "text/xml", "<faultstring>x " + strings.Repeat("a", 40) + "</faultstring>", "<faultstring>x [redacted]</faultstring>"},
		{"Issuer of somebody else", "text/xml", `<Issuer xmlns="urn:x">s</Issuer>`, "<{urn:x}Issuer>[1 bytes]</{urn:x}Issuer>"},
		{"attributes of somebody else", "text/xml", `<a ID="s" xmlns:p="urn:p" p:Name="s"/>`, `<a ID="[redacted]" {urn:p}Name="[redacted]"/>`},
		{"an escape in an attribute", "text/xml", "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' ID='&#x202e;\"'/>", `<samlp:Response ID="\u202e\""/>`},
		{"an assertion of SAML 1.1", "text/xml", `<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion" a="s"><b>s</b></Assertion>`, "<{urn:oasis:names:tc:SAML:1.0:assertion}Assertion>[8 bytes]</{urn:oasis:names:tc:SAML:1.0:assertion}Assertion>"},
		{"a long namespace", "text/xml", `<a xmlns="` + strings.Repeat("x y ", 26) + `"><b/></a>`, "<{…}a>\n  <{…}b/>\n</{…}a>"},
		{"two roots", "text/xml", "<a/><b/>", fmt.Sprintf(broken, 8)},
		{"no root", "text/xml", "<!-- -->", fmt.Sprintf(broken, 8)},
		{"text for XML", "text/xml", "secret", fmt.Sprintf(broken, 6)},
		{"an open end", "text/xml", "<a><b>", fmt.Sprintf(broken, 6)},
		{"crossed tags", "text/xml", "<a><b></a></b>", fmt.Sprintf(broken, 14)},
		{"a document type", "text/xml", "<!DOCTYPE a><a/>", fmt.Sprintf(broken, 16)},
		{"an unknown entity", "text/xml", "<a>&x;</a>", fmt.Sprintf(broken, 10)},
		{"not UTF-8", "text/xml", "<a>\xff</a>", fmt.Sprintf(broken, 8)},
		{"too deep", "text/xml", deep, fmt.Sprintf(broken, len(deep))},
		{"a page for XML", "text/xml", " <!DOCTYPE HTML><title>No</title>", `[33 bytes of text/xml, title "No"]`},
		{"a page", "text/html; charset=utf-8", "<title>A &amp;\n \x1b[2J</title>secret", "[34 bytes of text/html, title \"A & \\x1b[2J\"]"},
		{"a page with markup in its title", "text/html", "<title>&lt;saml:Assertion></title>", "[34 bytes of text/html]"},
		{"a page without a title", "text/html", "secret", "[6 bytes of text/html]"},
		{"a page for text", "text/plain", "<html>secret", "[12 bytes of text/plain]"},
		{"a request for a certificate", form, "submit=certreq&certlifetime=12&certreq=" + url.QueryEscape(csr+"\n"), "submit=certreq\ncertlifetime=12\ncertreq=" + csr},
		{"a form with other fields", form, "p12lifetime=1&p12password=s&j_username=s&x&=s", "p12lifetime=1\np12password=[redacted]\nj_username=[redacted]\n[redacted]\n[redacted]"},
		{"a key in a form", form, "certreq=" + url.QueryEscape("-----BEGIN PRIVATE KEY-----\nx"), "certreq=[redacted]"},
		{"an error", "text/plain", "Password must have at least 12 characters.", "Password must have at least 12 characters."},
		{"an error in Latin-1", "text/plain", "Passwort ung\xfcltig", "Passwort ung\xfcltig"},
		{"UTF-16", "text/plain", "P\x00R\x00", "[4 bytes of text/plain]"},
		{"a certificate", "text/plain; charset=utf-8", "note\r\n" + cert + "\n", "note\r\n" + cert},
		{"a certificate of its own type", "application/x-pem-file", cert, cert},
		{"a certificate around a token", "text/plain", "-----BEGIN CERTIFICATE-----\n" + strings.Repeat("a", 64) + "\n", "-----BEGIN CERTIFICATE-----\n[redacted]"},
		{"a key after a certificate", "text/plain", cert + "\n-----begin ec private key-----\n", fmt.Sprintf("[%d bytes of text/plain]", len(cert)+32)},
		{"JSON", "application/json", `{"a":1}`, "[7 bytes of application/json]"},
		{"no type", "", "secret", "[6 bytes of unknown type]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := httpdebug.BodyLines(http.Header{"Content-Type": {tt.media}}, []byte(tt.body), true)
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	compressed := http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {"gzip"}}
	if diff := cmp.Diff([]string{"[1 bytes of text/plain]"}, httpdebug.BodyLines(compressed, []byte("x"), true)); diff != "" {
		t.Errorf("compressed (-want +got):\n%s", diff)
	}
	long := httpdebug.BodyLines(http.Header{"Content-Type": {"text/plain"}}, bytes.Repeat([]byte("x\n"), 600), true)
	if len(long) != 501 || long[500] != "[100 more lines]" {
		t.Errorf("600 lines are shown as %d, the last %q", len(long), long[len(long)-1])
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain ü ✓": "plain ü ✓", "\x1b[2J": `\x1b[2J`, "\r": `\r`, "a\tb": `a\tb`, "\u202e": `\u202e`, "\u009b": `\u009b`, "\xff\ufffd": `\xff` + "\ufffd", "\U000e0001": `\U000e0001`,
	} {
		if got := httpdebug.Visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestForgedLines has a server that sends lines of its own making.
func TestForgedLines(t *testing.T) {
	t.Parallel()
	out := new(messages)
	transport := &httpdebug.Transport{Out: out, Name: "s\np", Base: respond(200, http.Header{"Content-Type": {"text/plain"}},
		strings.NewReader("a\n> idp 1: POST /\r\n\rb\x1b[1A\n"))}
	answer, err := transport.RoundTrip(newRequest(t, "GET", "https://h/", nil))
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	want := "< s\\np 1:\n< s\\np 1: a\n< s\\np 1: > idp 1: POST /\n< s\\np 1: \\rb\\x1b[1A\n"
	if got := out.all(); len(got) != 3 || got[2] != want {
		t.Errorf("got %q, want %q last", got, want)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	text := http.Header{"Content-Type": {"text/plain"}}
	for _, tt := range []struct {
		name string
		body io.Reader
		read int64 // bytes; -1 for all
		want string
	}{
		{"whole", strings.NewReader("hello"), -1, "< 1: hello"},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("hello")), -1, "< 1: hello"},
		{"with the end in the last read", iotest.DataErrReader(strings.NewReader("hello")), -1, "< 1: hello"},
		{"none", strings.NewReader(""), -1, "< 1: [empty]"},
		{"closed at once", strings.NewReader("hello"), 0, "< 1: [closed after 0 bytes]"},
		{"closed before the end", strings.NewReader("hello"), 3, "< 1: [closed after 3 bytes]"},
		{"broken off", io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, "< 1: [broken off after 3 bytes: unexpected EOF]"},
		{"1 MiB", strings.NewReader(strings.Repeat("x y\n", 1<<18)), -1, "[261644 more lines]"},
		{"more than 1 MiB", strings.NewReader(strings.Repeat("x y\n", 1<<18) + "z"), -1, "< 1: [1048577 bytes]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := new(messages)
			transport := &httpdebug.Transport{Base: respond(200, text, tt.body), Out: out}
			answer, err := transport.RoundTrip(newRequest(t, "GET", "https://h/", nil))
			if err != nil {
				t.Fatal(err)
			}
			if tt.read < 0 {
				io.Copy(io.Discard, answer.Body)
			} else if _, err := io.CopyN(io.Discard, answer.Body, tt.read); err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			answer.Body.Close()
			got := out.all()
			if len(got) != 3 || !strings.HasSuffix(got[2], tt.want+"\n") {
				t.Errorf("got %q, want %q last", got, tt.want)
			}
		})
	}
}

// hanging is a body whose second Read waits until it is closed.
type hanging struct {
	first  io.Reader
	closed chan struct{}
}

func (h *hanging) Read(p []byte) (int, error) {
	if n, err := h.first.Read(p); n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	<-h.closed
	return 0, errors.New("read after close")
}

func (h *hanging) Close() error { close(h.closed); return nil }

// TestHanging has a server that does not go on: what is known must be shown
// before, and the caller must be able to read and to close.
func TestHanging(t *testing.T) {
	t.Parallel()
	out := new(messages)
	base := answers(func(req *http.Request) (*http.Response, error) {
		if got := out.all(); len(got) != 1 || !strings.HasPrefix(got[0], "> 1: GET https://h/") {
			t.Errorf("before the request is sent: %q", got)
		}
		return &http.Response{Proto: "HTTP/2.0", Status: "200 OK", StatusCode: 200, Header: http.Header{}, Request: req,
			Body: &hanging{first: strings.NewReader("hel"), closed: make(chan struct{})}}, nil
	})
	answer, err := (&httpdebug.Transport{Base: base, Out: out}).RoundTrip(newRequest(t, "GET", "https://h/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := out.all(); len(got) != 2 || got[1] != "< 1: HTTP/2.0 200 OK\n" {
		t.Errorf("before the body: %q", got)
	}
	p := make([]byte, 10)
	if n, err := answer.Body.Read(p); n != 3 || err != nil {
		t.Errorf("Read = %d, %v", n, err)
	}
	done := make(chan error)
	go func() {
		_, err := answer.Body.Read(p)
		done <- err
	}()
	answer.Body.Close()
	if err := <-done; err == nil {
		t.Error("the hanging Read returned without an error")
	}
	if got := out.all(); len(got) != 3 || !strings.Contains(got[2], "after 3 bytes") {
		t.Errorf("at the end: %q", got)
	}
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	const text = "<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'/>"
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		want   string
	}{
		{"can be copied", func(*http.Request) {}, "> 1: <S:Envelope/>"},
		{"can be read once", func(r *http.Request) { r.GetBody = nil }, "> 1: [a body that can be read only once]"},
		{"cannot be copied", func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe } }, "> 1: [a body that cannot be read]"},
		{"copy breaks off", func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(io.ErrClosedPipe)), nil }
		}, "> 1: [a body that cannot be read]"},
		{"is large", func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20+1))), nil
			}
		}, "> 1: [more than 1048576 bytes]"},
		{"none", func(r *http.Request) { r.Body = http.NoBody }, "> 1: Content-Type: text/xml"},
		{"another host", func(r *http.Request) { r.Host = "other"; r.Body = nil }, "> 1: POST https://h/\n> 1: Host: other\n> 1: Content-Type: text/xml"},
		{"no method", func(r *http.Request) { r.Method, r.Body, r.Header = "", nil, nil }, "> 1: GET https://h/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := new(messages)
			var sent string
			base := answers(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					data, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					sent = string(data)
				}
				return nil, errors.New("dial tcp\n127.0.0.1: " + strings.Repeat("a", 40))
			})
			req := newRequest(t, "POST", "https://h/", strings.NewReader(text))
			req.Header.Set("Content-Type", "text/xml")
			tt.change(req)
			has := req.Body != nil && req.Body != http.NoBody
			if _, err := (&httpdebug.Transport{Base: base, Out: out}).RoundTrip(req); err == nil {
				t.Error("the error is lost")
			}
			if has != (sent == text) {
				t.Errorf("sent %q", sent)
			}
			got := out.all()
			if len(got) != 2 || !strings.HasSuffix(got[0], tt.want+"\n") || got[1] != "< 1: no answer: dial tcp 127.0.0.1: [redacted]\n" {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestUntouched has answers whose bodies are not for reading.
func TestUntouched(t *testing.T) {
	t.Parallel()
	duplex := struct{ io.ReadWriteCloser }{}
	for _, tt := range []struct {
		name   string
		status int
		body   io.ReadCloser
	}{{"another protocol", 101, duplex}, {"no body", 204, http.NoBody}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base := answers(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: tt.status, Body: tt.body}, nil
			})
			answer, err := (&httpdebug.Transport{Base: base, Out: io.Discard}).RoundTrip(newRequest(t, "GET", "https://h/", nil))
			if err != nil || answer.Body != tt.body {
				t.Errorf("body %T, %v", answer.Body, err)
			}
		})
	}
}

// TestNoOut has nowhere to write to.
func TestNoOut(t *testing.T) {
	t.Parallel()
	transport := &httpdebug.Transport{Base: respond(200, http.Header{}, strings.NewReader("x"))}
	answer, err := transport.RoundTrip(newRequest(t, "GET", "https://h/", nil))
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("%v, %v", answer, err)
	}
}

type idler struct {
	answers
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	base := new(idler)
	(&http.Client{Transport: &httpdebug.Transport{Base: base}}).CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("closed %d times", base.closed)
	}
	(&httpdebug.Transport{Base: answers(nil)}).CloseIdleConnections() // has none
}

// TestConcurrent makes sure that messages do not mix and numbers are given once.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "one\ntwo\n")
	}))
	t.Cleanup(server.Close)
	out := new(messages)
	client := &http.Client{Transport: &httpdebug.Transport{Base: server.Client().Transport, Out: out, Name: "sp"}}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			answer, err := client.Get(server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if data, err := io.ReadAll(answer.Body); err != nil || string(data) != "one\ntwo\n" {
				t.Errorf("got %q, %v", data, err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, message := range out.all() {
		prefix := regexp.MustCompile(`^[<>] sp \d+:`).FindString(message)
		seen[strings.TrimLeft(prefix, "<> ")]++
		for line := range strings.Lines(message) {
			if prefix == "" || !strings.HasPrefix(line, prefix) {
				t.Errorf("a line of %q has another prefix than %q", message, prefix)
			}
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d numbers for 20 requests", len(seen))
	}
	for prefix, n := range seen {
		if n != 3 {
			t.Errorf("%d messages of %s", n, prefix)
		}
	}
}

// TestBounded has a document that refers to one long namespace from each of its
// elements. Shown with all of it, 1 MiB could become 30 GB.
func TestBounded(t *testing.T) {
	t.Parallel()
	document := `<a xmlns="` + strings.Repeat("x ", 1<<15) + `">` + strings.Repeat("<b/>", 400) + "</a>"
	lines := httpdebug.BodyLines(http.Header{"Content-Type": {"text/xml"}}, []byte(document), true)
	if size := len(strings.Join(lines, "")); size > len(document) {
		t.Errorf("%d bytes of XML are shown as %d", len(document), size)
	}
}

// FuzzBody puts an assertion or a key into whatever is around it: it must not be
// shown, and what is shown must be fit for a terminal.
func FuzzBody(f *testing.F) {
	const ns = `xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`
	for _, seed := range [][3]string{
		{"text/xml", "<a>", "</a>"}, {"text/xml", "<faultstring>", "</faultstring>"}, {"text/xml", "<faultstring><![CDATA[", "]]></faultstring>"},
		{"text/plain", "", ""}, {"text/html", "<title>", "</title>"}, {"application/x-www-form-urlencoded", "submit=", "&x=y"},
		{"application/vnd.paos+xml", "<?xml version='1.0'?><!-- -->", ""}, {"text/plain", "\x1b[2J\u202e\r", "\xff"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, media, before, after string) {
		for _, inner := range []string{
			"<saml:Assertion " + ns + ">" + marker + "</saml:Assertion>",
			"-----BEGIN PRIVATE KEY-----\n" + marker,
		} {
			out := new(messages)
			transport := &httpdebug.Transport{Out: out, Base: respond(200, http.Header{"Content-Type": {media}}, strings.NewReader(before+inner+after))}
			req := newRequest(t, "POST", "https://h/", strings.NewReader(before+inner+after))
			req.Header.Set("Content-Type", media)
			answer, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if data, err := io.ReadAll(answer.Body); err != nil || string(data) != before+inner+after {
				t.Fatalf("the body was changed to %q, %v", data, err)
			}
			for _, message := range out.all() {
				if strings.Contains(message, marker) {
					t.Errorf("the secret is shown:\n%s", message)
				}
				for line := range strings.Lines(message) {
					if got := strings.TrimSuffix(line, "\n"); httpdebug.Visible(got) != got || len(got) < 4 || got[1:4] != " 1:" {
						t.Errorf("a line is not fit to be shown: %q", got)
					}
				}
			}
		}
	})
}
