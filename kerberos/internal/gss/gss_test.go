// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gss_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/internal/gss"
	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/krb5"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// credential is a ticket whose contents nobody looks at.
func credential(t testing.TB) krb5.Credential {
	t.Helper()
	ticket := messages.Ticket{TktVNO: 5, Realm: "A", SName: types.PrincipalName{NameType: 3, NameString: []string{"HTTP", "www"}},
		EncPart: types.EncryptedData{EType: 18, Cipher: []byte("sealed")}}
	data, err := ticket.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return krb5.Credential{Client: krb5.Principal{Type: 1, Realm: "A", Names: []string{"jdoe"}}, Ticket: data,
		Server: krb5.Principal{Type: 3, Realm: "A", Names: []string{"HTTP", "www"}},
		Key:    krb5.Key{Type: krb5.AES256SHA1, Value: bytes.Repeat([]byte{7}, 32)}}
}

func start(t testing.TB, bindings []byte) *gss.Pending {
	t.Helper()
	pending, err := gss.Start(credential(t), noon, bindings)
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

// unwrapped is the AP-REQ in a NegTokenInit that offers Kerberos alone, by the parsers of others.
func unwrapped(t *testing.T, token []byte) messages.APReq {
	t.Helper()
	framed := func(data []byte, mechanism string) []byte {
		var frame asn1.RawValue
		var oid asn1.ObjectIdentifier
		rest, err := asn1.Unmarshal(data, &frame)
		if err != nil || len(rest) > 0 || frame.Class != asn1.ClassApplication || frame.Tag != 0 {
			t.Fatalf("%v, %x, %+v", err, rest, frame)
		}
		content, err := asn1.Unmarshal(frame.Bytes, &oid)
		if err != nil || oid.String() != mechanism {
			t.Fatalf("mechanism %v, %v", oid, err)
		}
		return content
	}
	var choice asn1.RawValue
	if rest, err := asn1.Unmarshal(framed(token, "1.3.6.1.5.5.2"), &choice); err != nil || len(rest) > 0 || choice.Tag != 0 {
		t.Fatal(err, rest, choice)
	}
	var offer struct {
		Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		Token      []byte                  `asn1:"explicit,tag:2"`
	}
	rest, err := asn1.Unmarshal(choice.Bytes, &offer)
	if err != nil || len(rest) > 0 || len(offer.Mechanisms) != 1 || offer.Mechanisms[0].String() != "1.2.840.113554.1.2.2" {
		t.Fatal(err, rest, offer)
	}
	inner := framed(offer.Token, "1.2.840.113554.1.2.2")
	var request messages.APReq
	if err := request.Unmarshal(inner[2:]); err != nil || inner[0] != 1 || inner[1] != 0 {
		t.Fatal(err, inner[:2])
	}
	return request
}

// TestStart: gokrb5 reads the token, and finds in it what RFC 4121 wants.
func TestStart(t *testing.T) {
	t.Parallel()
	bindings := bytes.Repeat([]byte{0xcb}, 16)
	for name, test := range map[string]struct{ bindings, want []byte }{"without bindings": {nil, make([]byte, 16)}, "with bindings": {bindings, bindings}} {
		request := unwrapped(t, start(t, test.bindings).Token)
		if got := request.APOptions.Bytes; !bytes.Equal(got, []byte{0x20, 0, 0, 0}) {
			t.Errorf("%s: options %x", name, got)
		}
		if err := request.DecryptAuthenticator(types.EncryptionKey{KeyType: 18, KeyValue: credential(t).Key.Value}); err != nil {
			t.Fatal(err)
		}
		a := request.Authenticator
		if a.CRealm != "A" || a.CName.PrincipalNameString() != "jdoe" || !a.CTime.Equal(noon.Truncate(time.Second)) || a.Cusec != 123456 || a.SeqNumber < 0 || a.SeqNumber >= 1<<30 {
			t.Errorf("%s: %+v", name, a)
		}
		want := append(append([]byte{16, 0, 0, 0}, test.want...), 2, 0, 0, 0)
		if a.Cksum.CksumType != 0x8003 || !bytes.Equal(a.Cksum.Checksum, want) {
			t.Errorf("%s: checksum %x, want %x", name, a.Cksum.Checksum, want)
		}
	}
	if bytes.Equal(start(t, nil).Token, start(t, nil).Token) {
		t.Error("two tokens are the same")
	}
}

func TestStartError(t *testing.T) {
	t.Parallel()
	c := credential(t)
	c.Key.Type = krb5.Camellia128CTSMAC
	if _, err := gss.Start(c, noon, nil); err == nil {
		t.Error("a key of a type that is not supported is taken")
	} else if _, ok := errors.AsType[*message.KeyError](err); !ok {
		t.Error(err)
	}
}

// apRep is an AP-REP, sealed by gokrb5 with a key.
func apRep(t testing.TB, key krb5.Key, at time.Time) []byte {
	t.Helper()
	part, err := asn1.Marshal(messages.EncAPRepPart{CTime: at.UTC().Truncate(time.Second), Cusec: at.Nanosecond() / 1000, SequenceNumber: 5})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(part, 27), types.EncryptionKey{KeyType: int32(key.Type), KeyValue: key.Value}, 12, 0)
	if err != nil {
		t.Fatal(err)
	}
	data, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: 15, EncPart: sealed})
	if err != nil {
		t.Fatal(err)
	}
	return asn1tools.AddASNAppTag(data, 15)
}

func krbError(t testing.TB, code int32) []byte {
	t.Helper()
	e := messages.KRBError{PVNO: 5, MsgType: 30, STime: noon, ErrorCode: code, Realm: "A", SName: types.PrincipalName{NameString: []string{"HTTP", "www"}}, EText: "text"}
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tlv is an element of DER.
func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	return append(append([]byte{tag}, asn1tools.MarshalLengthBytes(len(content))...), content...)
}

var (
	krb5OID      = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
	microsoftOID = []byte{6, 9, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2}
	ntlmOID      = []byte{6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10}
)

func framed(oid []byte, kind byte, data []byte) []byte { return tlv(0x60, oid, []byte{kind, 0}, data) }

func state(n byte) []byte { return tlv(0xa0, []byte{10, 1, n}) }

// response is a NegTokenResp.
func response(fields ...[]byte) []byte { return tlv(0xa1, tlv(0x30, fields...)) }

func inner(token []byte) []byte { return tlv(0xa2, tlv(4, token)) }

func TestFinish(t *testing.T) {
	t.Parallel()
	key := credential(t).Key
	other := krb5.Key{Type: key.Type, Value: bytes.Repeat([]byte{8}, 32)}
	good, stranger := apRep(t, key, noon), apRep(t, other, noon)
	mech := tlv(0xa1, krb5OID)
	for _, test := range []struct {
		name   string
		token  []byte
		proved bool
		err    string // empty: none
	}{
		{"MIT", response(state(0), mech, inner(framed(krb5OID, 2, good))), true, ""},
		{"with a MIC", response(state(0), mech, inner(framed(krb5OID, 2, good)), tlv(0xa3, tlv(4, []byte("mic")))), true, ""},
		{"Microsoft's identifier", response(state(0), tlv(0xa1, microsoftOID), inner(framed(krb5OID, 2, good))), true, ""},
		{"not framed", response(state(0), mech, inner(good)), true, ""},
		{"no state, no mechanism", response(inner(framed(krb5OID, 2, good))), true, ""},
		{"incomplete", response(state(1), inner(framed(krb5OID, 2, good))), true, ""},
		{"without SPNEGO", framed(krb5OID, 2, good), true, ""},
		{"the AP-REP alone", good, true, ""},
		{"all is well, it says", response(state(0), mech), false, ""},
		{"an empty token", response(state(0), mech, inner(nil)), false, ""},
		{"nothing", response(), false, ""},

		{"rejected", response(state(2)), false, "rejected"},
		{"rejected with an AP-REP", response(state(2), inner(good)), false, "rejected"},
		{"an error", response(state(2), mech, inner(framed(krb5OID, 3, krbError(t, 37)))), false, "error 37"},
		{"an error alone", krbError(t, 41), false, "error 41"},
		{"another's AP-REP", response(state(0), mech, inner(framed(krb5OID, 2, stranger))), false, "not made with the ticket's key"},
		{"an AP-REP of another request", framed(krb5OID, 2, apRep(t, key, noon.Add(time.Microsecond))), false, "not made with the ticket's key"},
		{"an AP-REP of another second", framed(krb5OID, 2, apRep(t, key, noon.Add(time.Second))), false, "not made with the ticket's key"},
		{"NTLM", response(state(0), tlv(0xa1, ntlmOID)), false, "1.3.6.1.4.1.311.2.2.10"},
		{"an AP-REP for NTLM", framed(ntlmOID, 2, good), false, "another kind"},
		{"our own token", start(t, nil).Token, false, "another kind"},
		{"an AP-REQ", framed(krb5OID, 1, good), false, "another kind"},
		{"no such state", response(state(7)), false, "its state is none"},
		{"state with more", response(tlv(0xa0, []byte{10, 1, 0}, []byte{0})), false, "its state is none"},
		{"no mechanism in it", response(state(0), tlv(0xa1, []byte{5, 0})), false, "its mechanism is none"},
		{"no string in it", response(state(0), tlv(0xa2, []byte{5, 0})), false, "its own token is none"},
		{"something behind", append(response(state(0)), 0), false, "no NegTokenResp"},
		{"something behind the frame", append(framed(krb5OID, 2, good), 0), false, "no token of Kerberos"},
		{"empty", nil, false, "another message"},
	} {
		proved, err := start(t, nil).Finish(test.token)
		if proved != test.proved || (test.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error()+kindOf(err), test.err) {
			t.Errorf("%s: %v, %v; want %v, %q", test.name, proved, err, test.proved, test.err)
		}
	}
	// A part that is sealed well, and is none.
	sealed, err := message.Seal(key, message.UsageAPReply, []byte("no DER"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: 15, EncPart: types.EncryptedData{EType: 18, Cipher: sealed.Cipher}})
	if err != nil {
		t.Fatal(err)
	}
	if proved, err := start(t, nil).Finish(asn1tools.AddASNAppTag(der, 15)); proved || err == nil {
		t.Errorf("%v, %v", proved, err)
	}
}

// kindOf names a rejection, which has no text of its own.
func kindOf(err error) string {
	if e, ok := errors.AsType[*gss.RejectError](err); ok && e.KRBError == nil {
		return "rejected"
	}
	return ""
}

// TestPendingNotShown: nobody prints the key by mistake.
func TestPendingNotShown(t *testing.T) {
	t.Parallel()
	pending := start(t, nil)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, pending) + fmt.Sprintf(verb, *pending); strings.Contains(got, "7 7 7 7") || strings.Contains(got, "07070707") || strings.Contains(got, "0x7, 0x7") {
			t.Errorf("%s shows %s", verb, got)
		}
	}
}

// FuzzFinish: no token proves anything but one that is made with the key.
func FuzzFinish(f *testing.F) {
	key := credential(f).Key
	good := apRep(f, key, noon)
	f.Add(response(state(0), tlv(0xa1, krb5OID), inner(framed(krb5OID, 2, good))))
	f.Add(response(state(2), inner(framed(krb5OID, 3, krbError(f, 37)))))
	f.Add(good)
	f.Fuzz(func(t *testing.T, token []byte) {
		c := credential(t)
		c.Key.Value = bytes.Repeat([]byte{9}, 32)
		pending, err := gss.Start(c, noon, nil)
		if err != nil {
			t.Fatal(err)
		}
		if proved, err := pending.Finish(token); proved {
			t.Errorf("%x proves it: %v", token, err)
		}
		if proved, err := start(t, nil).Finish(token); proved && (err != nil || len(token) < len(good)) {
			t.Errorf("%x proves it: %v", token, err)
		}
	})
}
