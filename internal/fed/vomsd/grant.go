// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/fed/vomsd/wire"
	"github.com/x509up/x509up/voms"
)

// grant decides about a request, in the order of voms-server's makeAC, on which depends which complaint is heard.
func (s *Server) grant(r wire.Request, holder *x509.Certificate, warnings []wire.Item) wire.Result {
	out := wire.Result{AC: wire.None, Base64: r.Base64, Items: warnings}
	complain := func(number int, format string, args ...any) {
		out.Items = append(out.Items, wire.Item{Number: number, Message: fmt.Sprintf(format, args...)})
	}
	if len(r.Commands) == 0 || r.Targets != "" && s.Flavour == Debian {
		return wire.Result{Died: true}
	}
	if r.Lifetime < 0 {
		r.Lifetime = s.maxLife()
	}
	if r.Lifetime > s.maxLife() {
		r.Lifetime = s.maxLife()
		complain(wire.WarnShortened, "%s:%d: The validity of this VOMS AC in your proxy is shortened to %d seconds!", s.Host, s.Port, r.Lifetime)
	}
	m, ok := s.member(holder)
	if m.Suspended == "" && m.Unsigned {
		m.Suspended = "User failed to sign the AUP in time." // VOMS Admin's words
	}
	switch {
	case !ok:
		complain(wire.ErrorNotMember, "%s: User unknown to this VO.", s.VO.Name)
		return out
	case m.Suspended != "":
		complain(wire.ErrorSuspended, "User is currently suspended!\nSuspension reason: %s", m.Suspended)
		return out
	}
	g := &grants{vo: s.VO.Name, member: m, order: r.Order, collect: r.Order == ""}
	failed, died := g.runAll(r.Commands)
	switch {
	case died:
		return wire.Result{Died: true}
	case failed != "":
		complain(wire.ErrorNotMember, "%s", failed)
		return out
	}
	if first := g.sort(); first != "" && g.fqans[0] != first {
		complain(wire.WarnNotFirst, "FQAN: %s is not the first selected!\n", g.fqans[0])
	}
	for i, f := range g.fqans {
		if !strings.Contains(f, "/Role=") {
			f += "/Role=NULL"
		}
		g.fqans[i] = f + "/Capability=NULL"
	}
	if r.Commands[0] == "N" {
		out.AC, out.List = "", strings.Join(g.fqans, "\n")+"\n"
		return out
	}
	der, err := s.certify(holder, g.fqans, g.attributes, splitList(r.Targets), r.Lifetime)
	if err != nil {
		complain(wire.ErrorNotMember, ": Unable to satisfy %s request due to database error.", r.Commands[len(r.Commands)-1])
		return out
	}
	out.AC = string(der)
	return out
}

// A command is one thing that is asked for.
type command struct {
	letter      byte
	group, role string
	noGroup     bool // not even an empty one
	valid       bool
	deadly      bool // the original looks for a group where there is none
}

// readCommand reads a command in both of its syntaxes, with the mistakes of the original.
func readCommand(text string) command {
	if text == "" {
		return command{}
	}
	c := command{letter: text[0], group: text[1:], valid: true}
	found := false
	switch {
	case c.group == "all":
		return command{letter: 'A', noGroup: true, valid: true}
	case !strings.HasPrefix(c.group, "/") && c.letter == 'R':
		c.role = c.group
	case !strings.HasPrefix(c.group, "/") && c.letter == 'B':
		c.group, c.role, _ = strings.Cut(c.group, ":")
	case !strings.HasPrefix(c.group, "/"):
	default:
		c.letter = 'B'
		if c.group, c.role, found = strings.Cut(c.group, "/Role="); !found {
			if c.group, c.role, found = strings.Cut(c.group, ":"); !found {
				c.letter = 'G'
			}
		}
		if c.group == "" || c.group == "/" {
			return command{deadly: true}
		}
		if c.group == "//" {
			return command{letter: 'N', noGroup: true, valid: true}
		}
	}
	c.valid = strings.Trim(c.group+c.role, acceptable) == ""
	return c
}

// acceptable are the characters that voms-server lets through to its database.
const acceptable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-"

// grants collects what a member gets for his commands.
type grants struct {
	vo         string
	member     Member
	fqans      []string
	attributes []voms.Attribute
	order      string
	collect    bool // the order of the commands is the order wanted
}

// runAll executes commands until one fails, and says what is then to be said, or until one is the end of the original's process.
func (g *grants) runAll(commands []string) (failed string, died bool) {
	for _, text := range commands {
		c := readCommand(text)
		switch {
		case c.deadly:
			return "", true
		case c.valid && g.run(c):
		case text == "G/"+g.vo || text == "/"+g.vo:
			return g.vo + ": User unknown to this VO.", false
		default:
			return g.vo + ": Unable to satisfy " + text + " request!", false
		}
	}
	return "", false
}

// run executes a command, or says that it cannot.
func (g *grants) run(c command) bool {
	groups := append([]string{"/" + g.vo}, g.member.Groups...)
	ofGroups := func(qualifier string) bool { return !strings.Contains(qualifier, "/Role=") }
	switch c.letter {
	case 'A', 'N':
		g.fqans = append(append(g.fqans, groups...), g.member.Roles...)
		if c.letter == 'A' {
			g.addAttributes(func(string) bool { return true })
		}
	case 'G':
		g.fqans = append(g.fqans, groups...)
		if !slices.Contains(g.fqans, c.group) {
			return false
		}
		g.addAttributes(ofGroups)
	case 'B', 'R':
		wanted := func(fqan string) bool { return fqan == c.group+"/Role="+c.role }
		if c.letter == 'R' {
			wanted = func(fqan string) bool { return strings.HasSuffix(fqan, "/Role="+c.role) }
		}
		if !slices.ContainsFunc(g.member.Roles, wanted) {
			return false
		}
		for _, role := range g.member.Roles {
			if wanted(role) {
				g.fqans = append(g.fqans, role)
			}
		}
		g.fqans = append(g.fqans, groups...)
		g.addAttributes(func(qualifier string) bool { return ofGroups(qualifier) || wanted(qualifier) })
	default:
		return false
	}
	if g.collect && !c.noGroup {
		if g.order != "" {
			g.order += ","
		}
		g.order += c.group
		if c.role != "" {
			g.order += "/Role=" + c.role
		}
	}
	return true
}

func (g *grants) addAttributes(of func(qualifier string) bool) {
	for _, a := range g.member.Attributes {
		if of(a.Qualifier) && !slices.Contains(g.attributes, a) {
			g.attributes = append(g.attributes, a)
		}
	}
}

// sort puts everything in order, without duplicates, and returns the FQAN that should come first; empty if none should.
func (g *grants) sort() (first string) {
	position := map[string]int{}
	for i, name := range strings.Split(g.order, ",") {
		if group, role, found := strings.Cut(name, ":"); found {
			name = group + "/Role=" + role
		}
		if first == "" {
			first = name
		}
		if _, there := position[name]; !there {
			position[name] = i
		}
	}
	slices.Sort(g.fqans)
	g.fqans = slices.Compact(g.fqans)
	place := func(fqan string) int {
		if i, wanted := position[fqan]; wanted {
			return i
		}
		return len(position) + len(g.order)
	}
	slices.SortStableFunc(g.fqans, func(a, b string) int { return place(a) - place(b) })
	text := func(a voms.Attribute) string {
		if a.Qualifier == "" {
			return a.Name + "=" + a.Value
		}
		return a.Qualifier + "::" + a.Name + "=" + a.Value
	}
	slices.SortFunc(g.attributes, func(a, b voms.Attribute) int { return strings.Compare(text(a), text(b)) })
	return first
}

// splitList splits a comma list, in which there may be nothing between commas.
func splitList(s string) []string {
	return slices.DeleteFunc(strings.Split(s, ","), func(part string) bool { return strings.TrimSpace(part) == "" })
}
