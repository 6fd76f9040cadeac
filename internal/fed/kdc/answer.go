// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"errors"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/kerberos/krb5"
)

// An exchange is one request, as far as it is understood.
type exchange struct {
	body   *messages.KDCReqBody
	crealm string
	cname  types.PrincipalName
	entry  journal.Request
}

// answer answers a request; nil if it is none. The engine panics on some messages, so that nothing of a panic is believed.
func (s *Server) answer(request []byte) (reply []byte) {
	defer func() {
		if recover() != nil {
			reply = nil
		}
	}()
	x := &exchange{entry: journal.Request{Server: "kdc"}}
	reply, err := s.exchange(x, request)
	if x.body == nil {
		return nil
	}
	if err != nil {
		r, ok := errors.AsType[refusal](err)
		if !ok {
			r = refusal{errorcode.KRB_ERR_GENERIC, err.Error(), nil}
		}
		x.entry.Status = int(r.code)
		if reply, err = r.marshal(s.now(), x.body, x.crealm, x.cname); err != nil {
			return nil
		}
	}
	if s.Journal != nil {
		s.Journal.Add(x.entry)
	}
	return reply
}

// exchange tells the two kinds of requests apart.
func (s *Server) exchange(x *exchange, request []byte) ([]byte, error) {
	if len(request) == 0 {
		return nil, nil
	}
	switch request[0] & 0x1f {
	case asnAppTag.ASREQ:
		var req messages.ASReq
		if err := req.Unmarshal(request); err != nil {
			return nil, err
		}
		x.begin("AS", &req.ReqBody)
		x.crealm, x.cname = req.ReqBody.Realm, req.ReqBody.CName
		x.entry.Asked = text(x.cname) + "@" + x.crealm
		return s.initial(x.body, req.PAData)
	case asnAppTag.TGSREQ:
		var req messages.TGSReq
		if err := req.Unmarshal(request); err != nil {
			return nil, err
		}
		x.begin("TGS", &req.ReqBody)
		return s.granting(x, req.PAData, request)
	}
	return nil, nil
}

// begin notes what a request is about.
func (x *exchange) begin(method string, body *messages.KDCReqBody) {
	x.body = body
	x.entry.Method, x.entry.Path = method, text(body.SName)+"@"+body.Realm
}

// unlock decrypts what is encrypted with a principal's key.
func (s *Server) unlock(sealed types.EncryptedData, realm string, p Principal, usage uint32) ([]byte, error) {
	key, err := s.key(realm, p, krb5.EncType(sealed.EType))
	if err != nil {
		return nil, err
	}
	return decrypt(sealed, key, usage)
}

// decrypt decrypts with a key. The engine panics where there is less than an empty message has.
func decrypt(sealed types.EncryptedData, key types.EncryptionKey, usage uint32) (plain []byte, err error) {
	defer func() {
		if recover() != nil {
			plain, err = nil, errors.New("it is too short")
		}
	}()
	return crypto.DecryptEncPart(sealed, key, usage)
}
