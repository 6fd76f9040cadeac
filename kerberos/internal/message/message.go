// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package message writes and reads the messages of Kerberos 5 that a client needs (RFC 4120 §5), and seals and opens
// what in them is encrypted (RFC 3961, RFC 3962, RFC 8009).
//
//	body, _ := message.Body{Server: server, Till: till, Nonce: nonce, EncTypes: types}.Marshal()
//	request, _ := message.Request{Kind: message.TGSReq, Body: body, PAData: …}.Marshal()
//	…
//	reply, err := message.ParseReply(answer, message.TGSRep) // *KRBError: the KDC says no
//	plain, err := message.Open(tgt.Key, message.UsageTGSReply, reply.Part.Cipher)
//	part, err := message.ParsePart(plain)
//
// Tickets pass through as the bytes that the KDC wrote. The times in a message are its caller's, as the clocks of client and
// KDC may differ. A parser takes DER alone, one element for each that the RFC names, in its order; what newer RFCs add
// behind is passed over. It allocates no more than it was given.
//
// The cryptography is gokrb5's; it panics on some malformed input, which is an error here. Its own types for messages are not
// used: they encode tickets anew, read the clock, name the wrong realm for a client two realms away, and make a program that
// never sees a ticket start more slowly.
package message

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Kind is the number of a message (RFC 4120 §7.5.7), which is its application tag as well.
type Kind uint8

// The kinds of messages of this package.
const (
	ASReq    Kind = 10
	ASRep    Kind = 11
	TGSReq   Kind = 12
	TGSRep   Kind = 13
	APReq    Kind = 14
	APRep    Kind = 15
	KRBErr   Kind = 30
	version       = 5
	maxNames      = 64 // components of a name; real ones have two, or three
)

// String is the name as the RFC spells it.
func (k Kind) String() string {
	switch k {
	case ASReq:
		return "AS-REQ"
	case ASRep:
		return "AS-REP"
	case TGSReq:
		return "TGS-REQ"
	case TGSRep:
		return "TGS-REP"
	case APReq:
		return "AP-REQ"
	case APRep:
		return "AP-REP"
	case KRBErr:
		return "KRB-ERROR"
	}
	return fmt.Sprintf("message %d", uint8(k))
}

// FormatError means that something is not what RFC 4120 says that it should be.
type FormatError struct {
	What   string // such as "TGS-REP"
	Reason string
}

// Error names the message and says what is wrong with it.
func (e *FormatError) Error() string { return "the " + e.What + " is malformed: " + e.Reason }

// PAData is an element of padata (§5.2.7).
type PAData struct {
	Type  int32
	Value []byte
}

// Types of PAData.
const (
	PATGSReq       int32 = 1
	PAEncTimestamp int32 = 2
	paETypeInfo    int32 = 11
	paETypeInfo2   int32 = 19
)

// Encrypted is an EncryptedData (§5.2.9).
type Encrypted struct {
	Type   krb5.EncType
	KVNO   uint32 // zero if there is none
	Cipher []byte
}

func application(number uint8) asn1.Tag { return asn1.Tag(number | 0x60) }

func context(number uint8) asn1.Tag { return asn1.Tag(number).ContextSpecific().Constructed() }

// field writes [number] EXPLICIT.
func field(b *cryptobyte.Builder, number uint8, value func(*cryptobyte.Builder)) {
	b.AddASN1(context(number), value)
}

func integer(b *cryptobyte.Builder, number uint8, value int64) {
	field(b, number, func(b *cryptobyte.Builder) { b.AddASN1Int64(value) })
}

func octets(b *cryptobyte.Builder, number uint8, value []byte) {
	field(b, number, func(b *cryptobyte.Builder) { b.AddASN1OctetString(value) })
}

func text(b *cryptobyte.Builder, value string) {
	b.AddASN1(asn1.GeneralString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) })
}

func realm(b *cryptobyte.Builder, number uint8, value string) {
	field(b, number, func(b *cryptobyte.Builder) { text(b, value) })
}

// moment writes a KerberosTime, which has no fractions of seconds (§5.2.3).
func moment(b *cryptobyte.Builder, number uint8, t time.Time) {
	field(b, number, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(t.UTC().Truncate(time.Second)) })
}

func microseconds(t time.Time) int64 { return int64(t.Nanosecond() / 1000) }

// bits writes KerberosFlags, which have 32 bits at least (§5.2.8).
func bits(b *cryptobyte.Builder, number uint8, value uint32) {
	field(b, number, func(b *cryptobyte.Builder) {
		b.AddASN1BitString([]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)})
	})
}

func names(b *cryptobyte.Builder, number uint8, p krb5.Principal) {
	field(b, number, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			integer(b, 0, int64(p.Type))
			field(b, 1, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, name := range p.Names {
						text(b, name)
					}
				})
			})
		})
	})
}

func (e Encrypted) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		integer(b, 0, int64(e.Type))
		if e.KVNO != 0 {
			integer(b, 1, int64(e.KVNO))
		}
		octets(b, 2, e.Cipher)
	})
}

// Marshal is the DER.
func (e Encrypted) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	e.add(&b)
	return b.Bytes()
}
