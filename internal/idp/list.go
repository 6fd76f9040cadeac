// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// MaxList bounds a list, in bytes. CILogon's has 2 KiB.
const MaxList = 16 << 20

// maxLine bounds a line of a list, in bytes.
const maxLine = 8 << 10

// kerberosMark ends the names of endpoints that take Kerberos tickets.
const kerberosMark = " (Kerberos)"

// ParseList reads a list in CILogon's form: a line for each provider, with the URL of the endpoint, a blank, and the
// display name, in UTF-8. Empty lines are skipped. Every other line that is not of the form is a [*ListError]: what is
// not a list, such as the HTML page of a server in trouble, must not pass for an empty one.
func ParseList(r io.Reader) ([]Provider, error) {
	var list []Provider
	lines := bufio.NewScanner(limit(r, MaxList))
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	number := 0
	for lines.Scan() {
		number++
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		p, reason := parseLine(string(line))
		if reason != "" && lines.Err() == nil { // else the line was cut off
			return nil, &ListError{Line: number, Reason: reason}
		}
		list = append(list, p)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &ListError{Line: number + 1, Reason: "the line is too long"}
	} else if err != nil {
		return nil, err
	}
	return list, nil
}

func parseLine(line string) (p Provider, reason string) {
	i := strings.IndexAny(line, " \t")
	if i < 0 || !isURL(line[:i]) {
		return p, `it is not of the form "URL NAME"`
	}
	p.URL, p.Name = line[:i], cleanName(line[i:])
	if !goodEndpoint(p.URL) {
		return p, "the URL is not a good https URL"
	}
	p.Name, p.Kerberos = strings.CutSuffix(p.Name, kerberosMark)
	if p.Name == "" {
		return p, "the name is empty"
	}
	return p, ""
}

// limit returns a reader that fails with a [*SizeError] beyond max bytes, where io.LimitReader would make a short
// document of a long one.
func limit(r io.Reader, max int64) io.Reader { return &limited{r: r, left: max, max: max} }

type limited struct {
	r         io.Reader
	left, max int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &SizeError{Limit: l.max}
	}
	return n, err
}
