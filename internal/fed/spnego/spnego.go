// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package spnego is the server's side of HTTP Negotiate for package fed: it takes what a client sends in its Authorization header,
// verifies the Kerberos ticket in it with the keytab of the service, and makes the answer by which the client knows the server.
//
//	a := &spnego.Acceptor{Keytab: keytab}
//	accepted, err := a.Accept(token)
//	// accepted.Client is who it is; accepted.Token goes back to him
//
// # What is real
//
// Tokens are those of RFC 4178 (SPNEGO) around those of RFC 4121 (Kerberos in GSS-API), or the latter alone, as Apache's
// mod_auth_gssapi takes them. The first mechanism has to be Kerberos, by its own identifier or by that of old Windows. The
// ticket must be for a service of the keytab and be valid now; the authenticator must be the client's, of now, and come once; its
// checksum must be that of GSS-API (§4.1.1). Clients that want to be sure of the server get an AP-REP.
//
// # What it does not do
//
// It takes no delegated tickets, looks at no channel bindings and no addresses, protects no messages, and sends no KRB-ERROR.
package spnego

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/expiring"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// An Acceptor is a service. The fields must not change once it is used; several goroutines may.
type Acceptor struct {
	Keytab keytab.Keytab
	Now    func() time.Time // nil: time.Now
	Skew   time.Duration    // how wrong the clocks of clients may be; 0: 5 minutes
	// Impostor makes the answers of one who does not know the session key.
	Impostor bool

	seen expiring.Table[struct{}] // hashes of authenticators
}

// Accepted is what came of a token.
type Accepted struct {
	Client  krb5.Principal
	Service krb5.Principal
	Token   []byte // the answer: a NegTokenResp, or, to a client that speaks no SPNEGO, an AP-REP, or nothing
	Mutual  bool   // the client wants to know the server, and Token has an AP-REP
}

const (
	defaultSkew = 5 * time.Minute
	contextFlag = 2 // GSS_C_MUTUAL_FLAG, RFC 4121 §4.1.1.1
	optionFlag  = 1 << 29
)

// Accept verifies a token: the header's after base64. Whatever is wrong with it, the client is to be refused by a new
// challenge; the error is for the log.
func (a *Acceptor) Accept(token []byte) (accepted Accepted, err error) {
	defer func() {
		if r := recover(); r != nil { // the engine panics on some messages
			accepted, err = Accepted{}, fmt.Errorf("spnego: reading a token: %v", r)
		}
	}()
	outer, err := unwrap(token)
	if err != nil {
		return Accepted{}, fmt.Errorf("spnego: reading a token: %w", err)
	}
	var ap messages.APReq
	if err := ap.Unmarshal(outer.request); err != nil {
		return Accepted{}, fmt.Errorf("spnego: reading an AP-REQ: %w", err)
	}
	if err := a.verify(&ap); err != nil {
		return Accepted{}, fmt.Errorf("spnego: verifying an AP-REQ: %w", err)
	}
	ticket := &ap.Ticket.DecryptedEncPart
	accepted = Accepted{
		Client:  principal(ticket.CRealm, ticket.CName),
		Service: principal(ap.Ticket.Realm, ap.Ticket.SName),
		Mutual:  mutual(&ap),
	}
	var reply []byte
	if accepted.Mutual {
		if reply, err = a.prove(&ap); err != nil {
			return Accepted{}, fmt.Errorf("spnego: making an AP-REP: %w", err)
		}
	}
	if accepted.Token, err = outer.wrap(reply); err != nil {
		return Accepted{}, fmt.Errorf("spnego: making an answer: %w", err)
	}
	return accepted, nil
}

func principal(realm string, name types.PrincipalName) krb5.Principal {
	return krb5.Principal{Type: name.NameType, Realm: realm, Names: name.NameString}
}

// verify checks ticket and authenticator as RFC 4120 §3.2.3 says, and fills in what they hold.
func (a *Acceptor) verify(ap *messages.APReq) error {
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	skew := a.Skew
	if skew <= 0 {
		skew = defaultSkew
	}
	if err := a.decrypt(&ap.Ticket); err != nil {
		return err
	}
	ticket, at := &ap.Ticket.DecryptedEncPart, now()
	switch {
	case ticket.StartTime.After(at.Add(skew)):
		return errors.New("the ticket is not valid yet")
	case !at.Before(ticket.EndTime.Add(skew)):
		return errors.New("the ticket has expired")
	}
	if err := ap.DecryptAuthenticator(ticket.Key); err != nil {
		return err
	}
	made := ap.Authenticator.CTime.Add(time.Duration(ap.Authenticator.Cusec) * time.Microsecond)
	digest := sha256.Sum256(ap.EncryptedAuthenticator.Cipher)
	switch {
	case ap.Authenticator.CRealm != ticket.CRealm || !ap.Authenticator.CName.Equal(ticket.CName):
		return errors.New("the ticket is for another client")
	case at.Sub(made).Abs() > skew:
		return fmt.Errorf("the clocks differ by %v", at.Sub(made))
	case ap.Authenticator.Cksum.CksumType != checksumType || len(ap.Authenticator.Cksum.Checksum) < checksumLength ||
		binary.LittleEndian.Uint32(ap.Authenticator.Cksum.Checksum) != bindingsLength:
		return errors.New("the authenticator has no checksum of GSS-API")
	case !a.seen.Put(string(digest[:]), struct{}{}, at, 2*skew):
		return errors.New("the authenticator has come before")
	}
	return nil
}

// The checksum of an authenticator, RFC 4121 §4.1.1: the length of the channel bindings, these, and flags.
const (
	checksumType   = 0x8003
	bindingsLength = 16
	checksumLength = 4 + bindingsLength + 4
)

// decrypt opens a ticket with the key of its service, version and type.
func (a *Acceptor) decrypt(t *messages.Ticket) error {
	service := principal(t.Realm, t.SName)
	for _, e := range a.Keytab {
		if e.Principal.Equal(service) && int(e.KVNO) == t.EncPart.KVNO && int32(e.Key.Type) == t.EncPart.EType {
			return t.Decrypt(types.EncryptionKey{KeyType: int32(e.Key.Type), KeyValue: e.Key.Value})
		}
	}
	return fmt.Errorf("there is no key of %v, version %d, type %d", service, t.EncPart.KVNO, t.EncPart.EType)
}

// mutual tells whether the client wants to know who the server is. He can say so in two places: by a flag of GSS-API, and by an
// option of the AP-REQ.
func mutual(ap *messages.APReq) bool {
	flags := binary.LittleEndian.Uint32(ap.Authenticator.Cksum.Checksum[4+bindingsLength:])
	var options [4]byte
	copy(options[:], ap.APOptions.Bytes)
	return flags&contextFlag != 0 || binary.BigEndian.Uint32(options[:])&optionFlag != 0
}

// prove makes the AP-REP: the client's own time, encrypted with the session key (RFC 4120 §3.2.4), with a new key and a number
// to count messages from, as MIT's acceptor adds them.
func (a *Acceptor) prove(ap *messages.APReq) ([]byte, error) {
	session := ap.Ticket.DecryptedEncPart.Key
	fresh := types.EncryptionKey{KeyType: session.KeyType, KeyValue: make([]byte, len(session.KeyValue))}
	_, _ = rand.Read(fresh.KeyValue) // does not fail
	part, err := asn1.Marshal(messages.EncAPRepPart{
		CTime: ap.Authenticator.CTime, Cusec: ap.Authenticator.Cusec, Subkey: fresh,
		SequenceNumber: int64(binary.BigEndian.Uint32(fresh.KeyValue) & 0x3fffffff),
	})
	if err != nil {
		return nil, err
	}
	if a.Impostor {
		session = fresh
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(part, asnAppTag.EncAPRepPart), session, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		return nil, err
	}
	reply, err := asn1.Marshal(messages.APRep{PVNO: iana.PVNO, MsgType: msgtype.KRB_AP_REP, EncPart: sealed})
	return asn1tools.AddASNAppTag(reply, asnAppTag.APREP), err
}
