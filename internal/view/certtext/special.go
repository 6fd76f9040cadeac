// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"encoding/hex"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// proxyInfo reads ProxyCertInfo (RFC 3820 §3.8).
func (reader) proxyInfo(in *cryptobyte.String) ([]string, bool) {
	var seq cryptobyte.String
	limit := "any number"
	ok := in.ReadASN1(&seq, asn1.SEQUENCE)
	if ok && seq.PeekASN1Tag(asn1.INTEGER) {
		limit, ok = integer(&seq, asn1.INTEGER)
	}
	if !ok {
		return nil, false
	}
	lines, ok := proxyPolicy(&seq)
	return append(lines, "proxies below it: "+limit), ok && seq.Empty()
}

// draftProxyInfo reads that of the draft before it, where the policy comes first.
func (reader) draftProxyInfo(in *cryptobyte.String) ([]string, bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, false
	}
	lines, ok := proxyPolicy(&seq)
	limit := "any number"
	if ok && !seq.Empty() {
		var wrapped cryptobyte.String
		if ok = seq.ReadASN1(&wrapped, asn1.Tag(1).ContextSpecific().Constructed()); ok {
			limit, ok = integer(&wrapped, asn1.INTEGER)
		}
		ok = ok && wrapped.Empty()
	}
	return append(lines, "proxies below it: "+limit), ok && seq.Empty()
}

func proxyPolicy(in *cryptobyte.String) (lines []string, ok bool) {
	var policy cryptobyte.String
	if !in.ReadASN1(&policy, asn1.SEQUENCE) {
		return nil, false
	}
	language, ok := readOID(&policy)
	lines = []string{"policy: " + named(languages, language)}
	if ok && !policy.Empty() {
		var text cryptobyte.String
		ok = policy.ReadASN1(&text, asn1.OCTET_STRING)
		lines = append(lines, "policy text: "+Escape(string(text)))
	}
	return lines, ok && policy.Empty()
}

// statements reads those of a qualified certificate (RFC 3739 §3.2.6); what belongs to one is shown as bytes.
func (reader) statements(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for ok && !seq.Empty() {
		var statement cryptobyte.String
		var oid string
		if ok = seq.ReadASN1(&statement, asn1.SEQUENCE); ok {
			oid, ok = readOID(&statement)
		}
		line := named(statements, oid)
		if !statement.Empty() {
			line += ": " + Limit(colons(statement))
		}
		lines = append(lines, line)
	}
	return lines, ok
}

// timestamps reads a SignedCertificateTimestampList (RFC 6962 §3.3) in its OCTET STRING.
func (reader) timestamps(in *cryptobyte.String) (lines []string, ok bool) {
	var content, list cryptobyte.String
	ok = in.ReadASN1(&content, asn1.OCTET_STRING) && content.ReadUint16LengthPrefixed(&list) && content.Empty()
	for ok && !list.Empty() {
		var stamp cryptobyte.String
		var version uint8
		var log []byte
		var millis uint64
		ok = list.ReadUint16LengthPrefixed(&stamp) && stamp.ReadUint8(&version) && stamp.ReadBytes(&log, 32) && stamp.ReadUint64(&millis)
		if ok {
			at := time.UnixMilli(int64(min(millis, maxMillis))).UTC()
			lines = append(lines, at.Format(time.RFC3339)+" log "+hex.EncodeToString(log))
		}
	}
	return lines, ok
}

// maxMillis is the end of the year 9999.
const maxMillis = 253402300799999
