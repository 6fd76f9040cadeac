// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomses

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
)

// Endpoint is one server of a VO, as a line of a vomses file names it. Host and Port count, and VO, from which comes what
// is asked for where nothing is said.
type Endpoint struct {
	Alias string // what users call the VO at this place, most often its name; may be empty
	Host  string // name or address, an IPv6 address without brackets
	Port  int    // 1 to 65535
	// DN is the subject that the server's certificate should have, in slash form. No client compares it and files in use
	// have wrong ones, so that it says nothing of whom to trust.
	DN      string
	VO      string // name of the VO
	Version string // a sixth column, which old clients read for the Globus version; empty if there is none
	File    string // where the line is; empty if it did not come from a file
	Line    int    // counted from 1
}

// Address is host and port, as net.Dial takes them.
func (e Endpoint) Address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// Entry is the line of a vomses file that names the endpoint.
func (e Endpoint) Entry() string {
	columns := []string{e.Alias, e.Host, strconv.Itoa(e.Port), e.DN, e.VO}
	if e.Version != "" {
		columns = append(columns, e.Version)
	}
	return `"` + strings.Join(columns, `" "`) + `"`
}

// Finding is something in the vomses files that cannot be used, and is no reason not to use the rest.
type Finding struct {
	File string
	Line int // counted from 1; 0 for the file as a whole
	Err  error
}

// String names the file, the line and what is wrong with it.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %v", f.File, f.Err)
	}
	return fmt.Sprintf("%s:%d: %v", f.File, f.Line, f.Err)
}

// Bounds of a vomses file. The largest in use, with all VOs of a grid, has some tens of kilobytes.
const (
	maxVomses   = 1 << 20
	maxLine     = 4096
	maxFindings = 100
)

// Parse reads the lines of a vomses file:
//
//	"alias" "host" "port" "server DN" "VO" ["version"]
//
// Between the quoted columns may be anything, as voms-clients 2.x has it; empty lines and those that begin with # are
// left out. A line that is wrong is a finding and does not keep the others from being used. The name of the file is for
// Endpoint and Finding alone.
func Parse(data []byte, file string) ([]Endpoint, []Finding) {
	var endpoints []Endpoint
	var findings []Finding
	if len(data) > maxVomses {
		return nil, []Finding{{file, 0, fmt.Errorf("it has more than %d KiB", maxVomses>>10)}}
	}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		e, err := parseEntry(text)
		switch {
		case err == nil:
			e.File, e.Line = file, number
			endpoints = append(endpoints, e)
		case len(findings) < maxFindings:
			findings = append(findings, Finding{file, number, err})
		}
	}
	return endpoints, findings
}

func parseEntry(line string) (Endpoint, error) {
	if len(line) > maxLine {
		return Endpoint{}, fmt.Errorf("the line has more than %d bytes", maxLine)
	}
	if strings.ContainsFunc(line, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) && r != '\t' }) {
		return Endpoint{}, errors.New("the line has characters that are no text")
	}
	pieces := strings.Split(line, `"`) // every second one is quoted
	if len(pieces)%2 == 0 {
		return Endpoint{}, errors.New("a quote is not closed")
	}
	var columns []string
	for i := 1; i < len(pieces); i += 2 {
		columns = append(columns, strings.TrimSpace(pieces[i]))
	}
	if len(columns) < 5 || len(columns) > 6 {
		return Endpoint{}, fmt.Errorf("the line has %d quoted columns, not the five of alias, host, port, server DN and VO", len(columns))
	}
	e := Endpoint{Alias: columns[0], Host: columns[1], DN: columns[3], VO: columns[4]}
	if len(columns) == 6 {
		e.Version = columns[5]
	}
	if strings.HasPrefix(e.Host, "[") && strings.HasSuffix(e.Host, "]") {
		e.Host = e.Host[1 : len(e.Host)-1]
	}
	port, err := strconv.ParseUint(columns[2], 10, 16)
	switch {
	case err != nil || port == 0:
		return Endpoint{}, fmt.Errorf("the port %q is no number from 1 to 65535", columns[2])
	case !isHost(e.Host):
		return Endpoint{}, fmt.Errorf("the host %q is neither a name nor an address", e.Host)
	case !isName(e.VO):
		return Endpoint{}, fmt.Errorf("the VO %q is not made of letters, digits, and _ . - alone", e.VO)
	}
	e.Port = int(port)
	return e, nil
}

const (
	nameRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	maxName   = 253 // of a host, in bytes (RFC 1035, §2.3.4)
)

func isHost(s string) bool { return isName(s) || strings.Contains(s, ":") && net.ParseIP(s) != nil }

func isName(s string) bool {
	return s != "" && len(s) <= maxName && strings.Trim(s, nameRunes) == ""
}
