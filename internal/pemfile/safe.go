// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/pemfile/internal/ber"
	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// A safe is a PKCS #12 file (PFX) of which as much has been read as is not
// encrypted.
type safe struct {
	hasMAC    bool
	mac       cryptobyte.String   // the MacData
	content   cryptobyte.String   // what it is made of
	plain     []cryptobyte.String // the SafeContents that are not encrypted
	encrypted []cryptobyte.String // the ContentInfos of those that are
	keys      int                 // private keys in plain
	open      cryptobyte.String   // that key, if it is not encrypted
	shrouded  cryptobyte.String   // that key, if it is encrypted by itself
	rounds    int64               // of key derivation that are asked for
}

var (
	errNotPKCS12 = errors.New("it is not PKCS #12")
	errNoKey     = errors.New("there is no private key in it, or only one that is encrypted with the certificates")
	errForm      = &UnsupportedError{Name: "protection by anything but a passphrase"}
)

// Tags and object identifiers of RFC 7292 and of PKCS #7.
var (
	tagContent       = asn1.Tag(0).ContextSpecific().Constructed()
	oidData          = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	oidEncryptedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}
	oidKeyBag        = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01}
	oidShroudedKey   = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02}
	oidSHA256        = []byte{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}
)

// parseSafe reads a PFX (RFC 7292, §4) and adds up the rounds of key derivation
// that it asks for: for its MAC, for encrypted contents and for shrouded keys
// (§4.2.2).
func parseSafe(data []byte) (*safe, error) {
	var pfx, authSafe, list cryptobyte.String
	var version int
	der, err := ber.FirstToDER(data) // downloads have line ends and zeros behind them
	if err != nil {
		return nil, errNotPKCS12
	}
	input, s := cryptobyte.String(der), new(safe)
	if !input.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.ReadASN1Integer(&version) || version != 3 ||
		!pfx.ReadASN1(&authSafe, asn1.SEQUENCE) {
		return nil, errNotPKCS12
	}
	s.hasMAC = !pfx.Empty()
	if s.hasMAC {
		if !pfx.ReadASN1(&s.mac, asn1.SEQUENCE) || !pfx.Empty() {
			return nil, errNotPKCS12
		}
		if err := s.addRounds(s.mac); err != nil {
			return nil, err
		}
	}
	oid, content, err := readContentInfo(authSafe)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(oid, oidData):
		return nil, errForm
	case !content.ReadASN1(&s.content, asn1.OCTET_STRING) || !content.Empty():
		return nil, errNotPKCS12
	}
	inner, err := ber.ToDER(s.content)
	contents := cryptobyte.String(inner)
	if err != nil || !contents.ReadASN1(&list, asn1.SEQUENCE) {
		return nil, errNotPKCS12
	}
	for !list.Empty() {
		var info cryptobyte.String
		if !list.ReadASN1Element(&info, asn1.SEQUENCE) {
			return nil, errNotPKCS12
		}
		if err := s.addContent(info); err != nil {
			return nil, err
		}
	}
	switch {
	case s.keys == 0:
		return nil, errNoKey
	case s.keys > 1:
		return nil, fmt.Errorf("there are %d private keys in it", s.keys)
	}
	return s, nil
}

func readContentInfo(info cryptobyte.String) (oid, content cryptobyte.String, err error) {
	if !info.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&content, tagContent) || !info.Empty() {
		return nil, nil, errNotPKCS12
	}
	return oid, content, nil
}

// addContent looks at one ContentInfo of the list, given with its header.
func (s *safe) addContent(element cryptobyte.String) error {
	var info, octets, data, encrypted, algorithm cryptobyte.String
	whole := element
	if !element.ReadASN1(&info, asn1.SEQUENCE) {
		return errNotPKCS12
	}
	oid, content, err := readContentInfo(info)
	switch {
	case err != nil:
		return err
	case bytes.Equal(oid, oidData):
		if !content.ReadASN1(&octets, asn1.OCTET_STRING) || !content.Empty() {
			return errNotPKCS12
		}
		contents, err := ber.ToDER(octets)
		if err != nil {
			return errNotPKCS12
		}
		s.plain = append(s.plain, contents)
		return s.addBags(contents)
	case bytes.Equal(oid, oidEncryptedData):
		s.encrypted = append(s.encrypted, whole)
		var version int
		if !content.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadASN1Integer(&version) ||
			!data.ReadASN1(&encrypted, asn1.SEQUENCE) || !encrypted.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
			!encrypted.ReadASN1(&algorithm, asn1.SEQUENCE) {
			return errNotPKCS12
		}
		return s.addRounds(algorithm)
	}
	return errForm
}

// addBags looks at the SafeBags of a content that is not encrypted.
func (s *safe) addBags(contents cryptobyte.String) error {
	var bags cryptobyte.String
	if !contents.ReadASN1(&bags, asn1.SEQUENCE) || !contents.Empty() {
		return errNotPKCS12
	}
	for !bags.Empty() {
		var bag, oid, value, key, algorithm cryptobyte.String
		if !bags.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!bag.ReadASN1(&value, tagContent) {
			return errNotPKCS12
		}
		switch {
		case (bytes.Equal(oid, oidKeyBag) || bytes.Equal(oid, oidShroudedKey)) && len(value) > maxKey:
			return &LimitError{What: "bytes of a private key", Limit: maxKey}
		case bytes.Equal(oid, oidKeyBag):
			s.keys++
			s.open = value
		case bytes.Equal(oid, oidShroudedKey):
			s.keys++
			s.shrouded = value
			if !value.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1(&algorithm, asn1.SEQUENCE) {
				return errNotPKCS12
			}
			if err := s.addRounds(algorithm); err != nil {
				return err
			}
		}
	}
	return nil
}

// addRounds adds up every INTEGER in an algorithm identifier or a MacData. The
// only ones there are rounds and, of no weight beside them, key lengths.
func (s *safe) addRounds(elements cryptobyte.String) error {
	for !elements.Empty() {
		var element, inner cryptobyte.String
		var tag asn1.Tag
		if !elements.ReadAnyASN1Element(&element, &tag) {
			return errNotPKCS12
		}
		switch tag {
		case asn1.INTEGER:
			var n int64
			if !element.ReadASN1Integer(&n) || n < 0 || n > pbe.MaxRounds-s.rounds {
				return &LimitError{What: "rounds of key derivation", Limit: pbe.MaxRounds}
			}
			s.rounds += n
		case asn1.SEQUENCE:
			if !element.ReadASN1(&inner, tag) {
				return errNotPKCS12
			}
			if err := s.addRounds(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// encrypts says whether there is anything in the file that a passphrase opens.
func (s *safe) encrypts() bool { return len(s.encrypted) > 0 || s.shrouded != nil }

// keyFirst writes the file anew, with the contents that are not encrypted at
// the beginning. The decoder takes one private key: it has found that when it
// gets to what was encrypted, and refuses a second one there before it derives
// a key for it, with a number of rounds that nobody has seen. The MAC is made
// anew too, with secret for the passphrase, since it covers the order, and since
// the decoder decrypts nothing without one.
func (s *safe) keyFirst(secret []byte) []byte {
	var list cryptobyte.Builder
	list.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, contents := range s.plain {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, contents) })
		}
		for _, info := range s.encrypted {
			b.AddBytes(info)
		}
	})
	contents := list.BytesOrPanic() // hardly longer than what was read
	var file cryptobyte.Builder
	file.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, contents) })
		addMAC(b, contents, secret)
	})
	return file.BytesOrPanic()
}

// addData adds what a ContentInfo of data is made of.
func addData(b *cryptobyte.Builder, contents []byte) {
	addOID(b, oidData)
	b.AddASN1(tagContent, func(b *cryptobyte.Builder) { b.AddASN1OctetString(contents) })
}

// addMAC adds a MacData with one round and an empty salt.
func addMAC(b *cryptobyte.Builder, contents, secret []byte) {
	key := pbe.DerivePKCS12(sha256.New, pbe.IDMAC, secret, nil, 1, sha256.Size)
	mac := hmac.New(sha256.New, key)
	mac.Write(contents)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addOID(b, oidSHA256) })
			b.AddASN1OctetString(mac.Sum(nil))
		})
		b.AddASN1OctetString(nil)
	})
}

func addOID(b *cryptobyte.Builder, oid []byte) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
}
