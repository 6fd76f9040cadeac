// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package soap_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp/internal/soap"
)

// wrap puts content into the Body of an envelope.
func wrap(content string) string {
	return `<S:Envelope xmlns:S="` + soap.Namespace + `"><S:Header><h/></S:Header><S:Body>` + content + `</S:Body></S:Envelope>`
}

func TestRefused(t *testing.T) {
	t.Parallel()
	const ns = `xmlns:S="` + soap.Namespace + `"`
	tests := []struct{ name, message, want string }{
		{"empty", "", "it holds no element"},
		{"blank", " \n", "it holds no element"},
		{"declaration alone", `<?xml version="1.0"?>`, "it holds no element"},
		{"text", "hello", "it has text outside the root element"},
		{"no envelope", `<a/>`, `it is no SOAP envelope but element "a"`},
		{"SOAP 1.2", `<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>`, `it is no SOAP envelope but element "Envelope"`},
		{"no Body", `<S:Envelope ` + ns + `/>`, "its SOAP envelope is not one Header and one Body"},
		{"two Bodies", edit(t, wrap("<a/>"), "</S:Body>", "</S:Body><S:Body><b/></S:Body>"), "its SOAP envelope is not one Header and one Body"},
		{"two Headers", edit(t, wrap("<a/>"), "<S:Body>", "<S:Header/><S:Body>"), "its SOAP envelope is not one Header and one Body"},
		{"Header after Body", edit(t, wrap("<a/>"), "</S:Body>", "</S:Body><S:Header/>"), "its SOAP envelope is not one Header and one Body"},
		{"more after Body", edit(t, wrap("<a/>"), "</S:Body>", "</S:Body><b/>"), "its SOAP envelope is not one Header and one Body"},
		{"Body of another namespace", strings.ReplaceAll(wrap("<a/>"), "S:Body", "Body"), "its SOAP envelope is not one Header and one Body"},
		{"empty Body", wrap(""), "its SOAP Body holds 0 elements instead of one"},
		{"text in Body", wrap("text"), "its SOAP Body holds 0 elements instead of one"},
		{"two in Body", wrap("<a/><b/>"), "its SOAP Body holds 2 elements instead of one"},
		{"two roots", wrap("<a/>") + wrap("<b/>"), "it has more than one root element"},
		{"text after the root", wrap("<a/>") + "x", "it has text outside the root element"},
		{"CDATA after the root", wrap("<a/>") + "<![CDATA[x]]>", "it has text outside the root element"},
		{"document type", `<!DOCTYPE S SYSTEM "http://127.0.0.1/">` + wrap("<a/>"), "it has a document type declaration, which SOAP forbids"},
		{"entities", `<!DOCTYPE S [<!ENTITY a "&b;"><!ENTITY b "x">]>` + wrap("<a>&a;</a>"), "it has a document type declaration, which SOAP forbids"},
		{"undefined entity", wrap("<a>&nbsp;</a>"), "it is not well-formed XML: XML syntax error on line 1: invalid character entity &nbsp;"},
		{"processing instruction", `<?xml-stylesheet href="x"?>` + wrap("<a/>"), "it has a processing instruction, which SOAP forbids"},
		{"processing instruction inside", wrap("<a><?php x?></a>"), "it has a processing instruction, which SOAP forbids"},
		{"second declaration", wrap(`<a><?xml version="1.0"?></a>`), "it has a processing instruction, which SOAP forbids"},
		{"late declaration", ` <?xml version="1.0"?>` + wrap("<a/>"), "it has a processing instruction, which SOAP forbids"},
		{"version 1.1", `<?xml version="1.1"?>` + wrap("<a/>"), `it is not well-formed XML: xml: unsupported version "1.1"; only version 1.0 is supported`},
		{"Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + wrap("<a/>"), `its encoding "ISO-8859-1" is not UTF-8`},
		{"UTF-7", `<?xml version="1.0" encoding='UTF-7'?>` + wrap("<a/>"), `its encoding "UTF-7" is not UTF-8`},
		{"encoding that encoding/xml overlooks", `<?xml version="1.0" encoding = "UTF-7"?>` + wrap("<a/>"), `its encoding "UTF-7" is not UTF-8`},
		{"odd declaration", `<?xml version="1.0" encoding="UTF-8" encoding="UTF-7"?>` + wrap("<a/>"), "its XML declaration is malformed"},
		{"UTF-16", "\xff\xfe<\x00a\x00/\x00>\x00", "it is not UTF-8"},
		{"Latin-1 bytes", wrap("<a>\xe9</a>"), "it is not UTF-8"},
		{"overlong in a comment", wrap("<a><!-- \xc0\xbc --></a>"), "it is not UTF-8"},
		{"control character", wrap("<a>\x01</a>"), "it is not well-formed XML: XML syntax error on line 1: illegal character code U+0001"},
		{"control character by reference", wrap("<a>&#1;</a>"), "it is not well-formed XML: XML syntax error on line 1: illegal character code U+0001"},
		{"undeclared prefix", wrap("<p:a/>"), `prefix "p" is not declared`},
		{"undeclared prefix of an attribute", wrap(`<a p:b=""/>`), `in element "a" prefix "p" is not declared`},
		{"prefix out of scope", wrap(`<a><b xmlns:p="urn:p"/><p:c/></a>`), `prefix "p" is not declared`},
		{"undeclared again", wrap(`<p:a xmlns:p="urn:p"><b xmlns:p=""><p:c/></b></p:a>`), `prefix "p" is not declared`},
		{"attribute twice", wrap(`<a b="1" b="2"/>`), `in element "a" attribute "b" is repeated`},
		{"attribute twice by two prefixes", wrap(`<a xmlns:p="urn:p" xmlns:q="urn:p" p:b="1" q:b="2"/>`), `in element "a" attribute "b" is repeated`},
		{"declared twice", wrap(`<a xmlns:p="urn:p" xmlns:p="urn:q"/>`), `in element "a" attribute "p" is repeated`},
		{"not closed", strings.TrimSuffix(wrap("<a/>"), "</S:Envelope>"), `it ends inside element "Envelope"`},
		{"cut within a tag", wrap("<a/>")[:100], "it is not well-formed XML: XML syntax error on line 1: unexpected EOF"},
		{"closed by another", wrap("<a></b>"), `element "a" is closed by end tag "b"`},
		{"closed by another prefix", wrap(`<p:a xmlns:p="urn:p" xmlns:q="urn:p"></q:a>`), `element "a" is closed by end tag "a"`},
		{"end without start", wrap("<a/>") + "</b>", `end tag "b" has no start`},
		{"too deep", wrap(strings.Repeat("<a>", 63) + strings.Repeat("</a>", 63)), "its elements are nested more than 64 deep"},
		{"too many tokens", wrap("<a>" + strings.Repeat("<b/>", 50_000) + "</a>"), "it has more than 100000 tokens"},
		{"too many comments", wrap("<a>" + strings.Repeat("<!---->", 100_000) + "</a>"), "it has more than 100000 tokens"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := soap.Parse([]byte(test.message))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, message, payload string }{
		{"plain", wrap("<a/>"), "<a/>"},
		{"deepest", wrap(strings.Repeat("<a>", 62) + strings.Repeat("</a>", 62)), strings.Repeat("<a>", 62) + strings.Repeat("</a>", 62)},
		{"byte order mark", "\ufeff<?xml version='1.0' encoding='utf-8'?>" + wrap("<a/>"), "<a/>"},
		{"declaration", `<?xml version = "1.0"  encoding = "us-ascii" standalone='no' ?>` + "\n" + wrap("<a/>"), "<a/>"},
		{"no Header", edit(t, wrap("<a/>"), "<S:Header><h/></S:Header>", ""), "<a/>"},
		{"self-closing Header", edit(t, wrap("<a/>"), "<S:Header><h/></S:Header>", "<S:Header />"), "<a/>"},
		{"comments around the root", "<!-- 1 -->" + wrap("<a/>") + "\n<!-- 2 -->\n", "<a/>"},
		{"white space in tags", wrap("<a\n b = '>' ><c\n/></a\n>"), "<a\n b = '>' ><c\n/></a\n>"},
		{"prefix xml", wrap("<a xml:lang='de'/>"), "<a xml:lang='de'/>"},
		{"shadowed prefix", wrap(`<p:a xmlns:p="urn:p"><p:b xmlns:p="urn:q"/><p:c/></p:a>`), `<p:a xmlns:p="urn:p"><p:b xmlns:p="urn:q"/><p:c/></p:a>`},
		{"tags in a comment and in CDATA", wrap("<a><!-- </a> --><![CDATA[</a>]]></a>"), "<a><!-- </a> --><![CDATA[</a>]]></a>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, err := soap.Parse([]byte(test.message))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(e.PayloadBytes()); got != test.payload {
				t.Errorf("payload %q, want %q", got, test.payload)
			}
			before, after, _ := strings.Cut(strings.TrimPrefix(test.message, "\ufeff"), "<S:Body>")
			if got := string(e.WithHeader("{new}")); !strings.HasSuffix(got, "{new}<S:Body>"+after) || !strings.HasPrefix(before, strings.TrimSuffix(got, "{new}<S:Body>"+after)) {
				t.Errorf("WithHeader gave\n%s", got)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	e, err := soap.Parse([]byte(wrap(`<p:a xmlns:p="urn:p" xmlns="urn:d" b="1" p:b="2"><c>x<!-- -->y<d>z</d></c><c xmlns=""/></p:a>`)))
	if err != nil {
		t.Fatal(err)
	}
	a := e.Payload
	plain, _ := a.Attr("", "b")
	named, _ := a.Attr("urn:p", "b")
	if _, ok := a.Attr("urn:d", "b"); ok || plain != "1" || named != "2" || !a.Is("urn:p", "a") {
		t.Errorf("a default namespace is not one for attributes: %q, %q, %t", plain, named, ok)
	}
	if c := a.Child("urn:d", "c"); c == nil || string(c.Content) != "xy" || c.Text() != "xy z" {
		t.Errorf("child in the default namespace: %+v", c)
	}
	if c := a.Child("", "c"); c == nil || c.Text() != "" {
		t.Errorf("child without a namespace: %+v", c)
	}
	if a.Child("urn:p", "c") != nil {
		t.Error("found a child that is not there")
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	e, err := soap.Parse([]byte(edit(t, wrap("<x/>"), "<h/>", `<a/><b S:mustUnderstand="1"/><c S:mustUnderstand="true" S:actor="`+soap.ActorNext+`"/><a/>`+
		`<d S:mustUnderstand="1" S:actor="urn:other"/><f S:mustUnderstand="0"/><g mustUnderstand="1"/>`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Block("", "a"); err == nil || err.Error() != "its header block a is repeated" {
		t.Errorf("a: %v", err)
	}
	if b, err := e.Block("", "b"); b == nil || err != nil {
		t.Errorf("b: %v, %v", b, err)
	}
	if x, err := e.Block("", "x"); x != nil || err != nil {
		t.Errorf("x, which is in the Body: %v, %v", x, err)
	}
	known := []xml.Name{}
	for _, want := range []string{"b", "c"} {
		got := e.NotUnderstood(known)
		if got == nil || got.Name.Local != want {
			t.Fatalf("got %v, want %s", got, want)
		}
		known = append(known, got.Name)
	}
	if got := e.NotUnderstood(known); got != nil {
		t.Errorf("got %v, want none", got.Name)
	}
}

// TestEscape: what is escaped comes back, from an element and from an attribute.
func TestEscape(t *testing.T) {
	t.Parallel()
	const text = "\r\n\t <&>\"'é🔑]]> \r"
	e, err := soap.Parse([]byte(wrap(`<a b="` + soap.Escape(text) + `">` + soap.Escape(text) + `</a>`)))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := e.Payload.Attr("", "b"); b != text || string(e.Payload.Content) != text {
		t.Errorf("got %q and %q, want %q", b, e.Payload.Content, text)
	}
	if strings.ContainsAny(soap.Escape(text), "\r\n\t<>\"") {
		t.Errorf("%q would be normalised", soap.Escape(text))
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	e, err := soap.Parse(soap.Fault("Server", "a<b>&\n"))
	if err != nil {
		t.Fatal(err)
	}
	if code, text := e.Payload.Child("", "faultcode"), e.Payload.Child("", "faultstring"); !e.Payload.Is(soap.Namespace, "Fault") ||
		code == nil || code.Text() != "S:Server" || text == nil || text.Text() != "a<b>&\n" {
		t.Errorf("got %s", e.WithHeader(""))
	}
}

// TestWorstCases: sixteen times as much of whatever is dear must not take a
// hundred times as long. (A megabyte takes 10 to 70 ms.)
func TestWorstCases(t *testing.T) {
	var nested, end string
	for i := range 60 {
		nested += fmt.Sprintf(`<p%d:a xmlns:p%[1]d="urn:%[1]d">`, i)
		end = fmt.Sprintf(`</p%d:a>`, i) + end
	}
	for name, c := range map[string]struct {
		before string
		unit   func(i int) string
		after  string
	}{
		"attributes":          {"<a", func(i int) string { return fmt.Sprintf(` a%x=""`, i) }, "/>"},
		"prefixed attributes": {`<a xmlns:p="urn:p"`, func(i int) string { return fmt.Sprintf(` p:a%x=""`, i) }, "/>"},
		"declarations":        {"<a", func(i int) string { return fmt.Sprintf(` xmlns:a%x="u"`, i) }, "/>"},
		"one prefix":          {"<a>", func(int) string { return `<p:bcdef xmlns:p="u"/>` }, "</a>"},
		"comments":            {"<a>", func(int) string { return "<!--          -->" }, "</a>"},
		"elements":            {"<a>", func(int) string { return "<bcdefghijklmnopqrs/>" }, "</a>"},
		"nested prefixes":     {nested, func(int) string { return "<p0:abcdefghijklmno/>" }, end},
		"references":          {"<a>", func(int) string { return "&#65;" }, "</a>"},
		"text":                {"<a>", func(int) string { return "x]]" }, "</a>"},
		"one name":            {"<", func(int) string { return "x" }, "/>"},
	} {
		parse := func(size int) func() time.Duration {
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString(c.unit(i))
			}
			message := []byte(wrap(c.before + b.String() + c.after))
			return func() time.Duration {
				start := time.Now()
				if _, err := soap.Parse(message); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				return time.Since(start)
			}
		}
		// What is linear takes 16 times as long, what is quadratic 256 times. On a busy machine one measurement may be off; the
		// shortest of several is not.
		small, large := parse(30<<10), parse(480<<10)
		least, most := small(), large()
		for range 8 {
			if most <= 100*least {
				break
			}
			least, most = min(least, small()), min(most, large())
		}
		if most > 100*least {
			t.Errorf("%s: 30 KiB take %v, 480 KiB %v", name, least, most)
		}
	}
}

// FuzzEnvelope: whatever is accepted can be cut, is accepted again, and
// carries the same payload, byte for byte.
func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{
		wrap("<a/>"), wrap(`<p:a xmlns:p='urn:p' p:b="&#13;&lt;">x<!-- --><![CDATA[<>]]></p:a>`), "\ufeff<?xml version='1.0'?>" + wrap("<a></a>"),
		`<Envelope xmlns="` + soap.Namespace + `"><Header/><Body><a xmlns=""/></Body></Envelope>`,
		`<S:Envelope xmlns:S="` + soap.Namespace + `"> <S:Body> <a/> </S:Body> </S:Envelope>`,
		`<!DOCTYPE a><a/>`, string(soap.Fault("Server", "x")),
	} {
		f.Add([]byte(s))
	}
	const header = `<x:Header xmlns:x="` + soap.Namespace + `"><y/></x:Header>`
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := soap.Parse(data)
		if err != nil {
			return
		}
		payload := bytes.Clone(e.PayloadBytes())
		if !bytes.HasPrefix(payload, []byte("<")) || !bytes.HasSuffix(payload, []byte(">")) || !bytes.Contains(data, payload) {
			t.Fatalf("payload %q of %q", payload, data)
		}
		for _, h := range []string{"", header} {
			again, err := soap.Parse(e.WithHeader(h))
			if err != nil {
				t.Fatalf("%v after cutting %q", err, data)
			}
			if !bytes.Equal(again.PayloadBytes(), payload) || again.Payload.Name != e.Payload.Name {
				t.Fatalf("payload %q, was %q, of %q", again.PayloadBytes(), payload, data)
			}
			if (again.Header == nil) != (h == "") {
				t.Fatalf("header %v of %q", again.Header, data)
			}
		}
		if !bytes.Equal(e.PayloadBytes(), payload) {
			t.Fatal("cutting changed the message")
		}
	})
}

// edit returns s with old, which must be in it once, replaced.
func edit(t *testing.T, s, old, with string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("the message holds %q %d times", old, n)
	}
	return strings.Replace(s, old, with, 1)
}
