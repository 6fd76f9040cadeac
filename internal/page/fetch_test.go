// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/page"
)

// web is two hosts; on both, /CODE?to=URL redirects, and everything else is noted
// and answered by "here".
type web struct {
	here, there *httptest.Server

	mu   sync.Mutex
	seen []visit
}

// visit is a request as it came.
type visit struct {
	Host, Method, Body string
	Header             http.Header
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{}
	w.here = httptest.NewServer(http.HandlerFunc(w.serve))
	w.there = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.here.Close)
	t.Cleanup(w.there.Close)
	return w
}

func (w *web) serve(rw http.ResponseWriter, r *http.Request) {
	if code, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/")); err == nil {
		rw.Header().Set("Location", r.URL.Query().Get("to"))
		rw.WriteHeader(code)
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, visit{r.Host, r.Method, string(body), r.Header})
	_, _ = io.WriteString(rw, "here")
}

// fetch sends a request and returns the only visit.
func (w *web) fetch(t *testing.T, r page.Request, path string) visit {
	t.Helper()
	answer, err := w.try(t, r, path, true)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) != 1 {
		t.Fatalf("%d requests arrived, and the answer is %s", len(w.seen), answer.Status)
	}
	return w.seen[0]
}

func (w *web) try(t *testing.T, r page.Request, path string, follow bool) (*http.Response, error) {
	t.Helper()
	return page.Fetch(do(), w.build(t, r, path), follow)
}

func (w *web) build(t *testing.T, r page.Request, path string) *http.Request {
	t.Helper()
	u, err := page.ParseURL(w.here.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	request, err := r.Build(t.Context(), u, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// do is a client that follows nothing.
func do() func(*http.Request) (*http.Response, error) {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do
}

// TestMethods: 307 and 308 keep method and body, 303 makes a GET of it, 301 and 302 only of a POST.
func TestMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method string
		code   string
		want   visit
	}{
		{"POST", "301", visit{Method: "GET"}},
		{"POST", "302", visit{Method: "GET"}},
		{"POST", "303", visit{Method: "GET"}},
		{"POST", "307", visit{Method: "POST", Body: "a=1"}},
		{"POST", "308", visit{Method: "POST", Body: "a=1"}},
		{"PUT", "301", visit{Method: "PUT", Body: "a=1"}},
		{"PUT", "302", visit{Method: "PUT", Body: "a=1"}},
		{"PUT", "303", visit{Method: "GET"}},
		{"PUT", "307", visit{Method: "PUT", Body: "a=1"}},
		{"HEAD", "302", visit{Method: "HEAD"}},
		{"HEAD", "303", visit{Method: "HEAD"}},
		{"GET", "302", visit{Method: "GET"}},
		{"GET", "307", visit{Method: "GET"}},
	} {
		t.Run(c.method+" "+c.code, func(t *testing.T) {
			t.Parallel()
			r := page.Request{Method: c.method}
			if c.method == "POST" || c.method == "PUT" {
				r.Data = []page.Data{{Text: "a=1"}}
			}
			got := newWeb(t).fetch(t, r, "/"+c.code+"?to=/end")
			want := map[bool]string{true: "application/x-www-form-urlencoded"}[c.want.Body != ""]
			if got.Method != c.want.Method || got.Body != c.want.Body || got.Header.Get("Content-Type") != want {
				t.Errorf("%s %q with %q arrived, want %s %q with %q", got.Method, got.Body, got.Header.Get("Content-Type"),
					c.want.Method, c.want.Body, want)
			}
		})
	}
}

// TestSecretsStay: what may hold a secret goes to the host that it was meant for, and to no other, nor comes back.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"301", "302", "303", "307", "308"} {
		for _, c := range []struct {
			name string
			path func(w *web) string
			want bool
		}{
			{"at once", func(*web) string { return "/end" }, true},
			{"same host", func(*web) string { return "/" + code + "?to=/end" }, true},
			{"other port", func(w *web) string { return "/" + code + "?to=" + w.there.URL + "/end" }, false},
			{"other name", func(w *web) string {
				return "/" + code + "?to=" + strings.Replace(w.here.URL, "127.0.0.1", "localhost", 1) + "/end"
			}, false},
			{"there and back", func(w *web) string {
				return "/" + code + "?to=" + w.there.URL + "/" + code + "?to=" + w.here.URL + "/end"
			}, false},
		} {
			t.Run(code+" "+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWeb(t)
				got := w.fetch(t, page.Request{Header: []string{"Authorization: Bearer s3cret", "Cookie: id=s3cret", "X-Trace: 7"}}, c.path(w))
				for _, name := range []string{"Authorization", "Cookie"} {
					if has := strings.Contains(got.Header.Get(name), "s3cret"); has != c.want {
						t.Errorf("%s: %q, want it there: %v", name, got.Header.Get(name), c.want)
					}
				}
				if got.Header.Get("X-Trace") != "7" {
					t.Error("a field that is no secret got lost")
				}
			})
		}
	}
}

// TestHostStays: a name that was chosen for one host is not told to the next.
func TestHostStays(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	got := w.fetch(t, page.Request{Header: []string{"Host: alias.example.org"}}, "/302?to="+w.there.URL+"/end")
	if want := strings.TrimPrefix(w.there.URL, "http://"); got.Host != want {
		t.Errorf("Host is %q, want %q", got.Host, want)
	}
	w = newWeb(t)
	if got := w.fetch(t, page.Request{Header: []string{"host: alias.example.org"}}, "/end"); got.Host != "alias.example.org" {
		t.Errorf("Host is %q", got.Host)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	answer, err := w.try(t, page.Request{}, "/302?to=/end", false)
	if err != nil || answer.StatusCode != 302 {
		t.Errorf("not followed: %v, %v", answer, err)
	}
	for _, path := range []string{"/304?to=/end", "/302"} {
		if answer, err := w.try(t, page.Request{}, path, true); err != nil || answer.StatusCode >= 400 {
			t.Errorf("%s is no redirect: %v, %v", path, answer, err)
		}
	}
	for _, to := range []string{"http://[nonsense/", "https:///path"} {
		nowhere := func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 302, Header: http.Header{"Location": {to}}, Request: r, Body: http.NoBody}, nil
		}
		if _, err := page.Fetch(nowhere, w.build(t, page.Request{}, "/"), true); !is[*page.URLError](err) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if len(w.seen) != 0 {
		t.Errorf("%v arrived", w.seen)
	}
}

// TestRedirectsEnd: fifty are followed, one more is not.
func TestRedirectsEnd(t *testing.T) {
	t.Parallel()
	hops := 0
	endless := func(r *http.Request) (*http.Response, error) {
		hops++
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"/again"}}, Request: r, Body: http.NoBody}, nil
	}
	request := (&web{here: &httptest.Server{URL: "http://127.0.0.1"}}).build(t, page.Request{}, "/")
	if _, err := page.Fetch(endless, request, true); !errors.Is(err, page.ErrRedirects) || hops != 51 {
		t.Errorf("%v after %d requests", err, hops)
	}
}

// TestHeader: -H as curl has it.
func TestHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		given  []string
		field  string
		want   []string
		wanted string
	}{
		{"a default", nil, "Accept", []string{"*/*"}, ""},
		{"in its place", []string{"accept: text/plain"}, "Accept", []string{"text/plain"}, ""},
		{"two of a name", []string{"Accept: a/b", "Accept: c/d"}, "Accept", []string{"a/b", "c/d"}, ""},
		{"removed", []string{"Accept:"}, "Accept", nil, ""},
		{"removed, with a blank", []string{"Accept: "}, "Accept", nil, ""},
		{"removed, and set", []string{"Accept:", "Accept: a/b"}, "Accept", []string{"a/b"}, ""},
		{"Go's own removed", []string{"User-Agent:"}, "User-Agent", nil, ""},
		{"the type of a body removed", []string{"Content-Type:"}, "Content-Type", nil, ""},
		{"without a value", []string{"X-Empty;"}, "X-Empty", []string{""}, ""},
		{"a colon in the value", []string{"X-Time: 12:30"}, "X-Time", []string{"12:30"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := newWeb(t).fetch(t, page.Request{Header: c.given, Data: []page.Data{{Text: "x"}}}, "/end")
			if diff := cmp.Diff(c.want, got.Header.Values(c.field)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.field, diff)
			}
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestBadHeader: what is no field, or two, is not sent.
func TestBadHeader(t *testing.T) {
	t.Parallel()
	u, err := page.ParseURL("http://127.0.0.1/")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"", ":", ": value", "X-Name", "X Name: value", "X-A: 1\r\nX-B: 2", "X-A: 1\nX-B: 2", "X-A;b"} {
		_, err := page.Request{Header: []string{field}}.Build(t.Context(), u, nil)
		if e, ok := errors.AsType[*page.HeaderError](err); !ok || e.Field != field {
			t.Errorf("%q: %v", field, err)
		}
	}
	if _, err := (page.Request{Method: "G E T"}).Build(t.Context(), u, nil); !is[*page.MethodError](err) {
		t.Errorf("a method with blanks: %v", err)
	}
}

func TestMethodOfData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request page.Request
		want    string
	}{
		{page.Request{}, "GET"},
		{page.Request{Head: true}, "HEAD"},
		{page.Request{Data: []page.Data{{}}}, "POST"},
		{page.Request{Data: []page.Data{{}}, Method: "PATCH", Head: true}, "PATCH"},
	} {
		if got := newWeb(t).fetch(t, c.request, "/end"); got.Method != c.want {
			t.Errorf("%+v: %s, want %s", c.request, got.Method, c.want)
		}
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://a.example/b?c#d": "https://a.example/b?c#d",
		"a.example/b":             "https://a.example/b",
		"a.example:8443":          "https://a.example:8443",
		"http://a.example":        "http://a.example",
		"":                        "",
		"https://":                "",
		"https:///path":           "",
		"https://[::1":            "",
		"http://a b/":             "",
	} {
		u, err := page.ParseURL(text)
		if want == "" {
			if !is[*page.URLError](err) || !strings.Contains(err.Error(), text) {
				t.Errorf("%q: %v, %v", text, u, err)
			}
		} else if err != nil || u.String() != want {
			t.Errorf("%q: %v, %v", text, u, err)
		}
	}
}

// FuzzHeader: a field either is refused, or adds nothing but itself to the request.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{"Name: value", "Name:", "Name;", "Host: a", "User-Agent:", "A: b\r\nC: d", "Ä: ö", " : "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		u, err := page.ParseURL("http://127.0.0.1/")
		if err != nil {
			t.Fatal(err)
		}
		request, err := page.Request{Header: []string{field}}.Build(t.Context(), u, nil)
		if err != nil {
			if !is[*page.HeaderError](err) {
				t.Fatal(err)
			}
			return
		}
		delete(request.Header, "Accept")
		if len(request.Header) > 1 {
			t.Errorf("%q became %v", field, request.Header)
		}
		for name, values := range request.Header {
			if slices.ContainsFunc(append(values, name), func(s string) bool { return strings.ContainsAny(s, "\r\n") }) {
				t.Errorf("%q became %v", field, request.Header)
			}
		}
	})
}
