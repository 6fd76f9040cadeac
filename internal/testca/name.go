// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
)

// attributeTypes are the types that Name knows, and the string types of their values.
var attributeTypes = map[string]struct {
	oid string
	tag int
}{
	"C":            {"2.5.4.6", asn1.TagPrintableString},
	"CN":           {"2.5.4.3", asn1.TagUTF8String},
	"DC":           {"0.9.2342.19200300.100.1.25", asn1.TagIA5String},
	"L":            {"2.5.4.7", asn1.TagUTF8String},
	"O":            {"2.5.4.10", asn1.TagUTF8String},
	"OU":           {"2.5.4.11", asn1.TagUTF8String},
	"UID":          {"0.9.2342.19200300.100.1.1", asn1.TagUTF8String},
	"emailAddress": {"1.2.840.113549.1.9.1", asn1.TagIA5String},
	"serialNumber": {"2.5.4.5", asn1.TagPrintableString},
}

// Name is the DER of a name written as grid tools write it, such as /DC=org/DC=example/CN=Jane Doe; + joins the
// attributes of one relative distinguished name. A backslash takes the next character as it is.
func Name(t testing.TB, text string) []byte {
	t.Helper()
	return Below(t, []byte{0x30, 0}, text)
}

// Below is the name with the DER raw and after it the relative distinguished names in text. The bytes of raw stay as they
// are.
func Below(t testing.TB, raw []byte, text string) []byte {
	t.Helper()
	var name asn1.RawValue
	if rest, err := asn1.Unmarshal(raw, &name); err != nil || len(rest) > 0 {
		t.Fatalf("testca: the name above %q is no DER", text)
	}
	content := append([]byte{}, name.Bytes...)
	for _, rdn := range split(text, '/')[1:] {
		var set []byte
		for _, pair := range split(rdn, '+') {
			label, value, ok := strings.Cut(pair, "=")
			known := attributeTypes[label]
			if !ok || known.oid == "" {
				t.Fatalf("testca: in the name %q: %q is no attribute that is known here", text, pair)
			}
			value = strings.ReplaceAll(value, `\`, "")
			set = append(set, sequence(t, oid(t, known.oid), asn1.RawValue{Tag: known.tag, Bytes: []byte(value)})...)
		}
		content = append(content, marshal(t, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: set})...)
	}
	return marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
}

// Retyped is a name with each UTF8String turned into a PrintableString: the same name by RFC 5280 §7.1, in other bytes.
func Retyped(t testing.TB, raw []byte) []byte {
	t.Helper()
	var name, out []asn1.RawValue
	unmarshal(t, raw, &name)
	for _, rdn := range name {
		var pair []asn1.RawValue
		if _, err := asn1.Unmarshal(rdn.Bytes, &pair); err != nil || len(pair) != 2 {
			t.Fatal("testca: the name has a relative distinguished name of several attributes")
		}
		if pair[1].Tag == asn1.TagUTF8String {
			pair[1] = asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: pair[1].Bytes}
		}
		set := sequence(t, pair[0], pair[1])
		out = append(out, asn1.RawValue{FullBytes: marshal(t, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: set})})
	}
	return marshal(t, out)
}

// split cuts text at each sep that no backslash stands before.
func split(text string, sep byte) []string {
	parts := []string{""}
	for i := 0; i < len(text); i++ {
		last := &parts[len(parts)-1]
		switch {
		case text[i] == '\\' && i+1 < len(text):
			*last += text[i : i+2]
			i++
		case text[i] == sep:
			parts = append(parts, "")
		default:
			*last += text[i : i+1]
		}
	}
	return parts
}

// keyID is a key identifier by RFC 7093 §2: the first 160 bits of a SHA-256.
func keyID(pub crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return sum[:20]
}
