// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ticket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// NoKeyError means that a KDC wants a key of a kind that there is none of.
type NoKeyError struct {
	Client krb5.Principal
	// Wanted are the kinds that the KDC has, and Have those that the client has: of the ones that may be used, if there are such.
	Wanted, Have []krb5.EncType
}

// Error names the kinds.
func (e *NoKeyError) Error() string {
	return fmt.Sprintf("the KDC has keys of %s of the types %v, and here are %v", e.Client, e.Wanted, e.Have)
}

// Login gets the first ticket of a client by a key of its own (RFC 4120 §3.1). The keys are in order, the best first. One key is tried, and once: a client may be locked out by
// the second. Errors are [*NoKeyError], [*KDCError], [*ReplyError] and what Send says.
func (c *Client) Login(ctx context.Context, client krb5.Principal, keys []keytab.Entry) (*Session, error) {
	s := &Session{Client: client}
	c.tell("asking the KDC of %s for a ticket-granting ticket of %s", client.Realm, client)
	types := supported(c.Config.InitialEncTypes())
	types = slices.DeleteFunc(types, func(e krb5.EncType) bool {
		return !slices.ContainsFunc(keys, func(k keytab.Entry) bool { return k.Key.Type == e })
	})
	if len(types) == 0 {
		return nil, &NoKeyError{client, c.Config.InitialEncTypes(), kinds(keys)}
	}
	got, err := c.authenticate(ctx, s, types, keys, nil)
	if no := (*KDCError)(nil); errors.As(err, &no) && isCode(err, message.NeedsPreauth) {
		var key krb5.Key
		if key, err = choose(client, keys, types, no.Data); err != nil {
			return nil, err
		}
		got, err = c.authenticate(ctx, s, types, keys, &key)
		if isCode(err, message.Skewed) && s.adjust(c, err) {
			got, err = c.authenticate(ctx, s, types, keys, &key)
		}
	}
	if err != nil {
		return nil, err
	}
	s.Tickets = append(s.Tickets, got)
	return s, nil
}

func kinds(keys []keytab.Entry) (types []krb5.EncType) {
	for _, k := range keys {
		types = append(types, k.Key.Type)
	}
	return types
}

// choose is the key for the first kind that the KDC names and that was asked for: nobody has made sure that it is the KDC. The e-data of
// an old KDC may name none.
func choose(client krb5.Principal, keys []keytab.Entry, types []krb5.EncType, methods []byte) (krb5.Key, error) {
	wanted, timestamp, err := message.EncTypes(methods)
	if err != nil {
		return krb5.Key{}, &ReplyError{Realm: client.Realm, Reason: err.Error()}
	}
	if len(wanted) == 0 {
		wanted = types
	}
	if !timestamp {
		return krb5.Key{}, &ReplyError{Realm: client.Realm, Reason: "it wants another proof than a key (PA-ENC-TIMESTAMP)"}
	}
	for _, e := range wanted {
		if i := slices.IndexFunc(keys, func(k keytab.Entry) bool { return k.Key.Type == e }); i >= 0 && slices.Contains(types, e) {
			return keys[i].Key, nil
		}
	}
	return krb5.Key{}, &NoKeyError{client, wanted, types}
}

// authenticate is one AS exchange, with an encrypted timestamp if there is a key.
func (c *Client) authenticate(ctx context.Context, s *Session, types []krb5.EncType, keys []keytab.Entry, key *krb5.Key) (krb5.Credential, error) {
	now, server := s.now(c), grantorOf(s.Client.Realm, s.Client.Realm)
	asked := message.Body{Client: s.Client, Server: server, Till: now.Add(c.Config.Ticket(s.Client.Realm).Lifetime), Nonce: nonce(), EncTypes: types}
	request := message.Request{Kind: message.ASReq}
	var err error
	if request.Body, err = asked.Marshal(); err != nil {
		return krb5.Credential{}, err
	}
	if key != nil {
		proof, err := timestamp(*key, now)
		if err != nil {
			return krb5.Credential{}, err
		}
		request.PAData = []message.PAData{proof}
	}
	data, err := request.Marshal()
	if err != nil {
		return krb5.Credential{}, err
	}
	reply, from, err := c.ask(ctx, server, data, message.ASRep)
	if err != nil {
		return krb5.Credential{}, err
	}
	var part *message.Part
	reason := fmt.Sprintf("it is sealed with a key of the type %s and the number %d, which is not here", reply.Part.Type, reply.Part.KVNO)
	for _, k := range keys {
		if k.Key.Type != reply.Part.Type || !slices.Contains(types, k.Key.Type) || reply.Part.KVNO != 0 && k.KVNO != reply.Part.KVNO {
			continue
		}
		if part, reason = c.open(s, asked, reply, k.Key, message.UsageASReply); reason == "" && !part.Server.Equal(server) {
			reason = fmt.Sprintf("it is a ticket for %s, and one for %s was asked for", part.Server, server)
		}
		break
	}
	if reason != "" {
		return krb5.Credential{}, &ReplyError{s.Client.Realm, from, reason}
	}
	return credential(s.Client, part, reply), nil
}

func timestamp(key krb5.Key, now time.Time) (message.PAData, error) {
	plain, err := message.Timestamp(now)
	if err != nil {
		return message.PAData{}, err
	}
	sealed, err := message.Seal(key, message.UsageTimestamp, plain)
	if err != nil {
		return message.PAData{}, err
	}
	value, err := sealed.Marshal()
	return message.PAData{Type: message.PAEncTimestamp, Value: value}, err
}
