// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// readOID reads an object identifier with arcs of any size.
func readOID(in *cryptobyte.String) (string, bool) {
	var content cryptobyte.String
	if !in.ReadASN1(&content, asn1.OBJECT_IDENTIFIER) {
		return "", false
	}
	return oidOf(content)
}

// oidOf writes the content of an object identifier.
func oidOf(content []byte) (string, bool) {
	var oid x509.OID
	if oid.UnmarshalBinary(content) != nil {
		return "", false
	}
	return Limit(oid.String()), true
}

// word is an object identifier and what it stands for.
type word struct{ oid, text string }

// wordFor is the word for an object identifier; where there is none, itself.
func wordFor(words []word, oid string) string {
	for _, w := range words {
		if w.oid == oid {
			return w.text
		}
	}
	return oid
}

// named is wordFor with the object identifier behind it.
func named(words []word, oid string) string {
	if text := wordFor(words, oid); text != oid {
		return text + " (" + oid + ")"
	}
	return oid
}

// Key purposes (RFC 5280 §4.2.1.12, RFC 4556, RFC 9336, Microsoft).
var purposes = []word{
	{"2.5.29.37.0", "any purpose"},
	{"1.3.6.1.5.5.7.3.1", "TLS server"},
	{"1.3.6.1.5.5.7.3.2", "TLS client"},
	{"1.3.6.1.5.5.7.3.3", "code signing"},
	{"1.3.6.1.5.5.7.3.4", "e-mail"},
	{"1.3.6.1.5.5.7.3.8", "time stamping"},
	{"1.3.6.1.5.5.7.3.9", "OCSP signing"},
	{"1.3.6.1.5.5.7.3.36", "document signing"},
	{"1.3.6.1.5.2.3.4", "Kerberos client"},
	{"1.3.6.1.5.2.3.5", "Kerberos server"},
	{"1.3.6.1.4.1.311.20.2.2", "smart card login"},
	{"1.3.6.1.4.1.311.10.3.4", "file encryption"},
	{"1.3.6.1.4.1.311.10.3.12", "document signing by Microsoft"},
}

// Certificate policies (RFC 5280 §4.2.1.4, CA/Browser Forum).
var policies = []word{
	{"2.5.29.32.0", "any policy"},
	{"2.23.140.1.1", "extended validation"},
	{"2.23.140.1.2.1", "domain validated"},
	{"2.23.140.1.2.2", "organisation validated"},
	{"2.23.140.1.2.3", "individual validated"},
}

// Policy languages of proxies (RFC 3820 §3.8.2, Globus).
var languages = []word{
	{"1.3.6.1.5.5.7.21.0", "any language"},
	{"1.3.6.1.5.5.7.21.1", "inherit all"},
	{"1.3.6.1.5.5.7.21.2", "independent"},
	{"1.3.6.1.4.1.3536.1.1.1.9", "limited"},
}

// Access methods (RFC 5280 §4.2.2).
var methods = []word{
	{"1.3.6.1.5.5.7.48.1", "OCSP"},
	{"1.3.6.1.5.5.7.48.2", "CA certificate"},
	{"1.3.6.1.5.5.7.48.3", "time stamping"},
	{"1.3.6.1.5.5.7.48.5", "CA repository"},
}

// Policy qualifiers (RFC 5280 §4.2.1.4).
const (
	oidStatement = "1.3.6.1.5.5.7.2.1" // the address of a certification practice statement
	oidNotice    = "1.3.6.1.5.5.7.2.2"
)

// Statements of qualified certificates (RFC 3739, ETSI EN 319 412-5).
var statements = []word{
	{"1.3.6.1.5.5.7.11.1", "RFC 3039"},
	{"1.3.6.1.5.5.7.11.2", "RFC 3739"},
	{"0.4.0.1862.1.1", "qualified in the European Union"},
	{"0.4.0.1862.1.3", "years of retention"},
	{"0.4.0.1862.1.4", "the key is in a qualified device"},
	{"0.4.0.1862.1.5", "disclosure statements"},
	{"0.4.0.1862.1.6", "kind of qualified certificate"},
}
