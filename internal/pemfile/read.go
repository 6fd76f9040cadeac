// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"unicode/utf16"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// Limits on what Read takes.
const (
	MaxSize         = 1 << 20 // bytes of a file
	MaxCertificates = 100     // in a file; the depth at which Globus stops, too
	maxKey          = 1 << 14 // bytes of a private key; RSA with 16,384 bits, OpenSSL's limit, takes 9,300
)

// Contents is what a file holds.
type Contents struct {
	// Key is the private key; nil if there is none.
	Key crypto.Signer
	// Certificates are in the order of the file or, in PKCS #12 and after Pair, that of Key first.
	Certificates []*x509.Certificate
	// Extra are the PEM blocks of other types, in the order of the file.
	Extra []*pem.Block
	// Encrypted says that Key, or all of a PKCS #12 file, was under a passphrase other than the empty one.
	Encrypted bool
}

// Read reads a file of any kind that the package knows. If its private key is encrypted, ask is called for the
// passphrase, once, after all else has been found in order; its error is returned. PKCS #12 is tried with an empty
// passphrase first. Where ask is nil, an encrypted key is a *[PassphraseMissingError].
//
// A passphrase that does not open the file is [ErrPassphrase]. The other errors are *[FormatError], *[LimitError] for
// a file above MaxSize, and *[NothingError].
func Read(data []byte, ask func() (string, error)) (*Contents, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("pemfile: reading a file: %w", &LimitError{What: "bytes", Limit: MaxSize})
	}
	text := plainText(data)
	if bundle.HasPEM(text) {
		return readPEM(text, ask)
	}
	var r reader
	var err error
	switch f := formOf(data); f {
	case formPFX:
		return readPKCS12(data, ask)
	case formCertificate:
		err = r.addCertificate(data)
	case formUnknown:
		return nil, &NothingError{Size: len(data)}
	default:
		err = r.addKey("DER", &pem.Block{Bytes: data})
	}
	if err != nil {
		return nil, &FormatError{What: "DER", Err: err}
	}
	return r.finish(ask)
}

// plainText turns UTF-16, which ">" writes in the PowerShell of Windows, into UTF-8, and takes off byte order marks.
func plainText(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	var units []uint16
	for rest := data[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// readPKCS12 does for PKCS #12 what Read does.
func readPKCS12(data []byte, ask func() (string, error)) (*Contents, error) {
	c := new(Contents)
	var err error
	c.Key, c.Certificates, err = DecodePKCS12(data, "")
	if !errors.Is(err, ErrPassphrase) {
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	passphrase, err := askFor(namePKCS12, ask)
	if err != nil {
		return nil, err
	}
	c.Encrypted = true
	if c.Key, c.Certificates, err = DecodePKCS12(data, passphrase); err != nil {
		return nil, err
	}
	return c, nil
}

func askFor(what string, ask func() (string, error)) (string, error) {
	if ask == nil {
		return "", &PassphraseMissingError{What: what}
	}
	passphrase, err := ask()
	if err != nil {
		return "", err // which says itself what was being done
	}
	return passphrase, nil
}

// A reader gathers the parts of a file, and leaves the key closed until all of them are known.
type reader struct {
	Contents
	closed *pbe.Closed
	what   string // of the key, as in FormatError
}

// readPEM reads PEM blocks.
func readPEM(text []byte, ask func() (string, error)) (*Contents, error) {
	blocks, err := bundle.Decode(text)
	if err != nil {
		return nil, &FormatError{What: blockName(len(blocks)+1, ""), Err: err}
	}
	var r reader
	for i, block := range blocks {
		what := blockName(i+1, block.Type)
		var err error
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE":
			err = r.addCertificate(block.Bytes)
		case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY":
			err = r.addKey(what, block)
		case "EC PARAMETERS":
			// The curve, which "openssl ecparam -genkey" writes before the key that names it again.
		default:
			r.Extra = append(r.Extra, block)
		}
		if err != nil {
			return nil, &FormatError{What: what, Err: err}
		}
	}
	if r.what == "" && len(r.Certificates) == 0 {
		return nil, &NothingError{Size: len(text), Found: bundle.Types(blocks)}
	}
	return r.finish(ask)
}

func (r *reader) addCertificate(der []byte) error {
	if len(r.Certificates) == MaxCertificates {
		return &LimitError{What: "certificates", Limit: MaxCertificates}
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return bundle.KeyError(der, err)
	}
	r.Certificates = append(r.Certificates, certificate)
	return nil
}

// addKey takes a private key, encrypted or not. What a block's name says counts for less than what is in it, as in
// OpenSSL: there are files with a PKCS #8 key named RSA PRIVATE KEY.
func (r *reader) addKey(what string, block *pem.Block) (err error) {
	switch {
	case r.what != "":
		return errors.New("it is the second private key")
	case len(block.Bytes) > maxKey:
		return &LimitError{What: "bytes of a private key", Limit: maxKey}
	}
	r.what = what
	switch {
	case block.Headers["Proc-Type"] == "4,ENCRYPTED" || block.Headers["DEK-Info"] != "":
		r.closed, err = pbe.ParseRFC1423(block)
	case formOf(block.Bytes) == formEncrypted:
		r.closed, err = pbe.ParsePKCS8(block.Bytes)
	default:
		r.Key, err = parseKey(block.Bytes)
	}
	return err
}

// finish opens the key.
func (r *reader) finish(ask func() (string, error)) (*Contents, error) {
	if r.closed != nil {
		passphrase, err := askFor(r.what, ask)
		if err != nil {
			return nil, err
		}
		r.Encrypted = true
		der, err := r.closed.Open(passphrase, isPrivateKey)
		if errors.Is(err, ErrPassphrase) {
			return nil, err
		}
		if err == nil {
			r.Key, err = parseKey(der)
		}
		if err != nil {
			return nil, &FormatError{What: r.what, Err: err}
		}
	}
	return &r.Contents, nil
}

func blockName(number int, kind string) string {
	if kind == "" {
		return fmt.Sprintf("PEM block %d", number)
	}
	return fmt.Sprintf("PEM block %d, %q", number, kind)
}
