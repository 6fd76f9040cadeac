// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cookiefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/ownfile"
)

// Limits, in bytes. Curl passes over longer lines; a browser gives a cookie
// 4 KiB (RFC 6265, §6.1).
const (
	maxFile = 16 << 20
	maxLine = 5000
)

// Cookie is one line of a file.
type Cookie struct {
	Domain     string    // a host or a domain in lower case, without a leading dot
	Subdomains bool      // hosts below the domain get it, too
	Path       string    // begins with a slash; as in a request line, not decoded
	Secure     bool      // for TLS alone
	HTTPOnly   bool      // not for a page's scripts
	Expires    time.Time // in whole seconds; zero for a session cookie
	Name       string
	Value      string // as in the header, with quotes if it has them
}

// SyntaxError says that a line is no cookie. It does not show the line, which may hold a secret.
type SyntaxError struct {
	Line    int // from 1
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// FieldError says what keeps a cookie from being written.
type FieldError struct {
	Name    string // of the cookie
	Problem string
}

func (e *FieldError) Error() string { return fmt.Sprintf("cookie %q: %s", e.Name, e.Problem) }

// ModeError says that others than its owner may read or write a file of cookies.
type ModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("cookiefile: reading %q: others may use its cookies (mode %04o)", e.Path, e.Mode.Perm())
}

const (
	header         = "# Netscape HTTP Cookie File\n"
	httpOnlyPrefix = "#HttpOnly_"
	byteOrderMark  = "\xef\xbb\xbf" // what Windows editors put first
)

// Parse reads the content of a file. The error is a *SyntaxError.
func Parse(data []byte) ([]Cookie, error) {
	var cookies []Cookie
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte(byteOrderMark))) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		rest, httpOnly := bytes.CutPrefix(line, []byte(httpOnlyPrefix))
		if !httpOnly && bytes.HasPrefix(line, []byte("#")) || len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		c, problem := parseLine(string(rest))
		if problem == "" {
			c.HTTPOnly = httpOnly
			problem = c.problem()
		}
		if problem != "" {
			return nil, &SyntaxError{Line: number, Problem: problem}
		}
		cookies = append(cookies, c)
	}
	return cookies, nil
}

func parseLine(line string) (c Cookie, problem string) {
	fields := strings.Split(line, "\t")
	if len(fields) == 6 {
		fields = append(fields, "")
	}
	if len(fields) != 7 {
		return c, fmt.Sprintf("it has %d fields between tabs, not 7", len(fields))
	}
	c = Cookie{
		Domain: strings.ToLower(strings.TrimPrefix(fields[0], ".")),
		Path:   fields[2],
		Name:   fields[5],
		Value:  fields[6],
	}
	var ok bool
	if c.Subdomains, ok = parseBool(fields[1]); !ok {
		return c, "its second field is neither TRUE nor FALSE"
	}
	if c.Secure, ok = parseBool(fields[3]); !ok {
		return c, "its fourth field is neither TRUE nor FALSE"
	}
	if c.Expires, ok = parseExpires(fields[4]); !ok {
		return c, "its fifth field is not a number of seconds"
	}
	return c, ""
}

func parseBool(s string) (value, ok bool) {
	return strings.EqualFold(s, "TRUE"), strings.EqualFold(s, "TRUE") || strings.EqualFold(s, "FALSE")
}

// endOfTime is the latest end that a cookie can have: tools write up to 2^63
// seconds, which the time package does not calculate with.
func endOfTime() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

func parseExpires(s string) (time.Time, bool) {
	if s == "" || s == "0" {
		return time.Time{}, true
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		seconds, err = math.MaxInt64, nil
		if s[0] == '-' {
			seconds = -1
		}
	}
	if err != nil {
		return time.Time{}, false
	}
	return expiry(time.Unix(min(max(seconds, -1), endOfTime().Unix()), 0)), true
}

// expiry makes a time one that a file can hold. Second 0 of 1970 would be no
// end at all.
func expiry(t time.Time) time.Time {
	if t = time.Unix(t.Unix(), 0).UTC(); t.Unix() == 0 {
		return t.Add(-time.Second)
	}
	return t
}

// Format writes cookies as a file's content. The error is a *FieldError, or says that it is more
// than Jar.Load would read, which is 16 MiB.
func Format(cookies []Cookie) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	b.WriteString("# Who has these cookies has the session. Comments are not kept.\n\n")
	for _, c := range cookies {
		if problem := c.problem(); problem != "" {
			return nil, &FieldError{Name: c.Name, Problem: problem}
		}
		b.WriteString(c.line())
	}
	if b.Len() > maxFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return b.Bytes(), nil
}

func (c Cookie) line() string {
	domain, expires := c.Domain, int64(0)
	if c.Subdomains {
		domain = "." + domain
	}
	if c.HTTPOnly {
		domain = httpOnlyPrefix + domain
	}
	if !c.Expires.IsZero() {
		expires = expiry(c.Expires).Unix()
	}
	return strings.Join([]string{domain, formatBool(c.Subdomains), c.Path, formatBool(c.Secure),
		strconv.FormatInt(expires, 10), c.Name, c.Value}, "\t") + "\n"
}

func formatBool(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// problem says what keeps a cookie out of a file; empty if nothing does.
func (c Cookie) problem() string {
	switch {
	case c.Domain == "" || c.Domain[0] == '.' || c.Domain[0] == '#' || strings.Contains(c.Domain, " "):
		return "its domain is not one"
	case !strings.HasPrefix(c.Path, "/"):
		return "its path does not begin with a slash"
	case c.Name == "":
		return "it has no name"
	case len(c.line()) > maxLine:
		return fmt.Sprintf("it is longer than %d bytes", maxLine)
	}
	for _, field := range []string{c.Domain, c.Path, c.Name, c.Value} {
		if strings.ContainsFunc(field, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "it has a control character"
		}
	}
	return ""
}

// readFile reads a file that nobody else may use.
func readFile(path string) ([]Cookie, error) {
	data, err := ownfile.Read(path, maxFile)
	if e, ok := errors.AsType[*ownfile.ModeError](err); ok {
		return nil, &ModeError{Path: path, Mode: e.Mode}
	}
	if err != nil {
		return nil, fmt.Errorf("cookiefile: reading cookies: %w", err)
	}
	// That others may read it is a leak of the past, not a danger for what was
	// read: the path may be looked at again. Windows has no such bits.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cookiefile: reading cookies: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, &ModeError{Path: path, Mode: info.Mode()}
	}
	cookies, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("cookiefile: reading %q: %w", path, err)
	}
	return cookies, nil
}

func writeFile(path string, cookies []Cookie) error {
	data, err := Format(cookies)
	if err != nil {
		return fmt.Errorf("cookiefile: writing %q: %w", path, err)
	}
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return fmt.Errorf("cookiefile: saving cookies: %w", err)
	}
	return nil
}
