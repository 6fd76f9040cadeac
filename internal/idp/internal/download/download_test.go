// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package download_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/download"
)

var errPage = errors.New("it is a web page")

// parse takes a text in capitals, and refuses web pages.
func parse(r io.Reader) (string, error) {
	data, err := io.ReadAll(r)
	if err == nil && strings.HasPrefix(string(data), "<") {
		err = errPage
	}
	return strings.ToUpper(string(data)), err
}

var errUnfit = errors.New("it does not do")

func check(content string) error {
	if strings.Contains(content, "UNFIT") {
		return errUnfit
	}
	return nil
}

type client = download.Client[string]

func source(url string) download.Source[string] {
	return download.Source[string]{Kind: "list", URL: url, Accept: "text/plain", Parse: parse, Check: check}
}

// server serves a text, counts requests, and can be told to misbehave.
type server struct {
	*httptest.Server
	requests, notModified atomic.Int32
	handler               atomic.Value // http.HandlerFunc, instead of the text
	content               atomic.Value // string
	validator             string       // ETag or Last-Modified
}

func newServer(t *testing.T, validator string) *server {
	t.Helper()
	s := &server{validator: validator}
	s.content.Store("a")
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
		http.ServeContent(recorder, r, "list.txt", modified, strings.NewReader(content))
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

// get gets the document and wants that content.
func get(t *testing.T, c client, s *server, want string) {
	t.Helper()
	if got, err := c.Get(t.Context(), source(s.URL)); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestCopyIsFreshForAnHour(t *testing.T) {
	t.Parallel()
	for _, validator := range []string{"ETag", "Last-Modified", ""} {
		t.Run("validator "+validator, func(t *testing.T) {
			t.Parallel()
			s, now := newServer(t, validator), newClock()
			c := client{HTTP: s.Client(), Dir: filepath.Join(t.TempDir(), "new", "folder"), Now: now.now}
			expect := func(what, want string, requests, notModified int32) {
				t.Helper()
				get(t, c, s, want)
				if validator == "" {
					notModified = 0
				}
				if got, got304 := s.requests.Load(), s.notModified.Load(); got != requests || got304 != notModified {
					t.Errorf("%s: %d requests, %d not modified; want %d and %d", what, got, got304, requests, notModified)
				}
			}
			expect("first", "A", 1, 0)
			now.forward(time.Hour - time.Second)
			expect("within the hour", "A", 1, 0)
			now.forward(time.Second)
			expect("after an hour", "A", 2, 1)
			now.forward(time.Hour - time.Second)
			expect("within another hour", "A", 2, 1)
			s.content.Store("bb")
			now.forward(time.Second)
			expect("changed", "BB", 3, 1)
			now.forward(-2 * time.Hour)
			expect("the clock was put back", "BB", 4, 2)
			c.Form++
			expect("another form", "BB", 5, 2)
			c.Dir = ""
			expect("without a folder", "BB", 6, 2)
		})
	}
}

// TestRequest: the server learns what is wanted, and two kinds of a URL are two documents.
func TestRequest(t *testing.T) {
	t.Parallel()
	s, dir := newServer(t, ""), t.TempDir()
	s.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Accept")) }))
	c := client{HTTP: s.Client(), Dir: dir, Now: newClock().now}
	for kind, accept := range map[string]string{"list": "text/plain", "metadata": "text/xml"} {
		src := source(s.URL)
		src.Kind, src.Accept = kind, accept
		if got, err := c.Get(t.Context(), src); got != strings.ToUpper(accept) || err != nil {
			t.Errorf("%s: %q, %v", kind, got, err)
		}
	}
	if s.requests.Load() != 2 {
		t.Errorf("%d requests", s.requests.Load())
	}
}

func TestCopyIsPrivate(t *testing.T) {
	t.Parallel()
	s, dir := newServer(t, "ETag"), filepath.Join(t.TempDir(), "cache")
	get(t, client{HTTP: s.Client(), Dir: dir, Now: newClock().now}, s, "A")
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	info, err = os.Stat(onlyFile(t, dir))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

// A copy that cannot be trusted or understood is none; it is replaced, if that can be done.
func TestBadCopies(t *testing.T) {
	t.Parallel()
	rewrite := func(old, new string) func(string) error {
		return func(path string) error {
			data, err := os.ReadFile(path)
			if !strings.Contains(string(data), old) {
				return fmt.Errorf("%w: %s does not hold %s", err, data, old)
			}
			return os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600)
		}
	}
	for _, tt := range []struct {
		name  string
		spoil func(path string) error
	}{
		{"others may write it", func(path string) error { return os.Chmod(path, 0o666) }},
		{"no JSON", rewrite("{", "[")},
		{"another form", rewrite(`"form":7`, `"form":8`)},
		{"no form", rewrite(`"form":7,`, ``)},
		{"what does not pass the check", rewrite(`"A"`, `"UNFIT"`)},
		{"another type", rewrite(`"A"`, `1`)},
		{"gone", os.Remove},
		{"a folder in its place", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, dir := newServer(t, "ETag"), t.TempDir()
			c := client{HTTP: s.Client(), Dir: dir, Form: 7, Now: newClock().now}
			get(t, c, s, "A")
			if err := tt.spoil(onlyFile(t, dir)); err != nil {
				t.Fatal(err)
			}
			get(t, c, s, "A")
			if s.requests.Load() != 2 || s.notModified.Load() != 0 {
				t.Errorf("%d requests, %d not modified", s.requests.Load(), s.notModified.Load())
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
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    string // why the copy has to do, "" if it is as good; or the error if it is an answer
		answer  bool
	}{
		{"down for maintenance", answer(503, ""), "the server answered with status 503", false},
		{"an HTML page", answer(200, "<html>we are sorry</html>"), errPage.Error(), false},
		{"what does not pass the check", answer(200, "unfit"), errUnfit.Error(), false},
		{"a redirect to http", redirect("http://lists.example/idps.txt"), `"http://lists.example/idps.txt" is not an https URL`, false},
		{"a redirect to itself", redirect("/"), "the server redirects too often", false},
		{"not modified", answer(304, ""), "", false},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "b")
		}, "unexpected EOF", false},
		{"not there", answer(404, ""), "the server answered with status 404", true},
		{"gone", answer(410, ""), "the server answered with status 410", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, now := newServer(t, "ETag"), newClock()
			c := client{HTTP: s.Client(), Dir: t.TempDir(), Now: now.now}
			var warnings []string
			c.Stale = func(asked time.Time, err error) { warnings = append(warnings, fmt.Sprint(asked, " ", err)) }
			get(t, c, s, "A")
			then := now.at
			s.handler.Store(tt.handler)
			now.forward(48 * time.Hour)
			got, err := c.Get(t.Context(), source(s.URL))
			switch {
			case tt.answer:
				if err == nil || err.Error() != tt.want || got != "" || len(warnings) != 0 {
					t.Errorf("%q, %v, %q", got, err, warnings)
				}
			case err != nil || got != "A" || (len(warnings) == 0) != (tt.want == ""):
				t.Errorf("%q, %v, %q", got, err, warnings)
			case tt.want != "" && (!strings.HasPrefix(warnings[0], then.String()) || !strings.HasSuffix(warnings[0], tt.want)):
				t.Errorf("%q, want %s", warnings, tt.want)
			}
		})
	}
}

func TestNoCopyNoMercy(t *testing.T) {
	t.Parallel()
	s := newServer(t, "")
	s.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }))
	c := client{HTTP: s.Client(), Dir: t.TempDir(), Now: newClock().now, Stale: func(time.Time, error) { t.Error("a copy had to do") }}
	_, err := c.Get(t.Context(), source(s.URL))
	if e, ok := errors.AsType[*download.StatusError](err); !ok || e.Status != http.StatusNotModified {
		t.Errorf("err = %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for hops, good := range map[int]bool{1: true, 5: true, 6: false} {
		s := newServer(t, "")
		s.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Path) > hops {
				fmt.Fprint(w, "a")
				return
			}
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}))
		web := s.Client()
		web.CheckRedirect = func(*http.Request, []*http.Request) error { panic("it is replaced") }
		_, err := client{HTTP: web, Now: newClock().now}.Get(t.Context(), source(s.URL+"/"))
		if (err == nil) != good {
			t.Errorf("%d redirects: %v", hops, err)
		}
	}
}

func TestInsecure(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a") }))
	t.Cleanup(plain.Close)
	for _, tt := range []struct {
		name, url string
		loopback  bool
		want      string // the error
	}{
		{"loopback", plain.URL, false, fmt.Sprintf("%q is not an https URL", plain.URL)},
		{"loopback, allowed", plain.URL, true, ""},
		{"http elsewhere", "http://lists.example/", true, `"http://lists.example/" is not an https URL`},
		{"a password", "http://u:secret@lists.example/", true, `"http://u:xxxxx@lists.example/" is not an https URL`},
		{"no URL", "https://u:secret@lists example/", true, "it is not a URL"},
	} {
		got, err := client{AllowLoopbackHTTP: tt.loopback, Now: newClock().now}.Get(t.Context(), source(tt.url))
		if tt.want == "" && (got != "A" || err != nil) || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func TestSecure(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]bool{ // as it is; with http allowed on loopback
		"https://a.example/":           {true, true},
		"http://a.example/":            {false, false},
		"http://127.0.0.1:8080/":       {false, true},
		"http://[::1]/":                {false, true},
		"http://LocalHost/":            {false, true},
		"http://localhost.a.example/":  {false, false},
		"http://127.0.0.1.a.example/":  {false, false},
		"ftp://127.0.0.1/":             {false, false},
		"file:///etc/passwd":           {false, false},
		"https://127.0.0.1.a.example/": {true, true},
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{download.Secure(u, false), download.Secure(u, true)}; got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

// Who gives up must not get a copy as an answer.
func TestCanceledDownload(t *testing.T) {
	t.Parallel()
	s, now := newServer(t, "ETag"), newClock()
	c := client{HTTP: s.Client(), Dir: t.TempDir(), Now: now.now, Stale: func(time.Time, error) { t.Error("a copy had to do") }}
	get(t, c, s, "A")
	now.forward(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	s.handler.Store(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	if _, err := c.Get(ctx, source(s.URL)); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// A document of a server that hangs is not worth the whole time that the user has: there is a copy. Without one it is.
func TestHangingServer(t *testing.T) {
	t.Parallel()
	s, now := newServer(t, "ETag"), newClock()
	asked := 0
	c := client{HTTP: s.Client(), Dir: t.TempDir(), Now: now.now, Stale: func(time.Time, error) { asked++ }}
	get(t, c, s, "A")
	now.forward(2 * time.Hour)
	bounded := false
	c.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		var deadline time.Time
		deadline, bounded = r.Context().Deadline()
		if left := time.Until(deadline); bounded && left > 20*time.Second {
			t.Errorf("the server may take %v", left)
		}
		return nil, context.DeadlineExceeded // as it would be after that time
	})}
	if get(t, c, s, "A"); asked != 1 || !bounded {
		t.Errorf("%d warnings, bounded: %t", asked, bounded)
	}
	c.Dir = ""
	if _, err := c.Get(t.Context(), source(s.URL)); err == nil || bounded {
		t.Errorf("without a copy: %v, bounded: %t", err, bounded)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}
