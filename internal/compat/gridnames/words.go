// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

import (
	"errors"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/proxycert"
)

// fileWords is what Globus says of a file that it does not read. The error is of package credstore or of the system.
func fileWords(err error, path string) string {
	const room = "globus_sysconfig: "
	if e, ok := errors.AsType[*credstore.ModeError](err); ok {
		return room + "File has bad permissions: Permissions on " + path + " are too permissive. Maximum allowable permissions are " +
			strconv.FormatUint(uint64(e.Max.Perm()), 8)
	}
	if e, ok := errors.AsType[*credstore.NotRegularError](err); ok {
		if e.Mode.IsDir() {
			return room + "File is a directory: File: " + path
		}
		return room + "Not a regular file: File: " + path
	}
	_, owner := errors.AsType[*credstore.OwnerError](err)
	switch {
	case owner:
		return room + "File is not owned by current user: " + path + " is not owned by current user"
	case errors.Is(err, fs.ErrPermission):
		return room + "File has bad permissions: Could not read " + path
	case missing(err):
		return room + "File does not exist: " + path + " is not a valid file"
	}
	return console.Message(err)
}

// missing tells that there is no file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// unfit tells that Globus would not have opened a file, from that it cannot be understood.
func unfit(err error) bool {
	_, mode := errors.AsType[*credstore.ModeError](err)
	_, owner := errors.AsType[*credstore.OwnerError](err)
	_, regular := errors.AsType[*credstore.NotRegularError](err)
	return mode || owner || regular || missing(err) || errors.Is(err, fs.ErrPermission)
}

// identity is whom the proxies of a chain act for: the end entity, unless a proxy has not all of its issuer's rights, and acts for itself.
func identity(c *proxycert.Credential) []byte {
	for _, cert := range c.Chain {
		t := proxycert.TypeOf(cert)
		if !t.IsProxy() {
			break
		}
		if t.Policy != proxycert.InheritAll && !t.IsLimited() && t.Policy != "" {
			return cert.RawSubject
		}
	}
	return c.Identity()
}

// span is "%d:%d" of scanf: what follows does not matter.
var span = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*([+-]?\d+):\s*([+-]?\d+)`) })

// maxHours keeps seconds within what an int of C holds.
const maxHours = (1<<31 - 1) / 3600

// minutes reads hours and minutes.
func minutes(text, negative string) (int, error) {
	m := span().FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("value must be in the format: H:M")
	}
	h, rest := number(m[1]), number(m[2])
	switch {
	case h < 0:
		return 0, errors.New(negative)
	case rest < 0 || rest > 60:
		return 0, errors.New("specified minutes must be in the range 0-60")
	}
	return min(h, maxHours-1)*60 + rest, nil
}

// number is what atoi of C makes of a text: the number that it begins with, or nothing.
func number(text string) int {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[0] == '+' || text[0] == '-')) {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 10, 32)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0
	}
	return int(n) // one that is too long is the longest there is
}

// isSecretError tells that a passphrase could not be had.
func isSecretError(err error) bool {
	_, secret := errors.AsType[*ask.SecretError](err)
	_, terminal := errors.AsType[*ask.NoTerminalError](err)
	return secret || terminal
}
