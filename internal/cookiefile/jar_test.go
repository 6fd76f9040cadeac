// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cookiefile_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"

	"github.com/x509up/x509up/internal/cookiefile"
)

var _ http.CookieJar = (*cookiefile.Jar)(nil)

// noon is when the tests with a clock of their own begin.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// frozen is a clock that stands.
func frozen(t time.Time) func() time.Time { return func() time.Time { return t } }

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// set gives the jar Set-Cookie fields as net/http reads them.
func set(t *testing.T, jar http.CookieJar, from string, fields ...string) {
	t.Helper()
	answer := http.Response{Header: http.Header{"Set-Cookie": fields}}
	jar.SetCookies(mustURL(t, from), answer.Cookies())
}

// sent is the Cookie field of a request to the URL.
func sent(t *testing.T, jar http.CookieJar, to string) string {
	t.Helper()
	request := http.Request{Header: http.Header{}}
	for _, c := range jar.Cookies(mustURL(t, to)) {
		request.AddCookie(c)
	}
	return request.Header.Get("Cookie")
}

func TestJar(t *testing.T) {
	t.Parallel()
	const sp = "https://sp.example.org/secure/page"
	for _, tt := range []struct {
		name, from string
		fields     []string
		to, want   string
	}{
		{"the same page", sp, []string{"a=1"}, sp, "a=1"},
		{"the folder", sp, []string{"a=1"}, "https://sp.example.org/secure/other/x", "a=1"},
		{"another folder", sp, []string{"a=1"}, "https://sp.example.org/", ""},
		{"a folder with a longer name", sp, []string{"a=1; Path=/sec"}, sp, ""},
		{"a path with a slash at its end", sp, []string{"a=1; Path=/secure/"}, sp, "a=1"},
		{"a path with a slash, the folder itself", sp, []string{"a=1; Path=/secure/"}, "https://sp.example.org/secure", ""},
		{"a path that is none", sp, []string{"a=1; Path=secure"}, "https://sp.example.org/secure", "a=1"},
		{"the root, without a path", "https://sp.example.org", []string{"a=1"}, "https://sp.example.org/x", "a=1"},
		{"an escaped path", "https://sp.example.org/a%20b/c", []string{"a=1"}, "https://sp.example.org/a%20b/d", "a=1"},
		{"an escaped path as attribute", sp, []string{"a=1; Path=/a%20b"}, "https://sp.example.org/a%20b/d", "a=1"},
		{"an escaped line end", "https://sp.example.org/a%0Ab/c", []string{"a=1"}, "https://sp.example.org/a%0Ab/d", "a=1"},
		{"longer paths first", sp, []string{"a=1; Path=/", "b=2; Path=/secure", "c=3; Path=/"}, sp, "b=2; a=1; c=3"},
		{"another host", sp, []string{"a=1"}, "https://idp.example.org/secure/", ""},
		{"a host below", sp, []string{"a=1"}, "https://x.sp.example.org/secure/", ""},
		{"another port", sp, []string{"a=1"}, "https://sp.example.org:8443/secure/", "a=1"},
		{"capitals and a dot at the end", sp, []string{"a=1"}, "https://SP.Example.ORG./secure/", "a=1"},
		{"for the domain", sp, []string{"a=1; Domain=.Example.org; Path=/"}, "https://idp.example.org/", "a=1"},
		{"for the domain, at itself", sp, []string{"a=1; Domain=example.org; Path=/"}, "https://example.org/", "a=1"},
		{"for the domain, at a name that ends alike", sp, []string{"a=1; Domain=example.org; Path=/"}, "https://anexample.org/", ""},
		{"for a domain of others", sp, []string{"a=1; Domain=example.com; Path=/"}, "https://example.com/", ""},
		{"for a host below", sp, []string{"a=1; Domain=x.sp.example.org; Path=/"}, "https://x.sp.example.org/", ""},
		{"for a registry", "https://sp.example.co.uk/", []string{"a=1; Domain=co.uk"}, "https://other.co.uk/", ""},
		{"for a registry, not even back", "https://sp.example.co.uk/", []string{"a=1; Domain=co.uk"}, "https://sp.example.co.uk/", ""},
		{"from a registry, for itself", "https://github.io/", []string{"a=1; Domain=github.io"}, "https://github.io/", "a=1"},
		{"from a registry, for its customers", "https://github.io/", []string{"a=1; Domain=github.io"}, "https://x.github.io/", ""},
		{"for a dot", sp, []string{"a=1; Domain=..example.org; Path=/"}, sp, ""},
		{"for a dot at the end", sp, []string{"a=1; Domain=example.org.; Path=/"}, sp, ""},
		{"IPv4", "https://127.0.0.1/", []string{"a=1"}, "https://127.0.0.1:4433/", "a=1"},
		{"IPv4 as domain", "https://127.0.0.1/", []string{"a=1; Domain=127.0.0.1"}, "https://127.0.0.1/", "a=1"},
		{"part of an IPv4", "https://127.0.0.1/", []string{"a=1; Domain=0.0.1"}, "https://127.0.0.1/", ""},
		{"IPv6", "https://[::1]/", []string{"a=1"}, "https://[::1]:4433/", "a=1"},
		{"another IPv6", "https://[::1]/", []string{"a=1"}, "https://[::2]/", ""},
		{"IDN", "https://bücher.example/", []string{"a=1"}, "https://xn--bcher-kva.example/", "a=1"},
		{"IDN in capitals, which net/http asks for under another name", "https://bücher.example/", []string{"a=1"}, "https://BÜCHER.example/", ""},
		{"Secure over TLS", sp, []string{"a=1; Secure; Path=/"}, sp, "a=1"},
		{"Secure without TLS", sp, []string{"a=1; Secure; Path=/"}, "http://sp.example.org/", ""},
		{"Secure without TLS on the loopback", "http://127.0.0.1/", []string{"a=1; Secure"}, "http://127.0.0.1/", "a=1"},
		{"Secure without TLS on localhost", "http://localhost/", []string{"a=1; Secure"}, "http://localhost:80/", "a=1"},
		{"not HTTP", sp, []string{"a=1; Path=/"}, "ftp://sp.example.org/", ""},
		{"from what is not HTTP", "ftp://sp.example.org/", []string{"a=1; Path=/"}, "https://sp.example.org/", ""},
		{"set twice", sp, []string{"a=1", "b=1", "a=2"}, sp, "a=2; b=1"},
		{"removed by Max-Age", sp, []string{"a=1", "a=2; Max-Age=0"}, sp, ""},
		{"removed by Expires", sp, []string{"a=1", "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, sp, ""},
		{"removed at another path", sp, []string{"a=1", "a=2; Path=/; Max-Age=0"}, sp, "a=1"},
		{"Max-Age before Expires", sp, []string{"a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, sp, "a=1"},
		{"Max-Age beyond all clocks", sp, []string{"a=1; Max-Age=9223372036854775807"}, sp, "a=1"},
		{"quotes", sp, []string{`a="1 2"`}, sp, `a="1 2"`},
		{"too long for a file", sp, []string{"a=" + strings.Repeat("x", 5000), "b=1"}, sp, "b=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			jar := cookiefile.New(frozen(noon()))
			set(t, jar, tt.from, tt.fields...)
			if got := sent(t, jar, tt.to); got != tt.want {
				t.Errorf("sent %q, want %q", got, tt.want)
			}
			// The same must hold for who reads the file.
			path := filepath.Join(t.TempDir(), "cookies.txt")
			if err := jar.Save(path); err != nil {
				t.Fatal(err)
			}
			other := cookiefile.New(frozen(noon()))
			if err := other.Load(path); err != nil {
				t.Fatal(err)
			}
			if got := sent(t, other, tt.to); got != tt.want {
				t.Errorf("after saving and loading sent %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRefusesControl calls SetCookies past the parser of net/http, which lets no
// control character through.
func TestRefusesControl(t *testing.T) {
	t.Parallel()
	jar := new(cookiefile.Jar)
	u := mustURL(t, "https://sp.example.org/")
	jar.SetCookies(u, []*http.Cookie{
		{Name: "tab", Value: "1\t2"}, {Name: "line", Value: "1\n.example.org\tTRUE"}, {Name: "cr", Value: "1\r"},
		{Name: "path", Value: "1", Path: "/\n"}, {Name: "na\tme", Value: "1"}, {Name: "", Value: "1"},
		{Name: "good", Value: "1"},
	})
	if got := sent(t, jar, u.String()); got != "good=1" {
		t.Errorf("sent %q", got)
	}
	path := filepath.Join(t.TempDir(), "cookies.txt")
	if err := jar.Save(path); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || strings.Count(string(data), "\n") != 4 {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	now := noon()
	jar := cookiefile.New(func() time.Time { return now })
	const sp = "https://sp.example.org/"
	set(t, jar, sp, "session=1", "age=1; Max-Age=60", "date=1; Expires=Sun, 01 Mar 2026 12:02:00 GMT")
	path := filepath.Join(t.TempDir(), "cookies.txt")
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{0, "session=1; age=1; date=1"},
		{time.Minute - 1, "session=1; age=1; date=1"},
		{time.Minute, "session=1; date=1"},
		{2*time.Minute - 1, "session=1; date=1"},
		{2 * time.Minute, "session=1"},
		{100 * 365 * 24 * time.Hour, "session=1"},
	} {
		now = noon().Add(tt.after)
		if got := sent(t, jar, sp); got != tt.want {
			t.Errorf("after %v sent %q, want %q", tt.after, got, tt.want)
		}
		if err := jar.Save(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cookies, err := cookiefile.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(cookies), strings.Count(tt.want, "="); got != want {
			t.Errorf("after %v %d cookies were saved, want %d", tt.after, got, want)
		}
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	jar := new(cookiefile.Jar)
	set(t, jar, "https://sp.example.org/a/", "host=1; Path=/; Secure", "folder=1", "domain=1; Path=/; Domain=example.org")
	set(t, jar, "https://sp.example.org/b/", "other=1")
	set(t, jar, "https://idp.example.org/", "idp=1")
	jar.Forget(mustURL(t, "ftp://sp.example.org/a/"))
	jar.Forget(mustURL(t, "https://sp.example.com/a/"))
	const all = "folder=1; host=1; domain=1"
	if got := sent(t, jar, "https://sp.example.org/a/"); got != all {
		t.Fatalf("sent %q, want %q", got, all)
	}
	jar.Forget(mustURL(t, "https://sp.example.org/a/page"))
	for to, want := range map[string]string{
		"https://sp.example.org/a/page": "", "https://sp.example.org/b/": "other=1", "https://idp.example.org/": "idp=1",
	} {
		if got := sent(t, jar, to); got != want {
			t.Errorf("to %s sent %q, want %q", to, got, want)
		}
	}
}

// TestNotSent has cookies of a browser's file that net/http would send altered.
func TestNotSent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cookies.txt")
	const lines = "sp.example.org\tFALSE\t/\tFALSE\t0\tjson\t{\"a\":1}\n" +
		"sp.example.org\tFALSE\t/\tFALSE\t0\tbad name\t1\n" +
		"sp.example.org\tFALSE\t/\tFALSE\t0\tquote\t\"\n" +
		"sp.example.org\tFALSE\t/\tFALSE\t0\tgood\t1\n"
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	jar := new(cookiefile.Jar)
	if err := jar.Load(path); err != nil {
		t.Fatal(err)
	}
	if got := sent(t, jar, "https://sp.example.org/"); got != "good=1" {
		t.Errorf("sent %q", got)
	}
	if err := jar.Save(path); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(data), "\n\n"+lines) {
		t.Errorf("saved %q, %v", data, err)
	}
}

// TestLoadAdds loads a file into a jar that has cookies.
func TestLoadAdds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cookies.txt")
	before := new(cookiefile.Jar)
	set(t, before, "https://sp.example.org/", "a=old", "b=old")
	if err := before.Save(path); err != nil {
		t.Fatal(err)
	}
	jar := new(cookiefile.Jar)
	set(t, jar, "https://sp.example.org/", "b=new", "c=new")
	if err := jar.Load(path); err != nil {
		t.Fatal(err)
	}
	if got, want := sent(t, jar, "https://sp.example.org/"), "b=old; c=new; a=old"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestSaveLasting: session cookies of the run stay out of the file, those of the file in it; nothing is written for nothing.
func TestSaveLasting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jar")
	jar := cookiefile.New(frozen(noon()))
	set(t, jar, "https://sp.example.org/", "session=1")
	if written, err := jar.SaveLasting(path); written || err != nil {
		t.Fatalf("%v, %v", written, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a file")
	}
	set(t, jar, "https://sp.example.org/", "lasting=2; Max-Age=3600")
	if written, err := jar.SaveLasting(path); !written || err != nil {
		t.Fatalf("%v, %v", written, err)
	}
	again := cookiefile.New(frozen(noon()))
	if err := again.Load(path); err != nil {
		t.Fatal(err)
	}
	if got := sent(t, again, "https://sp.example.org/"); got != "lasting=2" {
		t.Errorf("%q is in the file", got)
	}
	set(t, again, "https://sp.example.org/", "old=3")
	if err := again.Save(path); err != nil {
		t.Fatal(err)
	}
	third := cookiefile.New(frozen(noon()))
	if err := third.Load(path); err != nil {
		t.Fatal(err)
	}
	set(t, third, "https://sp.example.org/", "new=4", "more=5; Max-Age=60")
	if written, err := third.SaveLasting(path); !written || err != nil {
		t.Fatalf("%v, %v", written, err)
	}
	last := cookiefile.New(frozen(noon()))
	if err := last.Load(path); err != nil {
		t.Fatal(err)
	}
	if got := sent(t, last, "https://sp.example.org/"); got != "lasting=2; old=3; more=5" {
		t.Errorf("%q is in the file", got)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	jar := new(cookiefile.Jar)
	path := filepath.Join(t.TempDir(), "cookies.txt")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "c" + r.URL.Path[1:], Value: "1", Path: "/"})
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Jar: jar}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			answer, err := client.Get(fmt.Sprintf("%s/%d", server.URL, i))
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			if err := jar.Save(path); err != nil {
				t.Error(err)
			}
			if err := jar.Load(path); err != nil {
				t.Error(err)
			}
			jar.Forget(&url.URL{Scheme: "https", Host: "example.org"})
		})
	}
	wg.Wait()
	if got := len(jar.Cookies(mustURL(t, server.URL))); got != 16 {
		t.Errorf("%d cookies, want 16", got)
	}
}

// FuzzJar plays the same answers to this jar and to net/http/cookiejar: both
// must send the same. Each line of a script is a URL and perhaps a Set-Cookie
// field after a blank. Paths with escapes are left out: see the package comment.
func FuzzJar(f *testing.F) {
	for _, seed := range []string{
		"https://a.example.org/x/y a=1\nhttps://example.org/ b=2; Domain=example.org\nhttps://b.example.org/",
		"http://a.co.uk/ a=1; Domain=co.uk\nhttp://co.uk/ b=1; Domain=co.uk\nhttp://b.co.uk/",
		"https://127.0.0.1:1/ a=1; Domain=127.0.0.1\nhttp://[::1]:2/ b=1; Secure\nhttp://[::1]:2/",
		"https://h/a/b a=1; Path=/a/\nhttps://h/a a=\"2\"; Max-Age=-1\nhttps://h/a/ c=3 4, Max-Age=3600\nhttp://h/a/b",
		"http://localhost/ a=1; Secure; HttpOnly; SameSite=None\nhttp://x.localhost/",
		"https://bücher.example/ a=1; Domain=xn--bcher-kva.example\nhttps://x.bücher.example/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		if strings.Contains(script, "%") {
			return
		}
		want, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			t.Fatal(err)
		}
		jar := new(cookiefile.Jar)
		var visited []string
		for line := range strings.Lines(script) {
			from, field, _ := strings.Cut(strings.TrimSpace(line), " ")
			u, err := url.Parse(from)
			if err != nil || !alike(u) || len(line) > 1000 {
				continue
			}
			visited = append(visited, from)
			for _, j := range []http.CookieJar{want, jar} {
				set(t, j, from, field)
			}
		}
		for _, to := range visited {
			if diff := cmp.Diff(sent(t, want, to), sent(t, jar, to)); diff != "" {
				t.Errorf("to %s (-cookiejar +this):\n%s", to, diff)
			}
		}
	})
}

// alike leaves out what the two treat differently without harm: an IPv6 address
// without a port, whose brackets net/http/cookiejar keeps, and hosts that are
// none.
func alike(u *url.URL) bool { return u.Path == u.EscapedPath() && hosts.MatchString(u.Host) }

var hosts = regexp.MustCompile(`^(?:\pL[\pL\d-]*(?:\.\pL[\pL\d-]*)*\.?(?::\d*)?|\d[\d.]*(?::\d*)?|\[[\da-f:]+\]:\d+)$`)
