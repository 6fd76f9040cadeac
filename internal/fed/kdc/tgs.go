// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/krb5"
)

// notHere are options that are refused.
const notHere = krb5.FlagForwarded | krb5.FlagProxy | krb5.FlagPostdated | optionInSkey | optionRenew | optionValidate

// granting answers a request for a ticket by a ticket, RFC 4120 §3.3.
func (s *Server) granting(x *exchange, padata types.PADataSequence, request []byte) ([]byte, error) {
	body, now := x.body, s.now()
	ap, err := s.header(x, padata, now)
	if err != nil {
		return nil, err
	}
	tgt, authenticator := &ap.Ticket.DecryptedEncPart, &ap.Authenticator
	if err := checkSum(authenticator, tgt.Key, request); err != nil {
		return nil, err
	}
	wanted := options(body.KDCOptions)
	if wanted&notHere != 0 {
		return nil, refusal{errorcode.KDC_ERR_BADOPTION, "BAD_OPTION", nil}
	}
	service, sname, err := s.target(body)
	if err != nil {
		return nil, err
	}
	start := now.Truncate(time.Second)
	end, err := s.end(start, body.Till)
	if err != nil {
		return nil, err
	}
	if tgt.EndTime.Before(end) {
		end = tgt.EndTime
	}
	had := options(tgt.Flags)
	key, usage := tgt.Key, uint32(keyusage.TGS_REP_ENCPART_SESSION_KEY)
	if len(authenticator.SubKey.KeyValue) > 0 {
		key, usage = authenticator.SubKey, keyusage.TGS_REP_ENCPART_AUTHENTICATOR_SUB_KEY
	}
	return s.reply(&grant{
		crealm: tgt.CRealm, cname: tgt.CName, srealm: body.Realm, sname: sname, service: service,
		flags: had&krb5.FlagPreAuthent | had&wanted&(krb5.FlagForwardable|krb5.FlagProxiable) | krb5.FlagTransited,
		auth:  tgt.AuthTime, start: start, end: end,
	}, body, wrap{
		msgType: msgtype.KRB_TGS_REP, outer: asnAppTag.TGSREP, inner: asnAppTag.EncTGSRepPart, key: key, usage: usage,
	})
}

// bad is how MIT's KDC refuses a ticket or an authenticator.
func bad(code int32) error { return refusal{code, "PROCESS_TGS", nil} }

// header reads the ticket and the authenticator of a request, and checks them: RFC 4120 §3.3.2 and §3.2.3.
func (s *Server) header(x *exchange, padata types.PADataSequence, now time.Time) (*messages.APReq, error) {
	i := slices.IndexFunc(padata, func(pa types.PAData) bool { return pa.PADataType == patype.PA_TGS_REQ })
	if i < 0 {
		return nil, bad(errorcode.KDC_ERR_PADATA_TYPE_NOSUPP)
	}
	ap := &messages.APReq{}
	if err := ap.Unmarshal(padata[i].PADataValue); err != nil {
		return nil, bad(errorcode.KRB_ERR_GENERIC)
	}
	of, ok := tgs(ap.Ticket.SName)
	issuer, known := s.principal(ap.Ticket.Realm, ap.Ticket.SName)
	switch {
	case !ok || !known:
		return nil, bad(errorcode.KRB_AP_ERR_NOT_US)
	case of != x.body.Realm:
		return nil, bad(errorcode.KDC_ERR_WRONG_REALM)
	}
	tgt := &ap.Ticket.DecryptedEncPart
	plain, err := s.unlock(ap.Ticket.EncPart, ap.Ticket.Realm, issuer, keyusage.KDC_REP_TICKET)
	if err != nil || tgt.Unmarshal(plain) != nil {
		return nil, bad(errorcode.KRB_AP_ERR_BAD_INTEGRITY)
	}
	x.crealm, x.cname = tgt.CRealm, tgt.CName
	x.entry.Asked = text(tgt.CName) + "@" + tgt.CRealm
	plain, err = decrypt(ap.EncryptedAuthenticator, tgt.Key, keyusage.TGS_REQ_PA_TGS_REQ_AP_REQ_AUTHENTICATOR)
	if err != nil || ap.Authenticator.Unmarshal(plain) != nil {
		return nil, bad(errorcode.KRB_AP_ERR_BAD_INTEGRITY)
	}
	return ap, s.fresh(tgt, &ap.Authenticator, now)
}

// fresh compares the clocks, and the names in a ticket and its authenticator.
func (s *Server) fresh(tgt *messages.EncTicketPart, a *types.Authenticator, now time.Time) error {
	made := a.CTime.Add(time.Duration(a.Cusec) * time.Microsecond)
	switch {
	case a.CRealm != tgt.CRealm || !a.CName.Equal(tgt.CName):
		return bad(errorcode.KRB_AP_ERR_BADMATCH)
	case now.Sub(made).Abs() > s.skew():
		return bad(errorcode.KRB_AP_ERR_SKEW)
	case tgt.StartTime.After(now.Add(s.skew())):
		return bad(errorcode.KRB_AP_ERR_TKT_NYV)
	case !now.Before(tgt.EndTime) || s.Faults.Expired:
		return bad(errorcode.KRB_AP_ERR_TKT_EXPIRED)
	}
	return nil
}

// checkSum compares the authenticator's checksum with the body of the request, as it came.
func checkSum(a *types.Authenticator, key types.EncryptionKey, request []byte) error {
	if len(a.Cksum.Checksum) == 0 {
		return bad(errorcode.KRB_AP_ERR_INAPP_CKSUM)
	}
	body, err := rawBody(request)
	if err != nil {
		return err
	}
	e, err := crypto.GetChksumEtype(a.Cksum.CksumType)
	if err != nil || e.GetETypeID() != key.KeyType {
		return bad(errorcode.KDC_ERR_SUMTYPE_NOSUPP)
	}
	if !e.VerifyChecksum(key.KeyValue, body, a.Cksum.Checksum, keyusage.TGS_REQ_PA_TGS_REQ_AP_REQ_AUTHENTICATOR_CHKSUM) {
		return bad(errorcode.KRB_AP_ERR_MODIFIED)
	}
	return nil
}

// rawBody finds the KDC-REQ-BODY in a request, RFC 4120 §5.4.1: the field of number 4.
func rawBody(request []byte) ([]byte, error) {
	var message, fields, field cryptobyte.String
	var tag casn1.Tag
	in := cryptobyte.String(request)
	if !in.ReadAnyASN1(&message, &tag) || !message.ReadASN1(&fields, casn1.SEQUENCE) {
		return nil, errors.New("it is no request")
	}
	for !fields.Empty() {
		if !fields.ReadAnyASN1(&field, &tag) {
			break
		}
		if tag == casn1.Tag(4).ContextSpecific().Constructed() {
			return field, nil
		}
	}
	return nil, errors.New("the request has no body")
}

// target is the service that a ticket is to be for: that of the request, or, for a host of another realm, the KDC of that.
func (s *Server) target(body *messages.KDCReqBody) (Principal, types.PrincipalName, error) {
	if p, ok := s.service(body.Realm, body.SName); ok {
		return p, body.SName, nil
	}
	if other, ok := s.referral(body); ok {
		name := types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: []string{"krbtgt", other}}
		if p, ok := s.service(body.Realm, name); ok {
			return p, name, nil
		}
	}
	return Principal{}, body.SName, refusal{errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN, "LOOKING_UP_SERVER", nil}
}

// referral is the realm of a host, if the client wants to be told: RFC 6806 §8. As with MIT's KDC names must be of services on
// hosts by their type.
func (s *Server) referral(body *messages.KDCReqBody) (string, bool) {
	name := body.SName
	hostly := name.NameType == nametype.KRB_NT_SRV_HST || name.NameType == nametype.KRB_NT_SRV_INST
	if options(body.KDCOptions)&optionCanonicalize == 0 || !hostly || len(name.NameString) != 2 || s.Faults.UnknownService {
		return "", false
	}
	host := strings.ToLower(name.NameString[1])
	for _, r := range s.Realms {
		for _, h := range r.Hosts {
			if h == host || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
				return r.Name, r.Name != body.Realm
			}
		}
	}
	return "", false
}
