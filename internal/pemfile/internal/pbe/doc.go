// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pbe opens private keys that are encrypted under a passphrase.
//
// [ParsePKCS8] reads an EncryptedPrivateKeyInfo (RFC 5958) with PBES2 or PBES1 (RFC 8018) or the algorithms of PKCS #12
// (RFC 7292), [ParseRFC1423] a PEM block with the headers of that RFC. Both find out what is asked for and bound it; the
// work is done in Open, which is told how to know a right passphrase:
//
//	closed, err := pbe.ParsePKCS8(der)
//	if err != nil { … } // broken, too much, or not supported; a passphrase need not be asked for
//	plain, err := closed.Open(passphrase, looksLikeAKey)
//
// [Encrypt] writes what it takes to be good today. The parts of key derivation that PKCS #12 has in common with these are
// here for the reader of PKCS #12. RC2, RC4, Camellia and the like are named in an error and not read.
package pbe
