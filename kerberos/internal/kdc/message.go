// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Identifiers of messages: the application tags of RFC 4120 §5.10.
const (
	asRequest  = 0x60 | 10
	asReply    = 0x60 | 11
	tgsRequest = 0x60 | 12
	tgsReply   = 0x60 | 13
	krbError   = 0x60 | 30
)

// Error codes that say where the answer is to be had (RFC 4120 §7.5.9).
const (
	serviceUnavailable = 29
	responseTooBig     = 52
)

// ErrorCode is the error-code of a KRB-ERROR (RFC 4120 §5.9.1); ok is false for anything else.
func ErrorCode(reply []byte) (code int32, ok bool) {
	var message, fields cryptobyte.String
	input := cryptobyte.String(reply)
	if !input.ReadASN1(&message, krbError) || !message.ReadASN1(&fields, asn1.SEQUENCE) {
		return 0, false
	}
	for tag := asn1.Tag(0); tag < 6; tag++ { // pvno to susec
		if !fields.SkipOptionalASN1(tag.ContextSpecific().Constructed()) {
			return 0, false
		}
	}
	var field cryptobyte.String
	if !fields.ReadASN1(&field, asn1.Tag(6).ContextSpecific().Constructed()) || !field.ReadASN1Integer(&code) {
		return 0, false
	}
	return code, true
}

// answer is the message at the beginning of a reply, if it is one that can answer the request.
func answer(request, reply []byte) ([]byte, error) {
	var message cryptobyte.String
	var tag asn1.Tag
	input := cryptobyte.String(reply)
	if !input.ReadAnyASN1Element(&message, &tag) {
		return nil, errNonsense
	}
	switch {
	case tag == krbError:
		switch code, ok := ErrorCode(message); {
		case !ok:
			return nil, errNonsense
		case code == serviceUnavailable:
			return nil, errBusy
		case code == responseTooBig:
			return nil, errTooBig
		}
	case bytes.HasPrefix(request, []byte{asRequest}) && tag == asReply:
	case bytes.HasPrefix(request, []byte{tgsRequest}) && tag == tgsReply:
	default:
		return nil, errNonsense
	}
	return message, nil
}
