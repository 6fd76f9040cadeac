// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package krbclient is a client of Kerberos for the tests of package fed and of the rooms below it: a few lines per step, so that
// the servers are not tested with the very code that is tested with the servers.
//
//	c := krbclient.Client{Addr: server.Addr()}
//	tgt, err := c.Login("EXAMPLE.ORG", "jdoe", "secret")
//	ticket, err := c.Ticket(tgt, krb5.Principal{…}, krbclient.Canonicalize)
//	hello, err := krbclient.Greet(ticket, time.Now(), true)
//	// hello.Token for the header Authorization: Negotiate; hello.Check for the answer
//
// It asks one KDC, once, and believes it.
package krbclient

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Canonicalize is the option by which a client says that it understands referrals, RFC 6806 §3.
const Canonicalize uint32 = 1 << 16

// nonce is the same for every request; there is nobody to fool.
const nonce = 20261123

// A Client is someone who asks a KDC.
type Client struct {
	Addr     string
	Network  string           // udp or tcp; empty: udp
	Now      func() time.Time // nil: time.Now
	EncTypes []krb5.EncType   // in the order in which he likes them; nil: aes256-cts-hmac-sha1-96
	Life     time.Duration    // of the tickets that he wants; 0: as long as they come
	Options  uint32           // of the request for the first ticket
	Patience time.Duration    // 0: 20 seconds
}

// An Error is a KRB-ERROR.
type Error struct {
	Code int32
	Text string
	Time time.Time // the KDC's
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("the KDC says %d %s", e.Code, e.Text) }

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) encTypes() []int32 {
	if c.EncTypes == nil {
		return []int32{18}
	}
	var all []int32
	for _, e := range c.EncTypes {
		all = append(all, int32(e))
	}
	return all
}

// Send sends a message as it is and returns the answer.
func (c *Client) Send(request []byte) ([]byte, error) {
	network, patience := c.Network, c.Patience
	if network == "" {
		network = "udp"
	}
	if patience == 0 {
		patience = 20 * time.Second
	}
	conn, err := net.Dial(network, c.Addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if network == "udp" {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		reply := make([]byte, 64<<10)
		n, err := conn.Read(reply)
		return reply[:n], err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)); err != nil {
		return nil, err
	}
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > 1<<20 {
		return nil, fmt.Errorf("an answer of %d bytes", n)
	}
	reply := make([]byte, n)
	_, err = io.ReadFull(conn, reply)
	return reply, err
}

// ask sends a request, and tells errors from answers.
func (c *Client) ask(request []byte) ([]byte, *messages.KRBError, error) {
	reply, err := c.Send(request)
	if err != nil {
		return nil, nil, err
	}
	var refused messages.KRBError
	if refused.Unmarshal(reply) == nil {
		return nil, &refused, &Error{refused.ErrorCode, refused.EText, refused.STime}
	}
	return reply, nil, nil
}

// body is what requests have in common.
func (c *Client) body(options uint32, service krb5.Principal) messages.KDCReqBody {
	till := time.Unix(0, 0).UTC()
	if c.Life != 0 {
		till = c.now().Add(c.Life).UTC()
	}
	return messages.KDCReqBody{
		KDCOptions: asn1.BitString{Bytes: binary.BigEndian.AppendUint32(nil, options), BitLength: 32},
		Realm:      service.Realm, SName: wire(service), Till: till, Nonce: nonce, EType: c.encTypes(),
	}
}

func wire(p krb5.Principal) types.PrincipalName {
	return types.PrincipalName{NameType: p.Type, NameString: p.Names}
}

func principal(realm string, name types.PrincipalName) krb5.Principal {
	return krb5.Principal{Type: name.NameType, Realm: realm, Names: name.NameString}
}

// TGS is the name of a realm's KDC, as another realm, or the same, writes it into tickets.
func TGS(of, at string) krb5.Principal {
	return krb5.Principal{Type: 2, Realm: at, Names: []string{"krbtgt", of}}
}

// Ask asks for a first ticket with nothing to show for it, which KDCs refuse. The answer is an [*Error].
func (c *Client) Ask(realm, user string) error {
	_, err := c.initial(realm, user, nil)
	return err
}

// Login asks for a ticket for the realm's KDC by a password: without it first, for the salt. What the KDC refuses is an [*Error].
func (c *Client) Login(realm, user, password string) (krb5.Credential, error) {
	return c.initial(realm, user, func(pas types.PADataSequence, name types.PrincipalName) (types.EncryptionKey, error) {
		key, _, err := crypto.GetKeyFromPassword(password, name, realm, c.encTypes()[0], pas)
		return key, err
	})
}

// LoginKey is [Client.Login] with a key.
func (c *Client) LoginKey(realm, user string, key krb5.Key) (krb5.Credential, error) {
	return c.initial(realm, user, func(types.PADataSequence, types.PrincipalName) (types.EncryptionKey, error) {
		return types.EncryptionKey{KeyType: int32(key.Type), KeyValue: key.Value}, nil
	})
}

// LoginRequest is the first request of [Client.Login].
func (c *Client) LoginRequest(realm, user string) ([]byte, error) {
	req, err := c.first(realm, user)
	if err != nil {
		return nil, err
	}
	return req.Marshal()
}

// first is the request for a first ticket, with nothing to show.
func (c *Client) first(realm, user string) (*messages.ASReq, error) {
	name, err := krb5.ParsePrincipal(user)
	if err != nil {
		return nil, err
	}
	name.Type = 1
	req := &messages.ASReq{KDCReqFields: messages.KDCReqFields{
		PVNO: iana.PVNO, MsgType: msgtype.KRB_AS_REQ, ReqBody: c.body(c.Options, TGS(realm, realm)),
	}}
	req.ReqBody.CName = wire(name)
	return req, nil
}

// A secret makes a key, knowing what the KDC said about salts.
type secret func(types.PADataSequence, types.PrincipalName) (types.EncryptionKey, error)

// initial asks for a first ticket, twice.
func (c *Client) initial(realm, user string, s secret) (krb5.Credential, error) {
	req, err := c.first(realm, user)
	if err != nil {
		return krb5.Credential{}, err
	}
	request, err := req.Marshal()
	if err != nil {
		return krb5.Credential{}, err
	}
	_, refused, err := c.ask(request)
	if refused == nil || refused.ErrorCode != 25 || s == nil {
		return krb5.Credential{}, err
	}
	var pas types.PADataSequence
	if err := pas.Unmarshal(refused.EData); err != nil {
		return krb5.Credential{}, err
	}
	key, err := s(pas, req.ReqBody.CName)
	if err != nil {
		return krb5.Credential{}, err
	}
	if req.PAData, err = c.stamp(key); err != nil {
		return krb5.Credential{}, err
	}
	if request, err = req.Marshal(); err != nil {
		return krb5.Credential{}, err
	}
	reply, _, err := c.ask(request)
	if err != nil {
		return krb5.Credential{}, err
	}
	var rep messages.ASRep
	if err := rep.Unmarshal(reply); err != nil {
		return krb5.Credential{}, err
	}
	return credential(&rep.KDCRepFields, key, keyusage.AS_REP_ENCPART)
}

// stamp is the time, encrypted.
func (c *Client) stamp(key types.EncryptionKey) (types.PADataSequence, error) {
	now := c.now().UTC()
	plain, err := asn1.Marshal(types.PAEncTSEnc{PATimestamp: now, PAUSec: now.Nanosecond() / 1000})
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.GetEncryptedData(plain, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP, 0)
	if err != nil {
		return nil, err
	}
	value, err := sealed.Marshal()
	return types.PADataSequence{{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: value}}, err
}

// credential opens an answer.
func credential(rep *messages.KDCRepFields, key types.EncryptionKey, usage uint32) (krb5.Credential, error) {
	plain, err := crypto.DecryptEncPart(rep.EncPart, key, usage)
	if err != nil {
		return krb5.Credential{}, err
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(plain); err != nil {
		return krb5.Credential{}, err
	}
	if part.Nonce != nonce {
		return krb5.Credential{}, errors.New("the answer is to another request")
	}
	der, err := rep.Ticket.Marshal()
	return krb5.Credential{
		Client: principal(rep.CRealm, rep.CName), Server: principal(part.SRealm, part.SName),
		Key:      krb5.Key{Type: krb5.EncType(part.Key.KeyType), Value: part.Key.KeyValue},
		AuthTime: part.AuthTime, StartTime: part.StartTime, EndTime: part.EndTime,
		Flags: binary.BigEndian.Uint32(part.Flags.Bytes), Ticket: der,
	}, err
}
