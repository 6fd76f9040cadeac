// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package policy reads the two kinds of files that say which subjects a CA may sign: the signing policies of Globus and
// the namespaces of the EUGridPMA.
//
//	p, err := policy.ParseSigning(data)
//	permitted, found := p.Permits("/DC=org/CN=My CA", "/DC=org/CN=Jane Doe")
//
// Names are in the slash form. A file with a mistake in it is refused whole, as Globus refuses it: half a policy is none.
package policy

import (
	"fmt"
	"slices"
	"strings"
)

// MaxSize is how many bytes a file may have. The largest of the IGTF has 3 KiB.
const MaxSize = 1 << 18

// SyntaxError says that a line of a file cannot be understood.
type SyntaxError struct {
	Line int // 1 is the first; 0 if it is about the whole file
	Text string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// Signing is a signing policy. The zero value says nothing about anyone.
type Signing struct {
	Entries []Entry
}

// Entry is what a file says about its principals.
type Entry struct {
	Principals []Principal
	Rights     []Right
}

// Principal is whom an entry is about.
type Principal struct {
	Access    string // a keyword, such as access_id_CA
	Authority string // such as X509; empty for access_id_ANYBODY
	Name      string // in the slash form; empty for access_id_ANYBODY
}

// Right is something that the principals may do or, if Negative, may not, under conditions that must all hold.
type Right struct {
	Negative         bool
	Authority, Value string // globus CA:sign is the one that matters
	Conditions       []Condition
}

// Condition holds if a pattern fits the subject or, if Banned, if none does.
type Condition struct {
	Banned    bool
	Authority string // globus is the one that matters
	Patterns  []string
}

// The keywords. Each stands before two more words, only accessAnybody before none.
const (
	accessCA          = "access_id_CA"
	accessUser        = "access_id_USER"
	accessGroup       = "access_id_GROUP"
	accessHost        = "access_id_HOST"
	accessApplication = "access_id_APPLICATION"
	accessAnybody     = "access_id_ANYBODY"
	posRights         = "pos_rights"
	negRights         = "neg_rights"
	condSubjects      = "cond_subjects"
	condBanned        = "cond_banned_subjects"
)

var keywords = []string{
	accessCA, accessUser, accessGroup, accessHost, accessApplication, accessAnybody, posRights, negRights, condSubjects, condBanned,
}

// ParseSigning reads a signing policy. The error is a *SyntaxError.
func ParseSigning(data []byte) (*Signing, error) {
	if len(data) > MaxSize {
		return nil, &SyntaxError{Text: fmt.Sprintf("it has more than %d bytes", MaxSize)}
	}
	words, err := split(string(data))
	if err != nil {
		return nil, err
	}
	p := &Signing{}
	for len(words) > 0 {
		keyword := words[0]
		var arguments []word
		words = words[1:]
		if !slices.Contains(keywords, keyword.text) {
			return nil, &SyntaxError{keyword.line, fmt.Sprintf("%q is no keyword of a signing policy", keyword.text)}
		}
		if keyword.text != accessAnybody {
			if len(words) < 2 {
				return nil, &SyntaxError{keyword.line, fmt.Sprintf("%q needs two words after it", keyword.text)}
			}
			arguments, words = words[:2], words[2:]
		}
		if err := p.add(keyword, arguments); err != nil {
			return nil, err
		}
	}
	if n := len(p.Entries); n > 0 && len(p.Entries[n-1].Rights) == 0 {
		return nil, &SyntaxError{Text: "the last entry grants no right"}
	}
	return p, nil
}

// add puts a keyword and the words that belong to it where they go.
func (p *Signing) add(keyword word, arguments []word) error {
	var entry *Entry
	if n := len(p.Entries); n > 0 {
		entry = &p.Entries[n-1]
	}
	switch keyword.text {
	case accessCA, accessUser, accessGroup, accessHost, accessApplication, accessAnybody:
		if entry == nil || len(entry.Rights) > 0 {
			p.Entries = append(p.Entries, Entry{})
			entry = &p.Entries[len(p.Entries)-1]
		}
		principal := Principal{Access: keyword.text}
		if len(arguments) > 0 {
			principal.Authority, principal.Name = arguments[0].text, arguments[1].text
		}
		entry.Principals = append(entry.Principals, principal)
	case posRights, negRights:
		if entry == nil {
			return &SyntaxError{keyword.line, fmt.Sprintf("%q before any access_id", keyword.text)}
		}
		right := Right{Negative: keyword.text == negRights, Authority: arguments[0].text, Value: arguments[1].text}
		entry.Rights = append(entry.Rights, right)
	default:
		if entry == nil || len(entry.Rights) == 0 {
			return &SyntaxError{keyword.line, fmt.Sprintf("%q before any right", keyword.text)}
		}
		patterns, err := splitPatterns(arguments[1])
		if err != nil {
			return err
		}
		right := &entry.Rights[len(entry.Rights)-1]
		condition := Condition{Banned: keyword.text == condBanned, Authority: arguments[0].text, Patterns: patterns}
		right.Conditions = append(right.Conditions, condition)
	}
	return nil
}

// word is a token and the line it stands on.
type word struct {
	text string
	line int
}

// split cuts a text into words, at white space and by single quotes, and drops comments. Within quotes a backslash stands
// before a quote or a backslash that is meant as such; before anything else it is one itself, as in \xC3.
func split(text string) ([]word, error) {
	var words []word
	for number, line := range strings.Split(text, "\n") {
		number++
		for line = strings.TrimLeft(line, blanks); line != "" && line[0] != '#'; line = strings.TrimLeft(line, blanks) {
			if line[0] != '\'' {
				end := strings.IndexAny(line, blanks+"#'")
				if end < 0 {
					end = len(line)
				}
				words = append(words, word{line[:end], number})
				line = line[end:]
				continue
			}
			content, rest, ok := quoted(line[1:])
			if !ok {
				return nil, &SyntaxError{number, "a quote is opened and not closed"}
			}
			words = append(words, word{content, number})
			line = rest
		}
	}
	return words, nil
}

const blanks = " \t\r\v\f"

// quoted reads up to the closing quote.
func quoted(line string) (content, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			return b.String(), line[i+1:], true
		case c == '\\' && i+1 < len(line) && (line[i+1] == '\'' || line[i+1] == '\\'):
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// splitPatterns takes "P1" "P2" apart. Without double quotes the whole is one pattern.
func splitPatterns(value word) ([]string, error) {
	if !strings.Contains(value.text, `"`) {
		return []string{value.text}, nil
	}
	var patterns []string
	for i, piece := range strings.Split(value.text, `"`) {
		switch {
		case i%2 == 1:
			patterns = append(patterns, piece)
		case strings.Trim(piece, blanks) != "":
			return nil, &SyntaxError{value.line, fmt.Sprintf("%q stands outside the double quotes", strings.Trim(piece, blanks))}
		}
	}
	if strings.Count(value.text, `"`)%2 != 0 {
		return nil, &SyntaxError{value.line, "a double quote is opened and not closed"}
	}
	return patterns, nil
}

// String is the policy as a file. ParseSigning reads the same from it.
func (p *Signing) String() string {
	var b strings.Builder
	for _, entry := range p.Entries {
		for _, principal := range entry.Principals {
			b.WriteString(principal.Access)
			if principal.Access != accessAnybody {
				b.WriteString(" " + quote(principal.Authority) + " " + quote(principal.Name))
			}
			b.WriteByte('\n')
		}
		for _, right := range entry.Rights {
			keyword := posRights
			if right.Negative {
				keyword = negRights
			}
			b.WriteString(keyword + " " + quote(right.Authority) + " " + quote(right.Value) + "\n")
			for _, c := range right.Conditions {
				keyword := condSubjects
				if c.Banned {
					keyword = condBanned
				}
				b.WriteString(keyword + " " + quote(c.Authority) + " " + quote(`"`+strings.Join(c.Patterns, `" "`)+`"`) + "\n")
			}
		}
	}
	return b.String()
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
