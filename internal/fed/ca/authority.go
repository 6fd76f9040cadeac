// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ca is the certification authorities of package fed: one that certifies whatever it is asked to, and the online CA
// that speaks the form protocol of CILogon's getcert behind a service provider.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"
)

// Attribute types of distinguished names: RFC 4519 §2.2, §2.4, §2.19, §2.3.
var (
	DC = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	C  = asn1.ObjectIdentifier{2, 5, 4, 6}
	O  = asn1.ObjectIdentifier{2, 5, 4, 10}
	CN = asn1.ObjectIdentifier{2, 5, 4, 3}
)

// An RDN is one step of a distinguished name.
type RDN struct {
	Type  asn1.ObjectIdentifier
	Value string
}

// encodeName makes a distinguished name in this order, with the string types that grid CAs use: IA5String for domain
// components (RFC 4519 §2.4), PrintableString where it does, else UTF8String.
func encodeName(steps ...RDN) ([]byte, error) {
	var seq pkix.RDNSequence
	for _, s := range steps {
		var value any = s.Value
		if s.Type.Equal(DC) {
			value = asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(s.Value)}
		}
		seq = append(seq, pkix.RelativeDistinguishedNameSET{{Type: s.Type, Value: value}})
	}
	return asn1.Marshal(seq)
}

// An Authority is a certification authority.
type Authority struct {
	Cert *x509.Certificate
	key  crypto.Signer
}

// New makes a self-signed CA under a name, valid for two years from an hour before now. Its key is on P-256, which starts at
// once where RSA would make every test wait.
func New(now time.Time, name ...RDN) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return newAuthority(now, key, name)
}

// NewRSA is New with an RSA key, such as the CAs of the grid have. Java's VOMS clients sign proxies by the kind of key that
// the CA has, whatever the user's own is, and read users' keys of no other kind.
func NewRSA(now time.Time, name ...RDN) (*Authority, error) {
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, err
	}
	return newAuthority(now, key, name)
}

func newAuthority(now time.Time, key crypto.Signer, name []RDN) (*Authority, error) {
	subject, err := encodeName(name...)
	if err != nil {
		return nil, err
	}
	cert, err := certify(&x509.Certificate{
		RawSubject:            subject,
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(2, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, key.Public(), key)
	return &Authority{cert, key}, err
}

// hostKey is the key of all grid services.
var hostKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSABits) })

// HostName is the subject of [Authority.HostCert].
func HostName() ([]byte, error) {
	return encodeName(RDN{DC, "org"}, RDN{DC, "example"}, RDN{O, "Example Hosts"}, RDN{CN, "localhost"})
}

// HostCert makes a certificate for a grid service on loopback, under all of its names, valid for a month. The key is RSA, for
// Java's VOMS verifies nothing else; as it takes some time to make, all certificates of a process have the same.
func (a *Authority) HostCert(now time.Time) (tls.Certificate, error) {
	subject, err := HostName()
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := hostKey()
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.serverCert(now, key, &x509.Certificate{
		RawSubject:  subject,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

// ServerCert makes a TLS certificate for loopback under all of its names, valid for a month.
func (a *Authority) ServerCert(now time.Time) (tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.serverCert(now, key, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "localhost"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// serverCert completes a template by names and dates.
func (a *Authority) serverCert(now time.Time, key crypto.Signer, template *x509.Certificate) (tls.Certificate, error) {
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.AddDate(0, 1, 0)
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	cert, err := certify(template, a.Cert, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// certify signs a certificate with a random serial number; no issuer means self-signed.
func certify(template, issuer *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	if template.SubjectKeyId, err = keyID(pub); err != nil {
		return nil, err
	}
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// keyID is the name of a key by RFC 5280 §4.2.1.2, method 1, which is the one that the C++ libraries of VOMS compute.
func keyID(pub crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], nil
}

// PEM is the text form of a certificate.
func PEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

// SubjectHash is the name, without suffix, under which OpenSSL 1.0 and later look for a CA in a directory: the first four
// bytes, little-endian, of the SHA-1 of the canonical subject. Canonical (x_name_canon): no outer SEQUENCE, every
// string a UTF8String in lower case as far as it is ASCII, white space folded.
func SubjectHash(cert *x509.Certificate) (string, error) {
	var seq pkix.RDNSequence
	if _, err := asn1.Unmarshal(cert.RawSubject, &seq); err != nil {
		return "", err
	}
	h := sha1.New()
	for _, set := range seq {
		var canonical pkix.RelativeDistinguishedNameSET
		for _, a := range set {
			s := strings.Map(lowerASCII, strings.Join(strings.Fields(fmt.Sprint(a.Value)), " "))
			a.Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(s)}
			canonical = append(canonical, a)
		}
		der, err := asn1.Marshal(canonical)
		if err != nil {
			return "", err
		}
		h.Write(der)
	}
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(h.Sum(nil))), nil
}

// OldSubjectHash is the same for OpenSSL before 1.0 and for Java: of the MD5 of the subject as it is.
func OldSubjectHash(cert *x509.Certificate) string {
	sum := md5.Sum(cert.RawSubject)
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:]))
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}
