// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

const (
	idA = "https://a.example/idp/shibboleth"
	idB = "urn:mace:example:b?c=d e+f"
)

// federation is metadata with an identity provider of each kind.
var federation = aggregate("",
	entity(idA, names(`<mdui:DisplayName>University A</mdui:DisplayName>`)+soap, ""),
	entity("https://noecp.example/idp", names(`<mdui:DisplayName>University without ECP</mdui:DisplayName>`), ""),
	entity("https://hidden.example/idp", names(`<mdui:DisplayName>University in Hiding</mdui:DisplayName>`)+strings.Replace(soap, "a.example", "hidden.example", 1),
		`<md:Extensions><mdattr:EntityAttributes><saml:Attribute Name="http://macedir.org/entity-category"><saml:AttributeValue>http://refeds.org/category/hide-from-discovery</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>`),
	entity("https://loop.example/idp", names(`<mdui:DisplayName>Loopback</mdui:DisplayName>`)+strings.Replace(soap, "https://a.example", "http://127.0.0.1", 1), ""),
)

func TestFindByURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		loopback    bool
		want        idp.Provider
		insecure    string // the URL that is refused
	}{
		{name: "Shibboleth", query: "https://idp.example.org/idp/profile/SAML2/SOAP/ECP",
			want: idp.Provider{Name: "idp.example.org", URL: "https://idp.example.org/idp/profile/SAML2/SOAP/ECP"}},
		{name: "SimpleSAMLphp", query: " https://idp.example.org:8443/simplesaml/saml2/idp/SSOService.php?x=y ",
			want: idp.Provider{Name: "idp.example.org:8443", URL: "https://idp.example.org:8443/simplesaml/saml2/idp/SSOService.php?x=y"}},
		{name: "without a path", query: "https://idp.example.org", want: idp.Provider{Name: "idp.example.org", URL: "https://idp.example.org"}},
		{name: "loopback", query: "http://127.0.0.1:8080/ecp", loopback: true, want: idp.Provider{Name: "127.0.0.1:8080", URL: "http://127.0.0.1:8080/ecp"}},
		{name: "loopback that is not allowed", query: "http://127.0.0.1:8080/ecp", insecure: "http://127.0.0.1:8080/ecp"},
		{name: "http", query: "http://idp.example.org/ecp", loopback: true, insecure: "http://idp.example.org/ecp"},
		{name: "a password", query: "https://jdoe:hunter2@idp.example.org/ecp", insecure: "https://jdoe:xxxxx@idp.example.org/ecp"},
		{name: "a control character", query: "https://idp.example.org/\x1b[2J", insecure: "https://idp.example.org/[2J"},
		{name: "no host", query: "https:///ecp", insecure: "https:///ecp"},
		{name: "a file", query: "file:///etc/passwd", insecure: "file:///etc/passwd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.Finder{AllowLoopbackHTTP: tt.loopback}.Find(t.Context(), tt.query)
			if tt.insecure != "" {
				if e, ok := errors.AsType[*idp.InsecureURLError](err); !ok || e.URL != tt.insecure {
					t.Errorf("err = %v, want an InsecureURLError for %s", err, tt.insecure)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	list, metadata := file(t, "idps.txt", cilogon+"http://localhost/ Loopback list\n"), file(t, "metadata.xml", federation)
	both := idp.Finder{List: list, Metadata: metadata}
	kerberos := both
	kerberos.Kerberos = true
	tests := []struct {
		name   string
		finder idp.Finder
		query  string
		want   string // the URL
		err    string
	}{
		{"in the list", both, "michigan", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP", ""},
		{"in the metadata", both, "university a", "https://a.example/ecp", ""},
		{"in both, the list's wins", both, "university of michigan", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP", ""},
		{"ambiguous in the list, although exact in the metadata", both, "university", "", `there are several: "Bloomsburg University of Pennsylvania", "University of Michigan", "University of Wisconsin-Madison"`},
		{"an entityID that is a URL", both, idA, "https://a.example/ecp", ""},
		{"a URL that is no entityID", both, "https://a.example/other", "https://a.example/other", ""},
		{"a hidden one by name", both, "university in hiding", "", "there is none of that name"},
		{"a hidden one by entityID", both, "https://hidden.example/idp", "https://hidden.example/ecp", ""},
		{"one without ECP by name", both, "without ecp", "", `the metadata of "University without ECP" has no ECP endpoint`},
		{"one without ECP by entityID", both, "https://noecp.example/idp", "", `the metadata of "University without ECP" has no ECP endpoint`},
		{"an http endpoint in the list", both, "loopback list", "", `"http://localhost/" is not an https URL`},
		{"an http endpoint in the metadata", idp.Finder{Metadata: metadata}, "loopback", "", `"http://127.0.0.1/ecp" is not an https URL`},
		{"the same, allowed", idp.Finder{Metadata: metadata, AllowLoopbackHTTP: true}, "loopback", "http://127.0.0.1/ecp", ""},
		{"a slip", both, "michgian", "", `there is none of that name; the nearest is "University of Michigan"`},
		{"a slip in the metadata", idp.Finder{Metadata: metadata}, "universty a", "", `there is none of that name; the nearest is "University A"`},
		{"without a password's endpoint", both, "fermi", "https://ecp-prod.fnal.gov/idp/profile/SAML2/SOAP/ECP", ""},
		{"with a ticket", kerberos, "fermi", "https://ecp-prod.fnal.gov/idp-krb/profile/SAML2/SOAP/ECP", ""},
		{"with a ticket where it has no endpoint of its own", kerberos, "michigan", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP", ""},
		{"no source", idp.Finder{}, "michigan", "", "it is not a URL, and there is no list to look it up in"},
		{"nothing", both, "  ", "", "there is none of that name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.finder.Find(t.Context(), tt.query)
			if got.URL != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.HasSuffix(err.Error(), tt.err) {
				t.Errorf("Find(%q) = %q, %v\nwant %q %s", tt.query, got.URL, err, tt.want, tt.err)
			}
		})
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	f := idp.Finder{
		List:     file(t, "idps.txt", "https://b.example/ B\nhttps://b.example/krb B (Kerberos)\nhttp://localhost/ C\nhttps://a.example/ecp A in the list\n"),
		Metadata: file(t, "metadata.xml", federation),
	}
	got, err := f.All(t.Context())
	want := []idp.Provider{
		{Name: "B", URL: "https://b.example/"},
		{Name: "B", URL: "https://b.example/krb", Kerberos: true},
		{Name: "A in the list", URL: "https://a.example/ecp"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := (idp.Finder{}).All(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("without sources: %v, %v", got, err)
	}
}

func TestUnreadableSources(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none")
	html, expired := file(t, "page.html", "<html>"), file(t, "expired.xml", aggregate(`validUntil="2026-11-22T10:00:00Z"`))
	now := func() time.Time { return time.Date(2026, 11, 22, 10, 0, 1, 0, time.UTC) }
	tests := []struct {
		name   string
		finder idp.Finder
		want   string
		is     error
	}{
		{"no list", idp.Finder{List: missing}, "idp: reading the list " + missing + ": open " + missing + ": no such file or directory", fs.ErrNotExist},
		{"no metadata", idp.Finder{Metadata: missing}, "idp: reading the metadata " + missing + ": open " + missing + ": no such file or directory", fs.ErrNotExist},
		{"no list but HTML", idp.Finder{List: html}, "idp: reading the list " + html + `: line 1: it is not of the form "URL NAME"`, nil},
		{"no metadata but HTML", idp.Finder{Metadata: html}, "idp: reading the metadata " + html + ": line 1: the root element is not md:EntitiesDescriptor or md:EntityDescriptor", nil},
		{"expired", idp.Finder{Metadata: expired, Now: now}, "idp: reading the metadata " + expired + ": it was valid until 2026-11-22T10:00:00Z", nil},
		{"http", idp.Finder{List: "http://lists.example/idps.txt"}, `idp: reading the list http://lists.example/idps.txt: "http://lists.example/idps.txt" is not an https URL`, nil},
		{"no URL", idp.Finder{List: "https://u:pw@lists example/"}, "idp: reading the list https://lists example/: it is not a URL", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, allErr := tt.finder.All(t.Context())
			_, findErr := tt.finder.Find(t.Context(), "a name")
			for _, err := range []error{allErr, findErr} {
				if _, ok := errors.AsType[*idp.SourceError](err); !ok || !strings.HasPrefix(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("got  %v\nwant %s", err, tt.want)
				}
				if strings.Contains(fmt.Sprint(err), "pw") {
					t.Errorf("%v shows the password", err)
				}
			}
		})
	}
}

// A server of the Metadata Query protocol answers for one entityID at a time, and only to who asks for metadata.
func TestMDQ(t *testing.T) {
	t.Parallel()
	entities := map[string]string{
		idA:                         entity(idA, names(`<mdui:DisplayName>University A</mdui:DisplayName>`)+soap, ""),
		idB:                         entity(idB, soap, ""),
		"https://other.example/idp": entity(idA, soap, ""), // answers with another than was asked for
	}
	var paths atomic.Value
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths.Store(r.RequestURI)
		if !strings.Contains(r.Header.Get("Accept"), "application/samlmetadata+xml") {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		if r.URL.Path == "/mdq/entities" {
			fmt.Fprint(w, federation)
			return
		}
		id, _ := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/mdq/entities/"))
		doc, ok := entities[id]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, doc)
	}))
	t.Cleanup(server.Close)
	for _, base := range []string{"/mdq/", "/mdq/entities/"} {
		f := idp.Finder{HTTP: server.Client(), Metadata: server.URL + base}
		tests := []struct{ query, path, want, err string }{
			{idA, "/mdq/entities/https%3A%2F%2Fa.example%2Fidp%2Fshibboleth", "https://a.example/ecp", ""},
			{idB, "/mdq/entities/urn%3Amace%3Aexample%3Ab%3Fc%3Dd%20e%2Bf", "", ""}, // an entityID may not hold a blank
			{"https://c.example/ecp", "/mdq/entities/https%3A%2F%2Fc.example%2Fecp", "https://c.example/ecp", ""},
			{"urn:c", "/mdq/entities/urn%3Ac", "", `"urn:c": there is none of that name`},
			{"https://other.example/idp", "/mdq/entities/https%3A%2F%2Fother.example%2Fidp", "https://other.example/idp", ""},
			{"University A", "", "", `there is none of that name; the metadata server can be asked for entityIDs only`},
		}
		for _, tt := range tests {
			paths.Store("")
			got, err := f.Find(t.Context(), tt.query)
			if got.URL != tt.want || paths.Load() != tt.path || (err == nil) != (tt.want != "") || tt.err != "" && !strings.HasSuffix(err.Error(), tt.err) {
				t.Errorf("Find(%q) = %q, %v after asking for %q", tt.query, got.URL, err, paths.Load())
			}
		}
		all, err := f.All(t.Context())
		if len(all) != 1 || err != nil || paths.Load() != "/mdq/entities" {
			t.Errorf("All() = %v, %v after asking for %q", all, err, paths.Load())
		}
	}
}

// Without an answer nobody knows whether a URL is an entityID, and a password must not go to a page that is no endpoint.
func TestURLIsNotUsedWhenMetadataCannotBeRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	f := idp.Finder{HTTP: server.Client(), Metadata: server.URL + "/metadata.xml"}
	_, err := f.Find(t.Context(), idA)
	if e, ok := errors.AsType[*idp.StatusError](err); !ok || e.Status != 404 {
		t.Errorf("a document that is not there: %v", err)
	}
	f.Metadata = server.URL + "/"
	server.Close()
	if p, err := f.Find(t.Context(), idA); err == nil {
		t.Errorf("Find = %+v", p)
	}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
