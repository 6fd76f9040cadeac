// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"html"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// MaxAnswer bounds an answer, in bytes. A certificate with thousands of attributes has some hundred kilobytes.
const MaxAnswer = 1 << 20

// maxItems bounds the warnings and the errors of an answer. voms-server sends one, its older releases a handful.
const maxItems = 64

// Errors of Parse for what has not come.
var (
	// ErrNotVOMS means that the answer is something else: a web page, or nothing. Perhaps the server speaks the other
	// protocol.
	ErrNotVOMS = errors.New("it is no answer of a VOMS server")
	// ErrTruncated means that the answer began and has no end.
	ErrTruncated = errors.New("it ended too soon")
)

// Answer is what a server said, in either protocol. A certificate is there only if nothing was refused.
type Answer struct {
	AC       []byte   // DER, one SEQUENCE; nil if none came
	List     []string // the names that could be asked for, one per line of the list; nil if none came
	Warnings []string // one line each
	Faults   []Fault  // why the request was refused; several in old servers
}

// Fault is one reason of a refusal.
type Fault struct {
	// Code is a number, 1001, or one of REST's words, NoSuchUser.
	Code string
	// Message is one line fit for a terminal.
	Message string
}

// Parse reads an answer: <voms> of REST or <vomsans> of the older protocol, as voms-server and IAM write them. IAM sends the
// second by REST to a client that calls itself as voms-clients 2.x does, so that both are read wherever they come from.
//
// It is not read as XML because voms-server does not escape what it puts in. An element begins at a tag whose name is
// known and ends at the first tag that closes it; all else is text. What stands before the root and after it counts for
// nothing, so that an answer is complete once its root is closed, however the connection ended.
func Parse(body []byte) (*Answer, error) {
	p := parser{text: string(body)}
	if !p.enter() {
		return nil, ErrNotVOMS
	}
	for {
		tag, ok := p.next()
		if !ok {
			return nil, ErrTruncated
		}
		if tag.end && tag.name == p.root {
			return p.finish()
		}
		if err := p.take(tag); err != nil {
			return nil, err
		}
	}
}

// Elements that hold text, and those that hold elements.
const (
	tagAC, tagList, tagWarning            = "ac", "bitstr", "warning"
	tagCode, tagNumber, tagMessage        = "code", "number", "message"
	tagError, tagItem, tagREST, tagLegacy = "error", "item", "voms", "vomsans"
)

type parser struct {
	text string
	at   int    // what is before it has been read
	root string // the name of the root

	ac, list *string
	warnings []string
	inError  bool
	number   string // of the item that is being read
	code     string
	message  string
	faults   []Fault
}

// A tag has a name that is known. A tag with attributes counts as well: no server writes one, but IAM's come from a library.
type tag struct {
	name       string
	end, empty bool // </name>, <name/>
}

var tagPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<(/?)(ac|bitstr|warning|code|number|message|error|item|vomsans|voms)(?:\s[^<>]*?)?(/?)>`)
})

func (p *parser) next() (tag, bool) {
	m := tagPattern().FindStringSubmatchIndex(p.text[p.at:])
	if m == nil {
		return tag{}, false
	}
	part := func(i int) string { return p.text[p.at:][m[2*i]:m[2*i+1]] }
	found := tag{part(2), part(1) != "", part(3) != ""}
	p.at += m[1]
	return found, true
}

// enter goes to the first tag of the root.
func (p *parser) enter() bool {
	for {
		tag, ok := p.next()
		if !ok {
			return false
		}
		if !tag.end && !tag.empty && (tag.name == tagREST || tag.name == tagLegacy) {
			p.root = tag.name
			return true
		}
	}
}

// take reads the element that begins with a tag.
func (p *parser) take(t tag) error {
	switch t.name {
	case tagError, tagItem:
		p.flush()
		p.inError = !t.empty && !(t.end && t.name == tagError)
		return nil
	case tagREST, tagLegacy:
		return nil
	}
	if t.end {
		return nil
	}
	text := ""
	if !t.empty {
		end := strings.Index(p.text[p.at:], "</"+t.name+">")
		if end < 0 {
			return ErrTruncated
		}
		text = unescape(p.text[p.at:][:end])
		p.at += end + len(t.name) + 3
	}
	return p.keep(t.name, text)
}

func (p *parser) keep(name, text string) error {
	switch name {
	case tagAC:
		if p.ac != nil {
			return errors.New("it holds two attribute certificates")
		}
		p.ac = &text
	case tagList:
		if p.list != nil {
			return errors.New("it holds two lists")
		}
		p.list = &text
	case tagWarning:
		p.warn(text)
	case tagCode, tagNumber, tagMessage:
		p.keepItem(name, text)
	}
	return nil
}

func (p *parser) keepItem(name, text string) {
	switch {
	case !p.inError:
	case name == tagMessage:
		p.message += text
	default:
		if p.number != "" || p.code != "" {
			p.flush() // an item without a tag of its own
		}
		if name == tagNumber {
			p.number = text
		} else {
			p.code = text
		}
	}
}

// flush ends an item. In the older protocol numbers below 1000 are warnings.
func (p *parser) flush() {
	number, code, message := Clean(p.number), Clean(p.code), Clean(p.message)
	p.number, p.code, p.message = "", "", ""
	if number == "" && code == "" && message == "" {
		return
	}
	if n, err := strconv.Atoi(number); code == "" && err == nil && n < 1000 {
		p.warn(message)
		return
	}
	if code == "" {
		code = number
	}
	if len(p.faults) < maxItems {
		p.faults = append(p.faults, Fault{code, message})
	}
}

func (p *parser) warn(text string) {
	if text = Clean(text); text != "" && len(p.warnings) < maxItems {
		p.warnings = append(p.warnings, text)
	}
}

func (p *parser) finish() (*Answer, error) {
	p.flush()
	answer := &Answer{Warnings: p.warnings, Faults: p.faults}
	if len(answer.Faults) > 0 {
		return answer, nil
	}
	var err error
	if p.ac != nil {
		if answer.AC, err = certificate(*p.ac); err != nil {
			return nil, err
		}
	}
	if p.list != nil {
		if answer.List, err = lines(*p.list); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// certificate decodes an attribute certificate. The letter A stands for none: voms-server has nothing else to put where the
// older protocol wants one.
func certificate(text string) ([]byte, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	der, ok := decode(text, func(first byte) bool { return first == 0x30 || first == 'A' })
	switch {
	case !ok:
		return nil, errors.New("its attribute certificate is encoded in neither alphabet")
	case string(der) == "A":
		return nil, nil
	}
	var element cryptobyte.String
	if rest := cryptobyte.String(der); !rest.ReadASN1(&element, asn1.SEQUENCE) || !rest.Empty() {
		return nil, errors.New("its attribute certificate is damaged")
	}
	return der, nil
}

// lines decodes a list of names.
func lines(text string) ([]string, error) {
	names := []string{}
	if strings.TrimSpace(text) == "" {
		return names, nil
	}
	data, ok := decode(text, func(first byte) bool { return first == '/' })
	if !ok {
		return nil, errors.New("its list is encoded in neither alphabet")
	}
	for name := range strings.FieldsSeq(string(data)) {
		if name[0] != '/' || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
			return nil, errors.New("its list holds what is no name of an attribute")
		}
		names = append(names, name)
	}
	return names, nil
}

var reference = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);`)
})

// unescape resolves the references that XML knows. IAM writes the carriage returns between the lines of base64 as &#13;.
// Any other ampersand is one that a server has not escaped.
func unescape(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return reference().ReplaceAllStringFunc(s, html.UnescapeString)
}
