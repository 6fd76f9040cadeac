// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cookiefile

import (
	"bufio"
	"bytes"
	"cmp"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Jar is an http.CookieJar that can be saved. The zero value is an empty jar with the system's clock. Its methods may be
// called from several goroutines.
type Jar struct {
	now func() time.Time

	mu      sync.Mutex
	cookies map[id]entry
	next    int
}

// id is what a cookie replaces another one by (RFC 6265, §5.3, step 11).
type id struct{ domain, path, name string }

type entry struct {
	Cookie
	order  int  // of creation
	loaded bool // and not set by a server since
}

// New returns an empty jar. Cookies end by the clock now; nil means time.Now.
func New(now func() time.Time) *Jar { return &Jar{now: now} }

func (j *Jar) clock() time.Time {
	if j.now == nil {
		return time.Now()
	}
	return j.now()
}

// put adds a cookie or replaces it; j.mu is held. The order of the first one is
// kept (RFC 6265, §5.3, step 11.3).
func (j *Jar) put(c Cookie, loaded bool) {
	if j.cookies == nil {
		j.cookies = map[id]entry{}
	}
	key := id{c.Domain, c.Path, c.Name}
	old, replaces := j.cookies[key]
	if !replaces {
		old.order = j.next
		j.next++
	}
	j.cookies[key] = entry{c, old.order, loaded}
}

// Load adds the cookies of a file. If there is an error, none is added: it wraps fs.ErrNotExist where there is no file,
// is a *ModeError, or wraps a *SyntaxError, an error of package ownfile, or what the system says.
func (j *Jar) Load(path string) error {
	cookies, err := readFile(path)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		j.put(c, true)
	}
	return nil
}

// Save makes a file of the jar's cookies, in the order of their creation, without those that have ended; an old file is
// replaced. The error wraps that of package atomicfile.
func (j *Jar) Save(path string) error { return j.save(path, func(entry) bool { return true }) }

// SaveLasting is Save without the session cookies that servers have set, for who wants no session of the run to last. Those that Load
// has found are kept. Written tells whether there was anything to write: no file is made for nothing.
func (j *Jar) SaveLasting(path string) (written bool, err error) {
	now := j.clock()
	changed := j.selected(func(c Cookie) bool { return c.lives(now) && !c.Expires.IsZero() })
	if !slices.ContainsFunc(changed, func(e entry) bool { return !e.loaded }) {
		return false, nil
	}
	return true, j.save(path, func(e entry) bool { return e.loaded || !e.Expires.IsZero() })
}

func (j *Jar) save(path string, want func(entry) bool) error {
	now := j.clock()
	kept := j.selected(func(c Cookie) bool { return c.lives(now) })
	kept = slices.DeleteFunc(kept, func(e entry) bool { return !want(e) })
	slices.SortFunc(kept, func(a, b entry) int { return cmp.Compare(a.order, b.order) })
	cookies := make([]Cookie, 0, len(kept))
	for _, e := range kept {
		cookies = append(cookies, e.Cookie)
	}
	return writeFile(path, cookies)
}

// Forget removes all cookies that would be sent to u.
func (j *Jar) Forget(u *url.URL) {
	target, ok := targetOf(u)
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for key, e := range j.cookies {
		if e.goesTo(target) {
			delete(j.cookies, key)
		}
	}
}

// For returns what the jar holds for u: the cookies that a request to it gets, those with longer paths first, then the older ones
// (RFC 6265, §5.4).
func (j *Jar) For(u *url.URL) []Cookie {
	target, ok := targetOf(u)
	if !ok {
		return nil
	}
	now := j.clock()
	selected := j.selected(func(c Cookie) bool { return c.lives(now) && c.goesTo(target) })
	slices.SortFunc(selected, func(a, b entry) int {
		return cmp.Or(cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.order, b.order))
	})
	var cookies []Cookie
	for _, e := range selected {
		cookies = append(cookies, e.Cookie)
	}
	return cookies
}

// Cookies returns the cookies to send with a request to u, in the order of For. A cookie from a file whose name or value
// net/http would change on its way is not sent.
func (j *Jar) Cookies(u *url.URL) []*http.Cookie {
	var cookies []*http.Cookie
	for _, e := range j.For(u) {
		c := &http.Cookie{Name: e.Name, Value: e.Value}
		if n := len(e.Value); n >= 2 && e.Value[0] == '"' && e.Value[n-1] == '"' {
			c.Value, c.Quoted = e.Value[1:n-1], true
		}
		if c.Valid() == nil {
			cookies = append(cookies, c)
		}
	}
	return cookies
}

func (j *Jar) selected(want func(Cookie) bool) []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var selected []entry
	for _, e := range j.cookies {
		if want(e.Cookie) {
			selected = append(selected, e)
		}
	}
	return selected
}

// SetCookies takes what an answer from u sets, and removes what it ends. It passes over cookies for a domain that u has
// no right to, and those that a file cannot hold: with control characters, or of more than 5000 bytes in all.
func (j *Jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	from, ok := targetOf(u)
	if !ok {
		return
	}
	now := j.clock()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, set := range cookies {
		c, ok := received(set, from, now)
		if !ok || c.problem() != "" {
			continue
		}
		if c.lives(now) {
			j.put(c, false)
		} else {
			delete(j.cookies, id{c.Domain, c.Path, c.Name})
		}
	}
}

// received is the storage model of RFC 6265, §5.3. A cookie that is to be
// removed has ended.
func received(set *http.Cookie, from target, now time.Time) (c Cookie, ok bool) {
	c = Cookie{Path: set.Path, Secure: set.Secure, HTTPOnly: set.HttpOnly, Name: set.Name, Value: set.Value}
	if set.Quoted {
		c.Value = `"` + c.Value + `"`
	}
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = defaultPath(from.path)
	}
	switch {
	case set.MaxAge < 0:
		c.Expires = now
	case int64(set.MaxAge) > math.MaxInt64/int64(time.Second):
		c.Expires = endOfTime()
	case set.MaxAge > 0:
		c.Expires = now.Add(time.Duration(set.MaxAge) * time.Second)
	case !set.Expires.IsZero():
		c.Expires = set.Expires
	}
	if c.Expires.After(endOfTime()) {
		c.Expires = endOfTime()
	}
	c.Domain, c.Subdomains, ok = domainFor(from.host, set.Domain)
	return c, ok
}

func (c Cookie) lives(now time.Time) bool { return c.Expires.IsZero() || c.Expires.After(now) }

// target is what decides about cookies in the URL of a request.
type target struct {
	host   string // in ASCII and lower case, without port
	path   string // as in the request line
	secure bool
}

// targetOf returns false for a URL that has nothing to do with cookies.
func targetOf(u *url.URL) (target, bool) {
	if u.Scheme != "http" && u.Scheme != "https" {
		return target{}, false
	}
	host := strings.ToLower(strings.TrimSuffix(asciiHost(u.Hostname()), "."))
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	secure := u.Scheme == "https" || isLoopback(host)
	return target{host, path, secure}, host != ""
}

// asciiHost returns a host name in the form in which net/http would ask for it:
// it has the tables of IDNA, and no other function that applies them.
func asciiHost(host string) string {
	if !strings.ContainsFunc(host, func(r rune) bool { return r > 0x7f }) {
		return host
	}
	var sent bytes.Buffer
	request := &http.Request{URL: &url.URL{Scheme: "http", Host: host, Path: "/"}}
	if err := request.Write(&sent); err != nil {
		return ""
	}
	parsed, err := http.ReadRequest(bufio.NewReader(&sent))
	if err != nil || strings.ContainsFunc(parsed.Host, func(r rune) bool { return r > 0x7f }) {
		return ""
	}
	return parsed.Host
}

// isLoopback tells the hosts to which Secure cookies go without TLS, as they do
// from browsers, curl and net/http/cookiejar.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || strings.ContainsAny(host, ":%")
}

// goesTo is RFC 6265, §5.4, step 1, but for the end of the cookie.
func (c Cookie) goesTo(t target) bool {
	return (c.Domain == t.host || c.Subdomains && isBelow(t.host, c.Domain)) &&
		pathMatches(t.path, c.Path) && (t.secure || !c.Secure)
}

// isBelow tells a subdomain; an address is below nothing.
func isBelow(host, domain string) bool {
	return strings.HasSuffix(host, "."+domain) && !isAddress(host)
}

// pathMatches is RFC 6265, §5.1.4.
func pathMatches(request, path string) bool {
	rest, ok := strings.CutPrefix(request, path)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(path, "/"))
}

// defaultPath is the folder of the request's path (RFC 6265, §5.1.4).
func defaultPath(request string) string {
	if i := strings.LastIndexByte(request, '/'); i > 0 && request[0] == '/' {
		return request[:i]
	}
	return "/"
}

// domainFor applies the Domain attribute of a cookie that host sets (RFC 6265,
// §5.3, steps 4 to 6). A public suffix may be meant only by a host of that name,
// and for itself: else one customer of a registry could set cookies for all.
func domainFor(host, attribute string) (domain string, subdomains, ok bool) {
	if attribute == "" {
		return host, false, true
	}
	if isAddress(host) {
		return host, false, attribute == host
	}
	domain = strings.ToLower(strings.TrimPrefix(attribute, "."))
	if domain == "" || domain[0] == '.' || domain[len(domain)-1] == '.' {
		return "", false, false
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return host, false, host == domain
	}
	return domain, true, host == domain || isBelow(host, domain)
}
