// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Canonicalize among the options of a request allows the KDC to refer the client to another realm (RFC 6806).
const Canonicalize uint32 = 1 << (31 - 15)

// MutualRequired among the options of an AP-REQ asks for an AP-REP (RFC 4120 §5.5.1).
const MutualRequired uint32 = 1 << (31 - 2)

// Body is a KDC-REQ-BODY (§5.4.1).
type Body struct {
	Options  uint32
	Client   krb5.Principal // of an AS-REQ, and zero in others
	Server   krb5.Principal // its realm is that of the KDC
	Till     time.Time
	Nonce    uint32 // 31 bits: older KDCs take it for signed
	EncTypes []krb5.EncType
}

// Marshal is the DER, of which the checksum in a TGS-REQ is made.
func (r Body) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		bits(b, 0, r.Options)
		if !r.Client.IsZero() {
			names(b, 1, r.Client)
		}
		realm(b, 2, r.Server.Realm)
		names(b, 3, r.Server)
		moment(b, 5, r.Till)
		integer(b, 7, int64(r.Nonce))
		field(b, 8, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, e := range r.EncTypes {
					b.AddASN1Int64(int64(e))
				}
			})
		})
	})
	return b.Bytes()
}

// Request is an AS-REQ or a TGS-REQ (§5.4.1).
type Request struct {
	Kind   Kind
	PAData []PAData
	Body   []byte // of Body.Marshal
}

// Marshal is the DER.
func (r Request) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application(uint8(r.Kind)), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			integer(b, 1, version)
			integer(b, 2, int64(r.Kind))
			if len(r.PAData) > 0 {
				field(b, 3, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						for _, pa := range r.PAData {
							pa.add(b)
						}
					})
				})
			}
			field(b, 4, func(b *cryptobyte.Builder) { b.AddBytes(r.Body) })
		})
	})
	return b.Bytes()
}

func (p PAData) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		integer(b, 1, int64(p.Type))
		octets(b, 2, p.Value)
	})
}

// Checksum is a Checksum (§5.2.9).
type Checksum struct {
	Type  int32
	Value []byte
}

// Authenticator is an Authenticator (§5.5.1), without a key of its own.
type Authenticator struct {
	Client   krb5.Principal
	Checksum Checksum
	Time     time.Time // by the clock of the KDC; microseconds count
	Sequence uint32    // zero if there is none
}

// Marshal is the DER, to be sealed.
func (a Authenticator) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application(2), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			integer(b, 0, version)
			realm(b, 1, a.Client.Realm)
			names(b, 2, a.Client)
			field(b, 3, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					integer(b, 0, int64(a.Checksum.Type))
					octets(b, 1, a.Checksum.Value)
				})
			})
			integer(b, 4, microseconds(a.Time))
			moment(b, 5, a.Time)
			if a.Sequence != 0 {
				integer(b, 7, int64(a.Sequence))
			}
		})
	})
	return b.Bytes()
}

// Application is an AP-REQ (§5.5.1).
type Application struct {
	Options       uint32
	Ticket        []byte // as the KDC wrote it
	Authenticator Encrypted
}

// Marshal is the DER.
func (r Application) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application(uint8(APReq)), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			integer(b, 0, version)
			integer(b, 1, int64(APReq))
			bits(b, 2, r.Options)
			field(b, 3, func(b *cryptobyte.Builder) { b.AddBytes(r.Ticket) })
			field(b, 4, r.Authenticator.add)
		})
	})
	return b.Bytes()
}

// Timestamp is the DER of a PA-ENC-TS-ENC (§5.2.7.2), to be sealed.
func Timestamp(t time.Time) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		moment(b, 0, t)
		integer(b, 1, microseconds(t))
	})
	return b.Bytes()
}
