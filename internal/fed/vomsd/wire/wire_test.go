// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/vomsd/wire"
)

const (
	xmlHead    = `<?xml version="1.0" encoding="US-ASCII"?><voms>`
	xmlTail    = "</voms>"
	legacyHead = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`
	restHead   = `<?xml version="1.0" encoding="UTF-8"?><voms>`
)

// TestReadTarget: a GET is the document that it stands for, without any decoding.
func TestReadTarget(t *testing.T) {
	t.Parallel()
	document := func(inside, lifetime string) string {
		return xmlHead + inside + "<base64>1</base64><version>4</version><lifetime>" + lifetime + "</lifetime>" + xmlTail
	}
	for _, c := range []struct {
		target string
		want   wire.Target
		lost   bool
	}{
		{"/generate-ac", wire.Target{Document: document("<command>G/test.vo</command>", "")}, false},
		{"/generate-ac?lifetime=60", wire.Target{Document: document("<command>G/test.vo</command>", "60")}, false},
		{"/generate-ac?lifetime=-60", wire.Target{Document: document("<command>G/test.vo</command>", "")}, false},
		{"/generate-ac?lifetime=99999999999", wire.Target{Document: document("<command>G/test.vo</command>", "2147483647")}, false},
		{"/generate-ac?fqans=/a,/b/Role=x,/Role=y,all,ALL,Z", wire.Target{Document: document(
			"<command>G/a</command><command>B/b:x</command><command>Ry</command><command>A</command><command>A</command><command>Z</command>", "")}, false},
		{"/generate-ac?fqans=/a&fqans=/b", wire.Target{Document: document("<command>G/a</command><command>G/b</command>", "")}, false},
		{"/generate-ac?fqans=%2Fa", wire.Target{Document: document("<command>%2Fa</command>", "")}, false},
		{"/generate-ac?fqans=<a>", wire.Target{Document: document("<command><a></command>", "")}, false},
		{"/generate-ac?fqans=", wire.Target{Document: document("", "")}, false},
		{"/generate-ac?order=/a&order=/b", wire.Target{Document: document("<command>G/test.vo</command><order>/a, /b</order>", "")}, false},
		{"/generate-ac?targets=a&targets=b,c", wire.Target{Document: document("<command>G/test.vo</command><targets>b,c</targets>", "")}, false},
		{"/generate-ac?foo=1", wire.Target{Document: document("<command>G/test.vo</command>", ""), Unknown: true}, false},
		{"/generate-ac?fqans=/a/Capability=x", wire.Target{Document: document("", ""), Deadly: true}, false},
		{"/generate-ac?", wire.Target{}, true},
		{"/generate-ac?fqans", wire.Target{}, true},
		{"/generate-ac/", wire.Target{}, true},
		{"/", wire.Target{}, true},
	} {
		path, query, asked := strings.Cut(c.target, "?")
		got, found := wire.ReadTarget("test.vo", path, query, asked)
		if found == c.lost {
			t.Errorf("%s is found: %v", c.target, found)
		}
		if diff := cmp.Diff(c.want, got); diff != "" && !c.lost {
			t.Errorf("%s (-want +got):\n%s", c.target, diff)
		}
	}
}

func TestReadDocument(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want wire.Request
		bad  bool
	}{
		{xmlHead + "<command>G/a</command><command>A</command><base64>1</base64><lifetime>3600</lifetime>" + xmlTail,
			wire.Request{Commands: []string{"G/a", "A"}, Base64: true, Lifetime: 3600}, false},
		{"<voms><order>/a,/b</order><targets>h,i</targets><lifetime>-1</lifetime></voms>",
			wire.Request{Order: "/a,/b", Targets: "h,i", Lifetime: -1}, false},
		{"<x><command>A</command><command></command><y>z</y></x>", wire.Request{Commands: []string{"A", ""}}, false},
		{"<voms><lifetime> 12abc</lifetime></voms>", wire.Request{Lifetime: 12}, false},
		{"<voms><lifetime>+7</lifetime></voms>", wire.Request{Lifetime: 7}, false},
		{"<voms><lifetime>x</lifetime></voms>", wire.Request{}, false},
		{"<voms><lifetime>-99999999999</lifetime></voms>", wire.Request{Lifetime: -2147483648}, false},
		{"<voms><deep><command>A</command></deep></voms>", wire.Request{}, false},
		{"<command>A</command>", wire.Request{}, false},
		{"<voms><command>a&amp;b</command></voms>", wire.Request{Commands: []string{"a&b"}}, false},
		{"", wire.Request{}, true},
		{"hello", wire.Request{}, true},
		{"<voms><command>A</command>", wire.Request{}, true},
		{"<voms></voms><voms></voms>", wire.Request{}, true},
		{"<voms></voms>x", wire.Request{}, true},
		{"<voms><command>&nbsp;</command></voms>", wire.Request{}, true},
	} {
		got, err := wire.ReadDocument(c.text)
		if (err != nil) != c.bad {
			t.Errorf("%s: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" && !c.bad {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

// FuzzReadDocument: what is written for a GET is read as what was asked, if there is no markup in it.
func FuzzReadDocument(f *testing.F) {
	f.Add("/test.vo,/test.vo/Role=x", "/test.vo", "host", 3600)
	f.Add("all", ":,,", ",", -1)
	f.Add("<a/>", "&", "]]>", 0)
	f.Fuzz(func(t *testing.T, fqans, order, targets string, lifetime int) {
		_, _ = wire.ReadDocument(fqans) // must end
		query := "fqans=" + fqans + "&order=" + order + "&targets=" + targets + "&lifetime=" + strconv.Itoa(lifetime)
		target, found := wire.ReadTarget("test.vo", "/generate-ac", query, true)
		plain := func(r rune) bool { return r >= ' ' && r < 0x7F && !strings.ContainsRune("<&>", r) }
		for _, text := range []string{fqans, order, targets} {
			if strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
				return
			}
		}
		if !found {
			t.Fatalf("%q is not found", query)
		}
		r, err := wire.ReadDocument(target.Document)
		if err != nil {
			t.Fatalf("%q: %v", target.Document, err)
		}
		if r.Order != order || r.Targets != targets || !r.Base64 || r.Lifetime < 0 {
			t.Errorf("%q is read as %+v", query, r)
		}
		if !target.Deadly && len(r.Commands) > strings.Count(fqans, ",")+1 {
			t.Errorf("%q has the commands %q", query, r.Commands)
		}
	})
}

func TestLegacy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		result wire.Result
		want   string
	}{
		{"a certificate", wire.Result{AC: "abc", Base64: true}, legacyHead + "<ac>YWJj\n</ac></vomsans>"},
		{"in the old alphabet", wire.Result{AC: "abc"}, legacyHead + "<ac>ywjJ</ac></vomsans>"},
		{"a list", wire.Result{List: "x\n", Base64: true}, legacyHead + "<bitstr>eAo=\n</bitstr></vomsans>"},
		{"items, not escaped", wire.Result{AC: wire.None, Base64: true, Items: []wire.Item{{Number: 2, Message: "a & b"}, {Number: 1001, Message: "<c>"}}},
			legacyHead + "<error><item><number>2</number><message>a & b</message></item><item><number>1001</number><message><c></message></item></error>" +
				"<ac>QQ==\n</ac></vomsans>"},
		{"none that lives", wire.Result{AC: "abc", Died: true}, ""},
	} {
		if got := c.result.Legacy(); got.Text != c.want || got.Status != 0 {
			t.Errorf("%s: %d %s", c.name, got.Status, got.Text)
		}
	}
}

// body is that of an answer, whose head must fit.
func body(t *testing.T, a wire.Answer, contentType string) string {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(a.Text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != a.Status || int64(len(text)) != res.ContentLength || !res.Close {
		t.Errorf("%v: %d (%d), %d bytes of %d", err, res.StatusCode, a.Status, len(text), res.ContentLength)
	}
	if got := res.Header.Get("Content-Type"); got != contentType+"; charset=utf-8" {
		t.Errorf("the type is %q", got)
	}
	return string(text)
}

func TestREST(t *testing.T) {
	t.Parallel()
	failed := func(code, message string) string {
		return restHead + "<error><code>" + code + "</code><message>" + message + "</message></error></voms>"
	}
	items := func(number int, message string) []wire.Item {
		return []wire.Item{{Number: number, Message: message}, {Number: wire.ErrorSuspended, Message: "nobody hears of it"}}
	}
	for _, c := range []struct {
		name   string
		result wire.Result
		status int
		want   string
	}{
		{"a certificate", wire.Result{AC: "abc"}, 200, restHead + "<ac>YWJj\n</ac></voms>"},
		{"a list", wire.Result{List: "x\n"}, 200, restHead + "<bitstr>eAo=\n</bitstr></voms>"},
		{"a warning", wire.Result{AC: "abc", Items: items(wire.WarnShortened, "w")}, 500, restHead + "<ac>YWJj\n</ac><warning>w</warning></voms>"},
		{"suspended", wire.Result{AC: wire.None, Items: items(wire.ErrorSuspended, "s")}, 403, failed("SuspendedUser", "s")},
		{"unknown", wire.Result{AC: wire.None, Items: items(wire.ErrorNotMember, "u")}, 403, failed("NoSuchUser", "u")},
		{"not granted", wire.Result{AC: wire.None, Items: items(wire.ErrorNotMember, "Unable to satisfy x")}, 400, failed("BadRequest", "Unable to satisfy x")},
		{"not read", wire.Result{AC: wire.None, Items: items(wire.ErrorNoCommand, "n")}, 400, failed("BadRequest", "n")},
		{"another", wire.Result{AC: wire.None, Items: items(1099, "o")}, 500, failed("InternalError", "o")},
	} {
		a := c.result.REST()
		contentType := "text/html"
		if c.status != 200 {
			contentType = "text/xml"
		}
		if got := body(t, a, contentType); got != c.want || a.Status != c.status {
			t.Errorf("%s: %d %s", c.name, a.Status, got)
		}
	}
	if got := (wire.Result{AC: "abc", Died: true}).REST(); got != (wire.Answer{}) {
		t.Errorf("one that died says %q", got.Text)
	}
}

func TestHuge(t *testing.T) {
	t.Parallel()
	rest := body(t, wire.HTTP(404, "text/xml", "").Huge(), "text/html")
	legacy := wire.Answer{}.Huge()
	for _, text := range []string{rest, legacy.Text} {
		if len(text) < 5<<20-100 || !strings.HasPrefix(text, "<?xml") || !strings.Contains(text[:200], "<ac>MIIB") {
			t.Errorf("%d bytes of %.100s", len(text), text)
		}
	}
	if legacy.Status != 0 || !strings.HasSuffix(legacy.Text, "</ac></vomsans>") || !strings.HasSuffix(rest, "</ac></voms>") {
		t.Error("the protocols are mixed up")
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 48, 49, 96, 1000} {
		data := bytes.Repeat([]byte{0xA5}, n)
		text := wire.Lines(string(data), "|")
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "|"), "|") {
			if len(line) > 64 || n > 0 && line == "" {
				t.Errorf("%d bytes have the line %q", n, line)
			}
		}
		if got, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "|", "")); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if want := (n + 47) / 48; strings.Count(text, "|") != want {
			t.Errorf("%d bytes have %d lines, want %d", n, strings.Count(text, "|"), want)
		}
	}
}
