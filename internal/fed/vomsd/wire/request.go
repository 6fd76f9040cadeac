// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A Request is what voms-server makes of one in either protocol.
type Request struct {
	Commands       []string // such as G/vo/group and B/vo/group:role
	Order, Targets string   // comma lists
	Lifetime       int      // seconds; negative: the longest
	Base64         bool     // standard base64 is wanted
}

// A Target is what voms-server makes of a GET: a document of the older protocol.
type Target struct {
	Document string
	Unknown  bool // there was a parameter that is not known
	Deadly   bool // it makes the server's process exit
}

// ReadTarget reads path and query, if one was asked for, of a GET to the server of a VO, or says that they are not found. Nothing is decoded.
func ReadTarget(vo, path, query string, asked bool) (t Target, found bool) {
	if path != "/generate-ac" {
		return t, false
	}
	var fqans []string
	var order, targets string
	lifetime := 0
	if asked {
		for parameter := range strings.SplitSeq(query, "&") {
			name, value, ok := strings.Cut(parameter, "=")
			if !ok {
				return t, false
			}
			switch name {
			case "lifetime":
				lifetime = atoi(value)
			case "fqans":
				fqans = append(fqans, strings.Split(value, ",")...)
			case "order":
				if order != "" {
					order += ", " // the blank is the original's, and spoils the second
				}
				order += value
			case "targets":
				targets = value
			default:
				t.Unknown = true
			}
		}
	}
	if fqans == nil {
		fqans = []string{"/" + vo}
	}
	for i, f := range fqans {
		command, ok := commandFor(f)
		fqans[i], t.Deadly = command, t.Deadly || !ok
	}
	t.Document = document(strings.Join(fqans, ","), order, targets, lifetime)
	return t, true
}

// commandFor translates an FQAN. A capability makes the original exit.
func commandFor(fqan string) (string, bool) {
	if fqan == "all" || fqan == "ALL" {
		return "A", true
	}
	if strings.Contains(fqan, "/Capability=") {
		return "", false
	}
	switch group, role, found := strings.Cut(fqan, "/Role="); {
	case found && group != "":
		return "B" + group + ":" + role, true
	case found:
		return "R" + role, true
	case strings.HasPrefix(fqan, "/"):
		return "G" + fqan, true
	}
	return fqan, true
}

// document is a request of the older protocol. A lifetime that is not positive is left empty, and so read as 0.
func document(commands, order, targets string, lifetime int) string {
	var b strings.Builder
	element := func(name, text string) { b.WriteString("<" + name + ">" + text + "</" + name + ">") }
	b.WriteString(`<?xml version="1.0" encoding="US-ASCII"?><voms>`)
	if commands != "" {
		for c := range strings.SplitSeq(commands, ",") {
			element("command", c)
		}
	}
	if order != "" {
		element("order", order)
	}
	if targets != "" {
		element("targets", targets)
	}
	b.WriteString("<base64>1</base64><version>4</version>")
	if lifetime > 0 {
		element("lifetime", strconv.Itoa(lifetime))
	} else {
		element("lifetime", "")
	}
	b.WriteString("</voms>")
	return b.String()
}

// ReadDocument reads a request of the older protocol as voms-server does with expat: it must be well-formed, and elements that are
// not known are passed over.
func ReadDocument(text string) (Request, error) {
	var r Request
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // US-ASCII is UTF-8
	depth, roots, value := 0, 0, ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return r, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			value = ""
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(t)) != "" {
				return r, errors.New("text outside of the root")
			}
			value += string(t)
		case xml.EndElement:
			depth--
			if depth == 1 {
				r.take(t.Name.Local, value)
			}
			value = ""
		}
	}
	if roots != 1 {
		return r, errors.New("not one root")
	}
	return r, nil
}

func (r *Request) take(name, value string) {
	switch name {
	case "command":
		r.Commands = append(r.Commands, value)
	case "order":
		r.Order = value
	case "targets":
		r.Targets = value
	case "lifetime":
		r.Lifetime = atoi(value)
	case "base64":
		r.Base64 = true
	}
}

// atoi is C's: as many digits as there are, and 0 if there is none.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t\r\n")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return int(n)
}
