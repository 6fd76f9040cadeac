// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Namespaces is a file of rules, of which the first that is about the issuer and fits the subject counts.
type Namespaces struct {
	Rules []Rule
}

// Rule says whether an issuer may sign the subjects that an expression fits.
type Rule struct {
	Self       bool   // the issuer is the CA whose name the file bears
	Issuer     string // in the slash form; empty if Self
	Deny       bool
	Expression string // regular, for the whole subject in the slash form
}

// Limits on what a file makes us compile. The largest file of the IGTF has 20 rules.
const (
	maxRules = 1000
	maxCost  = 4096 // characters of an expression, counted repetitions written out
)

// ParseNamespaces reads a namespaces file. The error is a *SyntaxError.
func ParseNamespaces(data []byte) (*Namespaces, error) {
	if len(data) > MaxSize {
		return nil, &SyntaxError{Text: fmt.Sprintf("it has more than %d bytes", MaxSize)}
	}
	n := &Namespaces{}
	var statement []string
	start := 0
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.Trim(line, blanks)
		if strings.HasPrefix(line, "#") {
			version, ok := strings.CutPrefix(line, "#NAMESPACES-VERSION:")
			if ok && strings.Trim(version, blanks) != "1.0" {
				return nil, &SyntaxError{i + 1, fmt.Sprintf("version %q is not known", strings.Trim(version, blanks))}
			}
			continue // also between the lines of one rule
		}
		if len(statement) == 0 {
			start = i + 1
		}
		line, more := strings.CutSuffix(line, `\`)
		statement = append(statement, line)
		if more {
			continue
		}
		if err := n.add(strings.Join(statement, " "), start); err != nil {
			return nil, err
		}
		statement = nil
	}
	if err := n.add(strings.Join(statement, " "), start); err != nil {
		return nil, err
	}
	return n, nil
}

// add reads the words TO Issuer WHO PERMIT Subject EXPRESSION, which stand alone or one rule after another.
func (n *Namespaces) add(statement string, line int) error {
	fields, err := fields(statement, line)
	if err != nil {
		return err
	}
	for ; len(fields) > 0; fields = fields[6:] {
		if len(fields) < 6 {
			return &SyntaxError{line, "a rule has six words: TO Issuer … PERMIT Subject …"}
		}
		var rule Rule
		verb := fields[3].text
		switch {
		case !fields[0].is("TO"), !fields[1].is("Issuer"), !fields[4].is("Subject"), !fields[5].quoted,
			!fields[3].is("PERMIT") && !fields[3].is("DENY"):
			return &SyntaxError{line, "a rule goes TO Issuer … PERMIT Subject …"}
		case fields[2].quoted:
			rule.Issuer = fields[2].text
		case fields[2].is("SELF"):
			rule.Self = true
		default:
			return &SyntaxError{line, fmt.Sprintf("%q is no issuer: that is a name in double quotes, or SELF", fields[2].text)}
		}
		rule.Deny, rule.Expression = strings.EqualFold(verb, "DENY"), fields[5].text
		if err := checkExpression(rule.Expression); err != nil {
			return &SyntaxError{line, err.Error()}
		}
		if n.Rules = append(n.Rules, rule); len(n.Rules) > maxRules {
			return &SyntaxError{line, fmt.Sprintf("there are more than %d rules", maxRules)}
		}
	}
	return nil
}

// checkExpression says whether an expression can be compiled, and at a bearable cost.
func checkExpression(expression string) error {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return err // of the expression alone, lest compile's parentheses make good one that is missing or too many
	}
	if cost(tree) > maxCost {
		return fmt.Errorf("the expression %.40q… is too large", expression)
	}
	return nil
}

// cost is about how many instructions an expression compiles to.
func cost(tree *syntax.Regexp) int {
	sum := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		sum += cost(sub)
	}
	if tree.Op == syntax.OpRepeat {
		sum *= max(tree.Min, tree.Max, 1)
	}
	return min(sum, maxCost+1)
}

// fits says whether the expression fits a whole name, without regard to case, which names do not have either. Some files have
// names with brackets in them, written as if they were no expressions; those fit too.
func (r Rule) fits(name string) bool {
	if normalize(r.Expression) == normalize(name) {
		return true
	}
	compiled, err := regexp.Compile(`(?is:\A(?:` + r.Expression + `)\z)`)
	return err == nil && compiled.MatchString(name)
}

type field struct {
	text   string
	quoted bool
}

func (f field) is(keyword string) bool { return !f.quoted && strings.EqualFold(f.text, keyword) }

// fields cuts at white space and by double quotes, in which nothing is escaped.
func fields(statement string, line int) ([]field, error) {
	var list []field
	for rest := strings.TrimLeft(statement, blanks); rest != ""; rest = strings.TrimLeft(rest, blanks) {
		if rest[0] == '"' {
			text, after, ok := strings.Cut(rest[1:], `"`)
			if !ok {
				return nil, &SyntaxError{line, "a double quote is opened and not closed"}
			}
			list, rest = append(list, field{text, true}), after
			continue
		}
		end := strings.IndexAny(rest, blanks+`"`)
		if end < 0 {
			end = len(rest)
		}
		list, rest = append(list, field{rest[:end], false}), rest[end:]
	}
	return list, nil
}

// Permits says whether issuer may sign subject. Self says that the file bears the name of issuer. Found is false if no
// rule is about issuer; a subject that no such rule fits is not permitted.
func (n *Namespaces) Permits(issuer, subject string, self bool) (permitted, found bool) {
	issuer = normalize(issuer)
	for _, rule := range n.Rules {
		if rule.Self && !self || !rule.Self && normalize(rule.Issuer) != issuer {
			continue
		}
		found = true
		if rule.fits(subject) {
			return !rule.Deny, true
		}
	}
	return false, found
}

// String is the rules as a file. ParseNamespaces reads the same from it.
func (n *Namespaces) String() string {
	var b strings.Builder
	for _, rule := range n.Rules {
		issuer, verb := `"`+rule.Issuer+`"`, "PERMIT"
		if rule.Self {
			issuer = "SELF"
		}
		if rule.Deny {
			verb = "DENY"
		}
		fmt.Fprintf(&b, "TO Issuer %s %s Subject \"%s\"\n", issuer, verb, rule.Expression)
	}
	return b.String()
}
