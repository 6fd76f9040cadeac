// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package aa is the other side of package voms: the attribute authority, which makes the attribute certificates that a VOMS server
// gives to its members.
//
//	der, err := aa.Create(nil, aa.Template{
//		Holder: member, VO: "vo.example.org", Host: "voms.example.org", Port: 15000,
//		FQANs:     []string{"/vo.example.org"},
//		NotBefore: now, NotAfter: now.Add(12 * time.Hour),
//	}, server, key)
//
// It knows no members and no protocol: who may have what is for others to decide.
package aa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/internal/acder"
)

// Template says what attribute certificate Create makes. It says it as it is told, also what voms.AC.Verify would refuse.
type Template struct {
	Holder       *x509.Certificate // the end-entity certificate
	HolderIssuer bool              // name the holder by its issuer, as RFC 5755 §4.2.2 has it, not by its subject, as VOMS servers do

	VO, Host string
	Port     int // 0: leave it out

	FQANs      []string // in this order, and as they are; voms.FQAN.Long is what most servers write
	Attributes []voms.Attribute
	Targets    []string

	NotBefore, NotAfter time.Time
	Serial              *big.Int // nil: a random one of 16 bytes

	Issuers []*x509.Certificate // of CAs, after the certificate of the AA
	// ExtraExtensions come last. One that Create would make itself takes the place of that.
	ExtraExtensions []pkix.Extension
}

// Create makes an attribute certificate as a VOMS server does, with certificate and key of the attribute authority, and
// returns its DER. It is signed with SHA-256, or with the digest that belongs to a larger elliptic curve. Random is where
// the serial number and the signature come from; nil: crypto/rand.
func Create(random io.Reader, t Template, authority *x509.Certificate, key crypto.Signer) ([]byte, error) {
	if t.Holder == nil || authority == nil || key == nil || t.VO == "" || t.Host == "" {
		return nil, errors.New("aa: making an attribute certificate: without holder, authority, key, VO or host there is none")
	}
	if random == nil {
		random = rand.Reader
	}
	algorithm, hash, err := algorithmFor(key.Public())
	if err != nil {
		return nil, err
	}
	if t.Serial == nil {
		var b [16]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, fmt.Errorf("aa: making a serial number: %w", err)
		}
		b[0] |= 1 // never 0
		t.Serial = new(big.Int).SetBytes(b[:])
	}
	extensions, err := t.extensions(authority)
	if err != nil {
		return nil, fmt.Errorf("aa: making an attribute certificate: %w", err)
	}
	info, err := t.info(authority, algorithm, extensions)
	if err != nil {
		return nil, fmt.Errorf("aa: making an attribute certificate: %w", err)
	}
	digest := info
	if hash != 0 {
		h := hash.New()
		h.Write(info)
		digest = h.Sum(nil)
	}
	signature, err := key.Sign(random, digest, hash)
	if err != nil {
		return nil, fmt.Errorf("aa: signing an attribute certificate: %w", err)
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
}

// algorithmFor is the AlgorithmIdentifier and the digest with which a key signs; 0 for one that needs none.
func algorithmFor(pub crypto.PublicKey) ([]byte, crypto.Hash, error) {
	var algorithm x509.SignatureAlgorithm
	var hash crypto.Hash
	null := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		algorithm, hash, null = x509.SHA256WithRSA, crypto.SHA256, true
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			algorithm, hash = x509.ECDSAWithSHA384, crypto.SHA384
		case elliptic.P521():
			algorithm, hash = x509.ECDSAWithSHA512, crypto.SHA512
		default:
			algorithm, hash = x509.ECDSAWithSHA256, crypto.SHA256
		}
	case ed25519.PublicKey:
		algorithm = x509.PureEd25519
	default:
		return nil, 0, fmt.Errorf("aa: making an attribute certificate: %T is no key that signs", pub)
	}
	der, err := sequence(func(b *cryptobyte.Builder) {
		for _, row := range acder.SignatureAlgorithms {
			if row.Algorithm == algorithm {
				b.AddASN1ObjectIdentifier(row.ID)
			}
		}
		if null {
			b.AddASN1NULL()
		}
	})
	return der, hash, err
}

// info is the AttributeCertificateInfo (RFC 5755 §4.1).
func (t Template) info(authority *x509.Certificate, algorithm []byte, extensions []pkix.Extension) ([]byte, error) {
	holder := t.Holder.RawSubject
	if t.HolderIssuer {
		holder = t.Holder.RawIssuer
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(acder.Tag0, func(b *cryptobyte.Builder) {
				addDirectoryName(b, holder)
				b.AddASN1BigInt(t.Holder.SerialNumber)
				if id, ok := acder.UniqueID(t.Holder); ok && id.BitLength > 0 {
					b.MarshalASN1(id)
				}
			})
		})
		b.AddASN1(acder.Tag0, func(b *cryptobyte.Builder) { addDirectoryName(b, authority.RawSubject) })
		b.AddBytes(algorithm)
		b.AddASN1BigInt(t.Serial)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(t.NotBefore.UTC())
			b.AddASN1GeneralizedTime(t.NotAfter.UTC())
		})
		b.AddASN1(asn1.SEQUENCE, t.addFQANs)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, e := range extensions {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(e.Id)
					if e.Critical {
						b.AddASN1Boolean(true)
					}
					b.AddASN1OctetString(e.Value)
				})
			}
		})
	})
}

func (t Template) addFQANs(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(acder.OIDFQANs)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(acder.Tag0, t.addAuthority)
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, fqan := range t.FQANs {
						b.AddASN1OctetString([]byte(fqan))
					}
				})
			})
		})
	})
}

// addAuthority adds the URI by which the server calls itself.
func (t Template) addAuthority(b *cryptobyte.Builder) {
	text := t.VO + "://" + t.Host
	if strings.Contains(t.Host, ":") {
		text = t.VO + "://[" + t.Host + "]"
	}
	if t.Port != 0 {
		text += ":" + strconv.Itoa(t.Port)
	}
	b.AddASN1(acder.TagURI, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
}

func addDirectoryName(b *cryptobyte.Builder, raw []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(acder.TagDirectoryName, func(b *cryptobyte.Builder) { b.AddBytes(raw) })
	})
}

// extensions are those of voms-server, in its order.
func (t Template) extensions(authority *x509.Certificate) ([]pkix.Extension, error) {
	var list []pkix.Extension
	var failed error
	add := func(id encasn1.ObjectIdentifier, critical bool, content cryptobyte.BuilderContinuation) {
		if slices.ContainsFunc(t.ExtraExtensions, func(e pkix.Extension) bool { return e.Id.Equal(id) }) {
			return
		}
		value, err := sequence(content)
		failed = errors.Join(failed, err)
		list = append(list, pkix.Extension{Id: id, Critical: critical, Value: value})
	}
	if len(t.Attributes) > 0 {
		add(acder.OIDTags, false, t.addTags)
	}
	add(acder.OIDCertificates, false, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, cert := range append([]*x509.Certificate{authority}, t.Issuers...) {
				b.AddBytes(cert.Raw)
			}
		})
	})
	if !slices.ContainsFunc(t.ExtraExtensions, func(e pkix.Extension) bool { return e.Id.Equal(acder.OIDNoRevAvail) }) {
		list = append(list, pkix.Extension{Id: acder.OIDNoRevAvail, Value: []byte{5, 0}})
	}
	add(acder.OIDKeyID, false, func(b *cryptobyte.Builder) {
		id := authority.SubjectKeyId
		if len(id) == 0 {
			id = acder.KeyID(authority)
		}
		b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(id) })
	})
	if len(t.Targets) > 0 {
		add(acder.OIDTargets, true, t.addTargets)
	}
	return append(list, t.ExtraExtensions...), failed
}

func (t Template) addTags(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, t.addAuthority)
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, a := range t.Attributes {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1OctetString([]byte(a.Name))
						b.AddASN1OctetString([]byte(a.Value))
						b.AddASN1OctetString([]byte(a.Qualifier))
					})
				}
			})
		})
	})
}

// addTargets writes one sequence more than RFC 5755 §4.3.2, as VOMS does.
func (t Template) addTargets(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, host := range t.Targets {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(acder.Tag0, func(b *cryptobyte.Builder) {
					b.AddASN1(acder.TagURI, func(b *cryptobyte.Builder) { b.AddBytes([]byte(host)) })
				})
			})
		}
	})
}

func sequence(content cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, content)
	return b.Bytes()
}
