// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/secret"
)

const (
	nsSOAP   = "http://schemas.xmlsoap.org/soap/envelope/"
	nsSOAP12 = "http://www.w3.org/2003/05/soap-envelope"
	nsPAOS   = "urn:liberty:paos:2003-08"
	nsECP    = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nsSAMLP  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsSAML   = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsCB     = "urn:oasis:names:tc:SAML:protocol:ext:channel-binding"
	nsSAMLEC = "urn:ietf:params:xml:ns:samlec"
	nsDSig   = "http://www.w3.org/2000/09/xmldsig#"
	nsMD     = "urn:oasis:names:tc:SAML:2.0:metadata"
)

// closed are the elements of which nothing but the size is shown, in whatever
// namespace: SAML 1.1 and later versions have them, too.
const closed = words(`Assertion EncryptedAssertion EncryptedAttribute EncryptedID NewEncryptedID EncryptedData EncryptedKey
	NameID NameIdentifier GeneratedKey SessionKey SignatureValue Artifact BinarySecurityToken UsernameToken`)

// open are the elements whose text is shown.
var open = sync.OnceValue(func() map[xml.Name]bool {
	return map[xml.Name]bool{
		{Local: "faultcode"}: true, {Local: "faultstring"}: true, {Local: "faultactor"}: true,
		{Space: nsSOAP12, Local: "Value"}: true, {Space: nsSOAP12, Local: "Text"}: true,
		{Space: nsSAML, Local: "Issuer"}: true, {Space: nsSAML, Local: "AuthnContextClassRef"}: true,
		{Space: nsSAMLP, Local: "StatusMessage"}: true,
	}
})

// attributes are shown on elements of the namespaces that are known.
const attributes = words(`actor Algorithm AllowCreate AssertionConsumerServiceIndex AssertionConsumerServiceURL Binding
	Comparison Consent Destination entityID ForceAuthn Format ID InResponseTo index IsPassive isDefault IssueInstant Loc
	Location messageID mustUnderstand Name protocolSupportEnumeration ProtocolBinding ProviderID ProviderName
	refToMessageID responseConsumerURL role service SPNameQualifier Type validUntil Value Version`)

var known = sync.OnceValue(func() map[string]bool {
	return map[string]bool{nsSOAP: true, nsSOAP12: true, nsPAOS: true, nsECP: true, nsSAMLP: true, nsSAML: true,
		nsCB: true, nsSAMLEC: true, nsDSig: true, nsMD: true}
})

// Limits of an outline. A namespace is written once and shown with each element,
// so that a long one would make more of a document than it is.
const (
	maxDepth  = 64
	maxTokens = 100_000
	maxSpace  = 100 // bytes
)

// outline shows a document, an element on each line. It is false if the document
// cannot be read to its end, and also if it has a document type: what it would
// expand to is unknown.
func outline(data []byte) (lines []string, ok bool) {
	o := &outliner{dec: xml.NewDecoder(bytes.NewReader(data))}
	if !utf8.Valid(data) {
		return nil, false
	}
	for range maxTokens {
		before := o.dec.InputOffset()
		token, err := o.dec.Token()
		if errors.Is(err, io.EOF) {
			return o.lines, o.roots == 1
		}
		if err != nil || !o.token(token, before) {
			return nil, false
		}
	}
	return nil, false
}

type outliner struct {
	dec   *xml.Decoder
	lines []string
	path  []*element
	roots int
}

type element struct {
	name  xml.Name
	raw   string // as shown
	start int64  // of the content
	line  int    // of the start tag
	text  []byte
	inner bool // has elements below
	quiet bool // stands in a closed element
}

func (o *outliner) token(token xml.Token, before int64) bool {
	switch t := token.(type) {
	case xml.StartElement:
		return o.startElement(t)
	case xml.EndElement:
		o.endElement(before)
	case xml.CharData:
		if len(o.path) == 0 {
			return len(bytes.TrimSpace(t)) == 0
		}
		e := o.path[len(o.path)-1]
		e.text = append(e.text, t...)
	case xml.Directive:
		return false
	}
	return true // comments and processing instructions are not shown
}

func (o *outliner) startElement(t xml.StartElement) bool {
	e := &element{name: t.Name, start: o.dec.InputOffset(), line: len(o.lines)}
	if len(o.path) == maxDepth {
		return false
	}
	if len(o.path) == 0 {
		o.roots++
	} else {
		parent := o.path[len(o.path)-1]
		parent.inner = true
		e.quiet = parent.quiet || closed.has(parent.name.Local)
	}
	if !e.quiet {
		e.raw = shownName(t.Name)
		o.lines = append(o.lines, strings.Repeat("  ", len(o.path))+"<"+e.raw+shownAttributes(t)+">")
	}
	o.path = append(o.path, e)
	return o.roots == 1
}

// endElement completes the line of an element without others below, or adds one.
func (o *outliner) endElement(end int64) {
	e := o.path[len(o.path)-1]
	o.path = o.path[:len(o.path)-1]
	if e.quiet {
		return
	}
	content, text := "", oneLine(string(e.text))
	switch {
	case closed.has(e.name.Local):
		content = fmt.Sprintf("[%d bytes]", end-e.start)
	case e.inner:
		if text != "" {
			o.lines = append(o.lines, strings.Repeat("  ", len(o.path)+1)+secret.Redacted)
		}
		o.lines = append(o.lines, strings.Repeat("  ", len(o.path))+"</"+e.raw+">")
		return
	case text != "" && open()[e.name] && isHarmlessText(e.text):
		content = withoutTokens(text)
	case text != "":
		content = fmt.Sprintf("[%d bytes]", len(e.text))
	}
	if content == "" {
		o.lines[e.line] = strings.TrimSuffix(o.lines[e.line], ">") + "/>"
		return
	}
	o.lines[e.line] += content + "</" + e.raw + ">"
}

// prefixes are shown instead of those in the document, and of the long names.
var prefixes = sync.OnceValue(func() map[string]string {
	return map[string]string{nsSOAP: "S:", nsSOAP12: "S12:", nsPAOS: "paos:", nsECP: "ecp:", nsSAMLP: "samlp:",
		nsSAML: "saml:", nsCB: "cb:", nsSAMLEC: "samlec:", nsDSig: "ds:", nsMD: "md:", "": "", "xmlns": "xmlns:", "xml": "xml:"}
})

// shownName writes a name with the usual prefix of its namespace.
func shownName(name xml.Name) string {
	if prefix, ok := prefixes()[name.Space]; ok {
		return prefix + withoutTokens(name.Local)
	}
	if len(name.Space) > maxSpace {
		return "{…}" + withoutTokens(name.Local)
	}
	return withoutTokens("{" + oneLine(name.Space) + "}" + name.Local)
}

func shownAttributes(t xml.StartElement) string {
	if closed.has(t.Name.Local) {
		return ""
	}
	var b strings.Builder
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			continue
		}
		value := secret.Redacted
		if known()[t.Name.Space] && attributes.has(a.Name.Local) {
			value = shownValue(a.Value)
		}
		fmt.Fprintf(&b, " %s=%q", shownName(a.Name), value)
	}
	return b.String()
}

func shownValue(value string) string {
	if u, err := url.Parse(value); strings.Contains(value, "://") {
		if err != nil {
			return secret.Redacted
		}
		return cleanURL(u)
	}
	return oneLine(value)
}
