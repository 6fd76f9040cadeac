// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/x509up/x509up/proxycert"
)

// maxLSC is how many bytes an LSC file may have; those in the field have a few hundred.
const maxLSC = 64 << 10

// LSC is a list of certificates: an LSC file, which names the certificates with which a server signs for a VO.
type LSC struct {
	Path string // of the file; empty if it is not from one
	// Chains are names as proxycert.OneLine writes them. In each the first is the subject of the server's certificate, the
	// second its issuer; then the same two for the certificate above it, if the server sends that.
	Chains [][]string
}

// Parse reads an LSC file as all its readers together do: blank lines and those that begin with # are skipped (as by
// voms-api-java), a name may stand in quotes with backslash escapes (as for voms-server), chains are set apart by a line of
// dashes around NEXT CHAIN, with blanks or without, and other lines that do not begin with a slash are no names. The
// error is a *ParseError.
func Parse(data []byte) (*LSC, error) {
	if len(data) > maxLSC {
		return nil, &ParseError{Err: fmt.Errorf("it has more than %d bytes", maxLSC)}
	}
	l := &LSC{}
	var chain []string
	end := func(line int) error {
		if len(chain)%2 != 0 {
			return &ParseError{Line: line, Err: fmt.Errorf("the issuer of %q is missing", chain[len(chain)-1])}
		}
		if len(chain) > 0 {
			l.Chains = append(l.Chains, chain)
		}
		chain = nil
		return nil
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		quoted, isQuoted := strings.CutPrefix(line, `"`)
		switch {
		case strings.HasPrefix(line, "-") && strings.Contains(strings.ToUpper(line), "NEXT CHAIN"):
			if err := end(i); err != nil {
				return nil, err
			}
			continue
		case isQuoted:
			var ok bool
			if line, ok = unquote(quoted); !ok {
				return nil, &ParseError{Line: i + 1, Err: errors.New("the quotation mark is not closed")}
			}
		}
		if strings.HasPrefix(line, "/") {
			chain = append(chain, escapeBytes(line))
		}
	}
	if err := end(len(lines)); err != nil {
		return nil, err
	}
	if len(l.Chains) == 0 {
		return nil, &ParseError{Err: errors.New("there is no name in it")}
	}
	return l, nil
}

// unquote is the text up to the next quotation mark, without backslashes but for those that they stand before.
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return strings.TrimSpace(b.String()), true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", false
}

// escapeBytes writes bytes outside printable ASCII as proxycert.OneLine does, for people write files in UTF-8.
func escapeBytes(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\x%02X`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Format is the LSC file for a server that sends these certificates, its own first.
func Format(certs []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, line := range Lines(certs) {
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}

// Lines are the names that such a file has: of each certificate the subject and the issuer, as proxycert.OneLine writes them.
func Lines(certs []*x509.Certificate) []string {
	var lines []string
	for _, cert := range certs {
		lines = append(lines, proxycert.OneLine(cert.RawSubject), proxycert.OneLine(cert.RawIssuer))
	}
	return lines
}

// Match says whether the file has a chain that begins with these certificates; the error is a *MismatchError. Names are
// compared as voms-server's libraries do: byte for byte, but emailAddress, Email and E are one, and so are UID and USERID.
// The spelling of OpenSSL before version 3, which knows no backslash before a slash within a name, is the same as today's.
func (l *LSC) Match(certs []*x509.Certificate) error {
	if len(certs) > 0 && slices.ContainsFunc(l.Chains, func(chain []string) bool { return matches(chain, certs) }) {
		return nil
	}
	return &MismatchError{Path: l.Path, Chains: l.Chains, Want: Lines(certs)}
}

func matches(chain []string, certs []*x509.Certificate) bool {
	want := Lines(certs)
	if len(chain) < len(want) {
		return false
	}
	for i, text := range want {
		line, text := aliases.Replace(chain[i]), aliases.Replace(text)
		if line != text && line != beforeOpenSSL3.Replace(text) {
			return false
		}
	}
	return true
}

// aliases are attribute types under their other names.
var aliases = strings.NewReplacer("/USERID=", "/UID=", "/emailAddress=", "/Email=", "/E=", "/Email=",
	"+USERID=", "+UID=", "+emailAddress=", "+Email=", "+E=", "+Email=")

// beforeOpenSSL3 makes of a name what X509_NAME_oneline wrote before version 3.
var beforeOpenSSL3 = strings.NewReplacer(`\/`, "/", `\+`, "+", "+", "/")
