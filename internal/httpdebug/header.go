// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/secret"
)

// harmless are the header fields whose values are shown as they are.
const harmless = words(`Accept Accept-Encoding Accept-Language Accept-Ranges Age Allow Cache-Control Connection
	Content-Disposition Content-Encoding Content-Language Content-Length Content-Range Content-Type Date Etag Expires
	If-Modified-Since If-None-Match Keep-Alive Last-Modified Paos Pragma Range Retry-After Server Soapaction
	Strict-Transport-Security Te Trailer Transfer-Encoding Upgrade User-Agent Vary Via Warning X-Content-Type-Options
	X-Frame-Options X-Powered-By X-Shibboleth-Duo-Factor`)

// cleaner is for those of which a part is shown; nil for others.
func cleaner(name string) func(string) string {
	switch name {
	case "Authorization", "Proxy-Authorization":
		return scheme
	case "Www-Authenticate", "Proxy-Authenticate":
		return challenge
	case "Cookie":
		return cookies
	case "Set-Cookie":
		return setCookie
	case "Location", "Content-Location", "Referer", "Origin":
		return cleanLink
	}
	return nil
}

// words is a set of words with blanks between them.
type words string

func (w words) has(word string) bool { return slices.Contains(strings.Fields(string(w)), word) }

// headerLines has a line for each value, sorted by name.
func headerLines(header http.Header) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			lines = append(lines, name+": "+cleanField(http.CanonicalHeaderKey(name), value))
		}
	}
	return lines
}

func cleanField(name, value string) string {
	if clean := cleaner(name); clean != nil {
		return clean(value)
	}
	if harmless.has(name) {
		return oneLine(value)
	}
	return secret.Redacted
}

// schemes are those of the IANA registry that may be met. Another first word
// may be a credential that was sent without its scheme.
var schemes = pattern(`^(?i:Basic|Bearer|Digest|Negotiate|NTLM|SCRAM-SHA-256|Signature)(?: |$)`)

func scheme(value string) string {
	return schemes().FindString(value) + secret.Redacted
}

// realm is all that a challenge may say besides its scheme: Negotiate's holds a
// token, Digest's a nonce.
var realm = pattern(`^(?i:Basic|Bearer|Digest|Negotiate|NTLM)(?: realm="[^"]*")?(?:, *(?i:charset)="?(?i:utf-8)"?)?$`)

func challenge(value string) string {
	if realm().MatchString(value) {
		return oneLine(value)
	}
	return scheme(value)
}

// token is what the name of a cookie is (RFC 6265, §4.1.1).
var token = pattern("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func cookies(value string) string {
	var shown []string
	for pair := range strings.SplitSeq(value, ";") {
		shown = append(shown, cookiePair(pair))
	}
	return strings.Join(shown, "; ")
}

func cookiePair(pair string) string {
	name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
	if !ok || !token().MatchString(name) || strings.Trim(value, "=") == "" && value != "" {
		return secret.Redacted
	}
	return name + "=" + secret.Redacted
}

// attribute is one that RFC 6265bis has, and what its value can look like.
var attribute = pattern(`^(?i:Secure|HttpOnly|Partitioned|(?:Path|Domain|Expires|Max-Age|SameSite)=[\w .,:/-]*)$`)

func setCookie(value string) string {
	pair, rest, more := strings.Cut(value, ";")
	shown := []string{cookiePair(pair)}
	for more {
		var a string
		a, rest, more = strings.Cut(rest, ";")
		if a = strings.TrimSpace(a); !attribute().MatchString(a) {
			a = secret.Redacted
		}
		shown = append(shown, a)
	}
	return strings.Join(shown, "; ")
}

func cleanLink(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.Opaque != "" {
		return secret.Redacted
	}
	return cleanURL(u)
}

// cleanURL shows a URL without its user, without the values of parameters in its
// path (;jsessionid=…), of its query and of its fragment.
func cleanURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme + ":")
	}
	if u.Host != "" || u.User != nil {
		b.WriteString("//")
		if u.User != nil {
			b.WriteString(secret.Redacted + "@")
		}
		b.WriteString(u.Host)
	}
	for i, segment := range strings.Split(u.EscapedPath(), "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		plain, parameters, ok := strings.Cut(segment, ";")
		b.WriteString(plain)
		if ok {
			b.WriteString(";" + cleanPair(parameters, ""))
		}
	}
	if u.Opaque != "" {
		b.WriteString(secret.Redacted)
	}
	if u.RawQuery != "" {
		var pairs []string
		for pair := range strings.SplitSeq(u.RawQuery, "&") {
			pairs = append(pairs, cleanPair(pair, harmlessParameters))
		}
		b.WriteString("?" + strings.Join(pairs, "&"))
	}
	if u.Fragment != "" {
		b.WriteString("#" + secret.Redacted)
	}
	return b.String()
}

// harmlessParameters are those of a query whose values are shown if they are as
// plain as harmlessValue: the identity provider that a login goes to.
const harmlessParameters = words("entityID idphint lang skin")

var (
	harmlessValue = pattern(`^(?:[\w.:/-]|%3A|%2F)*$`)
	plainName     = pattern(`^[A-Za-z][\w.-]{0,31}$`)
)

// cleanPair shows the name in name=value, and the value if the name is in shown.
// What has no value may itself be a secret, and so may the padding of base64
// make it look like a name.
func cleanPair(pair string, shown words) string {
	name, value, _ := strings.Cut(pair, "=")
	switch {
	case !plainName().MatchString(name) || strings.Trim(value, "=") == "":
		return secret.Redacted
	case shown.has(name) && harmlessValue().MatchString(value):
		return pair
	}
	return name + "=" + secret.Redacted
}
