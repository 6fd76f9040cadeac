// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ticket_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/internal/ticket"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// sessionKey is that of all tickets, so that the KDCs here need to open none.
var sessionKey = types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{7}, 32)}

func parse(t testing.TB, text string) krb5.Principal {
	t.Helper()
	p, err := krb5.ParsePrincipal(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// credential is a ticket of jdoe@A for an hour.
func credential(t testing.TB, server string) krb5.Credential {
	t.Helper()
	p := parse(t, server)
	wire := messages.Ticket{TktVNO: 5, Realm: p.Realm, SName: types.PrincipalName{NameType: p.Type, NameString: p.Names}, EncPart: types.EncryptedData{EType: 18, Cipher: []byte(server)}}
	data, err := wire.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return krb5.Credential{Client: parse(t, "jdoe@A"), Server: p, Key: krb5.Key{Type: 18, Value: sessionKey.KeyValue},
		AuthTime: noon.Add(-time.Hour), EndTime: noon.Add(time.Hour), Ticket: data}
}

// answer is what a KDC gives: a ticket for a server, or an error. What is not set is as it should be.
type answer struct {
	server       string // of the ticket, as the sealed part says
	ticketServer string // as the ticket itself says
	client       string
	code         int32
	ahead        time.Duration // the clock of the KDC; the time of the ticket
	life         time.Duration
	nonce        int // added
	key          types.EncryptionKey
	sealedWith   types.EncryptionKey
	raw          []byte
}

// fakeKDC answers as it was told: by "what was asked for at the realm", with "!" behind if the client did not say canonicalize.
type fakeKDC struct {
	t       *testing.T
	answers map[string][]answer // each once, the last for ever
	asked   []string
	clock   []time.Time // of the authenticators
	raw     error       // of Send
}

func (k *fakeKDC) client(conf string) *ticket.Client {
	config, err := krb5conf.Parse(strings.NewReader(conf), "test")
	if err != nil {
		k.t.Fatal(err)
	}
	return &ticket.Client{Send: k.send, Now: func() time.Time { return noon }, Config: config}
}

func (k *fakeKDC) send(_ context.Context, realm string, request []byte) ([]byte, string, error) {
	var r messages.TGSReq
	if err := r.Unmarshal(request); err != nil {
		k.t.Fatal(err)
	}
	key := strings.Join(r.ReqBody.SName.NameString, "/") + "@" + r.ReqBody.Realm
	if r.ReqBody.KDCOptions.Bytes[1]&1 == 0 {
		key += "!"
	}
	k.asked = append(k.asked, key)
	if k.raw != nil {
		return nil, "", k.raw
	}
	k.check(realm, r)
	list := k.answers[key]
	if len(list) == 0 {
		list = []answer{{code: 7}}
	}
	if len(list) > 1 {
		k.answers[key] = list[1:]
	}
	return list[0].marshal(k.t, r.ReqBody), "kdc." + realm, nil
}

// check is what a KDC makes sure of: the ticket is for it, and the authenticator for this body.
func (k *fakeKDC) check(realm string, r messages.TGSReq) {
	var ap messages.APReq
	if err := ap.Unmarshal(r.PAData[0].PADataValue); err != nil || r.PAData[0].PADataType != 1 {
		k.t.Fatal(err)
	}
	if err := ap.DecryptAuthenticator(sessionKey); err != nil {
		k.t.Fatal(err)
	}
	a := ap.Authenticator
	k.clock = append(k.clock, a.CTime.Add(time.Duration(a.Cusec)*time.Microsecond))
	body, err := r.ReqBody.Marshal()
	if err != nil {
		k.t.Fatal(err)
	}
	e, err := crypto.GetEtype(18)
	if err != nil {
		k.t.Fatal(err)
	}
	if !e.VerifyChecksum(sessionKey.KeyValue, body, a.Cksum.Checksum, 6) || a.Cksum.CksumType != 16 {
		k.t.Errorf("the checksum of the request is wrong")
	}
	if a.CRealm != "A" || a.CName.PrincipalNameString() != "jdoe" || r.ReqBody.Realm != realm || ap.Ticket.SName.NameString[1] != realm {
		k.t.Errorf("a request of %s@%s for %s is sent to %s with a ticket for %v", a.CName.PrincipalNameString(), a.CRealm, r.ReqBody.Realm, realm, ap.Ticket.SName)
	}
}

func split(t testing.TB, text string) (types.PrincipalName, string) {
	p := parse(t, text)
	return types.PrincipalName{NameType: p.Type, NameString: p.Names}, p.Realm
}

func (a answer) marshal(t *testing.T, asked messages.KDCReqBody) []byte {
	t.Helper()
	must := func(data []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	now := noon.Add(a.ahead)
	if a.raw != nil {
		return a.raw
	}
	if a.code != 0 {
		e := messages.KRBError{PVNO: 5, MsgType: 30, STime: now.Truncate(time.Second), Susec: 123456, ErrorCode: a.code, Realm: asked.Realm, SName: asked.SName, EText: "text"}
		return must(e.Marshal())
	}
	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	server := or(a.server, strings.Join(asked.SName.NameString, "/")+"@"+asked.Realm)
	ticketServer, client := or(a.ticketServer, server), or(a.client, "jdoe@A")
	key, sealedWith := a.key, a.sealedWith
	if key.KeyType == 0 {
		key = sessionKey
	}
	if sealedWith.KeyType == 0 {
		sealedWith = sessionKey
	}
	life := a.life
	if life == 0 {
		life = time.Hour
	}
	part := messages.EncKDCRepPart{Key: key, LastReqs: []messages.LastReq{{LRValue: now}}, Nonce: asked.Nonce + a.nonce, Flags: asn1.BitString{Bytes: []byte{0, 0, 0, 0}, BitLength: 32},
		AuthTime: noon.Add(-time.Hour), StartTime: now, EndTime: now.Add(life)}
	part.SName, part.SRealm = split(t, server)
	sealed, err := crypto.GetEncryptedData(must(part.Marshal()), sealedWith, 8, 0)
	if err != nil {
		t.Fatal(err)
	}
	reply := messages.TGSRep{KDCRepFields: messages.KDCRepFields{PVNO: 5, MsgType: 13, EncPart: sealed, Ticket: messages.Ticket{TktVNO: 5, EncPart: types.EncryptedData{EType: 18, Cipher: []byte(fmt.Sprint("ticket for ", server))}}}}
	reply.CName, reply.CRealm = split(t, client)
	reply.Ticket.SName, reply.Ticket.Realm = split(t, ticketServer)
	return must(reply.Marshal())
}
