// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// ErrPassphrase means that the passphrase does not open the file.
var ErrPassphrase = pbe.ErrPassphrase

// FormatError says that a part of a file is broken, or of a kind that is not read. The latter is an *[UnsupportedError],
// an *[UnsupportedKeyError] or a *[LimitError] below it.
type FormatError struct {
	What string // the part: PKCS #12, DER, or PEM block 2, "RSA PRIVATE KEY"
	Err  error
}

func (e *FormatError) Error() string { return "pemfile: reading " + e.What + ": " + e.Err.Error() }

func (e *FormatError) Unwrap() error { return e.Err }

// UnsupportedError says that a file is of a kind, or a key encrypted in a way, that is not read. Its Name is that of the
// format or algorithm, or an object identifier.
type UnsupportedError = pbe.UnsupportedError

// UnsupportedKeyError says that a key is of a kind that is not read, such as RSA-PSS, DSA or a curve that is none of NIST's.
type UnsupportedKeyError = bundle.UnsupportedKeyError

// LimitError says that a file is larger than any honest one, or asks for more work than is done for it: that there is
// more of What than Limit.
type LimitError = pbe.LimitError

// NothingError says that a file holds neither a private key nor a certificate.
type NothingError struct {
	Size  int      // bytes
	Found []string // the types of its PEM blocks, each once, at most five
}

func (e *NothingError) Error() string {
	switch {
	case e.Size == 0:
		return "pemfile: reading a file: it is empty"
	case len(e.Found) == 0:
		return fmt.Sprintf("pemfile: reading a file: its %d bytes are neither PEM nor DER nor PKCS #12", e.Size)
	}
	return fmt.Sprintf("pemfile: reading a file: there is no private key and no certificate in it, only %q",
		strings.Join(e.Found, ", "))
}

// PassphraseMissingError says that a passphrase is needed and nobody is there to be asked.
type PassphraseMissingError struct {
	What string // that is encrypted, as in FormatError
}

func (e *PassphraseMissingError) Error() string {
	return "pemfile: reading " + e.What + ": it is encrypted, and there is no passphrase"
}

// MissingError says that a private key or a certificate is needed and none of the files holds one.
type MissingError struct {
	What string // "private key" or "certificate"
}

func (e *MissingError) Error() string {
	return "pemfile: joining a certificate and its private key: there is no " + e.What
}

// SecondKeyError says that several files hold private keys that differ.
type SecondKeyError struct{}

func (e *SecondKeyError) Error() string {
	return "pemfile: joining a certificate and its private key: there are two private keys"
}

// MismatchError says that the private key belongs to none of the certificates.
type MismatchError struct {
	Cert *x509.Certificate // the first of them
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("pemfile: joining a certificate and its private key: the key does not belong to the certificate \"%s\"",
		dn.OneLine(e.Cert.RawSubject)) // printable ASCII, and %q would double its backslashes
}
