// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// The key of PBMAC1 in bytes: RFC 9579, §5, wants no less, and a longer one than the longest hash has no use.
const minPBMAC1, maxPBMAC1 = 20, sha512.Size

var (
	errNoMAC = errors.New("there is no MAC in it, so that nobody can tell whether it was altered")
	errMAC   = errors.New("malformed MAC")
)

// verify checks the MAC (RFC 7292, §4 and appendix B.3; RFC 9579 for PBMAC1), and returns the form in which the
// passphrase fits.
func (s *safe) verify(passphrase string) (secret []byte, err error) {
	if !s.hasMAC {
		if passphrase == "" || s.encrypts() { // Java and others write it so when nothing is encrypted
			return pbe.Encodings(passphrase)[0], nil
		}
		return nil, errNoMAC
	}
	var info, want, salt cryptobyte.String
	data := s.mac
	if !data.ReadASN1(&info, asn1.SEQUENCE) {
		return nil, errMAC
	}
	oid, params, ok := pbe.ReadAlgorithm(&info)
	if !ok || !info.ReadASN1(&want, asn1.OCTET_STRING) || !info.Empty() || !data.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, errMAC
	}
	if oid == "1.2.840.113549.1.5.14" { // it has salt and rounds of its own; these here say nothing
		return pbe.Encodings(passphrase)[0], s.verifyPBMAC1(params, want, passphrase)
	}
	rounds := 1
	if !data.Empty() {
		if rounds, err = pbe.ReadRounds(&data); err != nil {
			return nil, errMAC // too many were refused before
		}
	}
	newHash := digestByOID(oid)
	if newHash == nil {
		return nil, pbe.Unsupported(oid)
	}
	for _, secret := range pbe.Encodings(passphrase) {
		key := pbe.DerivePKCS12(newHash, pbe.IDMAC, secret, salt, rounds, newHash().Size())
		if s.hasSum(newHash, key, want) {
			return secret, nil
		}
	}
	return nil, ErrPassphrase
}

// verifyPBMAC1 checks a MAC with the parameters of RFC 8018, appendix A.5.
func (s *safe) verifyPBMAC1(params cryptobyte.String, want []byte, passphrase string) error {
	var inner cryptobyte.String
	if !params.ReadASN1(&inner, asn1.SEQUENCE) {
		return errMAC
	}
	kdf, kdfParams, ok := pbe.ReadAlgorithm(&inner)
	scheme, _, ok2 := pbe.ReadAlgorithm(&inner)
	newHash := pbe.HashOfHMAC(scheme)
	switch {
	case !ok || !ok2:
		return errMAC
	case kdf != pbe.OIDPBKDF2:
		return pbe.Unsupported(kdf)
	case newHash == nil:
		return pbe.Unsupported(scheme)
	}
	derive, err := pbe.ParsePBKDF2(kdfParams, minPBMAC1, maxPBMAC1)
	if errors.Is(err, pbe.ErrMalformed) {
		return errMAC
	}
	if err != nil {
		return err
	}
	key, err := derive(passphrase)
	if err != nil {
		return err
	}
	if !s.hasSum(newHash, key, want) {
		return ErrPassphrase
	}
	return nil
}

func (s *safe) hasSum(newHash func() hash.Hash, key, want []byte) bool {
	mac := hmac.New(newHash, key)
	mac.Write(s.content)
	return hmac.Equal(mac.Sum(nil), want)
}

// digestByOID is the hash of a MAC, nil if it is not known.
func digestByOID(oid string) func() hash.Hash {
	switch oid {
	case "1.3.14.3.2.26":
		return sha1.New
	case "2.16.840.1.101.3.4.2.4":
		return sha256.New224
	case "2.16.840.1.101.3.4.2.1":
		return sha256.New
	case "2.16.840.1.101.3.4.2.2":
		return sha512.New384
	case "2.16.840.1.101.3.4.2.3":
		return sha512.New
	}
	return nil
}
