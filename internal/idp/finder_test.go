// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
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

// listServer serves a list, counts requests, and can be told to misbehave.
type listServer struct {
	*httptest.Server
	requests, notModified atomic.Int32
	handler               atomic.Value // http.HandlerFunc, instead of the list
	content               atomic.Value // string
	validator             string       // ETag or Last-Modified
}

func newListServer(t *testing.T, validator string) *listServer {
	t.Helper()
	s := &listServer{validator: validator}
	s.content.Store("https://a.example/ecp A\n")
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if h, ok := s.handler.Load().(http.HandlerFunc); ok && h != nil {
			h(w, r)
			return
		}
		content := s.content.Load().(string)
		modified := time.Time{}
		switch s.validator {
		case "ETag":
			sum := sha1.Sum([]byte(content))
			w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
		case "Last-Modified":
			modified = time.Date(2026, 1, len(content), 0, 0, 0, 0, time.UTC)
		}
		recorder := &statusRecorder{ResponseWriter: w}
		http.ServeContent(recorder, r, "idps.txt", modified, strings.NewReader(content))
		if recorder.status == http.StatusNotModified {
			s.notModified.Add(1)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) forward(d time.Duration) { c.at = c.at.Add(d) }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func TestCopyIsFreshForAnHour(t *testing.T) {
	t.Parallel()
	for _, validator := range []string{"ETag", "Last-Modified", ""} {
		t.Run("validator "+validator, func(t *testing.T) {
			t.Parallel()
			s, c := newListServer(t, validator), newClock()
			f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: filepath.Join(t.TempDir(), "new", "folder"), Now: c.now}
			expect := func(what, query string, requests, notModified int32) {
				t.Helper()
				if _, err := f.Find(t.Context(), query); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if validator == "" {
					notModified = 0
				}
				if got, got304 := s.requests.Load(), s.notModified.Load(); got != requests || got304 != notModified {
					t.Errorf("%s: %d requests, %d not modified; want %d and %d", what, got, got304, requests, notModified)
				}
			}
			expect("first", "A", 1, 0)
			c.forward(time.Hour - time.Second)
			expect("within the hour", "A", 1, 0)
			c.forward(time.Second)
			expect("after an hour", "A", 2, 1)
			c.forward(time.Hour - time.Second)
			expect("within another hour", "A", 2, 1)
			s.content.Store("https://b.example/ecp BB\n")
			c.forward(time.Second)
			expect("changed", "BB", 3, 1)
			c.forward(-2 * time.Hour)
			expect("the clock was put back", "BB", 4, 2)
		})
	}
}

func TestCopyIsPrivate(t *testing.T) {
	t.Parallel()
	s, dir := newListServer(t, "ETag"), filepath.Join(t.TempDir(), "cache")
	f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: dir}
	if _, err := f.Find(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	info, err = os.Stat(onlyFile(t, dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

// A copy that cannot be trusted or understood is none; it is replaced.
func TestBadCopies(t *testing.T) {
	t.Parallel()
	rewrite := func(old, new string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("%v: %s does not hold %s", err, data, old)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		spoil func(*testing.T, string)
	}{
		{"others may write it", func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o666); err != nil {
				t.Fatal(err)
			}
		}},
		{"no JSON", rewrite("{", "[")},
		{"another version", rewrite(`"version":1`, `"version":2`)},
		{"an endpoint without TLS", rewrite("https://a.example", "http://a.example")},
		{"a name with an escape sequence", rewrite(`"name":"A"`, `"name":"A\u001b[2J"`)},
		{"a provider without a name", rewrite(`"name":"A"`, `"name":""`)},
		{"not valid any more", rewrite(`"providers"`, `"valid_until":"2000-01-01T00:00:00Z","providers"`)},
		{"a folder in its place", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, dir := newListServer(t, "ETag"), t.TempDir()
			f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: dir}
			if _, err := f.Find(t.Context(), "A"); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, onlyFile(t, dir))
			p, err := f.Find(t.Context(), "A")
			if err != nil || p.URL != "https://a.example/ecp" || s.requests.Load() != 2 || s.notModified.Load() != 0 {
				t.Errorf("%+v, %v after %d requests, %d not modified", p, err, s.requests.Load(), s.notModified.Load())
			}
		})
	}
}

// A server in trouble must not keep anyone from what is known of an hour ago; one that says "gone" does.
func TestCopyWhenTheServerFails(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // in the warning, or the error if it is an answer
		answer  bool
	}{
		{"down for maintenance", answer(503, ""), "the server answered with status 503", false},
		{"an HTML page", answer(200, "<html>we are sorry</html>"), `line 1: it is not of the form "URL NAME"`, false},
		{"a redirect to http", redirect("http://lists.example/idps.txt"), `"http://lists.example/idps.txt" is not an https URL`, false},
		{"a redirect to itself", redirect("/"), "the server redirects too often", false},
		{"not modified although nobody asked", answer(304, ""), "", false},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "https://a.example/")
		}, "unexpected EOF", false},
		{"cut off within a line", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "https://b.example/ A Uni")
		}, "unexpected EOF", false},
		{"not there", answer(404, ""), "the server answered with status 404", true},
		{"gone", answer(410, ""), "the server answered with status 410", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, c := newListServer(t, "ETag"), newClock()
			var warnings []*idp.StaleError
			f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: t.TempDir(), Now: c.now,
				Warn: func(e *idp.StaleError) { warnings = append(warnings, e) }}
			if _, err := f.Find(t.Context(), "A"); err != nil {
				t.Fatal(err)
			}
			then := c.at
			s.handler.Store(tt.handler)
			c.forward(48 * time.Hour)
			p, err := f.Find(t.Context(), "A")
			if tt.answer {
				if _, ok := errors.AsType[*idp.SourceError](err); !ok || !strings.HasSuffix(err.Error(), tt.want) || len(warnings) != 0 {
					t.Errorf("%+v, %v, %v, want %s", p, err, warnings, tt.want)
				}
				return
			}
			if err != nil || p.URL != "https://a.example/ecp" {
				t.Fatalf("%+v, %v", p, err)
			}
			if tt.want == "" {
				if len(warnings) != 0 {
					t.Errorf("warnings %v", warnings)
				}
				return
			}
			if len(warnings) != 1 || !warnings[0].Fetched.Equal(then) {
				t.Fatalf("warnings %v", warnings)
			}
			text := warnings[0].Error()
			if !strings.HasPrefix(text, "idp: reading the list "+s.URL+": ") || !strings.HasSuffix(text, tt.want+"; a copy of 2026-11-22T10:00:00Z is used") {
				t.Errorf("the warning reads %s, want %s", text, tt.want)
			}
			if _, ok := errors.AsType[*idp.SourceError](warnings[0]); !ok {
				t.Error("the warning does not wrap the cause")
			}
		})
	}
}

func TestNoCopyNoMercy(t *testing.T) {
	t.Parallel()
	s := newListServer(t, "")
	s.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }))
	f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: t.TempDir(), Warn: func(e *idp.StaleError) { t.Errorf("warning %v", e) }}
	_, err := f.Find(t.Context(), "A")
	if e, ok := errors.AsType[*idp.StatusError](err); !ok || e.Status != http.StatusNotModified {
		t.Errorf("err = %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for hops, good := range map[int]bool{1: true, 5: true, 6: false} {
		s := newListServer(t, "")
		s.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Path) > hops {
				fmt.Fprint(w, "https://a.example/ecp A\n")
				return
			}
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}))
		client := s.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { panic("it is replaced") }
		_, err := idp.Finder{HTTP: client, List: s.URL + "/"}.Find(t.Context(), "A")
		if (err == nil) != good {
			t.Errorf("%d redirects: %v", hops, err)
		}
	}
}

func TestLoopbackHTTPWhenAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "https://a.example/ecp A\n") }))
	t.Cleanup(server.Close)
	if _, err := (idp.Finder{List: server.URL}).Find(t.Context(), "A"); err == nil {
		t.Error("http was used although it is not allowed")
	}
	if _, err := (idp.Finder{List: server.URL, AllowLoopbackHTTP: true}).Find(t.Context(), "A"); err != nil {
		t.Error(err)
	}
}

// Expired metadata is not taken from the server, and a copy that has expired meanwhile is not fallen back on.
func TestExpiredMetadata(t *testing.T) {
	t.Parallel()
	s, c := newListServer(t, "ETag"), newClock()
	s.content.Store(aggregate(`validUntil="2026-11-22T12:00:00Z"`, entity(idA, soap, "")))
	f := idp.Finder{HTTP: s.Client(), Metadata: s.URL, CacheDir: t.TempDir(), Now: c.now}
	if p, err := f.Find(t.Context(), idA); err != nil || p.URL != "https://a.example/ecp" {
		t.Fatalf("%+v, %v", p, err)
	}
	c.forward(2*time.Hour + time.Second)
	_, err := f.Find(t.Context(), idA)
	if e, ok := errors.AsType[*idp.ExpiredError](err); !ok || !e.Until.Equal(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("err = %v", err)
	}
	if s.notModified.Load() != 0 {
		t.Error("the expired copy was asked about")
	}
}

// Who gives up must not get a copy as an answer.
func TestCanceledDownload(t *testing.T) {
	t.Parallel()
	s, c := newListServer(t, "ETag"), newClock()
	f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: t.TempDir(), Now: c.now, Warn: func(e *idp.StaleError) { t.Errorf("warning %v", e) }}
	if _, err := f.Find(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	c.forward(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	s.handler.Store(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	if _, err := f.Find(ctx, "A"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// A list of a server that hangs is not worth the whole time that the user has: there is a copy.
func TestHangingServer(t *testing.T) {
	t.Parallel()
	s, c := newListServer(t, "ETag"), newClock()
	warned := 0
	f := idp.Finder{HTTP: s.Client(), List: s.URL, CacheDir: t.TempDir(), Now: c.now, Warn: func(*idp.StaleError) { warned++ }}
	if _, err := f.Find(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	c.forward(2 * time.Hour)
	f.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		deadline, ok := r.Context().Deadline()
		if left := time.Until(deadline); !ok || left > 20*time.Second {
			t.Errorf("the server may take %v", left)
		}
		return nil, context.DeadlineExceeded // as it would be after that time
	})}
	if _, err := f.Find(t.Context(), "A"); err != nil || warned != 1 {
		t.Errorf("%v, %d warnings", err, warned)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}
