// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/x509up/x509up/internal/idp"
)

// FuzzCache: whatever is in a file of the cache, no address comes out of it that a password must not go to, no name that a
// terminal must not show, and nothing that is not valid any more.
func FuzzCache(f *testing.F) {
	const where = "https://ca.example.org/idps.txt"
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, seed := range []string{
		`{"version":1,"fetched":"2030-01-01T11:00:00Z","providers":[{"Name":"North","URL":"https://north.example/ecp"}]}`,
		`{"version":1,"fetched":"2030-01-01T11:00:00Z","valid_until":"2029-01-01T11:00:00Z","providers":[{"Name":"North","URL":"https://north.example/ecp"}]}`,
		`{"version":1,"providers":[{"Name":"North","URL":"http://north.example/ecp"}]}`,
		`{"version":1,"providers":[{"Name":"North","URL":"https://jdoe:pw@north.example/ecp"}]}`,
		`{"version":1,"providers":[{"Name":"\u001b[31m","URL":"https://north.example/ecp"}]}`,
		`{"version":1,"providers":[{"Name":"","URL":"https://north.example/ecp"}]}`,
		`{"version":2,"providers":[]}`, `{"version":1,"providers":null}`, `[]`, `{`, ``, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		finder := idp.Finder{List: where, CacheDir: t.TempDir(), Now: func() time.Time { return now }}
		if err := os.WriteFile(idp.CachePath(finder, "list", where), data, 0o600); err != nil {
			t.Fatal(err)
		}
		found, validUntil, ok := idp.Cached(finder, "list", where)
		if !ok && len(found) > 0 {
			t.Errorf("not usable, but %v", found)
		}
		if !validUntil.IsZero() && validUntil.Before(now) {
			t.Errorf("valid until %v", validUntil)
		}
		for _, p := range found {
			u, err := url.Parse(p.URL)
			if p.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
				t.Errorf("the URL %q", p.URL)
			}
			if p.Name == "" || strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) {
				t.Errorf("the name %q", p.Name)
			}
		}
	})
}

// TestCacheFile: the seed that is good comes out, so that the fuzz test above looks at something.
func TestCacheFile(t *testing.T) {
	t.Parallel()
	const where = "https://ca.example.org/idps.txt"
	finder := idp.Finder{List: where, CacheDir: t.TempDir()}
	path := idp.CachePath(finder, "list", where)
	good := `{"version":1,"fetched":"2030-01-01T11:00:00Z","providers":[{"Name":"North","URL":"https://north.example/ecp"}]}`
	for data, want := range map[string]int{good: 1, strings.Replace(good, "https://north", "http://north", 1): 0, strings.Replace(good, `"version":1`, `"version":0`, 1): 0} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, _, _ := idp.Cached(finder, "list", where); len(found) != want {
			t.Errorf("%s: %v", data, found)
		}
	}
	if filepath.Dir(path) != finder.CacheDir {
		t.Errorf("the file is %s", path)
	}
}
