// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf

import (
	"fmt"
	"strings"
)

// SyntaxError means that a file is not a krb5.conf, or that one which it includes cannot be read.
type SyntaxError struct {
	File   string // as it was given, or as it was included
	Line   int    // counted from 1
	Reason string
	Err    error // why a file could not be included; nil if nothing is to be included in the line
}

// Error names the place.
func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("krb5conf: reading %q: line %d: %s", e.File, e.Line, e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is why a file could not be included.
func (e *SyntaxError) Unwrap() error { return e.Err }

// section is one of the tree that a file is, with all that it includes.
type section struct {
	final     bool
	relations map[string][]string
	sections  map[string]*section
	names     []string // of sections, in the order of the file
}

func (s *section) add(name, value string) {
	if s.relations == nil {
		s.relations = map[string][]string{}
	}
	s.relations[name] = append(s.relations[name], value)
}

// open returns the section of that name, which is the same for all places where it stands in one file.
func (s *section) open(name string) *section {
	if s.sections == nil {
		s.sections = map[string]*section{}
	}
	if s.sections[name] == nil {
		s.sections[name] = &section{}
		s.names = append(s.names, name)
	}
	return s.sections[name]
}

// maxNest is how deep sections may be in sections; those that mean anything are two deep.
const maxNest = 32

// parser is where in a file we are. MIT's does the same with a line at a time.
type parser struct {
	root    *section
	open    []*section // that we are in, the outermost first; none before the first
	waiting *section   // whose brace has to come on the next line: "R =" stood on the last
	include func(directory bool, name string) error
}

// line reads one, with its end, and says what is wrong with it: nothing if reason is empty and err is nil. What is before the
// first section has no meaning, except for the directives.
func (p *parser) line(text string) (reason string, err error) {
	text, _, _ = strings.Cut(text, "\x00") // where a C string ends
	switch directive, name := directive(text); {
	case directive == "module" && len(p.open) > 0:
		return "module stands within a section", nil
	case directive == "module":
		return "", nil
	case directive != "":
		if err := p.include(directive == "includedir", name); err != nil {
			return fmt.Sprintf("including %q", name), err
		}
		return "", nil
	}
	if p.waiting != nil {
		return p.brace(strings.TrimLeft(text, space)), nil
	}
	if len(p.open) == 0 && !strings.HasPrefix(text, "[") {
		return "", nil
	}
	text = strings.Trim(text, space)
	switch {
	case text == "" || text[0] == '#' || text[0] == ';':
		return "", nil
	case text[0] == '[':
		return p.header(text), nil
	case text[0] == '}':
		return p.close(text), nil
	}
	return p.relation(text), nil
}

// space is what isspace of C says of ASCII.
const space = " \t\n\v\f\r"

// directive is one that stands at the very beginning of a line, with what follows it.
func directive(line string) (name, argument string) {
	for _, name := range []string{"include", "includedir", "module"} {
		rest, found := strings.CutPrefix(line, name)
		if found && rest != "" && strings.ContainsRune(space, rune(rest[0])) {
			return name, strings.Trim(rest, space)
		}
	}
	return "", ""
}

func (p *parser) header(text string) string {
	name, rest, ok := strings.Cut(text[1:], "]")
	switch {
	case len(p.open) > 1:
		return "a section begins before the brace that closes the last one"
	case !ok || rest != "" && rest != "*":
		return `the name of the section does not end with "]"`
	}
	s := p.root.open(name)
	s.final = s.final || rest == "*"
	p.open = []*section{s}
	return ""
}

func (p *parser) brace(text string) string {
	if !strings.HasPrefix(text, "{") {
		return "the line before has no value, and this no brace"
	}
	p.open = append(p.open, p.waiting) // the rest of the line has no meaning
	p.waiting = nil
	return ""
}

func (p *parser) close(text string) string {
	if len(p.open) < 2 {
		return "a brace closes what was not opened"
	}
	if strings.HasPrefix(text, "}*") {
		p.open[len(p.open)-1].final = true
	}
	p.open = p.open[:len(p.open)-1]
	return ""
}

func (p *parser) relation(text string) string {
	name, value, ok := strings.Cut(text, "=")
	final := false
	name = strings.TrimRight(name, space)
	if !ok || name == "" || strings.ContainsAny(name, space) {
		return `the line is not of the form "name = value"`
	}
	name, _, final = strings.Cut(name, "*") // in MIT's, too, it ends the name
	value = strings.TrimLeft(value, space)
	s := p.open[len(p.open)-1]
	switch {
	case value == "" || value == "{":
		if len(p.open) > maxNest {
			return fmt.Sprintf("sections are nested more than %d deep", maxNest)
		}
		p.waiting = s.open(name)
		p.waiting.final = p.waiting.final || final
		if value == "{" {
			return p.brace(value)
		}
	case value[0] == '"':
		s.add(name, unquote(value[1:]))
	default:
		s.add(name, value)
		inline(s, name, value)
	}
	return ""
}

// unquote reads up to the closing quote, or to the end if there is none. What follows has no meaning.
func unquote(text string) string {
	var b strings.Builder
	for i := 0; i < len(text) && text[i] != '"'; i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			c = text[i]
			if at := strings.IndexByte("ntb", c); at >= 0 {
				c = "\n\t\b"[at]
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// inline reads "{ kdc = a kdc = b }", of which each word before an equals sign begins a relation. Any other value is none.
func inline(s *section, name, value string) {
	body, opened := strings.CutPrefix(value, "{")
	body, closed := strings.CutSuffix(body, "}")
	if !opened || !closed || strings.ContainsAny(body, `{}"`) {
		return
	}
	words := strings.Fields(strings.ReplaceAll(body, "=", " = "))
	if len(words) > 0 && (len(words) < 3 || words[0] == "=" || words[1] != "=") {
		return
	}
	s = s.open(name)
	for len(words) > 0 {
		end := 2
		for end < len(words) && (end+1 >= len(words) || words[end+1] != "=") {
			end++
		}
		s.add(words[0], strings.Join(words[2:end], " "))
		words = words[end:]
	}
}
