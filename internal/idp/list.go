// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/x509up/x509up/internal/idp/internal/bounded"
)

// MaxList bounds a list, in bytes. CILogon's has 2 KiB.
const MaxList = 16 << 20

// maxLine bounds a line of a list, in bytes.
const maxLine = 8 << 10

// kerberosMark ends the names of endpoints that take Kerberos tickets.
const kerberosMark = " (Kerberos)"

// ParseList reads a list in CILogon's form: a line for each provider, with the URL of the endpoint, a blank, and the
// display name, in UTF-8. Empty lines are passed over. So are other lines that are not of the form, because one slip in a
// list must not cost everyone the rest of it; skipped says how many there are, and is nil if there are none.
//
// What is not a list, such as the page of a server in trouble, must not pass for one. A document in HTML or XML, and one
// that has lines but no provider, is a [*ListError].
func ParseList(r io.Reader) (list []Provider, skipped *SkippedError, err error) {
	in := bufio.NewReaderSize(bounded.Reader(r, MaxList), maxLine)
	blank := true // so far
	for number := 1; !errors.Is(err, io.EOF); number++ {
		var line []byte
		var long bool
		if line, long, err = nextLine(in); err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err // and the line was cut off
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && !long {
			continue
		}
		p, reason := parseLine(string(line), long)
		if blank && bytes.HasPrefix(line, []byte("<")) {
			return nil, nil, &ListError{Line: number, Reason: reason}
		}
		blank = false
		switch {
		case reason == "":
			list = append(list, p)
		case skipped == nil:
			skipped = &SkippedError{Lines: 1, First: ListError{Line: number, Reason: reason}}
		default:
			skipped.Lines++
		}
	}
	if len(list) == 0 && skipped != nil {
		return nil, nil, &skipped.First
	}
	return list, skipped, nil
}

// nextLine reads a line, which is good until the next call. Of a long one, the beginning is returned and the rest is lost.
func nextLine(in *bufio.Reader) (line []byte, long bool, err error) {
	line, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, false, err
	}
	line = bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	return line, true, err
}

func parseLine(line string, long bool) (p Provider, reason string) {
	if long {
		return p, "the line is too long"
	}
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
