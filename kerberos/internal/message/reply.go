// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Reply is an AS-REP or a TGS-REP (§5.4.2). All of it but what is sealed may have been changed on the way.
type Reply struct {
	Client krb5.Principal
	Server krb5.Principal // as the ticket has it
	Ticket []byte         // DER
	Part   Encrypted      // what ParsePart reads
}

// KRBError is a KRB-ERROR (§5.9.1). Anybody on the way may have made it.
type KRBError struct {
	Code int32
	Time time.Time // the clock of who sent it, microseconds included
	Text string    // e-text, as it came
	Data []byte    // e-data
}

// Error is the number; whoever shows it knows its name.
func (e *KRBError) Error() string { return fmt.Sprintf("it answered with the error %d", e.Code) }

// ParseReply reads an answer of a KDC, which is to be of that kind. A KRB-ERROR is an error of type [*KRBError].
func ParseReply(data []byte, kind Kind) (*Reply, error) {
	r := reader{rest: data, what: kind.String()}
	if r.rest.PeekASN1Tag(application(uint8(KRBErr))) {
		failure, err := ParseError(data)
		if err != nil {
			return nil, err
		}
		return nil, failure
	}
	r.whole(application(uint8(kind)))
	r.constant(0, version)
	r.constant(1, int64(kind))
	r.optional(2) // padata
	reply := &Reply{}
	reply.Client.Realm = r.realm(3)
	r.names(4, &reply.Client)
	ticket := r.field(5)
	reply.Ticket = slices.Clone([]byte(ticket.rest))
	reply.Part = r.encrypted(6)
	reply.Server = ticket.server()
	r.keep(ticket)
	if r.err != nil {
		return nil, r.err
	}
	return reply, nil
}

// TicketServer is the server that a ticket (§5.3) is for, as the ticket itself has it, and the key that it is sealed with.
func TicketServer(ticket []byte) (krb5.Principal, Encrypted, error) {
	r := reader{rest: ticket, what: "ticket"}
	server := r.server()
	sealed := r.encrypted(3)
	return server, sealed, r.err
}

// server reads a ticket up to its server's name.
func (r *reader) server() (server krb5.Principal) {
	r.what = "ticket"
	r.whole(application(1))
	r.constant(0, version)
	server.Realm = r.realm(1)
	r.names(2, &server)
	return server
}

// Part is what in an answer of a KDC is sealed (EncKDCRepPart, §5.4.2).
type Part struct {
	Key                                     krb5.Key
	Nonce                                   uint32
	Flags                                   uint32 // as krb5.Credential has them
	AuthTime, StartTime, EndTime, RenewTill time.Time
	Server                                  krb5.Principal
}

// ParsePart reads the part. Padding behind it is passed over.
func ParsePart(plain []byte) (*Part, error) {
	r := reader{rest: plain, what: "sealed part of the answer"}
	// An AS-REP may have the tag of a TGS-REP, and the reverse (§5.4.2).
	if !r.rest.PeekASN1Tag(application(25)) {
		r.enter(application(26), "it has another tag")
	} else {
		r.enter(application(25), "")
	}
	r.enter(asn1.SEQUENCE, "it is no sequence")
	p := &Part{Key: r.key(0)}
	r.field(1) // last-req
	p.Nonce = uint32(r.integer(2, math.MinInt32, math.MaxUint32))
	r.optional(3) // key-expiration
	p.Flags = r.bits(4)
	p.AuthTime = r.moment(5)
	p.StartTime = r.optionalMoment(6)
	p.EndTime = r.moment(7)
	p.RenewTill = r.optionalMoment(8)
	p.Server.Realm = r.realm(9)
	r.names(10, &p.Server)
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

// ParseError reads a KRB-ERROR.
func ParseError(data []byte) (*KRBError, error) {
	r := reader{rest: data, what: KRBErr.String()}
	r.whole(application(uint8(KRBErr)))
	r.constant(0, version)
	r.constant(1, int64(KRBErr))
	r.optional(2) // ctime
	r.optional(3) // cusec
	e := &KRBError{Time: r.moment(4)}
	e.Time = e.Time.Add(time.Duration(r.integer(5, 0, 999999)) * time.Microsecond)
	e.Code = int32(r.integer(6, math.MinInt32, math.MaxInt32))
	for number := range uint8(4) {
		r.optional(7 + number) // crealm, cname; realm and sname, which some leave out
	}
	if t, there := r.optional(11); there {
		e.Text = t.text()
		r.keep(t)
	}
	if d, there := r.optional(12); there {
		e.Data = d.octets()
		r.keep(d)
	}
	if r.err != nil {
		return nil, r.err
	}
	return e, nil
}

// maxTypes bounds the kinds of keys that are read of a list. There are not as many.
const maxTypes = 32

// EncTypes are the kinds of keys that the e-data of an error (METHOD-DATA, §5.9.1) says that the client has, in the KDC's
// order, the first 32: those of PA-ETYPE-INFO2, or else of PA-ETYPE-INFO. Salts do not matter to who has a key. With them comes whether
// the KDC takes an encrypted timestamp.
func EncTypes(methods []byte) (types []krb5.EncType, timestamp bool, err error) {
	r := reader{rest: methods, what: "list of ways to authenticate"}
	r.enter(asn1.SEQUENCE, "it is no sequence")
	var older []krb5.EncType
	for r.err == nil && !r.rest.Empty() {
		pa := r.sub(asn1.SEQUENCE, "an element is no sequence")
		kind := int32(pa.integer(1, math.MinInt32, math.MaxInt32))
		value := pa.field(2)
		info := reader{rest: value.octets(), what: r.what}
		r.keep(pa)
		r.keep(value)
		switch kind {
		case PAEncTimestamp:
			timestamp = true
		case paETypeInfo:
			older = info.types()
			r.keep(info)
		case paETypeInfo2:
			types = info.types()
			r.keep(info)
		}
	}
	if types == nil {
		types = older
	}
	return types, timestamp, r.err
}

func (r *reader) types() (types []krb5.EncType) {
	r.enter(asn1.SEQUENCE, "the list of encryption types is no sequence")
	for r.err == nil && !r.rest.Empty() {
		entry := r.sub(asn1.SEQUENCE, "an encryption type is no sequence")
		e := krb5.EncType(entry.integer(0, math.MinInt32, math.MaxInt32))
		if len(types) < maxTypes && !slices.Contains(types, e) { // there is one with each salt
			types = append(types, e)
		}
		r.keep(entry)
	}
	return types
}

// ParseApplicationReply reads an AP-REP (§5.5.2), of which all that counts is sealed.
func ParseApplicationReply(data []byte) (Encrypted, error) {
	r := reader{rest: data, what: APRep.String()}
	r.whole(application(uint8(APRep)))
	r.constant(0, version)
	r.constant(1, int64(APRep))
	return r.encrypted(2), r.err
}

// ParseApplicationPart is the time in what an AP-REP has sealed: that of the authenticator, microseconds included, if
// the server could read it. Padding behind is passed over.
func ParseApplicationPart(plain []byte) (time.Time, error) {
	r := reader{rest: plain, what: "sealed part of the AP-REP"}
	r.enter(application(27), "it has another tag")
	r.enter(asn1.SEQUENCE, "it is no sequence")
	t := r.moment(0)
	return t.Add(time.Duration(r.integer(1, 0, 999999)) * time.Microsecond), r.err
}
