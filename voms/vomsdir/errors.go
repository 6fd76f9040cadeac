// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// MissingError says that there is no LSC file, so that nobody says that Host speaks for VO.
type MissingError struct {
	VO, Host string
	Path     string   // of the file that there should be; empty if there cannot be one
	Want     []string // what it should hold, one name on each line; nil if that is not known
	Err      error
}

// Error names the VO, the server and the file.
func (e *MissingError) Error() string {
	text := fmt.Sprintf("vomsdir: looking for the LSC file of the VO %q and the server %q: ", e.VO, e.Host)
	switch {
	case e.Path == "":
		return text + e.Err.Error()
	case errors.Is(e.Err, fs.ErrNotExist):
		return text + "there is no " + e.Path
	}
	return text + e.Err.Error()
}

// Unwrap returns Err.
func (e *MissingError) Unwrap() error { return e.Err }

// Mend names the file, and what belongs into it as far as that is known.
func (e *MissingError) Mend() string {
	switch {
	case e.Path == "":
		return "name the folder of LSC files, often /etc/grid-security/vomsdir"
	case e.Err != nil && !errors.Is(e.Err, fs.ErrNotExist):
		return "make " + e.Path + " readable"
	case len(e.Want) == 0:
		return "install the VO's LSC files, which bring " + e.Path
	}
	return "install the VO's LSC files; if they say so too, " + e.Path + " should hold" + indented(e.Want)
}

// ParseError says that an LSC file cannot be understood.
type ParseError struct {
	Path string   // empty for a text that is not from a file
	Line int      // 1 is the first; 0 for the whole
	Want []string // what it should hold, one name on each line; nil if that is not known
	Err  error
}

// Error names the file, the line and the cause.
func (e *ParseError) Error() string {
	text := "vomsdir: reading an LSC file: "
	if e.Path != "" {
		text = "vomsdir: reading the LSC file " + e.Path + ": "
	}
	if e.Line > 0 {
		text += fmt.Sprintf("line %d: ", e.Line)
	}
	return text + e.Err.Error()
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// Mend names the file, and what belongs into it as far as that is known.
func (e *ParseError) Mend() string {
	if len(e.Want) > 0 {
		return "install the VO's LSC files again; if they say so too, " + e.Path + " should hold" + indented(e.Want)
	}
	return "replace " + e.Path + " by the VO's LSC file: one line with the subject of the server's certificate, one with its issuer"
}

// MismatchError says that an LSC file is about other certificates than those that a server signs with.
type MismatchError struct {
	Path   string     // empty for a text that is not from a file
	Chains [][]string // what it holds
	Want   []string   // what it should hold to match
}

// Error names the file, whom it is about, and whom it should be about.
func (e *MismatchError) Error() string {
	text := "vomsdir: comparing the server's certificate with the LSC file " + e.Path + ": "
	if len(e.Want) < 2 {
		return text + "there is no certificate"
	}
	for _, chain := range e.Chains {
		if chain[0] == e.Want[0] {
			return text + fmt.Sprintf("%q is not issued by %q, but by %q", e.Want[0], chain[1], e.Want[1])
		}
	}
	return text + fmt.Sprintf("it is about %q, not about %q", e.Chains[0][0], e.Want[0])
}

// Mend names the file and the lines.
func (e *MismatchError) Mend() string {
	return "update the VO's LSC files; if they say so too, " + e.Path + " should hold" + indented(e.Want)
}

func indented(lines []string) string { return ":\n  " + strings.Join(lines, "\n  ") }
