// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed"
)

// This is a client of its own, a few lines per step of ECP 2.0 §2.3 and no more, so that the servers are not tested with the
// very code that is tested with the servers.

const (
	accept = "text/html, application/vnd.paos+xml"
	paos   = `ver="urn:liberty:paos:2003-08";"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"`
)

var (
	spHeader   = regexp.MustCompile(`<S:Header>.*</S:Header>`)
	idpHeader  = regexp.MustCompile(`<soap11:Header>.*</soap11:Header>`)
	relayState = regexp.MustCompile(`<ecp:RelayState .*</ecp:RelayState>`)
	messageID  = regexp.MustCompile(`messageID="([^"]*)"`)
)

// start runs a federation until the test is over.
func start(t testing.TB, o fed.Options) *fed.Federation {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// A reply is an HTTP response that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request and reads the whole answer.
func do(t testing.TB, c *http.Client, req *http.Request) reply {
	t.Helper()
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// newRequest makes a request with a content type, if there is one.
func newRequest(t testing.TB, method, url, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// get fetches a page without saying anything about ECP.
func get(t testing.TB, c *http.Client, url string) reply {
	t.Helper()
	return do(t, c, newRequest(t, "GET", url, "", ""))
}

// ask is steps 1 and 2: it returns the SP's envelope.
func ask(t testing.TB, c *http.Client, url string) string {
	t.Helper()
	req := newRequest(t, "GET", url, "", "")
	req.Header.Set("Accept", accept)
	req.Header.Set("PAOS", paos)
	r := do(t, c, req)
	if r.status != 200 || r.header.Get("Content-Type") != "application/vnd.paos+xml" {
		t.Fatalf("the SP answered %d %q: %s", r.status, r.header.Get("Content-Type"), r.body)
	}
	return r.body
}

// toIdP is step 4 as a request: the SP's envelope without its header, with a password.
func toIdP(t testing.TB, f *fed.Federation, envelope, user, password string) *http.Request {
	t.Helper()
	req := newRequest(t, "POST", f.IdPURL, "text/xml", spHeader.ReplaceAllString(envelope, ""))
	req.SetBasicAuth(user, password)
	return req
}

// answer is steps 4 to 6 for the ordinary user: it returns the IdP's envelope.
func answer(t testing.TB, f *fed.Federation, envelope string) string {
	t.Helper()
	r := do(t, f.Client(), toIdP(t, f, envelope, f.Username, f.Password))
	if r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "text/xml") {
		t.Fatalf("the IdP answered %d: %s", r.status, r.body)
	}
	return r.body
}

// toACS is the body of step 7: the IdP's envelope with the header that the SP's calls for.
func toACS(envelope, answer string) string {
	block := `<paos:Response xmlns:paos="urn:liberty:paos:2003-08" soap11:actor="http://schemas.xmlsoap.org/soap/actor/next"` +
		` soap11:mustUnderstand="1" refToMessageID="` + messageID.FindStringSubmatch(envelope)[1] + `"/>`
	relay := strings.Replace(relayState.FindString(envelope), "<ecp:RelayState ",
		`<ecp:RelayState xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" `, 1)
	return idpHeader.ReplaceAllLiteralString(answer, "<soap11:Header>"+block+relay+"</soap11:Header>")
}

// deliver is step 7.
func deliver(t testing.TB, f *fed.Federation, c *http.Client, body string) reply {
	t.Helper()
	return do(t, c, newRequest(t, "POST", f.ACSURL, "application/vnd.paos+xml", body))
}

// login goes the whole way and returns a client with a session.
func login(t testing.TB, f *fed.Federation) *http.Client {
	t.Helper()
	c := f.Client()
	envelope := ask(t, c, f.SPURL)
	if r := deliver(t, f, c, toACS(envelope, answer(t, f, envelope))); r.status != 302 {
		t.Fatalf("the SP refused: %d %s", r.status, r.body)
	}
	return c
}

// form posts to the online CA.
func form(t testing.TB, f *fed.Federation, c *http.Client, values url.Values) reply {
	t.Helper()
	return do(t, c, newRequest(t, "POST", f.SPURL, "application/x-www-form-urlencoded", values.Encode()))
}
