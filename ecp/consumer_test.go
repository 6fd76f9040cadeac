// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/x509up/x509up/ecp"
)

// TestMismatch: the IdP names another place than the SP did. The Response must
// go nowhere, the SP must get a fault (ECP Profile 2.0, §2.3.7).
func TestMismatch(t *testing.T) {
	t.Parallel()
	// The SP's URL is {SP}/acs, which is https://127.0.0.1:port/acs.
	for name, acs := range map[string]string{
		"other host":         "https://sp.example.org/acs",
		"slash at the end":   "{SP}/acs/",
		"case of the path":   "{SP}/ACS",
		"case of the scheme": "HTTPS://{SPHOST}/acs",
		"other port":         "https://127.0.0.1/acs",
		"name of the host":   "https://localhost:{SPPORT}/acs",
		"query":              "{SP}/acs?a=1",
		"fragment":           "{SP}/acs#a",
		"dot segment":        "{SP}/./acs",
		"percent-encoding":   "{SP}/%61cs",
		"blank":              "{SP}/acs ",
		"user name":          "https://u@{SPHOST}/acs",
		"prefix":             "{SP}/ac",
		"empty":              "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sp := w.url("{SP}")
			acs := strings.NewReplacer("{SPHOST}", sp.Host, "{SPPORT}", sp.Port(), "{SP}", w.sp.URL).Replace(acs)
			w.answer.body = edit(t, idpMessage, `AssertionConsumerServiceURL="{SP}/acs"`, `AssertionConsumerServiceURL="`+acs+`"`)
			got := asError[*ecp.MismatchError](t, w.login(w.client()))
			want := &ecp.MismatchError{ResponseConsumerURL: w.fill("{SP}/acs"), AssertionConsumerServiceURL: strings.TrimSpace(acs)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(toSP+"\n"+toIdP+"\n"+toACS, w.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			wantFault(t, w.one(toACS).Body, "S:Server")
			if got := w.one(toACS).Header.Get("Content-Type"); got != mediaECP {
				t.Errorf("the fault has type %q", got)
			}
		})
	}
}

// TestMismatchSurvivesDeafSP: the fault is a courtesy; its fate changes nothing.
func TestMismatchSurvivesDeafSP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answer.body = edit(t, idpMessage, `{SP}/acs`, `https://sp.example.org/acs`)
	w.delivered = reply{status: 500, body: "?"}
	asError[*ecp.MismatchError](t, w.login(w.client()))
}

// TestSPContradictsItself: before credentials go out, the AuthnRequest's own
// word is compared with the header's.
func TestSPContradictsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.request.body = edit(t, spMessage, `AssertionConsumerServiceURL="{SP}/acs"`, `AssertionConsumerServiceURL="{SP}/acs/"`)
	client := w.client()
	client.Credentials = nobody(t)
	got := asError[*ecp.MismatchError](t, w.login(client))
	if !got.BySP || got.AssertionConsumerServiceURL != w.fill("{SP}/acs/") {
		t.Errorf("got %+v", got)
	}
	if w.lines() != toSP {
		t.Errorf("requests:\n%s", w.lines())
	}
}

// TestConsumer checks to which URLs a Response may go at all.
func TestConsumer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, url string
		hosts     []string
		reason    string // of the URLError; "" is a success
	}{
		{"absolute", "{SP}/acs", nil, ""},
		{"query", "{SP}/acs?x=1&amp;y=2", nil, ""},
		{"not normalised", "{SP}/a/../acs", nil, ""},
		{"relative", "/acs", nil, ""},
		{"relative to the resource", "acs", nil, ""},
		{"http", "http://{SPHOST}/acs", nil, "is not https"},
		{"no host", "https:///acs", nil, "has no host"},
		{"only a port", "https://:{SPPORT}/acs", nil, "has no host"},
		{"opaque", "https:acs", nil, "has no host"},
		{"javascript", "javascript:alert(1)", nil, "has no host"},
		{"user name", "https://u:p@{SPHOST}/acs", nil, "has a user name in it"},
		{"other host", "https://localhost:{SPPORT}/acs", nil, "for the assertion is at another host than the resource"},
		{"other host, no scheme", "//localhost:{SPPORT}/acs", nil, "for the assertion is at another host than the resource"},
		{"other port", "https://127.0.0.1/acs", nil, "for the assertion is at another host than the resource"},
		{"the IdP", "{IDP}/acs", nil, "for the assertion is at another host than the resource"},
		{"allowed", "https://example.com:{SPPORT}/acs", []string{"other.example", "Example.COM:{SPPORT}"}, ""},
		{"allowed on port 443 only", "https://example.com:{SPPORT}/acs", []string{"example.com"}, "for the assertion is at another host than the resource"},
		{"allowed, but http", "http://example.com:{SPPORT}/acs", []string{"example.com:{SPPORT}"}, "is not https"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sp := w.url("{SP}")
			fill := strings.NewReplacer("{SPHOST}", sp.Host, "{SPPORT}", sp.Port(), "{SP}", w.sp.URL, "{IDP}", w.idp.URL).Replace
			consumer := fill(test.url)
			w.request.body = edit(t, spMessage, `responseConsumerURL="{SP}/acs"`, `responseConsumerURL="`+consumer+`"`)
			w.request.body = edit(t, w.request.body, `AssertionConsumerServiceURL="{SP}/acs" `, ``)
			acs := consumer
			if strings.HasPrefix(test.name, "relative") {
				acs = w.fill("{SP}/acs") // what its metadata say
			}
			w.answer.body = edit(t, idpMessage, `AssertionConsumerServiceURL="{SP}/acs"`, `AssertionConsumerServiceURL="`+acs+`"`)
			client := w.client()
			for _, host := range test.hosts {
				client.ConsumerHosts = append(client.ConsumerHosts, fill(host))
			}
			// example.com is in the test server's certificate, and not in the DNS here.
			transport := w.sp.Client().Transport.(*http.Transport)
			transport.DialContext = dialTo(sp.Host)
			if test.reason != "" {
				client.Credentials = nobody(t)
			}
			err := w.login(client)
			if test.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				path := "/acs"
				if test.name == "not normalised" {
					path = "/a/../acs"
				}
				w.one("sp POST " + path)
				return
			}
			if got := asError[*ecp.URLError](t, err); got.Reason != test.reason {
				t.Errorf("got %q, want the reason %q", got, test.reason)
			}
			if strings.Contains(err.Error(), "u:p@") {
				t.Errorf("the password is in %q", err)
			}
			if w.lines() != toSP {
				t.Errorf("requests:\n%s", w.lines())
			}
		})
	}
}

// TestPort443 compares URLs with the default port said and not said.
func TestPort443(t *testing.T) {
	t.Parallel()
	for _, urls := range [][2]string{
		{"https://example.com/resource", "https://example.com:443/acs"},
		{"https://example.com:443/resource", "https://example.com/acs"},
		{"https://EXAMPLE.com/resource", "https://example.com/acs"},
		{"https://[::1]/resource", "https://[::1]:443/acs"},
	} {
		t.Run(urls[0], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.body = edit(t, spMessage, `responseConsumerURL="{SP}/acs"`, `responseConsumerURL="`+urls[1]+`"`)
			w.request.body = edit(t, w.request.body, `AssertionConsumerServiceURL="{SP}/acs"`, `AssertionConsumerServiceURL="`+urls[1]+`"`)
			w.answer.body = edit(t, idpMessage, `{SP}/acs`, urls[1])
			transport := w.sp.Client().Transport.(*http.Transport)
			transport.DialContext = dialTo(w.url("{SP}").Host)
			if err := w.client().Login(t.Context(), w.url(urls[0])); err != nil {
				t.Fatal(err)
			}
			w.one(toACS)
		})
	}
}

// TestHTTPS checks which of the URLs a caller gives are used at all.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, url string
		loopback  bool
		reason    string
	}{
		{"http", "http://sp.example.org/", false, "is not https"},
		{"http, loopback not allowed", "http://127.0.0.1:1/", false, "is not https"},
		{"http, loopback allowed, elsewhere", "http://sp.example.org/", true, "is not https"},
		{"http, a name that only looks like loopback", "http://127.0.0.1.example.org/", true, "is not https"},
		{"http, unspecified address", "http://0.0.0.0/", true, "is not https"},
		{"ftp", "ftp://127.0.0.1/", true, "is not https"},
		{"no scheme", "//sp.example.org/", false, "is not https"},
		{"user name", "https://u:p@sp.example.org/", false, "has a user name in it"},
		{"no host", "https://", false, "has no host"},
	}
	for _, test := range tests {
		for _, role := range []string{"resource", "IdP"} {
			t.Run(test.name+" "+role, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				client, resource := w.client(), w.url("{SP}/resource")
				client.Credentials, client.AllowLoopbackHTTP = nobody(t), test.loopback
				want := toSP
				if role == "IdP" {
					client.IdP = w.url(test.url)
				} else {
					resource, want = w.url(test.url), ""
				}
				err := client.Login(t.Context(), resource)
				if got := asError[*ecp.URLError](t, err); got.Reason != test.reason {
					t.Errorf("got %q, want the reason %q", got, test.reason)
				}
				if strings.Contains(err.Error(), "u:p@") {
					t.Errorf("the password is in %q", err)
				}
				if w.lines() != want {
					t.Errorf("requests:\n%s", w.lines())
				}
			})
		}
	}
}

// TestLoopbackHTTP is the exchange without TLS.
func TestLoopbackHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sp, w.idp = plain(t, w.sp), plain(t, w.idp)
	client := w.client()
	client.AllowLoopbackHTTP = true
	client.Jar = &listJar{} // the session's cookies are for https alone
	w.mustLogin(client)
	w.one(toACS)
}

// TestNoIdP: nobody is asked for credentials in vain.
func TestNoIdP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	client.IdP, client.Credentials = nil, nobody(t)
	err := w.login(client)
	if err == nil || err.Error() != "ecp: logging in at the identity provider: no identity provider is given" {
		t.Errorf("got %v", err)
	}
}
