// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Options of a request that are no flags of tickets, RFC 4120 §5.4.1 and RFC 6806 §3. Those that are have the same bits as these.
const (
	optionCanonicalize uint32 = 1 << 16
	optionInSkey       uint32 = 1 << 3
	optionRenew        uint32 = 1 << 1
	optionValidate     uint32 = 1 << 0
)

// options are the KDC options of a request.
func options(b asn1.BitString) uint32 {
	var four [4]byte
	copy(four[:], b.Bytes)
	return binary.BigEndian.Uint32(four[:])
}

func bitString(flags uint32) asn1.BitString {
	return asn1.BitString{Bytes: binary.BigEndian.AppendUint32(nil, flags), BitLength: 32}
}

// A grant is what a ticket is about to say.
type grant struct {
	crealm           string
	cname            types.PrincipalName
	srealm           string
	sname            types.PrincipalName
	service          Principal
	flags            uint32
	auth, start, end time.Time
}

// issue makes a ticket, and the session key in it.
func (s *Server) issue(g *grant, session krb5.EncType) (messages.Ticket, types.EncryptionKey, error) {
	key, err := randomKey(session)
	if err != nil {
		return messages.Ticket{}, key, err
	}
	const domainX500Compress = 1 // of the transited realms, of which there are none
	part, err := asn1.Marshal(messages.EncTicketPart{
		Flags: bitString(g.flags), Key: key, CRealm: g.crealm, CName: g.cname,
		Transited: messages.TransitedEncoding{TRType: domainX500Compress},
		AuthTime:  g.auth, StartTime: g.start, EndTime: g.end,
	})
	if err != nil {
		return messages.Ticket{}, key, err
	}
	secret, err := s.key(g.srealm, g.service, g.service.encTypes()[0])
	if err != nil {
		return messages.Ticket{}, key, err
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(part, asnAppTag.EncTicketPart), secret, keyusage.KDC_REP_TICKET, kvno)
	return messages.Ticket{TktVNO: iana.PVNO, Realm: g.srealm, SName: g.sname, EncPart: sealed}, key, err
}

// A wrap is how an answer is encrypted.
type wrap struct {
	msgType, outer, inner int // number of the message, application tags of it and of its encrypted part
	key                   types.EncryptionKey
	usage                 uint32
	kvno                  int
	padata                types.PADataSequence
}

// reply makes a ticket and the answer that brings it.
func (s *Server) reply(g *grant, body *messages.KDCReqBody, w wrap) ([]byte, error) {
	session, ok := choose(body.EType, g.service.encTypes())
	if !ok {
		return nil, refusal{errorcode.KDC_ERR_ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE", nil}
	}
	ticket, key, err := s.issue(g, session)
	if err != nil {
		return nil, err
	}
	part, err := asn1.Marshal(messages.EncKDCRepPart{
		Key: key, LastReqs: []messages.LastReq{{LRValue: g.auth}}, Nonce: body.Nonce, Flags: bitString(g.flags),
		AuthTime: g.auth, StartTime: g.start, EndTime: g.end, SRealm: g.srealm, SName: g.sname,
	})
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(part, w.inner), w.key, w.usage, w.kvno)
	if err != nil {
		return nil, err
	}
	fields := messages.KDCRepFields{
		PVNO: iana.PVNO, MsgType: w.msgType, PAData: w.padata, CRealm: g.crealm, CName: g.cname, Ticket: ticket, EncPart: sealed,
	}
	if w.outer == asnAppTag.ASREP {
		return (&messages.ASRep{KDCRepFields: fields}).Marshal()
	}
	return (&messages.TGSRep{KDCRepFields: fields}).Marshal()
}

// choose takes the first encryption type of a client that is among those of a principal.
func choose(wanted []int32, have []krb5.EncType) (krb5.EncType, bool) {
	for _, e := range wanted {
		if slices.Contains(have, krb5.EncType(e)) {
			return krb5.EncType(e), true
		}
	}
	return 0, false
}

// end is when a ticket is over: what the client wants, but not more than there is. No time or the epoch want all of it.
func (s *Server) end(start, till time.Time) (time.Time, error) {
	life := s.Life
	if life <= 0 {
		life = defaultLife
	}
	end := start.Add(life)
	if till.Unix() <= 0 {
		return end, nil
	}
	if !till.After(start) {
		return end, refusal{errorcode.KDC_ERR_NEVER_VALID, "NEVER_VALID", nil}
	}
	if till.Before(end) {
		return till, nil
	}
	return end, nil
}

// A refusal is a KRB-ERROR that is still to be written.
type refusal struct {
	code int32
	text string // MIT's word for it
	data []byte
}

// Error implements error.
func (r refusal) Error() string { return r.text }

// marshal writes the KRB-ERROR to a request about a client and a service.
func (r refusal) marshal(now time.Time, body *messages.KDCReqBody, crealm string, cname types.PrincipalName) ([]byte, error) {
	e := messages.KRBError{
		PVNO: iana.PVNO, MsgType: msgtype.KRB_ERROR, STime: now.Truncate(time.Second), Susec: now.Nanosecond() / 1000, ErrorCode: r.code,
		CRealm: crealm, CName: cname, Realm: body.Realm, SName: body.SName, EText: r.text, EData: r.data,
	}
	return e.Marshal()
}
