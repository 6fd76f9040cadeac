// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Text is everything that a certificate says, in lines that are indented by two and more. Name writes distinguished names in
// printable ASCII, as proxycert.OneLine does.
func Text(cert *x509.Certificate, name func(der []byte) string) string {
	t := text{}
	t.row("subject", Limit(name(cert.RawSubject)))
	t.row("issuer", Limit(name(cert.RawIssuer)))
	t.row("version", strconv.Itoa(cert.Version))
	t.row("serial", Serial(cert))
	t.row("not before", cert.NotBefore.UTC().Format(time.RFC3339))
	t.row("not after", cert.NotAfter.UTC().Format(time.RFC3339))
	t.row("key", Key(cert))
	t.more(keyLines(cert))
	for _, e := range Extensions(cert, name) {
		t.row(e.Title(), "")
		t.more(e.Lines)
	}
	t.row("signature", Signature(cert))
	t.more(hexLines(cert.Signature))
	t.row("SHA-256", colons(sum256(cert.Raw)))
	t.row("SHA-1", colons(sum1(cert.Raw)))
	return t.String()
}

// Title is the name of the extension with its object identifier, and whether it is critical.
func (e Extension) Title() string {
	title := e.OID
	if e.Name != "" {
		title = e.Name + " (" + e.OID + ")"
	}
	if e.Critical {
		title += ", critical"
	}
	if e.Name != "" && !e.Readable {
		title += ", shown as bytes"
	}
	return title
}

func sum256(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }

func sum1(data []byte) []byte { sum := sha1.Sum(data); return sum[:] }

// text is lines until there are too many.
type text struct {
	b    strings.Builder
	full bool
}

func (t *text) String() string { return t.b.String() }

func (t *text) line(line string) {
	const end = "  … the rest is left out\n"
	switch {
	case t.full:
	case t.b.Len()+len(line)+1+len(end) > MaxText:
		t.full = true
		t.b.WriteString(end)
	default:
		t.b.WriteString(line + "\n")
	}
}

func (t *text) row(label, value string) {
	if value == "" {
		t.line("  " + label)
		return
	}
	t.line(fmt.Sprintf("  %-10s : %s", label, value))
}

func (t *text) more(lines []string) {
	for _, line := range lines {
		t.line("      " + line)
	}
}

// Serial is the serial number, decimal and in hexadecimal.
func Serial(cert *x509.Certificate) string { return serial(cert.SerialNumber) }

func serial(n *big.Int) string {
	if n.BitLen() > 8*MaxHex/4 {
		return Limit(fmt.Sprintf("%#x", n))
	}
	return fmt.Sprintf("%d (%#x)", n, n)
}

// Key is the kind and the strength of the key: "RSA 2048", "ECDSA 256", "Ed25519 256". For a kind that is not known it is
// the object identifier.
func Key(cert *x509.Certificate) string {
	switch k := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA " + strconv.Itoa(k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + strconv.Itoa(k.Curve.Params().BitSize)
	case ed25519.PublicKey:
		return "Ed25519 " + strconv.Itoa(8*len(k))
	}
	if cert.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm {
		return cert.PublicKeyAlgorithm.String()
	}
	algorithm, _ := publicKey(cert)
	return orUnknown(algorithm)
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// Signature is the algorithm with which a certificate is signed: "SHA256-RSA", "ECDSA-SHA384"; for one that is not known, the
// object identifier.
func Signature(cert *x509.Certificate) string {
	if cert.SignatureAlgorithm != x509.UnknownSignatureAlgorithm {
		return cert.SignatureAlgorithm.String()
	}
	in := cryptobyte.String(cert.Raw)
	var seq, algorithm cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !seq.SkipASN1(asn1.SEQUENCE) || !seq.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return orUnknown("")
	}
	oid, _ := readOID(&algorithm)
	return orUnknown(oid)
}

// publicKey is the algorithm of the key, and its bits.
func publicKey(cert *x509.Certificate) (algorithm string, bits []byte) {
	in := cryptobyte.String(cert.RawSubjectPublicKeyInfo)
	var info, id, content cryptobyte.String
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&id, asn1.SEQUENCE) {
		return "", nil
	}
	algorithm, _ = readOID(&id)
	var unused uint8
	if info.ReadASN1(&content, asn1.BIT_STRING) && content.ReadUint8(&unused) {
		bits = content
	}
	return algorithm, bits
}

func keyLines(cert *x509.Certificate) []string {
	if k, ok := cert.PublicKey.(*rsa.PublicKey); ok {
		return append(hexLines(k.N.Bytes()), "exponent "+strconv.Itoa(k.E))
	}
	_, bits := publicKey(cert)
	return hexLines(bits)
}

// Words are what an extension of a certificate says, by its object identifier: Words(cert, "2.5.29.15", name) is its key usage.
// They are nil if the certificate has no such extension, or one that cannot be read.
func Words(cert *x509.Certificate, oid string, name func(der []byte) string) []string {
	for _, ext := range cert.Extensions {
		if ext.Id.String() == oid {
			if e := extensionOf(ext, reader{name}); e.Readable {
				return e.Lines
			}
		}
	}
	return nil
}
