// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms/internal/wire"
)

// der stands for a certificate: a SEQUENCE that is as long as real ones, and whose base64 has all digits.
var der = func() []byte {
	content := make([]byte, 0x321)
	for i := range content {
		content[i] = byte(i * 7)
	}
	return append([]byte{0x30, 0x82, 0x03, 0x21}, content...)
}()

// lines is base64 in 64 columns, each with that end.
func lines(data []byte, end string) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 0 {
		n := min(64, len(text))
		b.WriteString(text[:n] + end)
		text = text[n:]
	}
	return b.String()
}

// old is the encoding that VOMS had before: base64 with the letters' case swapped, other symbols, no padding.
func old(data []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '+':
			return '['
		case r == '/':
			return ']'
		case unicode.IsLower(r):
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, base64.RawStdEncoding.EncodeToString(data))
}

const (
	restHead   = `<?xml version="1.0" encoding="UTF-8"?><voms>`
	iamHead    = `<?xml version="1.0" encoding="UTF-8" standalone="no"?><voms>`
	legacyHead = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`
)

func TestParse(t *testing.T) {
	t.Parallel()
	shortened := "voms.example.org:15000: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"
	for _, c := range []struct {
		name, body string
		want       wire.Answer
	}{
		{"voms-server, REST", restHead + "<ac>" + lines(der, "\n") + "</ac></voms>", wire.Answer{AC: der}},
		{"with a warning", restHead + "<ac>" + lines(der, "\n") + "</ac><warning>" + shortened + "</warning></voms>",
			wire.Answer{AC: der, Warnings: []string{shortened}}},
		{"with two", restHead + "<ac>" + lines(der, "\n") + "</ac><warning>FQAN: /a is not the first selected!\n</warning><warning>b</warning></voms>",
			wire.Answer{AC: der, Warnings: []string{"FQAN: /a is not the first selected!", "b"}}},
		{"IAM", iamHead + "<ac>" + lines(der, "&#13;\n") + "</ac></voms>", wire.Answer{AC: der}},
		{"hexadecimal reference", iamHead + "<ac>" + lines(der, "&#xD;\n") + "</ac></voms>", wire.Answer{AC: der}},
		{"in one line, without padding", restHead + "<ac>" + base64.RawStdEncoding.EncodeToString(der) + "</ac></voms>", wire.Answer{AC: der}},
		{"legacy, base64", legacyHead + "<ac>" + lines(der, "\n") + "</ac></vomsans>", wire.Answer{AC: der}},
		{"legacy, old alphabet", legacyHead + "<ac>" + old(der) + "</ac></vomsans>", wire.Answer{AC: der}},
		{"legacy, warning", legacyHead + "<error><item><number>2</number><message>" + shortened + "</message></item></error><ac>" + old(der) + "</ac></vomsans>",
			wire.Answer{AC: der, Warnings: []string{shortened}}},
		{"short DER", restHead + "<ac>MAA=</ac></voms>", wire.Answer{AC: []byte{0x30, 0}}},
		{"what is before and behind", "HTTP rubbish <b>x</b>\n" + restHead + "<ac>MAA=</ac></voms><ac>MAA=</ac><html>", wire.Answer{AC: []byte{0x30, 0}}},
		{"attributes and empty elements", `<voms xmlns="urn:x"><ac id="1">MAA=</ac><warning/><error/></voms>`, wire.Answer{AC: []byte{0x30, 0}}},

		{"list, REST", restHead + "<ac>QQ==\n</ac><bitstr>" + lines([]byte("/vo.0\n/vo.0/G1\n/vo.0/Role=x\n"), "\n") + "</bitstr></voms>",
			wire.Answer{List: []string{"/vo.0", "/vo.0/G1", "/vo.0/Role=x"}}},
		{"list, legacy", legacyHead + "<bitstr>" + old([]byte("/vo.0\n/vo.0/G1\n")) + "</bitstr><ac>qq</ac></vomsans>", wire.Answer{List: []string{"/vo.0", "/vo.0/G1"}}},
		{"an empty list", restHead + "<bitstr></bitstr></voms>", wire.Answer{List: []string{}}},

		{"refused by voms-server", restHead + "<error><code>NoSuchUser</code><message>vo.0: User unknown to this VO.</message></error></voms>",
			wire.Answer{Faults: []wire.Fault{{"NoSuchUser", "vo.0: User unknown to this VO."}}}},
		{"unescaped", restHead + "<error><code>BadRequest</code><message>vo: AT&T said <no> & </b> &lt; &amp; &copy=1</message></error></voms>",
			wire.Answer{Faults: []wire.Fault{{"BadRequest", "vo: AT&T said <no> & </b> < & &copy=1"}}}},
		{"refused by IAM", iamHead + "<error><code>1001</code><message>User unknown to this VO: 'CN=a&amp;b'</message></error></voms>",
			wire.Answer{Faults: []wire.Fault{{"1001", "User unknown to this VO: 'CN=a&b'"}}}},
		{"IAM to voms-clients 2", legacyHead + "<error><item><number>1007</number><message>no</message></item></error><ac>QQ==\n</ac></vomsans>",
			wire.Answer{Faults: []wire.Fault{{"1007", "no"}}}},
		{"a batch", legacyHead + "<error><item><number>1001</number><message>one</message></item><item><number>3</number><message>two</message></item>" +
			"<item><number>1004</number><message>three\nSuspension reason: \x1b[31mred</message></item></error><ac>QQ==\n</ac></vomsans>",
			wire.Answer{Warnings: []string{"two"}, Faults: []wire.Fault{{"1001", "one"}, {"1004", "three Suspension reason: [31mred"}}}},
		{"a batch without items", "<voms><error><code>a</code><message>1</message><code>b</code><message>2</message></error></voms>",
			wire.Answer{Faults: []wire.Fault{{"a", "1"}, {"b", "2"}}}},
		{"refused, with a certificate all the same", restHead + "<ac>MAA=</ac><error><code>InternalError</code><message>no</message></error></voms>",
			wire.Answer{Faults: []wire.Fault{{"InternalError", "no"}}}},
		{"refused, with rubbish for a certificate", restHead + "<ac>?</ac><error><code>x</code></error></voms>", wire.Answer{Faults: []wire.Fault{{"x", ""}}}},
		{"a number that is none", "<vomsans><error><item><number>many</number><message>m</message></item></error></vomsans>", wire.Answer{Faults: []wire.Fault{{"many", "m"}}}},
		{"Latin-1", "<voms><error><code>c</code><message>Universit\xe4t</message></error></voms>", wire.Answer{Faults: []wire.Fault{{"c", "Universitt"}}}},
		{"a message that is no error's", "<voms><message>x</message><code>7</code></voms>", wire.Answer{}},
		{"nothing", restHead + "<ac></ac></voms>", wire.Answer{}},
		{"the letter A", legacyHead + "<ac>QQ==\n</ac></vomsans>", wire.Answer{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.Parse([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseBad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", "it is no answer of a VOMS server"},
		{"a page", "<!DOCTYPE html><html><title>404</title></html>", "it is no answer of a VOMS server"},
		{"XML of others", `<?xml version="1.0"?><vomsextra></vomsextra>`, "it is no answer of a VOMS server"},
		{"the end alone", "</voms>", "it is no answer of a VOMS server"},
		{"no end", restHead + "<ac>MAA=</ac>", "it ended too soon"},
		{"the end of the other", restHead + "<ac>MAA=</ac></vomsans>", "it ended too soon"},
		{"cut in the certificate", restHead + "<ac>" + lines(der, "\n"), "it ended too soon"},
		{"cut in a message", restHead + "<error><code>1</code><message>abc", "it ended too soon"},
		{"two certificates", restHead + "<ac>MAA=</ac><ac>MAA=</ac></voms>", "it holds two attribute certificates"},
		{"two lists", restHead + "<bitstr>Lw==</bitstr><bitstr/></voms>", "it holds two lists"},
		{"no base64", restHead + "<ac>*</ac></voms>", "its attribute certificate is encoded in neither alphabet"},
		{"not DER", restHead + "<ac>" + lines([]byte("hello"), "\n") + "</ac></voms>", "its attribute certificate is encoded in neither alphabet"},
		{"DER cut off", restHead + "<ac>" + lines(der[:500], "\n") + "</ac></voms>", "its attribute certificate is damaged"},
		{"more than one DER", restHead + "<ac>" + lines(append(der[:len(der):len(der)], 0), "\n") + "</ac></voms>", "its attribute certificate is damaged"},
		{"a list of no names", restHead + "<bitstr>" + lines([]byte("/vo\nhello\n"), "\n") + "</bitstr></voms>", "its list holds what is no name of an attribute"},
		{"a list that drives a terminal", restHead + "<bitstr>" + lines([]byte("/vo\x1b[2J\n"), "\n") + "</bitstr></voms>", "its list holds what is no name of an attribute"},
		{"a list that is no list", restHead + "<bitstr>" + lines(der, "\n") + "</bitstr></voms>", "its list is encoded in neither alphabet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := wire.Parse([]byte(c.body)); err == nil || err.Error() != c.want {
				t.Errorf("%+v, %v; want %q", got, err, c.want)
			}
		})
	}
}

// TestParseBounds: what a server repeats does not fill the terminal, or the memory.
func TestParseBounds(t *testing.T) {
	t.Parallel()
	body := restHead + strings.Repeat("<warning>w</warning>", 500) + strings.Repeat("<error><code>1</code><message>"+strings.Repeat("ä ", 5000)+"</message></error>", 70) + "</voms>"
	got, err := wire.Parse([]byte(body))
	if err != nil || len(got.Warnings) != 64 || len(got.Faults) != 64 || len([]rune(got.Faults[0].Message)) > 300 || !strings.HasSuffix(got.Faults[0].Message, " …") {
		t.Errorf("%d %d %v", len(got.Warnings), len(got.Faults), err)
	}
}

// TestRead: reading ends with the answer and not with the connection, however it comes in, and what came before an error is
// not lost.
func TestRead(t *testing.T) {
	t.Parallel()
	answer := legacyHead + "<ac>" + lines(der, "\n") + "</ac></vomsans>"
	unended := errors.New("the connection was read beyond the end of the answer")
	for _, c := range []struct {
		name string
		r    io.Reader
		want string
		err  error
	}{
		{"at once", strings.NewReader(answer), answer, nil},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(answer)), answer, nil},
		{"the connection stays open", io.MultiReader(iotest.OneByteReader(strings.NewReader(answer)), iotest.ErrReader(unended)), answer, nil},
		{"no close_notify", io.MultiReader(strings.NewReader(answer[:100]), iotest.ErrReader(io.ErrUnexpectedEOF)), answer[:100], io.ErrUnexpectedEOF},
		{"an end within a message", iotest.OneByteReader(strings.NewReader("<voms><error><message></voms>" + strings.Repeat("</voms>", 20) + "</message></error></voms>")),
			"<voms><error><message></voms>" + strings.Repeat("</voms>", 20) + "</message></error></voms>", nil},
		{"too large", strings.NewReader(strings.Repeat("x", wire.MaxAnswer+1)), "", wire.ErrTooLarge},
		{"as large as may be", strings.NewReader(strings.Repeat("x", wire.MaxAnswer)), strings.Repeat("x", wire.MaxAnswer), nil},
		{"endless", neverEnding{}, "", wire.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, err := wire.Read(c.r)
			if string(body) != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("%d bytes, %v; want %d, %v", len(body), err, len(c.want), c.err)
			}
		})
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("<voms></"), 100)), nil
}

func TestReadHTTP(t *testing.T) {
	t.Parallel()
	const document = restHead + "<ac>MAA=</ac></voms>"
	reset := errors.New("reset")
	for _, c := range []struct {
		name, text string
		end        error // how the connection ends; nil: as it should
		status     int
		body       string
		err        string // empty for none
	}{
		{"until the end", "HTTP/1.1 200 OK\r\nServer: gSOAP/2.8\r\nConnection: close\r\n\r\n" + document, nil, 200, document, ""},
		{"500 with an answer", "HTTP/1.0 500 Internal Server Error\r\nContent-Length: 66\r\n\r\n" + document, nil, 500, document, ""},
		{"in chunks", fmt.Sprintf("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(document), document), nil, 200, document, ""},
		{"the last chunk is missing", fmt.Sprintf("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(document), document), io.ErrUnexpectedEOF, 200, document, ""},
		{"after an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + document, nil, 200, document, ""},
		{"nothing but interim answers", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10), nil, 0, "", "it is not HTTP: it has no answer but those that are not the last"},
		{"shorter than announced", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", nil, 200, "abc", "unexpected EOF"},
		{"no answer", "", nil, 0, "", ""},
		{"no close_notify", "", io.ErrUnexpectedEOF, 0, "", "unexpected EOF"},
		{"reset", "", reset, 0, "", "reset"},
		{"cut in the header", "HTTP/1.1 200 OK\r\nServer: gS", nil, 0, "", "it ended too soon"},
		{"not HTTP", "<html>\x1b[2J\r\n\r\n", nil, 0, "", `it is not HTTP: malformed HTTP response "<html>\x1b[2J"`},
		{"an endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*wire.MaxAnswer), nil, 0, "", "it has more than 1024 KiB"},
		{"an endless body", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 2*wire.MaxAnswer), nil, 200, "", "it has more than 1024 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r io.Reader = strings.NewReader(c.text)
			if c.end != nil {
				r = io.MultiReader(r, iotest.ErrReader(c.end))
			}
			status, body, err := wire.ReadHTTP(r)
			if status != c.status || string(body) != c.body || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
				t.Errorf("%d, %q, %v", status, body, err)
			}
		})
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"<html><head><TITLE lang=en>502 Bad\n Gateway &amp; more\x1b</title>": "502 Bad Gateway & more",
		"no page":       "",
		"<title>no end": "",
	} {
		if got := wire.Title([]byte(page)); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}

// FuzzAnswer: whatever a server sends, what comes out is one certificate, or names, or one-line texts; a certificate never
// comes beside a refusal; nothing after the end changes it, nor in what pieces it arrived; and written down in either
// grammar it is read again as the same.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		restHead + "<ac>" + lines(der, "\n") + "</ac><warning>w</warning></voms>",
		iamHead + "<ac>" + lines(der[:4], "&#13;\n") + "</ac></voms>",
		legacyHead + "<ac>" + old(der) + "</ac></vomsans>",
		legacyHead + "<error><item><number>1001</number><message>a&b<c></message></item><item><number>2</number><message>w</message></item></error><ac>QQ==\n</ac></vomsans>",
		restHead + "<error><code>NoSuchUser</code><message>vo: User unknown to this VO.</message></error></voms>",
		restHead + "<bitstr>" + lines([]byte("/vo\n/vo/Role=x\n"), "\n") + "</bitstr></voms>",
		"<voms><ac>MAA=</ac></voms>", "<voms><ac>maa</ac></voms>", "</voms><voms></voms>", "<html><title>x</title>", "",
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range readVectors(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := wire.Parse(body)
		if (a == nil) == (err == nil) || err != nil && !printable(err.Error()) {
			t.Fatalf("%v and %v", a, err)
		}
		pieces, readErr := wire.Read(iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(body))))
		if readErr != nil {
			t.Fatal(readErr)
		}
		again, err2 := wire.Parse(pieces)
		if diff := cmp.Diff(a, again); diff != "" || !errors.Is(err2, err) && err2.Error() != err.Error() {
			t.Errorf("in pieces: %v, %v\n%s", err, err2, diff)
		}
		if err != nil {
			return
		}
		checkAnswer(t, a)
		more, err := wire.Parse(append(body[:len(body):len(body)], "<voms><ac>MAA=</ac></voms>"...))
		if diff := cmp.Diff(a, more); diff != "" || err != nil {
			t.Errorf("with more behind it: %v\n%s", err, diff)
		}
		for _, text := range []string{writeREST(a), writeLegacy(a)} {
			back, err := wire.Parse([]byte(text))
			if diff := cmp.Diff(a, back); diff != "" || err != nil {
				t.Errorf("written as %q: %v\n%s", text, err, diff)
			}
		}
	})
}

func checkAnswer(t *testing.T, a *wire.Answer) {
	t.Helper()
	if a.AC != nil && (a.AC[0] != 0x30 || len(a.Faults) > 0) || a.List != nil && len(a.Faults) > 0 {
		t.Errorf("%+v", a)
	}
	texts := append(append([]string(nil), a.Warnings...), a.List...)
	for _, f := range a.Faults {
		texts = append(texts, f.Code, f.Message)
	}
	for _, text := range texts {
		if !printable(text) {
			t.Errorf("%q", text)
		}
	}
}

// printable tells whether a text may be shown on a terminal, as one line.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

func writeREST(a *wire.Answer) string {
	b := new(strings.Builder)
	b.WriteString(restHead)
	if a.AC != nil {
		fmt.Fprintf(b, "<ac>%s</ac>", lines(a.AC, "\n"))
	}
	if a.List != nil {
		fmt.Fprintf(b, "<bitstr>%s</bitstr>", lines([]byte(strings.Join(a.List, "\n")), "\n"))
	}
	for _, w := range a.Warnings {
		fmt.Fprintf(b, "<warning>%s</warning>", html.EscapeString(w))
	}
	for _, f := range a.Faults {
		fmt.Fprintf(b, "<error><code>%s</code><message>%s</message></error>", html.EscapeString(f.Code), html.EscapeString(f.Message))
	}
	return b.String() + "</voms>"
}

func writeLegacy(a *wire.Answer) string {
	b := new(strings.Builder)
	b.WriteString(legacyHead + "<error>")
	for _, f := range a.Faults {
		name := "number"
		var n int
		if _, err := fmt.Sscan(f.Code, &n); f.Code == "" || err == nil && n < 1000 {
			name = "code"
		}
		fmt.Fprintf(b, "<item><%s>%s</%s><message>%s</message></item>", name, html.EscapeString(f.Code), name, html.EscapeString(f.Message))
	}
	for _, w := range a.Warnings {
		fmt.Fprintf(b, "<item><number>1</number><message>%s</message></item>", html.EscapeString(w))
	}
	b.WriteString("</error>")
	if a.List != nil {
		fmt.Fprintf(b, "<bitstr>%s</bitstr>", old([]byte(strings.Join(a.List, "\n"))))
	}
	ac := old([]byte("A"))
	if a.AC != nil {
		ac = old(a.AC)
	}
	return b.String() + "<ac>" + ac + "</ac></vomsans>"
}

// FuzzHTTP: whatever comes in place of an HTTP answer, the body is bounded and an error is one line.
func FuzzHTTP(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\n<voms></voms>"))
	f.Add([]byte("<?xml\x1b"))
	for _, seed := range readVectors(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		status, body, err := wire.ReadHTTP(bytes.NewReader(text))
		if len(body) > len(text) || status == 0 && len(body) > 0 || status != 0 && status < 200 || err != nil && !printable(err.Error()) {
			t.Errorf("%d, %q, %v", status, body, err)
		}
	})
}
