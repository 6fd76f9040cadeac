// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of one message. A Response with an encrypted assertion and long
// group lists has some hundred kilobytes, a depth of about 15 and some
// thousand tokens.
const (
	maxMessage = 1 << 20
	maxDepth   = 64
	maxTokens  = 100_000
)

const (
	nsXML   = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS = "http://www.w3.org/2000/xmlns/"
)

// element is one element of a message, with its place in the bytes: data[start:end]
// is the element with its tags.
type element struct {
	name       xml.Name // Space is the namespace URI
	attrs      []xml.Attr
	content    []byte // its character data, without that of its children
	children   []*element
	start, end int64
}

// child returns the first child of that name, nil if there is none.
func (e *element) child(space, local string) *element {
	for _, c := range e.children {
		if c.is(space, local) {
			return c
		}
	}
	return nil
}

// text returns the character data without the white space around it.
func (e *element) text() string { return string(bytes.TrimSpace(e.content)) }

func (e *element) is(space, local string) bool {
	return e.name.Space == space && e.name.Local == local
}

// attr returns the value of an attribute and whether it is there. Attributes
// without a prefix have no namespace (Namespaces in XML 1.0, §6.2).
func (e *element) attr(space, local string) (string, bool) {
	for _, a := range e.attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

// parseXML reads one document into elements. It refuses what no SOAP message
// may hold (SOAP 1.1, §3: no document type declaration and no processing
// instruction) and what encoding/xml lets pass: undeclared prefixes, repeated
// attributes, a second root, text around the root, unbounded depth.
func parseXML(data []byte) (*element, error) {
	p := &xmlParser{dec: xml.NewDecoder(bytes.NewReader(data))}
	p.dec.CharsetReader = asciiOnly
	for {
		start := p.dec.InputOffset()
		token, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			return p.finish()
		}
		if err != nil {
			return nil, fmt.Errorf("it is not well-formed XML: %w", err)
		}
		if err := p.token(token, start); err != nil {
			return nil, err
		}
	}
}

// asciiOnly lets US-ASCII pass beside UTF-8, of which it is a part.
func asciiOnly(charset string, input io.Reader) (io.Reader, error) {
	if strings.EqualFold(charset, "us-ascii") {
		return input, nil
	}
	return nil, fmt.Errorf("encoding %q is not UTF-8", clean(charset))
}

type xmlParser struct {
	dec    *xml.Decoder
	root   *element
	open   []openElement
	tokens int
}

// openElement is an element whose end tag has not come yet.
type openElement struct {
	*element
	raw    xml.Name // prefix and local name as written
	spaces map[string]string
}

func (p *xmlParser) token(token xml.Token, start int64) error {
	if p.tokens++; p.tokens > maxTokens {
		return fmt.Errorf("it has more than %d tokens", maxTokens)
	}
	switch t := token.(type) {
	case xml.StartElement:
		return p.startElement(t, start)
	case xml.EndElement:
		return p.endElement(t)
	case xml.CharData:
		return p.charData(t)
	case xml.Directive:
		return errors.New("it has a document type declaration, which SOAP forbids")
	case xml.ProcInst:
		if t.Target != "xml" || start != 0 {
			return errors.New("it has a processing instruction, which SOAP forbids")
		}
	}
	return nil
}

func (p *xmlParser) startElement(t xml.StartElement, start int64) error {
	if len(p.open) == 0 && p.root != nil {
		return errors.New("it has more than one root element")
	}
	if len(p.open) >= maxDepth {
		return fmt.Errorf("its elements are nested more than %d deep", maxDepth)
	}
	e := openElement{element: &element{start: start}, raw: t.Name, spaces: p.declarations(t.Attr)}
	p.open = append(p.open, e)
	space, err := p.space(t.Name.Space, true)
	if err != nil {
		return err
	}
	e.name = xml.Name{Space: space, Local: t.Name.Local}
	if err := p.attributes(e.element, t.Attr); err != nil {
		return err
	}
	if p.root == nil {
		p.root = e.element
	} else {
		parent := p.open[len(p.open)-2]
		parent.children = append(parent.children, e.element)
	}
	return nil
}

// declarations returns the namespaces that the attributes declare, by prefix.
func (p *xmlParser) declarations(attrs []xml.Attr) map[string]string {
	var spaces map[string]string
	for _, a := range attrs {
		prefix, ok := a.Name.Local, a.Name.Space == "xmlns"
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			prefix, ok = "", true
		}
		if !ok {
			continue
		}
		if spaces == nil {
			spaces = map[string]string{}
		}
		spaces[prefix] = a.Value
	}
	return spaces
}

// attributes resolves names and refuses a repeated one (Namespaces in XML 1.0, §6.3).
func (p *xmlParser) attributes(e *element, attrs []xml.Attr) error {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		space, err := p.space(a.Name.Space, false)
		if err != nil {
			return err
		}
		name := xml.Name{Space: space, Local: a.Name.Local}
		if seen[name] {
			return fmt.Errorf("attribute %q is repeated in element %q", clean(name.Local), clean(e.name.Local))
		}
		seen[name] = true
		if space != nsXMLNS {
			e.attrs = append(e.attrs, xml.Attr{Name: name, Value: a.Value})
		}
	}
	return nil
}

// space returns the namespace a prefix stands for.
func (p *xmlParser) space(prefix string, isElement bool) (string, error) {
	switch {
	case prefix == "" && !isElement:
		return "", nil
	case prefix == "xml":
		return nsXML, nil
	case prefix == "xmlns":
		return nsXMLNS, nil
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if space, ok := p.open[i].spaces[prefix]; ok {
			if space == "" && prefix != "" {
				break // a prefix cannot be undeclared (§5)
			}
			return space, nil
		}
	}
	if prefix == "" {
		return "", nil
	}
	return "", fmt.Errorf("prefix %q is not declared", clean(prefix))
}

func (p *xmlParser) endElement(t xml.EndElement) error {
	if len(p.open) == 0 {
		return fmt.Errorf("end tag %q has no start", clean(t.Name.Local))
	}
	last := p.open[len(p.open)-1]
	if last.raw != t.Name {
		return fmt.Errorf("element %q is closed by end tag %q", clean(last.raw.Local), clean(t.Name.Local))
	}
	last.end = p.dec.InputOffset()
	p.open = p.open[:len(p.open)-1]
	return nil
}

// charData joins the pieces that comments and references cut a text into: who
// reads the first piece alone can be made to read a shorter value.
func (p *xmlParser) charData(t xml.CharData) error {
	if len(p.open) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("it has text outside the root element")
		}
		return nil
	}
	e := p.open[len(p.open)-1]
	e.content = append(e.content, t...)
	return nil
}

func (p *xmlParser) finish() (*element, error) {
	if len(p.open) > 0 {
		return nil, fmt.Errorf("it ends inside element %q", clean(p.open[len(p.open)-1].name.Local))
	}
	if p.root == nil {
		return nil, errors.New("it holds no element")
	}
	return p.root, nil
}

// escaper writes text so that every XML parser gives the same characters
// back: line ends and tabs would be normalised (XML 1.0, §2.11, §3.3.3).
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
	"\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")
