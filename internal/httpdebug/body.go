// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/secret"
)

// maxLines bounds what is shown of a body.
const maxLines = 500

// bodyLines shows a whole body as far as its kind is known to be harmless.
func bodyLines(header http.Header, data []byte, answer bool) []string {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media = "unknown type"
	}
	size := fmt.Sprintf("[%d bytes of %s]", len(data), oneLine(media))
	encoding := header.Get("Content-Encoding")
	switch {
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return []string{size}
	case media == "application/x-www-form-urlencoded":
		return bounded(formLines(string(data)))
	case isHTML(media, data):
		return []string{size[:len(size)-1] + titleOf(data) + "]"}
	case media == "text/xml" || media == "application/xml" || strings.HasSuffix(media, "+xml"):
		lines, ok := outline(data)
		if !ok {
			return []string{size[:len(size)-1] + " that cannot be read as XML]"}
		}
		return bounded(lines)
	case answer && texts.has(media) && isHarmlessText(data):
		return bounded(strings.Split(strings.TrimRight(withoutTokens(string(data)), "\r\n"), "\n"))
	}
	return []string{size}
}

func bounded(lines []string) []string {
	if len(lines) <= maxLines {
		return lines
	}
	return append(lines[:maxLines:maxLines], fmt.Sprintf("[%d more lines]", len(lines)-maxLines))
}

// formFields are the fields of the getcert protocol that hold no secret.
const formFields = words("submit SUBMIT certreq certlifetime p12lifetime p12multiplier")

// formLines has a line for each field, and more for a certificate request.
func formLines(data string) []string {
	var lines []string
	for pair := range strings.SplitSeq(data, "&") {
		name, value, _ := strings.Cut(pair, "=")
		text, err := url.QueryUnescape(value)
		if err != nil || !formFields.has(name) || !isHarmlessText([]byte(text)) {
			lines = append(lines, cleanPair(pair, ""))
			continue
		}
		lines = append(lines, name+"="+withoutTokens(strings.TrimRight(text, "\r\n")))
	}
	return lines
}

// texts are the types in which errors and certificates come.
const texts = words("text/plain application/x-pem-file application/pem-certificate-chain application/x-x509-user-cert")

// isHarmlessText looks for what a text must not hold to be shown: a private
// key, markup, which has rules of its own, or NUL, because the words of UTF-16
// would not be found.
func isHarmlessText(data []byte) bool {
	return !bytes.Contains(bytes.ToUpper(data), []byte("PRIVATE KEY")) && !bytes.ContainsAny(data, "<\x00")
}

// pattern compiles an expression when it is first needed: all of them together
// take a millisecond, and most runs of the program show no message.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var (
	certificates = pattern(`-----BEGIN (CERTIFICATE|CERTIFICATE REQUEST|NEW CERTIFICATE REQUEST|X509 CERTIFICATE)-----[A-Za-z0-9+/=\s]*-----END (?:CERTIFICATE|CERTIFICATE REQUEST|NEW CERTIFICATE REQUEST|X509 CERTIFICATE)-----`)
	longWord     = pattern(`[A-Za-z0-9+/=_-]{40,}`)
)

// withoutTokens leaves out of a text the long words that may be tokens, cookies
// or encoded messages, but for certificates and requests for them.
func withoutTokens(text string) string {
	var b strings.Builder
	for text != "" {
		next := certificates().FindStringIndex(text)
		if next == nil {
			next = []int{len(text), len(text)}
		}
		b.WriteString(longWord().ReplaceAllString(text[:next[0]], secret.Redacted))
		b.WriteString(text[next[0]:next[1]])
		text = text[next[1]:]
	}
	return b.String()
}

// isHTML tells a web page, whatever its type says.
func isHTML(media string, data []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(data[:min(len(data), 512)]))
	return media == "text/html" || media == "application/xhtml+xml" ||
		bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

var title = pattern(`(?is)<title\b[^>]*>([^<]{1,300})</title`)

func titleOf(data []byte) string {
	m := title().FindSubmatch(data)
	if m == nil {
		return ""
	}
	text := html.UnescapeString(string(m[1]))
	if !isHarmlessText([]byte(text)) {
		return ""
	}
	return ", title " + strconv.Quote(withoutTokens(oneLine(text)))
}

// oneLine joins the words of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// visible writes what could drive a terminal as escapes: control and formatting
// characters and what is not UTF-8.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
