// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package spnego

import (
	"bytes"
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The mechanisms: SPNEGO, Kerberos, and what Windows 2000 took for the latter.
var (
	oidSPNEGO  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidKRB5    = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	oidWindows = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}
)

// Token identifiers, RFC 4121 §4.1.
var (
	tokenRequest = []byte{1, 0}
	tokenReply   = []byte{2, 0}
)

// An outer is what was around an AP-REQ.
type outer struct {
	request []byte
	spnego  bool
	mech    asn1.ObjectIdentifier // the client's first, with SPNEGO
}

var errToken = errors.New("it is neither SPNEGO nor Kerberos")

// unwrap finds the AP-REQ in a token.
func unwrap(token []byte) (outer, error) {
	mech, inner, err := framed(token)
	switch {
	case err != nil:
		return outer{}, err
	case mech.Equal(oidKRB5):
		request, err := request(inner)
		return outer{request: request}, err
	case !mech.Equal(oidSPNEGO):
		return outer{}, errToken
	}
	o := outer{spnego: true}
	var forKerberos []byte
	if o.mech, forKerberos, err = negTokenInit(inner); err != nil {
		return outer{}, err
	}
	if !o.mech.Equal(oidKRB5) && !o.mech.Equal(oidWindows) {
		return outer{}, errors.New("the first mechanism is not Kerberos")
	}
	if mech, inner, err = framed(forKerberos); err != nil {
		return outer{}, err
	}
	if !mech.Equal(oidKRB5) {
		return outer{}, errToken
	}
	o.request, err = request(inner)
	return o, err
}

// request takes the identifier off an AP-REQ.
func request(inner []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(inner, tokenRequest)
	if !ok {
		return nil, errors.New("it is not the token that comes first")
	}
	return rest, nil
}

// application is the tag of a GSS-API token that comes first.
const application = casn1.Tag(0x60)

// framed reads the frame of RFC 2743 §3.1: which mechanism, and its token.
func framed(token []byte) (asn1.ObjectIdentifier, []byte, error) {
	var inner cryptobyte.String
	var mech asn1.ObjectIdentifier
	in := cryptobyte.String(token)
	if !in.ReadASN1(&inner, application) || !in.Empty() || !inner.ReadASN1ObjectIdentifier(&mech) {
		return nil, nil, errToken
	}
	return mech, inner, nil
}

// negTokenInit reads RFC 4178 §4.2.1: the first mechanism, and the token for it.
func negTokenInit(der []byte) (first asn1.ObjectIdentifier, token []byte, err error) {
	tag := func(n uint8) casn1.Tag { return casn1.Tag(n).ContextSpecific().Constructed() }
	var choice, fields, field, mechs, octets cryptobyte.String
	in := cryptobyte.String(der)
	if !in.ReadASN1(&choice, tag(0)) || !in.Empty() || !choice.ReadASN1(&fields, casn1.SEQUENCE) ||
		!fields.ReadASN1(&field, tag(0)) || !field.ReadASN1(&mechs, casn1.SEQUENCE) || !mechs.ReadASN1ObjectIdentifier(&first) {
		return nil, nil, errors.New("it is no NegTokenInit")
	}
	var there bool
	if !fields.SkipOptionalASN1(tag(1)) || !fields.ReadOptionalASN1(&field, &there, tag(2)) || !there ||
		!field.ReadASN1(&octets, casn1.OCTET_STRING) {
		return nil, nil, errors.New("it brings no token for the first mechanism")
	}
	return first, octets, nil
}

// wrap makes the answer that brings an AP-REP, if there is one.
func (o outer) wrap(reply []byte) ([]byte, error) {
	if len(reply) > 0 {
		var b cryptobyte.Builder
		b.AddASN1(application, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidKRB5)
			b.AddBytes(tokenReply)
			b.AddBytes(reply)
		})
		var err error
		if reply, err = b.Bytes(); err != nil {
			return nil, err
		}
	}
	if !o.spnego {
		return reply, nil
	}
	return o.negTokenResp(reply)
}

// negTokenResp writes RFC 4178 §4.2.2: accept-completed, by the client's first mechanism.
func (o outer) negTokenResp(token []byte) ([]byte, error) {
	tag := func(n uint8) casn1.Tag { return casn1.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(tag(1), func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(0) })
			b.AddASN1(tag(1), func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(o.mech) })
			if len(token) > 0 {
				b.AddASN1(tag(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(token) })
			}
		})
	})
	return b.Bytes()
}
