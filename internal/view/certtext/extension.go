// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Extension is what an extension says.
type Extension struct {
	OID      string
	Name     string // "key usage"; empty if the extension is not known
	Critical bool
	Lines    []string // one for each thing that it says; bytes in hexadecimal if it is not known, or cannot be read
	Readable bool     // Lines are words, not bytes
}

// Extensions are those of a certificate, in its order. Name writes distinguished names in printable ASCII, as
// proxycert.OneLine does.
func Extensions(cert *x509.Certificate, name func(der []byte) string) []Extension {
	extensions := make([]Extension, 0, len(cert.Extensions))
	for _, ext := range cert.Extensions {
		extensions = append(extensions, extensionOf(ext, reader{name}))
	}
	return extensions
}

func extensionOf(ext pkix.Extension, r reader) Extension {
	e := Extension{OID: ext.Id.String(), Critical: ext.Critical}
	for _, k := range known {
		if k.oid != e.OID {
			continue
		}
		e.Name = k.name
		if k.read != nil {
			in := cryptobyte.String(ext.Value)
			e.Lines, e.Readable = k.read(r, &in)
			e.Readable = e.Readable && in.Empty()
		}
		break
	}
	if !e.Readable {
		e.Lines = hexLines(ext.Value)
	}
	if more := len(e.Lines) - MaxLines; more > 0 {
		e.Lines = append(e.Lines[:MaxLines:MaxLines], fmt.Sprintf("… and %d more", more))
	}
	return e
}

// known are the extensions that have a name; those without a reader are shown as bytes.
var known = []struct {
	oid, name string
	read      func(reader, *cryptobyte.String) ([]string, bool)
}{
	{"2.5.29.14", "subject key identifier", reader.keyID},
	{"2.5.29.15", "key usage", reader.keyUsage},
	{"2.5.29.16", "private key usage period", reader.keyPeriod},
	{"2.5.29.17", "subject alternative name", reader.altNames},
	{"2.5.29.18", "issuer alternative name", reader.altNames},
	{"2.5.29.19", "basic constraints", reader.basicConstraints},
	{"2.5.29.30", "name constraints", reader.nameConstraints},
	{"2.5.29.31", "CRL distribution points", reader.distributionPoints},
	{"2.5.29.32", "certificate policies", reader.policies},
	{"2.5.29.33", "policy mappings", reader.mappings},
	{"2.5.29.35", "authority key identifier", reader.authorityKeyID},
	{"2.5.29.36", "policy constraints", reader.policyConstraints},
	{"2.5.29.37", "extended key usage", reader.purposes},
	{"2.5.29.46", "freshest CRL", reader.distributionPoints},
	{"2.5.29.54", "inhibit any policy", reader.number},
	{"1.3.6.1.5.5.7.1.1", "authority information access", reader.access},
	{"1.3.6.1.5.5.7.1.3", "qualified certificate statements", reader.statements},
	{"1.3.6.1.5.5.7.1.11", "subject information access", reader.access},
	{"1.3.6.1.5.5.7.1.14", "proxy certificate information", reader.proxyInfo},
	{"1.3.6.1.5.5.7.1.24", "TLS feature", reader.tlsFeatures},
	{"1.3.6.1.5.5.7.48.1.5", "OCSP no check", reader.null},
	{"1.3.6.1.4.1.3536.1.222", "proxy certificate information (draft)", reader.draftProxyInfo},
	{"1.3.6.1.4.1.8005.100.100.5", "VOMS attribute certificates", reader.attributeCertificates},
	{"1.3.6.1.4.1.11129.2.4.2", "certificate transparency timestamps", reader.timestamps},
	{"1.3.6.1.4.1.11129.2.4.3", "certificate transparency precertificate", reader.null},
	{"2.16.840.1.113730.1.1", "Netscape certificate type", reader.netscapeType},
	{"2.16.840.1.113730.1.2", "Netscape base URL", reader.text},
	{"2.16.840.1.113730.1.3", "Netscape revocation URL", reader.text},
	{"2.16.840.1.113730.1.4", "Netscape CA revocation URL", reader.text},
	{"2.16.840.1.113730.1.7", "Netscape renewal URL", reader.text},
	{"2.16.840.1.113730.1.8", "Netscape CA policy URL", reader.text},
	{"2.16.840.1.113730.1.12", "Netscape TLS server name", reader.text},
	{"2.16.840.1.113730.1.13", "Netscape comment", reader.text},
	{"1.3.6.1.4.1.311.20.2", "Microsoft certificate template", reader.text},
	{"1.3.6.1.4.1.311.21.1", "Microsoft CA version", reader.number},
	{"1.3.6.1.4.1.311.21.7", "Microsoft certificate template information", nil},
	{"1.3.6.1.4.1.311.21.10", "Microsoft application policies", reader.policies},
	{"1.3.6.1.4.1.311.25.2", "Microsoft account identifier", nil},
}

// Known says whether there is a name for an extension with that object identifier.
func Known(oid string) bool {
	for _, k := range known {
		if k.oid == oid {
			return true
		}
	}
	return false
}

// bits are the words for the bits of a BIT STRING that are set, the first bit first.
func bits(in *cryptobyte.String, words []string) (lines []string, ok bool) {
	var content cryptobyte.String
	var unused uint8
	if !in.ReadASN1(&content, asn1.BIT_STRING) || !content.ReadUint8(&unused) || unused > 7 {
		return nil, false
	}
	for i, word := range words {
		if i/8 < len(content) && content[i/8]&(0x80>>(i%8)) != 0 {
			lines = append(lines, word)
		}
	}
	if len(lines) == 0 {
		lines = []string{"none"}
	}
	return lines, true
}

// usages are the bits of key usage (RFC 5280 §4.2.1.3).
var usages = []string{"digital signature", "non-repudiation", "key encipherment", "data encipherment", "key agreement",
	"certificate signing", "CRL signing", "encipher only", "decipher only"}

func (reader) keyUsage(in *cryptobyte.String) ([]string, bool) { return bits(in, usages) }

func (reader) netscapeType(in *cryptobyte.String) ([]string, bool) {
	return bits(in, []string{"TLS client", "TLS server", "e-mail", "object signing", "reserved", "TLS CA", "e-mail CA", "object signing CA"})
}

func (reader) keyID(in *cryptobyte.String) ([]string, bool) {
	var id cryptobyte.String
	ok := in.ReadASN1(&id, asn1.OCTET_STRING)
	return hexLines(id), ok
}

func (reader) null(in *cryptobyte.String) ([]string, bool) {
	var content cryptobyte.String
	return []string{"yes"}, in.ReadASN1(&content, asn1.NULL) && content.Empty()
}

func (reader) text(in *cryptobyte.String) ([]string, bool) {
	var element cryptobyte.String
	var tag asn1.Tag
	ok := in.ReadAnyASN1Element(&element, &tag)
	return []string{anyText(element)}, ok
}

func (reader) number(in *cryptobyte.String) ([]string, bool) {
	n, ok := integer(in, asn1.INTEGER)
	return []string{n}, ok
}

// keyPeriod reads the days between which the key may sign (RFC 3280 §4.2.1.4).
func (reader) keyPeriod(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for i, word := range []string{"not before ", "not after "} {
		var at cryptobyte.String
		var present bool
		ok = ok && seq.ReadOptionalASN1(&at, &present, asn1.Tag(uint8(i)).ContextSpecific())
		if present {
			lines = append(lines, word+Escape(string(at)))
		}
	}
	return lines, ok && seq.Empty()
}

func (r reader) altNames(in *cryptobyte.String) ([]string, bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	return r.generalNames(&seq)
}

func (reader) basicConstraints(in *cryptobyte.String) ([]string, bool) {
	var seq cryptobyte.String
	var ca bool
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || seq.PeekASN1Tag(asn1.BOOLEAN) && !seq.ReadASN1Boolean(&ca) {
		return nil, false
	}
	lines := []string{"no CA"}
	if ca {
		lines = []string{"CA"}
	}
	if !seq.Empty() {
		n, ok := integer(&seq, asn1.INTEGER)
		if !ok {
			return nil, false
		}
		lines = append(lines, "CAs below it: "+n+" at most")
	}
	return lines, seq.Empty()
}

func (r reader) nameConstraints(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for i, word := range []string{"permitted ", "excluded "} {
		var trees cryptobyte.String
		var present bool
		ok = ok && seq.ReadOptionalASN1(&trees, &present, asn1.Tag(uint8(i)).ContextSpecific().Constructed())
		for ok && !trees.Empty() {
			var tree cryptobyte.String
			var line string
			if ok = trees.ReadASN1(&tree, asn1.SEQUENCE); ok {
				line, ok = r.generalName(&tree)
				lines = append(lines, word+line)
			}
		}
	}
	return lines, ok && seq.Empty()
}

// purposes reads extended key usage.
func (reader) purposes(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	for !seq.Empty() {
		oid, ok := readOID(&seq)
		if !ok {
			return nil, false
		}
		lines = append(lines, wordFor(purposes, oid))
	}
	return lines, true
}

// tlsFeatures reads what a server promises to send (RFC 7633).
func (reader) tlsFeatures(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	for !seq.Empty() {
		n, ok := integer(&seq, asn1.INTEGER)
		if !ok {
			return nil, false
		}
		if n == "5" {
			n = "OCSP must be stapled (5)"
		}
		lines = append(lines, n)
	}
	return lines, true
}
