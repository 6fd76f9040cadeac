// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Limits of one message; its size is the caller's to bound. A Response with an
// encrypted assertion has a depth of about 15 and some thousand tokens.
const (
	maxDepth  = 64
	maxTokens = 100_000
)

const (
	nsXML   = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS = "http://www.w3.org/2000/xmlns/"
)

// Element is one element of a message, with its place in the bytes: data[start:end]
// is the element with its tags.
type Element struct {
	// Name has the namespace's URI as its Space.
	Name xml.Name
	// Content is the character data, white space included, without that of Children.
	Content  []byte
	Children []*Element

	attrs      []xml.Attr
	start, end int64
}

// Is tells whether the element has that expanded name.
func (e *Element) Is(space, local string) bool {
	return e.Name.Space == space && e.Name.Local == local
}

// Child returns the first child of that name, nil if there is none.
func (e *Element) Child(space, local string) *Element {
	for _, c := range e.Children {
		if c.Is(space, local) {
			return c
		}
	}
	return nil
}

// Attr returns the value of an attribute and whether it is there. Attributes
// without a prefix have no namespace (Namespaces in XML 1.0, §6.2).
func (e *Element) Attr(space, local string) (string, bool) {
	for _, a := range e.attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

// Text returns the character data of the element and all below it.
func (e *Element) Text() string {
	parts := []string{string(e.Content)}
	for _, c := range e.Children {
		parts = append(parts, c.Text())
	}
	return strings.Join(parts, " ")
}

// parseXML reads one document into elements. It refuses what no SOAP message
// may hold (SOAP 1.1, §3: no document type declaration and no processing
// instruction) and what encoding/xml lets pass: undeclared prefixes, repeated
// attributes, a second root, text around the root, unbounded depth.
func parseXML(data []byte) (*Element, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	p := &parser{dec: xml.NewDecoder(bytes.NewReader(data)), spaces: map[string][]string{}}
	// The declaration is judged by checkDeclaration.
	p.dec.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
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

type parser struct {
	dec    *xml.Decoder
	root   *Element
	open   []openElement
	tokens int
	// spaces has, for each prefix, the namespaces that it was declared to
	// mean by the open elements, the outermost first.
	spaces map[string][]string
}

// openElement is an element whose end tag has not come yet.
type openElement struct {
	*Element
	raw      xml.Name // prefix and local name as written
	declared []string // prefixes
}

func (p *parser) token(token xml.Token, start int64) error {
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
		return checkDeclaration(t.Inst)
	}
	return nil
}

// declaration is the inside of an XML declaration (XML 1.0, §2.8); encoding/xml
// overlooks an encoding with blanks around the equals sign.
var declaration = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']([\w.-]+)["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*$`)
})

// checkDeclaration refuses encodings that the peers would read otherwise than
// this package does. US-ASCII is a part of UTF-8.
func checkDeclaration(inst []byte) error {
	m := declaration().FindSubmatch(inst)
	if m == nil {
		return errors.New("its XML declaration is malformed")
	}
	if name := string(m[1]); name != "" && !strings.EqualFold(name, "utf-8") && !strings.EqualFold(name, "us-ascii") {
		return fmt.Errorf("its encoding %q is not UTF-8", name)
	}
	return nil
}

func (p *parser) startElement(t xml.StartElement, start int64) error {
	if len(p.open) == 0 && p.root != nil {
		return errors.New("it has more than one root element")
	}
	if len(p.open) >= maxDepth {
		return fmt.Errorf("its elements are nested more than %d deep", maxDepth)
	}
	declared := p.declare(t.Attr)
	space, err := p.space(t.Name.Space)
	if err != nil {
		return err
	}
	e := &Element{Name: xml.Name{Space: space, Local: t.Name.Local}, start: start}
	if e.attrs, err = p.attributes(t.Attr); err != nil {
		return fmt.Errorf("in element %q %w", e.Name.Local, err)
	}
	if p.root == nil {
		p.root = e
	} else {
		parent := p.open[len(p.open)-1]
		parent.Children = append(parent.Children, e)
	}
	p.open = append(p.open, openElement{e, t.Name, declared})
	return nil
}

// declare takes the namespaces that the attributes declare, and returns their prefixes.
func (p *parser) declare(attrs []xml.Attr) []string {
	var prefixes []string
	for _, a := range attrs {
		prefix := a.Name.Local
		if a.Name == (xml.Name{Local: "xmlns"}) {
			prefix = ""
		} else if a.Name.Space != "xmlns" {
			continue
		}
		p.spaces[prefix] = append(p.spaces[prefix], a.Value)
		prefixes = append(prefixes, prefix)
	}
	return prefixes
}

// attributes resolves names and refuses a repeated one (Namespaces in XML 1.0, §6.3).
func (p *parser) attributes(raw []xml.Attr) ([]xml.Attr, error) {
	var attrs []xml.Attr
	seen := make(map[xml.Name]bool, len(raw))
	for _, a := range raw {
		name := xml.Name{Local: a.Name.Local}
		if a.Name.Space != "" {
			var err error
			if name.Space, err = p.space(a.Name.Space); err != nil {
				return nil, err
			}
		}
		if seen[name] {
			return nil, fmt.Errorf("attribute %q is repeated", name.Local)
		}
		seen[name] = true
		attrs = append(attrs, xml.Attr{Name: name, Value: a.Value})
	}
	return attrs, nil
}

// space returns the namespace that a prefix stands for, of an element if it is empty.
func (p *parser) space(prefix string) (string, error) {
	switch prefix {
	case "xml":
		return nsXML, nil
	case "xmlns":
		return nsXMLNS, nil
	}
	declared := p.spaces[prefix]
	if len(declared) > 0 && (prefix == "" || declared[len(declared)-1] != "") {
		return declared[len(declared)-1], nil
	}
	if prefix == "" {
		return "", nil
	}
	return "", fmt.Errorf("prefix %q is not declared", prefix)
}

func (p *parser) endElement(t xml.EndElement) error {
	if len(p.open) == 0 {
		return fmt.Errorf("end tag %q has no start", t.Name.Local)
	}
	last := p.open[len(p.open)-1]
	if last.raw != t.Name {
		return fmt.Errorf("element %q is closed by end tag %q", last.raw.Local, t.Name.Local)
	}
	last.end = p.dec.InputOffset()
	for _, prefix := range last.declared {
		p.spaces[prefix] = p.spaces[prefix][:len(p.spaces[prefix])-1]
	}
	p.open = p.open[:len(p.open)-1]
	return nil
}

// charData joins the pieces that comments and references cut a text into: who
// reads the first piece alone can be made to read a shorter value.
func (p *parser) charData(t xml.CharData) error {
	if len(p.open) > 0 {
		e := p.open[len(p.open)-1]
		e.Content = append(e.Content, t...)
	} else if len(bytes.TrimSpace(t)) > 0 {
		return errors.New("it has text outside the root element")
	}
	return nil
}

func (p *parser) finish() (*Element, error) {
	if len(p.open) > 0 {
		return nil, fmt.Errorf("it ends inside element %q", p.open[len(p.open)-1].Name.Local)
	}
	if p.root == nil {
		return nil, errors.New("it holds no element")
	}
	return p.root, nil
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
	"\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")

// Escape writes text so that every XML parser gives the same characters back,
// in an element or between double quotes: line ends and tabs would be
// normalised (XML 1.0, §2.11, §3.3.3).
func Escape(text string) string { return escaper.Replace(text) }
