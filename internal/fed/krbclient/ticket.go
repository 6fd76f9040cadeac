// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krbclient

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Ticket asks for a ticket by a ticket. What the KDC refuses is an [*Error].
func (c *Client) Ticket(tgt krb5.Credential, service krb5.Principal, options uint32) (krb5.Credential, error) {
	request, err := c.TicketRequest(tgt, service, options)
	if err != nil {
		return krb5.Credential{}, err
	}
	reply, _, err := c.ask(request)
	if err != nil {
		return krb5.Credential{}, err
	}
	var rep messages.TGSRep
	if err := rep.Unmarshal(reply); err != nil {
		return krb5.Credential{}, err
	}
	return credential(&rep.KDCRepFields, key(tgt), keyusage.TGS_REP_ENCPART_SESSION_KEY)
}

func key(c krb5.Credential) types.EncryptionKey {
	return types.EncryptionKey{KeyType: int32(c.Key.Type), KeyValue: c.Key.Value}
}

// TicketRequest is the request of [Client.Ticket].
func (c *Client) TicketRequest(tgt krb5.Credential, service krb5.Principal, options uint32) ([]byte, error) {
	req := messages.TGSReq{KDCReqFields: messages.KDCReqFields{
		PVNO: iana.PVNO, MsgType: msgtype.KRB_TGS_REQ, ReqBody: c.body(options, service),
	}}
	body, err := req.ReqBody.Marshal()
	if err != nil {
		return nil, err
	}
	e, err := crypto.GetEtype(int32(tgt.Key.Type))
	if err != nil {
		return nil, err
	}
	sum, err := e.GetChecksumHash(tgt.Key.Value, body, keyusage.TGS_REQ_PA_TGS_REQ_AP_REQ_AUTHENTICATOR_CHKSUM)
	if err != nil {
		return nil, err
	}
	ap, err := apReq(tgt, authenticator(tgt, c.now(), types.Checksum{CksumType: e.GetHashID(), Checksum: sum}), 0)
	if err != nil {
		return nil, err
	}
	req.PAData = types.PADataSequence{{PADataType: patype.PA_TGS_REQ, PADataValue: ap}}
	return req.Marshal()
}

// authenticator says who and when.
func authenticator(c krb5.Credential, now time.Time, sum types.Checksum) types.Authenticator {
	now = now.UTC()
	return types.Authenticator{
		AVNO: iana.PVNO, CRealm: c.Client.Realm, CName: wire(c.Client), Cksum: sum,
		CTime: now.Truncate(time.Second), Cusec: now.Nanosecond() / 1000,
	}
}

// apReq is a ticket with an authenticator.
func apReq(c krb5.Credential, a types.Authenticator, options uint32) ([]byte, error) {
	var ticket messages.Ticket
	if err := ticket.Unmarshal(c.Ticket); err != nil {
		return nil, err
	}
	ap, err := messages.NewAPReq(ticket, key(c), a)
	if err != nil {
		return nil, err
	}
	ap.APOptions.Bytes = binary.BigEndian.AppendUint32(nil, options)
	return ap.Marshal()
}

// A Greeting is the token for a server, and how to know the server by its answer.
type Greeting struct {
	Token []byte // SPNEGO, Kerberos within
	Bare  []byte // the same without SPNEGO
	cred  krb5.Credential
	auth  types.Authenticator
}

// Greet makes a token by a ticket for a service.
func Greet(c krb5.Credential, now time.Time, mutual bool) (Greeting, error) {
	sum := append(binary.LittleEndian.AppendUint32(nil, 16), make([]byte, 16)...) // no channel bindings
	var options, flags uint32
	if mutual {
		options, flags = 1<<29, 2
	}
	auth := authenticator(c, now, types.Checksum{CksumType: 0x8003, Checksum: binary.LittleEndian.AppendUint32(sum, flags)})
	ap, err := apReq(c, auth, options)
	if err != nil {
		return Greeting{}, err
	}
	inner := tlv(0x60, oidKRB5, []byte{1, 0}, ap)
	outer := tlv(0x60, oidSPNEGO, tlv(0xa0, tlv(0x30, tlv(0xa0, tlv(0x30, oidKRB5)), tlv(0xa2, tlv(4, inner)))))
	return Greeting{outer, inner, c, auth}, nil
}

// Check tells whether an answer, if it has an AP-REP, is of someone who knows the session key.
func (g Greeting) Check(answer []byte) error {
	_, reply, ok := bytes.Cut(answer, append(bytes.Clone(oidKRB5), 2, 0))
	if !ok {
		return errors.New("there is no AP-REP in it")
	}
	var rep messages.APRep
	if err := rep.Unmarshal(reply); err != nil {
		return err
	}
	plain, err := crypto.DecryptEncPart(rep.EncPart, key(g.cred), keyusage.AP_REP_ENCPART)
	if err != nil {
		return err
	}
	var part messages.EncAPRepPart
	if err := part.Unmarshal(plain); err != nil {
		return err
	}
	if !part.CTime.Equal(g.auth.CTime) || part.Cusec != g.auth.Cusec {
		return errors.New("it is of another time")
	}
	return nil
}

// The identifiers of SPNEGO and of Kerberos, in DER.
var (
	oidSPNEGO = []byte{6, 6, 0x2b, 6, 1, 5, 5, 2}
	oidKRB5   = []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
)

// tlv writes a value of DER.
func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	n := len(content)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
}
