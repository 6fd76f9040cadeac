// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/krb5"
)

// noon has microseconds, which messages carry apart.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func principal(realm string, names ...string) krb5.Principal {
	return krb5.Principal{Type: 1, Realm: realm, Names: names}
}

func name(p krb5.Principal) types.PrincipalName {
	return types.PrincipalName{NameType: p.Type, NameString: p.Names}
}

// keys are one of each type.
func keys() []krb5.Key {
	key := func(e krb5.EncType, size int) krb5.Key {
		return krb5.Key{Type: e, Value: bytes.Repeat([]byte{byte(e), 7}, size/2)}
	}
	return []krb5.Key{key(krb5.DES3CBCSHA1, 24), key(krb5.AES128SHA1, 16), key(krb5.AES256SHA1, 32), key(krb5.AES128SHA256, 16), key(krb5.AES256SHA384, 32), key(krb5.RC4HMAC, 16)}
}

// TestRequests: gokrb5, which has written its messages by itself, reads what is written here.
func TestRequests(t *testing.T) {
	t.Parallel()
	jdoe, web := principal("A", "jdoe"), principal("B", "HTTP", "www")
	body, err := message.Body{Options: message.Canonicalize, Client: jdoe, Server: web, Till: noon, Nonce: 1<<31 - 1, EncTypes: []krb5.EncType{18, 17, -135}}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []message.Kind{message.ASReq, message.TGSReq} {
		data, err := message.Request{Kind: kind, Body: body, PAData: []message.PAData{{Type: 2, Value: []byte("proof")}, {Type: -1, Value: []byte{}}}}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var got messages.KDCReqFields
		if kind == message.ASReq {
			var r messages.ASReq
			err = r.Unmarshal(data)
			got = r.KDCReqFields
		} else {
			var r messages.TGSReq
			err = r.Unmarshal(data)
			got = r.KDCReqFields
		}
		if err != nil {
			t.Fatal(err)
		}
		b := got.ReqBody
		want := messages.KDCReqBody{KDCOptions: asn1.BitString{Bytes: []byte{0, 1, 0, 0}, BitLength: 32}, CName: name(jdoe), Realm: "B", SName: name(web),
			Till: noon.Truncate(time.Second), Nonce: 1<<31 - 1, EType: []int32{18, 17, -135}}
		if diff := cmp.Diff(want, b); diff != "" {
			t.Errorf("%s: body (-want +got):\n%s", kind, diff)
		}
		if diff := cmp.Diff(types.PADataSequence{{PADataType: 2, PADataValue: []byte("proof")}, {PADataType: -1, PADataValue: []byte{}}}, got.PAData); diff != "" {
			t.Errorf("%s: padata (-want +got):\n%s", kind, diff)
		}
	}
}

func TestAuthenticator(t *testing.T) {
	t.Parallel()
	data, err := message.Authenticator{Client: principal("A", "jdoe"), Checksum: message.Checksum{Type: 0x8003, Value: []byte("sum")}, Time: noon, Sequence: 1 << 29}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var got types.Authenticator
	if err := got.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	want := types.Authenticator{AVNO: 5, CRealm: "A", CName: name(principal("A", "jdoe")), Cksum: types.Checksum{CksumType: 0x8003, Checksum: []byte("sum")},
		Cusec: 123456, CTime: noon.Truncate(time.Second), SeqNumber: 1 << 29}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// aTicket is one that gokrb5 has written.
func aTicket(t testing.TB, server krb5.Principal) []byte {
	t.Helper()
	ticket := messages.Ticket{TktVNO: 5, Realm: server.Realm, SName: name(server), EncPart: types.EncryptedData{EType: 18, KVNO: 3, Cipher: []byte("sealed")}}
	data, err := ticket.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestApplication(t *testing.T) {
	t.Parallel()
	ticket := aTicket(t, principal("B", "HTTP", "www"))
	data, err := message.Application{Options: message.MutualRequired, Ticket: ticket, Authenticator: message.Encrypted{Type: 17, Cipher: []byte("x")}}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var got messages.APReq
	if err := got.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	again, err := got.Ticket.Marshal()
	if err != nil || !bytes.Equal(again, ticket) {
		t.Errorf("ticket %x, %v", again, err)
	}
	if diff := cmp.Diff(asn1.BitString{Bytes: []byte{0x20, 0, 0, 0}, BitLength: 32}, got.APOptions); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(types.EncryptedData{EType: 17, Cipher: []byte("x")}, got.EncryptedAuthenticator); diff != "" {
		t.Errorf("authenticator (-want +got):\n%s", diff)
	}
	server, sealed, err := message.TicketServer(ticket)
	if err != nil || server.String() != "HTTP/www@B" || sealed.KVNO != 3 || sealed.Type != 18 {
		t.Errorf("the ticket is for %s, sealed with %v: %v", server, sealed, err)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	data, err := message.Timestamp(noon)
	if err != nil {
		t.Fatal(err)
	}
	var got types.PAEncTSEnc
	if err := got.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(types.PAEncTSEnc{PATimestamp: noon.Truncate(time.Second), PAUSec: 123456}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// aReply is a TGS-REP that gokrb5 has written.
func aReply(t testing.TB, kvno int) []byte {
	t.Helper()
	web := principal("B", "HTTP", "www")
	var ticket messages.Ticket
	if err := ticket.Unmarshal(aTicket(t, web)); err != nil {
		t.Fatal(err)
	}
	reply := messages.TGSRep{KDCRepFields: messages.KDCRepFields{PVNO: 5, MsgType: 13, CRealm: "A", CName: name(principal("A", "jdoe")), Ticket: ticket,
		PAData: []types.PAData{{PADataType: 1, PADataValue: []byte("x")}}, EncPart: types.EncryptedData{EType: 18, KVNO: kvno, Cipher: []byte("cipher")}}}
	data, err := reply.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseReply(t *testing.T) {
	t.Parallel()
	got, err := message.ParseReply(aReply(t, 2), message.TGSRep)
	if err != nil {
		t.Fatal(err)
	}
	want := &message.Reply{Client: principal("A", "jdoe"), Server: principal("B", "HTTP", "www"), Ticket: aTicket(t, principal("B", "HTTP", "www")),
		Part: message.Encrypted{Type: 18, KVNO: 2, Cipher: []byte("cipher")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A read-only domain controller's keys.
	if got, err := message.ParseReply(aReply(t, -1<<31+7), message.TGSRep); err != nil || got.Part.KVNO != 1<<31+7 {
		t.Errorf("%v, %v", got, err)
	}
	for reason, data := range map[string][]byte{
		"it is another message":        aTicket(t, principal("B", "x")),
		"there is something behind it": append(aReply(t, 2), 0),
		"field 1 is 13 and not 11":     append([]byte{0x6b}, aReply(t, 2)[1:]...),
	} {
		kind := message.TGSRep
		if data[0] == 0x6b {
			kind = message.ASRep
		}
		_, err := message.ParseReply(data, kind)
		if e, ok := errors.AsType[*message.FormatError](err); !ok || e.Reason != reason || e.What != kind.String() {
			t.Errorf("%v, want %q", err, reason)
		}
	}
}

// aPart is a sealed part that gokrb5 has written, before it was sealed.
func aPart(t testing.TB, p messages.EncKDCRepPart) []byte {
	t.Helper()
	data, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func fullPart() messages.EncKDCRepPart {
	return messages.EncKDCRepPart{Key: types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{9}, 32)}, LastReqs: []messages.LastReq{{LRValue: noon}},
		Nonce: 42, KeyExpiration: noon.Add(time.Hour), Flags: asn1.BitString{Bytes: []byte{0x50, 0x80, 0, 0}, BitLength: 32}, AuthTime: noon, StartTime: noon.Add(time.Minute),
		EndTime: noon.Add(time.Hour), RenewTill: noon.Add(2 * time.Hour), SRealm: "B", SName: name(principal("B", "HTTP", "www")),
		CAddr: []types.HostAddress{{AddrType: 2, Address: []byte{127, 0, 0, 1}}}, EncPAData: types.PADataSequence{{PADataType: 149, PADataValue: []byte("x")}}}
}

func TestParsePart(t *testing.T) {
	t.Parallel()
	full, at := fullPart(), noon.Truncate(time.Second)
	want := &message.Part{Key: krb5.Key{Type: 18, Value: full.Key.KeyValue}, Nonce: 42, Flags: krb5.FlagForwardable | krb5.FlagProxiable | krb5.FlagRenewable,
		AuthTime: at, StartTime: at.Add(time.Minute), EndTime: at.Add(time.Hour), RenewTill: at.Add(2 * time.Hour), Server: principal("B", "HTTP", "www")}
	asRep := aPart(t, full)
	tgsRep := append([]byte{0x7a}, asRep[1:]...)
	for name, data := range map[string][]byte{"AS": asRep, "TGS": tgsRep, "padded": append(bytes.Clone(tgsRep), 0, 0, 0)} {
		got, err := message.ParsePart(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	full.KeyExpiration, full.StartTime, full.RenewTill, full.CAddr, full.EncPAData = time.Time{}, time.Time{}, time.Time{}, nil, nil
	want.StartTime, want.RenewTill = time.Time{}, time.Time{}
	got, err := message.ParsePart(aPart(t, full))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shortest (-want +got):\n%s", diff)
	}
	for i := range asRep[:len(asRep)-1] {
		if _, err := message.ParsePart(asRep[:i]); err == nil {
			t.Errorf("%d bytes of %d are enough", i, len(asRep))
		}
	}
}

// anError is a KRB-ERROR that gokrb5 has written.
func anError(t testing.TB, e messages.KRBError) []byte {
	t.Helper()
	e.PVNO, e.MsgType = 5, 30
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseError(t *testing.T) {
	t.Parallel()
	at := noon.Truncate(time.Second)
	least := messages.KRBError{STime: at, Susec: 123456, ErrorCode: 7, Realm: "B", SName: name(principal("B", "krbtgt", "B"))}
	full := least
	full.CTime, full.Cusec, full.CRealm, full.CName, full.EText, full.EData = at, 1, "A", name(principal("A", "jdoe")), "LOOKING_UP_SERVER", []byte("data")
	for name, test := range map[string]struct {
		in   messages.KRBError
		want message.KRBError
	}{
		"least": {least, message.KRBError{Code: 7, Time: noon}},
		"full":  {full, message.KRBError{Code: 7, Time: noon, Text: "LOOKING_UP_SERVER", Data: []byte("data")}},
	} {
		data := anError(t, test.in)
		got, err := message.ParseError(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		_, err = message.ParseReply(data, message.ASRep)
		if e, ok := errors.AsType[*message.KRBError](err); !ok || e.Code != 7 {
			t.Errorf("%s as a reply: %v", name, err)
		}
	}
	if _, err := message.ParseReply(anError(t, least)[:20], message.ASRep); err == nil {
		t.Error("a part of an error is taken")
	}
}

func TestEncTypes(t *testing.T) {
	t.Parallel()
	pa := func(kind int32, value any) types.PAData {
		data, err := asn1.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return types.PAData{PADataType: kind, PADataValue: data}
	}
	old := pa(11, types.ETypeInfo{{EType: 23, Salt: []byte("s")}})
	recent := pa(19, types.ETypeInfo2{{EType: 18, Salt: "s"}, {EType: 20, S2KParams: []byte{1, 2, 3, 4}}})
	var many types.ETypeInfo2
	var first []krb5.EncType
	for i := range int32(40000) {
		many = append(many, types.ETypeInfo2Entry{EType: 1000 + i/2, Salt: "s"})
		if i%2 == 0 && i < 64 {
			first = append(first, krb5.EncType(1000+i/2))
		}
	}
	stamp, fast := types.PAData{PADataType: 2, PADataValue: []byte{}}, types.PAData{PADataType: 136, PADataValue: []byte("?")}
	for name, test := range map[string]struct {
		methods   []types.PAData
		want      []krb5.EncType
		timestamp bool
	}{
		"MIT":            {[]types.PAData{fast, recent, stamp}, []krb5.EncType{18, 20}, true},
		"both lists":     {[]types.PAData{stamp, recent, old}, []krb5.EncType{18, 20}, true},
		"the older list": {[]types.PAData{old, stamp}, []krb5.EncType{23}, true},
		"no timestamp":   {[]types.PAData{fast}, nil, false},
		"very many":      {[]types.PAData{stamp, pa(19, many)}, first, true},
	} {
		data, err := asn1.Marshal(test.methods)
		if err != nil {
			t.Fatal(err)
		}
		got, timestamp, err := message.EncTypes(data)
		if err != nil || timestamp != test.timestamp || !cmp.Equal(test.want, got) {
			t.Errorf("%s: %v, %v, %v", name, got, timestamp, err)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "no list": {4, 0}, "a list of numbers": {0x30, 3, 2, 1, 1},
		"a bad list of types": {0x30, 12, 0x30, 10, 0xa1, 3, 2, 1, 19, 0xa2, 3, 4, 1, 0}} {
		if _, _, err := message.EncTypes(data); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// anAPRep is an AP-REP with any part sealed in it, and the part of a time.
func anAPRep(t testing.TB, at time.Time) (reply, part []byte) {
	t.Helper()
	whole, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: 15, EncPart: types.EncryptedData{EType: 18, Cipher: []byte("cipher")}})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := asn1.Marshal(messages.EncAPRepPart{CTime: at.Truncate(time.Second), Cusec: at.Nanosecond() / 1000, Subkey: types.EncryptionKey{KeyType: 18, KeyValue: []byte("k")}, SequenceNumber: 9})
	if err != nil {
		t.Fatal(err)
	}
	return asn1tools.AddASNAppTag(whole, 15), asn1tools.AddASNAppTag(inner, 27)
}

func TestApplicationReply(t *testing.T) {
	t.Parallel()
	reply, part := anAPRep(t, noon)
	sealed, err := message.ParseApplicationReply(reply)
	if err != nil || sealed.Type != 18 || string(sealed.Cipher) != "cipher" {
		t.Errorf("%v, %v", sealed, err)
	}
	if at, err := message.ParseApplicationPart(append(part, 0, 0)); err != nil || !at.Equal(noon) {
		t.Errorf("%v, %v", at, err)
	}
	if _, err := message.ParseApplicationPart(reply); err == nil {
		t.Error("another message is taken")
	}
	if _, err := message.ParseApplicationReply(part); err == nil {
		t.Error("another message is taken")
	}
}

// TestSeal: gokrb5's own functions open what is sealed here, by each kind of key, and the reverse.
func TestSeal(t *testing.T) {
	t.Parallel()
	for _, key := range keys() {
		plain := []byte("a message of more than a block, which is sealed")
		sealed, err := message.Seal(key, message.UsageTimestamp, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := message.Open(key, message.UsageTimestamp, sealed.Cipher)
		if err != nil || !bytes.HasPrefix(got, plain) || sealed.Type != key.Type {
			t.Errorf("%s: %q, %v", key.Type, got, err)
		}
		other, err := crypto.DecryptMessage(bytes.Clone(sealed.Cipher), types.EncryptionKey{KeyType: int32(key.Type), KeyValue: key.Value}, 1)
		if err != nil || !bytes.HasPrefix(other, plain) {
			t.Errorf("%s: gokrb5 opens %q, %v", key.Type, other, err)
		}
		sum, err := message.Sum(key, message.UsageTGSChecksum, plain)
		if e, _ := crypto.GetEtype(int32(key.Type)); err != nil || !e.VerifyChecksum(key.Value, plain, sum.Value, 6) {
			t.Errorf("%s: the sum %x is wrong: %v", key.Type, sum.Value, err)
		}
		if _, err := message.Open(key, message.UsageASReply, sealed.Cipher); !errors.Is(err, message.ErrSealed) {
			t.Errorf("%s: another usage: %v", key.Type, err)
		}
		for i := range sealed.Cipher {
			damaged := bytes.Clone(sealed.Cipher)
			damaged[i] ^= 1
			if _, err := message.Open(key, message.UsageTimestamp, damaged); !errors.Is(err, message.ErrSealed) {
				t.Errorf("%s: damaged at %d: %v", key.Type, i, err)
			}
			if _, err := message.Open(key, message.UsageTimestamp, sealed.Cipher[:i]); !errors.Is(err, message.ErrSealed) {
				t.Errorf("%s: cut to %d: %v", key.Type, i, err)
			}
		}
	}
}

// TestSum: the derived checksum of RFC 8009's test vectors (appendix A, aes256-cts-hmac-sha384-192, usage 2).
func TestSum(t *testing.T) {
	t.Parallel()
	bytesOf := func(s string) []byte {
		data, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	key := krb5.Key{Type: krb5.AES256SHA384, Value: bytesOf("6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52")}
	got, err := message.Sum(key, 2, bytesOf("000102030405060708090A0B0C0D0E0F1011121314"))
	if want := bytesOf("45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A"); err != nil || !bytes.Equal(got.Value, want) || got.Type != 20 {
		t.Errorf("%d %X, %v", got.Type, got.Value, err)
	}
}

func TestKeyErrors(t *testing.T) {
	t.Parallel()
	for want, key := range map[string]krb5.Key{
		"encryption of the type camellia256-cts-cmac is not supported": {Type: krb5.Camellia256CTSMAC, Value: make([]byte, 32)},
		"5 bytes are no key of the type aes256-cts-hmac-sha1-96":       {Type: krb5.AES256SHA1, Value: []byte("SECRT")},
		"33 bytes are no key of the type aes256-cts-hmac-sha384-192":   {Type: krb5.AES256SHA384, Value: make([]byte, 33)},
		"encryption of the type des-cbc-crc is not supported":          {Type: krb5.DESCBCCRC, Value: make([]byte, 8)},
	} {
		_, seal := message.Seal(key, 1, []byte("x"))
		_, open := message.Open(key, 1, make([]byte, 100))
		_, sum := message.Sum(key, 1, []byte("x"))
		for _, err := range []error{seal, open, sum} {
			if _, ok := errors.AsType[*message.KeyError](err); !ok || err.Error() != want {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
	if message.Supported(krb5.Camellia128CTSMAC) || !message.Supported(krb5.AES128SHA256) {
		t.Error("Supported is wrong")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(message.ASReq, message.ASRep, message.TGSReq, message.TGSRep, message.APReq, message.APRep, message.KRBErr, message.Kind(1))
	if want := "AS-REQ AS-REP TGS-REQ TGS-REP AP-REQ AP-REP KRB-ERROR message 1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
