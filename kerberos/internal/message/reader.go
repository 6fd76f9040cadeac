// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/krb5"
)

// reader reads one message from front to back. The first thing that is not as it should be is its error, and what is read
// from there on is zero.
type reader struct {
	rest cryptobyte.String
	what string // the message
	err  error
}

func (r *reader) fail(reason string) {
	if r.err == nil {
		r.err = &FormatError{r.what, reason}
	}
	r.rest = nil
}

// keep makes the error of a part that of the whole.
func (r *reader) keep(part reader) {
	if r.err == nil && part.err != nil {
		r.err, r.rest = part.err, nil
	}
}

// sub takes an element off, to be read by itself.
func (r *reader) sub(tag asn1.Tag, otherwise string) reader {
	var inner cryptobyte.String
	if r.err == nil && !r.rest.ReadASN1(&inner, tag) {
		r.fail(otherwise)
	}
	return reader{inner, r.what, r.err}
}

// enter goes on within an element, and forgets what is behind it.
func (r *reader) enter(tag asn1.Tag, otherwise string) {
	inner := r.sub(tag, otherwise)
	r.rest = inner.rest
}

// whole goes into a message, which is all there is: a sequence with a tag around it.
func (r *reader) whole(tag asn1.Tag) {
	outer := r.sub(tag, "it is another message")
	if r.err == nil && !r.rest.Empty() {
		r.fail("there is something behind it")
	}
	inner := outer.sub(asn1.SEQUENCE, "it is no sequence")
	if outer.err == nil && !outer.rest.Empty() {
		outer.fail("there is something behind it")
	}
	r.keep(outer)
	if r.err == nil {
		r.rest = inner.rest
	}
}

// field takes [number] EXPLICIT off.
func (r *reader) field(number uint8) reader {
	return r.sub(context(number), fmt.Sprintf("it has no field %d", number))
}

func (r *reader) optional(number uint8) (reader, bool) {
	if r.err != nil || !r.rest.PeekASN1Tag(context(number)) {
		return reader{what: r.what, err: r.err}, false
	}
	return r.field(number), true
}

func (r *reader) constant(number uint8, want int64) {
	if got := r.integer(number, math.MinInt64, math.MaxInt64); got != want {
		r.fail(fmt.Sprintf("field %d is %d and not %d", number, got, want))
	}
}

func (r *reader) integer(number uint8, least, most int64) (value int64) {
	f := r.field(number)
	if f.err == nil && (!f.rest.ReadASN1Integer(&value) || !f.rest.Empty() || value < least || value > most) {
		f.fail(fmt.Sprintf("field %d is no number that it may be", number))
		value = 0
	}
	r.keep(f)
	return value
}

func (r *reader) text() (value string) {
	var data cryptobyte.String
	if r.err == nil && (!r.rest.ReadASN1(&data, asn1.GeneralString) || !r.rest.Empty()) {
		r.fail("a field is no string")
	}
	return string(data)
}

func (r *reader) realm(number uint8) string {
	f := r.field(number)
	value := f.text()
	r.keep(f)
	return value
}

func (r *reader) octets() (value []byte) {
	if r.err == nil && (!r.rest.ReadASN1Bytes(&value, asn1.OCTET_STRING) || !r.rest.Empty()) {
		r.fail("a field is no string of bytes")
		return nil
	}
	return slices.Clone(value)
}

func (r *reader) moment(number uint8) (t time.Time) {
	f := r.field(number)
	if f.err == nil && (!f.rest.ReadASN1GeneralizedTime(&t) || !f.rest.Empty()) {
		f.fail(fmt.Sprintf("field %d is no time", number))
		t = time.Time{}
	}
	r.keep(f)
	return t
}

func (r *reader) optionalMoment(number uint8) time.Time {
	if r.err != nil || !r.rest.PeekASN1Tag(context(number)) {
		return time.Time{}
	}
	return r.moment(number)
}

// bits reads KerberosFlags; bits beyond the thirty-second are not looked at (§5.2.8).
func (r *reader) bits(number uint8) (value uint32) {
	f := r.field(number)
	var data []byte
	if f.err == nil && (!f.rest.ReadASN1BitStringAsBytes(&data) || !f.rest.Empty()) {
		f.fail(fmt.Sprintf("field %d is no string of bits", number))
	}
	for i := range 4 {
		value <<= 8
		if i < len(data) {
			value |= uint32(data[i])
		}
	}
	r.keep(f)
	return value
}

// names reads a PrincipalName into p.
func (r *reader) names(number uint8, p *krb5.Principal) {
	f := r.field(number)
	f.enter(asn1.SEQUENCE, "a name is no sequence")
	p.Type = int32(f.integer(0, math.MinInt32, math.MaxInt32))
	parts := f.field(1)
	parts.enter(asn1.SEQUENCE, "a name is no sequence")
	for parts.err == nil && !parts.rest.Empty() {
		part := parts.sub(asn1.GeneralString, "a part of a name is no string")
		if len(p.Names) == maxNames {
			parts.fail("a name has too many parts")
			break
		}
		p.Names = append(p.Names, string(part.rest))
	}
	if parts.err == nil && len(p.Names) == 0 {
		parts.fail("a name is empty")
	}
	r.keep(f)
	r.keep(parts)
}

func (r *reader) key(number uint8) krb5.Key {
	f := r.field(number)
	f.enter(asn1.SEQUENCE, "a key is no sequence")
	kind := f.integer(0, math.MinInt32, math.MaxInt32)
	value := f.field(1)
	key := krb5.Key{Type: krb5.EncType(kind), Value: value.octets()}
	r.keep(f)
	r.keep(value)
	return key
}

func (r *reader) encrypted(number uint8) Encrypted {
	f := r.field(number)
	f.enter(asn1.SEQUENCE, "what is sealed is no sequence")
	e := Encrypted{Type: krb5.EncType(f.integer(0, math.MinInt32, math.MaxInt32))}
	if f.err == nil && f.rest.PeekASN1Tag(context(1)) {
		// A read-only domain controller numbers its keys from the sign bit on.
		e.KVNO = uint32(f.integer(1, math.MinInt32, math.MaxUint32))
	}
	data := f.field(2)
	e.Cipher = data.octets()
	r.keep(f)
	r.keep(data)
	return e
}
