// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

const where = "https://ca.example.org/idps.txt"

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// roundTripper answers in the place of a server.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a client of a server that answers with a document, or with an error if there is none.
func answering(document string) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if document == "" {
			return nil, errors.New("no route to host")
		}
		recorder := httptest.NewRecorder()
		recorder.WriteString(document)
		return recorder.Result(), nil
	})}
}

// TestStaleCopy: a copy has to do when the server is out of reach, and Warn is told why, and of when it is.
func TestStaleCopy(t *testing.T) {
	t.Parallel()
	now := noon
	var warnings []error
	f := idp.Finder{HTTP: answering("https://a.example/ecp A\n"), List: where, CacheDir: t.TempDir(),
		Now: func() time.Time { return now }, Warn: func(err error) { warnings = append(warnings, err) }}
	if _, err := f.Find(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(48 * time.Hour)
	f.HTTP = answering("")
	p, err := f.Find(t.Context(), "A")
	if err != nil || p.URL != "https://a.example/ecp" || len(warnings) != 1 {
		t.Fatalf("%+v, %v, %v", p, err, warnings)
	}
	stale, ok := errors.AsType[*idp.StaleError](warnings[0])
	if !ok || !stale.Fetched.Equal(noon) {
		t.Errorf("%+v", warnings[0])
	}
	if _, ok := errors.AsType[*idp.SourceError](stale); !ok {
		t.Error("the warning does not wrap the cause")
	}
	want := `idp: reading the list ` + where + `: Get "` + where + `": no route to host; a copy of 2030-01-01T12:00:00Z is used`
	if stale.Error() != want {
		t.Errorf("got  %v\nwant %s", stale, want)
	}
	f.HTTP = answering("<html>we are sorry</html>")
	if _, err := f.Find(t.Context(), "A"); err != nil || len(warnings) != 2 || !strings.Contains(warnings[1].Error(), "line 1: it is not of the form") {
		t.Errorf("a page in the place of the list: %v, %v", err, warnings)
	}
}

// TestSkippedLines: bad lines cost nobody the good ones. Warn is told of them, also when they come from a copy, and who looks
// for what may stand in them.
func TestSkippedLines(t *testing.T) {
	t.Parallel()
	const list = "# our list\nhttps://a.example/ecp A\nhttp://b.example/ecp B\nhttps://c.example/ecp C\n"
	const what = `2 lines are not used, the first is line 1: it is not of the form "URL NAME"`
	path := file(t, "idps.txt", list)
	for name, f := range map[string]idp.Finder{
		"file": {List: path},
		"URL":  {List: where, HTTP: answering(list), CacheDir: t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, round := range []string{"first", "second"} {
				var warnings []string
				f.Warn = func(err error) { warnings = append(warnings, err.Error()) }
				all, err := f.All(t.Context())
				want := []idp.Provider{{Name: "A", URL: "https://a.example/ecp"}, {Name: "C", URL: "https://c.example/ecp"}}
				if diff := cmp.Diff(want, all); err != nil || diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", round, err, diff)
				}
				if diff := cmp.Diff([]string{"idp: reading the list " + f.List + ": " + what}, warnings); diff != "" {
					t.Errorf("%s: warnings (-want +got):\n%s", round, diff)
				}
				_, err = f.Find(t.Context(), "B")
				if e, ok := errors.AsType[*idp.NotFoundError](err); !ok || e.Skipped == nil || e.Skipped.Lines != 2 || e.Skipped.Source != f.List ||
					!strings.HasSuffix(err.Error(), "; in the list, "+what) {
					t.Errorf("%s: %v", round, err)
				}
				if f.HTTP != nil {
					f.HTTP = answering("") // the copy is fresh
				}
			}
			if _, err := (idp.Finder{List: file(t, "one", "https://a.example/ecp A\nhttp://b.example/ecp B")}).Find(t.Context(), "B"); err == nil ||
				!strings.HasSuffix(err.Error(), "; in the list, line 2 is not used: the URL is not a good https URL") {
				t.Errorf("one bad line: %v", err)
			}
		})
	}
}

// A copy that holds what no parser lets through is none; it is replaced.
func TestBadCopies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, old, new string }{
		{"an endpoint without TLS", "https://a.example", "http://a.example"},
		{"a name with an escape sequence", `"name":"A"`, `"name":"A\u001b[2J"`},
		{"a provider without a name", `"name":"A"`, `"name":""`},
		{"not valid any more", `"providers"`, `"valid_until":"2000-01-01T00:00:00Z","providers"`},
		{"a scope with an escape sequence", `"name":"A"`, `"name":"A","scopes":["a.example","\u001b[2J"]`},
		{"a reason with an escape sequence", `"reason":"`, `"reason":"\u001b[2J`},
		{"another form", `"form":3`, `"form":1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := idp.Finder{HTTP: answering("https://a.example/ecp A\nbad\n"), List: where, CacheDir: t.TempDir()}
			if _, err := f.Find(t.Context(), "A"); err != nil {
				t.Fatal(err)
			}
			path := onlyFile(t, f.CacheDir)
			data, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(data), tt.old) {
				t.Fatalf("%v: %s does not hold %s", err, data, tt.old)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), tt.old, tt.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			f.HTTP = answering("https://b.example/ecp B\n")
			if p, err := f.Find(t.Context(), "B"); err != nil || p.URL != "https://b.example/ecp" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

// Expired metadata is not taken from the server, and a copy that has expired meanwhile is not fallen back on.
func TestExpiredMetadata(t *testing.T) {
	t.Parallel()
	now := noon
	f := idp.Finder{HTTP: answering(aggregate(`validUntil="2030-01-01T14:00:00Z"`, entity(idA, soap, ""))), Metadata: "https://ca.example.org/md.xml",
		CacheDir: t.TempDir(), Now: func() time.Time { return now }}
	if p, err := f.Find(t.Context(), idA); err != nil || p.URL != "https://a.example/ecp" {
		t.Fatalf("%+v, %v", p, err)
	}
	now = now.Add(2*time.Hour + time.Second)
	_, err := f.Find(t.Context(), idA)
	if e, ok := errors.AsType[*idp.ExpiredError](err); !ok || !e.Until.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("err = %v", err)
	}
	f.HTTP = answering("")
	if p, err := f.Find(t.Context(), idA); err == nil {
		t.Errorf("the expired copy was used: %+v", p)
	}
}

// FuzzCache: whatever is in a file of the cache, no address comes out of it that a password must not go to, no name that a
// terminal must not show, and nothing that is not valid any more.
func FuzzCache(f *testing.F) {
	for _, seed := range []string{
		goodCopy,
		strings.Replace(goodCopy, `"providers"`, `"valid_until":"2029-01-01T11:00:00Z","providers"`, 1),
		strings.Replace(goodCopy, "https://north", "http://north", 1),
		strings.Replace(goodCopy, "https://north", "https://jdoe:pw@north", 1),
		strings.Replace(goodCopy, "North", `\u001b[31m`, 1),
		strings.Replace(goodCopy, "North", "", 1),
		strings.Replace(goodCopy, `"form":3`, `"form":1`, 1),
		`{"form":3,"fetched":"2030-01-01T11:00:00Z"}`, `[]`, `{`, ``, "\xff",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	path := copyFile(f, dir)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := readCopy(t, dir, path, data)
		if err != nil && len(doc.Providers) > 0 {
			t.Errorf("not usable, but %v", doc)
		}
		if !doc.ValidUntil.IsZero() && doc.ValidUntil.Before(noon) {
			t.Errorf("valid until %v", doc.ValidUntil)
		}
		for _, p := range doc.Providers {
			u, err := url.Parse(p.URL)
			if p.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
				t.Errorf("the URL %q", p.URL)
			}
			if p.URL != "" && u.Scheme == "http" && u.Hostname() != "::1" && !strings.EqualFold(u.Hostname(), "localhost") && !strings.HasPrefix(u.Hostname(), "127.") {
				t.Errorf("the URL %q", p.URL)
			}
			if p.Name == "" || strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) {
				t.Errorf("the name %q", p.Name)
			}
		}
	})
}

const goodCopy = `{"form":3,"fetched":"2030-01-01T11:30:00Z","content":{"providers":[{"name":"North","url":"https://north.example/ecp"}]}}`

// TestCacheFile: the seed that is good comes out, so that the fuzz test above looks at something.
func TestCacheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := copyFile(t, dir)
	for _, tt := range []struct {
		name, data string
		want       int
	}{
		{"good", goodCopy, 1},
		{"http", strings.Replace(goodCopy, "https://north", "http://north", 1), 0},
		{"another form", strings.Replace(goodCopy, `"form":3`, `"form":4`, 1), 0},
		{"too old", strings.Replace(goodCopy, "11:30", "10:30", 1), 1},
	} {
		doc, err := readCopy(t, dir, path, []byte(tt.data))
		if len(doc.Providers) != tt.want || (err == nil) != (tt.want == 1) {
			t.Errorf("%s: %v, %v", tt.name, doc, err)
		}
	}
}

// copyFile makes a copy of the list and returns its file.
func copyFile(t testing.TB, dir string) string {
	t.Helper()
	if _, err := idp.Listed(context.Background(), idp.Finder{HTTP: answering("https://a.example/ecp A\n"), List: where, CacheDir: dir}); err != nil {
		t.Fatal(err)
	}
	return onlyFile(t, dir)
}

// readCopy reads the list from that file, with other data in it, while the server is out of reach.
func readCopy(t testing.TB, dir, path string, data []byte) (idp.Metadata, error) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return idp.Listed(t.Context(), idp.Finder{HTTP: answering(""), List: where, CacheDir: dir, Now: func() time.Time { return noon }})
}

func onlyFile(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}
