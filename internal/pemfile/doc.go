// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pemfile reads the files in which people keep keys and certificates, and writes encrypted keys.
//
// [Read] takes whatever a file holds, by its content and not by its name:
//
//   - PEM (RFC 7468) with certificates and a private key, in any order and with any text around them, as
//     "openssl pkcs12" leaves it; Windows line ends, byte order marks and UTF-16 do not matter;
//   - a certificate or a private key in DER;
//   - PKCS #12 (RFC 7292), as online CAs, browsers and Java write it, in DER or, as Firefox does, in BER.
//
// A private key may be PKCS #1, SEC 1 or PKCS #8, and encrypted in one of these ways:
//
//   - PKCS #8 with PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-1 or any SHA-2, or scrypt (RFC 7914); AES-CBC or 3DES;
//   - PKCS #8 with what came before: PBES1 with DES, and 3DES after PKCS #12;
//   - RFC 1423, the headers Proc-Type and DEK-Info: DES, 3DES or AES, as OpenSSL's "traditional" format has it;
//   - inside PKCS #12: PBES2 with AES, 3DES, RC2.
//
// The passphrase is asked for when all else has been found in order, and only if the key really is encrypted:
//
//	file, err := pemfile.Read(data, func() (string, error) { return terminal.ReadSecret("Passphrase: ") })
//	if errors.Is(err, pemfile.ErrPassphrase) { … }
//
// [Pair] joins usercert.pem and userkey.pem and checks that they belong together; [EncryptKey] writes the latter.
//
// # Wrong passphrase or broken file
//
// PKCS #12 has a MAC that tells one from the other. The other encryptions have none, and their readers call anything
// that does not end in good padding a wrong passphrase. But a private key in DER begins with a few bytes that are known,
// which a wrong passphrase brings forth once in some 2^38 times. If they are there, the passphrase is right, and what is
// wrong besides is the file. If they are not, it is [ErrPassphrase]. The same goes for a PKCS #12 file that has no MAC, as
// "openssl pkcs12 -export -nomac" writes it.
//
// # Bounds
//
// Who wrote a file says in it how long the derivation of its keys takes, and may have meant years, or all of the memory.
// All that a file asks for is added up and bounded before any of it is done; in a PKCS #12 file, a private key must
// therefore stand outside the encryption of the certificates, where every writer in use puts it, encrypted by itself or
// not: what one encryption asks for cannot be seen inside another. The size of a file, of a key, and the number of
// certificates are bounded as well.
//
// # What it does not do
//
// Of the outer forms of PKCS #12 only the one protected by a passphrase is read. One file holds one
// private key. PKCS #7, RC2 and RC4 (outside PKCS #12), and keys of OpenSSH are not read. The package does not open files,
// nor ask for passphrases by itself, nor judge certificates.
package pemfile
