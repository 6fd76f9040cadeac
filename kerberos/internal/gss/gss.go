// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package gss makes of a ticket the token that HTTP Negotiate carries (RFC 4559), and reads the one that comes back.
//
//	pending, err := gss.Start(credential, now, nil)
//	… pending.Token goes to the server, and answer comes back
//	proved, err := pending.Finish(answer)
//
// The token is a NegTokenInit of SPNEGO (RFC 4178 §4.2.1), which offers Kerberos 5 alone and has its token with it: an AP-REQ
// that asks for mutual authentication, with the checksum of RFC 4121 §4.1.1. No ticket is delegated. The answer is a NegTokenResp
// with an AP-REP in it, or with a KRB-ERROR; some servers leave SPNEGO's wrapping out.
//
// There is one round: HTTP has no place for a second, and Kerberos needs none. Messages are neither signed nor sealed after it.
package gss

import (
	"bytes"
	"crypto/rand"
	encoding_asn1 "encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/krb5"
)

// Mechanisms. Microsoft's servers may name the second, which they once truncated from the first.
func spnego() encoding_asn1.ObjectIdentifier {
	return encoding_asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
}

func kerberos() encoding_asn1.ObjectIdentifier {
	return encoding_asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
}

func microsoft() encoding_asn1.ObjectIdentifier {
	return encoding_asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}
}

// Kinds of Kerberos' own tokens (RFC 4121 §4.1).
const (
	tokenAPReq = 0x0100
	tokenAPRep = 0x0200
	tokenError = 0x0300
)

const (
	checksumType = 0x8003 // RFC 4121 §4.1.1
	flagMutual   = 2
)

// application0 is the tag around the first token of a mechanism (RFC 2743 §3.1).
const application0 = asn1.Tag(0x60)

// Pending is one side of an authentication that waits for the other. It holds a key, and does not show it.
type Pending struct {
	// Token goes to the server, once.
	Token []byte

	key  krb5.Key
	time time.Time
}

// Format writes that there is one, whatever the verb: both fields are as good as the key.
func (p Pending) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Start makes the token of a ticket. Now is the time by the clock of the KDC. Bindings are the hash of the channel's bindings (RFC
// 4121 §4.1.1.2), of 16 bytes; nil means that there are none.
func Start(c krb5.Credential, now time.Time, bindings []byte) (*Pending, error) {
	now = now.UTC().Truncate(time.Microsecond)
	var sequence [4]byte
	_, _ = rand.Read(sequence[:]) // it does not fail
	plain, err := message.Authenticator{
		Client:   c.Client,
		Checksum: message.Checksum{Type: checksumType, Value: checksum(bindings)},
		Time:     now,
		Sequence: binary.BigEndian.Uint32(sequence[:]) >> 2, // 30 bits, which nobody takes for negative
	}.Marshal()
	if err != nil {
		return nil, err
	}
	sealed, err := message.Seal(c.Key, message.UsageAuthenticator, plain)
	if err != nil {
		return nil, err
	}
	request, err := message.Application{Options: message.MutualRequired, Ticket: c.Ticket, Authenticator: sealed}.Marshal()
	if err != nil {
		return nil, err
	}
	token, err := initial(request)
	return &Pending{Token: token, key: c.Key, time: now}, err
}

// checksum says what the client wants of the server: the length of the bindings, the bindings, flags, all with the least byte
// first.
func checksum(bindings []byte) []byte {
	value := make([]byte, 24)
	binary.LittleEndian.PutUint32(value, 16)
	copy(value[4:20], bindings)
	binary.LittleEndian.PutUint32(value[20:], flagMutual)
	return value
}

// initial is the NegTokenInit around an AP-REQ.
func initial(request []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(application0, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(spnego())
		b.AddASN1(context(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(context(0), func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(kerberos()) })
				})
				b.AddASN1(context(2), func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
						b.AddASN1(application0, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(kerberos())
							b.AddUint16(tokenAPReq)
							b.AddBytes(request)
						})
					})
				})
			})
		})
	})
	return b.Bytes()
}

func context(number uint8) asn1.Tag { return asn1.Tag(number).ContextSpecific().Constructed() }

// RejectError means that the server says no by its token.
type RejectError struct {
	// KRBError is what it has against the ticket, if it says so.
	KRBError *message.KRBError
}

// Error is the error's number if there is one.
func (e *RejectError) Error() string {
	if e.KRBError != nil {
		return e.KRBError.Error()
	}
	return "it rejected the token"
}

// ErrNotProved means that the token does not show that the server could read the ticket.
var ErrNotProved = errors.New("the token is not made with the ticket's key for this request")

// Finish reads the server's token. It tells whether the server has proved that it has the key of the service: a token may also
// say no more than that all is well. Errors are [*RejectError], [ErrNotProved] and [*message.FormatError].
func (p *Pending) Finish(token []byte) (proved bool, err error) {
	a, err := parse(token)
	if err != nil {
		return false, err
	}
	if a.failure != nil || a.state == rejected {
		return false, &RejectError{a.failure}
	}
	if a.reply == nil {
		return false, nil
	}
	plain, err := message.Open(p.key, message.UsageAPReply, a.reply.Cipher)
	if err != nil {
		return false, ErrNotProved
	}
	t, err := message.ParseApplicationPart(plain)
	if err != nil {
		return false, err
	}
	if !t.Equal(p.time) {
		return false, ErrNotProved
	}
	return true, nil
}

// States of a negotiation (RFC 4178 §4.2.2).
const (
	unsaid     = -1 // and 0, completed, and 1, incomplete
	rejected   = 2
	requestMIC = 3
)

// answer is a server's token.
type answer struct {
	state   int
	reply   *message.Encrypted
	failure *message.KRBError
}

func malformed(reason string) error { return &message.FormatError{What: "token", Reason: reason} }

// parse reads a NegTokenResp, or what stands in it alone.
func parse(token []byte) (answer, error) {
	s := cryptobyte.String(token)
	a := answer{state: unsaid}
	if !s.PeekASN1Tag(context(1)) {
		return a, a.inner(token)
	}
	var response, fields cryptobyte.String
	if !s.ReadASN1(&response, context(1)) || !s.Empty() || !response.ReadASN1(&fields, asn1.SEQUENCE) || !response.Empty() {
		return a, malformed("it is no NegTokenResp")
	}
	var field cryptobyte.String
	var there bool
	if !fields.ReadOptionalASN1(&field, &there, context(0)) || there && (!field.ReadASN1Enum(&a.state) || !field.Empty()) ||
		a.state < unsaid || a.state > requestMIC {
		return a, malformed("its state is none")
	}
	if !fields.ReadOptionalASN1(&field, &there, context(1)) {
		return a, malformed("its mechanism is none")
	}
	if there {
		var mechanism encoding_asn1.ObjectIdentifier
		if !field.ReadASN1ObjectIdentifier(&mechanism) || !field.Empty() {
			return a, malformed("its mechanism is none")
		}
		if !mechanism.Equal(kerberos()) && !mechanism.Equal(microsoft()) {
			return a, malformed("it is for the mechanism " + mechanism.String() + ", and not for Kerberos")
		}
	}
	var inner []byte
	if !fields.ReadOptionalASN1OctetString(&inner, &there, context(2)) {
		return a, malformed("its own token is none")
	}
	// What comes behind, a MIC of the list of mechanisms, protects a choice; none was left to the server.
	if !there || len(inner) == 0 {
		return a, nil
	}
	return a, a.inner(inner)
}

// inner reads Kerberos' own token, which some servers give without the tag of RFC 2743.
func (a *answer) inner(token []byte) (err error) {
	s := cryptobyte.String(token)
	if s.PeekASN1Tag(application0) {
		var content cryptobyte.String
		var mechanism encoding_asn1.ObjectIdentifier
		var kind uint16
		if !s.ReadASN1(&content, application0) || !s.Empty() || !content.ReadASN1ObjectIdentifier(&mechanism) || !content.ReadUint16(&kind) {
			return malformed("it is no token of Kerberos")
		}
		if !mechanism.Equal(kerberos()) && !mechanism.Equal(microsoft()) || kind != tokenAPRep && kind != tokenError {
			return malformed("it is of another kind than an AP-REP or a KRB-ERROR")
		}
		token = bytes.Clone(content)
	}
	if cryptobyte.String(token).PeekASN1Tag(asn1.Tag(uint8(message.KRBErr) | 0x60)) {
		a.failure, err = message.ParseError(token)
		return err
	}
	reply, err := message.ParseApplicationReply(token)
	if err != nil {
		return err
	}
	a.reply = &reply
	return nil
}
