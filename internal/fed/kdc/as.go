// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/krb5"
)

// initial answers a request for a ticket by a password or a key, RFC 4120 §3.1.
func (s *Server) initial(body *messages.KDCReqBody, padata types.PADataSequence) ([]byte, error) {
	user, service, err := s.parties(body)
	if err != nil {
		return nil, err
	}
	now := s.now()
	start := now.Truncate(time.Second)
	end, err := s.end(start, body.Till)
	if err != nil {
		return nil, err
	}
	encType, ok := choose(body.EType, user.encTypes())
	if !ok {
		return nil, refusal{errorcode.KDC_ERR_ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE", nil}
	}
	info, err := asn1.Marshal(types.ETypeInfo2{{EType: int32(encType), Salt: salt(body.Realm, user)}})
	if err != nil {
		return nil, err
	}
	hint := types.PADataSequence{{PADataType: patype.PA_ETYPE_INFO2, PADataValue: info}}
	if err := s.preauthenticate(padata, body.Realm, user, hint, now); err != nil {
		return nil, err
	}
	key, err := s.key(body.Realm, user, encType)
	if err != nil {
		return nil, err
	}
	return s.reply(&grant{
		crealm: body.Realm, cname: body.CName, srealm: body.Realm, sname: body.SName, service: service,
		flags: options(body.KDCOptions)&(krb5.FlagForwardable|krb5.FlagProxiable) | krb5.FlagInitial | krb5.FlagPreAuthent,
		auth:  start, start: start, end: end,
	}, body, wrap{
		msgType: msgtype.KRB_AS_REP, outer: asnAppTag.ASREP, inner: asnAppTag.EncASRepPart,
		key: key, usage: keyusage.AS_REP_ENCPART, kvno: kvno, padata: hint,
	})
}

// parties are the user who asks and the service that he asks for.
func (s *Server) parties(body *messages.KDCReqBody) (user, service Principal, err error) {
	user, ok := s.principal(body.Realm, body.CName)
	_, kdc := tgs(body.CName)
	switch {
	case !ok || kdc:
		return user, service, refusal{errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN, "CLIENT_NOT_FOUND", nil}
	case user.Revoked:
		return user, service, refusal{errorcode.KDC_ERR_CLIENT_REVOKED, "CLIENT LOCKED OUT", nil}
	}
	service, ok = s.service(body.Realm, body.SName)
	of, kdc := tgs(body.SName)
	switch {
	case !ok || kdc && of != body.Realm:
		return user, service, refusal{errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN, "SERVER_NOT_FOUND", nil}
	case options(body.KDCOptions)&krb5.FlagPostdated != 0:
		return user, service, refusal{errorcode.KDC_ERR_CANNOT_POSTDATE, "POSTDATE NOT ALLOWED", nil}
	}
	return user, service, nil
}

// preauthenticate wants the time, encrypted by the user's key: RFC 4120 §5.2.7.2.
func (s *Server) preauthenticate(padata types.PADataSequence, realm string, user Principal, hint types.PADataSequence, now time.Time) error {
	offer := append(types.PADataSequence{{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: []byte{}}}, hint...)
	data, err := asn1.Marshal(offer)
	if err != nil {
		return err
	}
	for _, pa := range padata {
		if pa.PADataType != patype.PA_ENC_TIMESTAMP {
			continue
		}
		var stamp types.PAEncTSEnc
		if err := s.unseal(pa.PADataValue, realm, user, &stamp); err != nil {
			return refusal{errorcode.KDC_ERR_PREAUTH_FAILED, "PREAUTH_FAILED", data}
		}
		at := stamp.PATimestamp.Add(time.Duration(stamp.PAUSec) * time.Microsecond)
		if now.Sub(at).Abs() > s.skew() {
			return refusal{errorcode.KRB_AP_ERR_SKEW, "PREAUTH_FAILED", nil}
		}
		return nil
	}
	return refusal{errorcode.KDC_ERR_PREAUTH_REQUIRED, "NEEDED_PREAUTH", data}
}

// unseal decrypts a time stamp.
func (s *Server) unseal(value []byte, realm string, user Principal, stamp *types.PAEncTSEnc) error {
	var sealed types.EncryptedData
	if err := sealed.Unmarshal(value); err != nil {
		return err
	}
	plain, err := s.unlock(sealed, realm, user, keyusage.AS_REQ_PA_ENC_TIMESTAMP)
	if err != nil {
		return err
	}
	return stamp.Unmarshal(plain)
}
