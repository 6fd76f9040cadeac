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
	"github.com/x509up/x509up/kerberos/krb5"
)

// clockNoise is a difference of clocks that is none: times have whole seconds, and answers take some.
const clockNoise = 5 * time.Second

func isCode(err error, code message.Code) bool {
	no := (*KDCError)(nil)
	return errors.As(err, &no) && message.Code(no.Code) == code
}

// exchange is a TGS exchange (RFC 4120 §3.3): it asks the KDC that the ticket-granting ticket is for.
func (c *Client) exchange(ctx context.Context, s *Session, tgt krb5.Credential, server krb5.Principal, options uint32) (krb5.Credential, error) {
	c.tell("asking the KDC of %s for a ticket for %s", server.Realm, server)
	got, err := c.grant(ctx, s, tgt, server, options)
	if isCode(err, message.Skewed) && s.adjust(c, err) {
		got, err = c.grant(ctx, s, tgt, server, options)
	}
	if err == nil {
		s.Tickets = append(s.Tickets, got)
	}
	return got, err
}

// adjust takes over the clock of a KDC that has said that ours is wrong. That is done once, if it is news: what the KDC says is not
// authenticated, but does no more harm than a request that is refused.
func (s *Session) adjust(c *Client, err error) bool {
	no := (*KDCError)(nil)
	if !c.Config.TimeSync() || !errors.As(err, &no) || (no.Offset-s.Offset).Abs() < time.Second {
		return false
	}
	s.goBy(c, no.Offset, no.Realm)
	return true
}

func (s *Session) goBy(c *Client, offset time.Duration, realm string) {
	s.Offset = offset
	words := "ahead of"
	if offset < 0 {
		words = "behind"
	}
	c.tell("the clock of the KDC of %s is %s %s this machine's: going by it", realm, offset.Abs().Round(time.Second), words)
}

func (c *Client) grant(ctx context.Context, s *Session, tgt krb5.Credential, server krb5.Principal, options uint32) (krb5.Credential, error) {
	asked := message.Body{Options: options, Server: server, Till: tgt.EndTime, Nonce: nonce(), EncTypes: supported(c.Config.ServiceEncTypes())}
	request, err := tgsRequest(asked, tgt, s.now(c))
	if err != nil {
		return krb5.Credential{}, err
	}
	reply, from, err := c.ask(ctx, server, request, message.TGSRep)
	if err != nil {
		return krb5.Credential{}, err
	}
	part, reason := c.open(s, asked, reply, tgt.Key, message.UsageTGSReply)
	switch {
	case reason != "":
	case part.Server.Equal(server):
	case options&message.Canonicalize == 0 && !isGrantor(server):
		reason = fmt.Sprintf("it is a ticket for %s, and one for %s was asked for", part.Server, server)
	case isGrantor(server) && !isGrantor(part.Server):
		reason = fmt.Sprintf("it is a ticket for %s, and one for another realm was asked for", part.Server)
	}
	if reason != "" {
		return krb5.Credential{}, &ReplyError{server.Realm, from, reason}
	}
	return credential(s.Client, part, reply), nil
}

// tgsRequest is the request with the ticket-granting ticket, and an authenticator that no one can make for another body.
func tgsRequest(body message.Body, tgt krb5.Credential, now time.Time) ([]byte, error) {
	data, err := body.Marshal()
	if err != nil {
		return nil, err
	}
	sum, err := message.Sum(tgt.Key, message.UsageTGSChecksum, data)
	if err != nil {
		return nil, err
	}
	plain, err := message.Authenticator{Client: tgt.Client, Checksum: sum, Time: now}.Marshal()
	if err != nil {
		return nil, err
	}
	sealed, err := message.Seal(tgt.Key, message.UsageTGSAuthenticator, plain)
	if err != nil {
		return nil, err
	}
	application, err := message.Application{Ticket: tgt.Ticket, Authenticator: sealed}.Marshal()
	if err != nil {
		return nil, err
	}
	return message.Request{Kind: message.TGSReq, Body: data,
		PAData: []message.PAData{{Type: message.PATGSReq, Value: application}}}.Marshal()
}

// ask sends a request to the KDC of the server's realm. What that says no with is a [*KDCError].
func (c *Client) ask(ctx context.Context, server krb5.Principal, request []byte, kind message.Kind) (*message.Reply, string, error) {
	answer, from, err := c.Send(ctx, server.Realm, request)
	if err != nil {
		return nil, from, err
	}
	reply, err := message.ParseReply(answer, kind)
	if no := (*message.KRBError)(nil); errors.As(err, &no) {
		return nil, from, &KDCError{Realm: server.Realm, From: from, Code: no.Code, Text: no.Text, Data: no.Data,
			Offset: no.Time.Sub(c.Now()), Server: server}
	}
	if err != nil {
		return nil, from, &ReplyError{server.Realm, from, err.Error()}
	}
	return reply, from, nil
}

// open is what all answers must be: sealed with that key, for this request, for this client, of this time.
func (c *Client) open(s *Session, asked message.Body, reply *message.Reply, key krb5.Key, usage message.Usage) (*message.Part, string) {
	plain, err := message.Open(key, usage, reply.Part.Cipher)
	if err != nil {
		return nil, err.Error()
	}
	part, err := message.ParsePart(plain)
	if err != nil {
		return nil, err.Error()
	}
	if part.Nonce != asked.Nonce {
		return nil, "it answers another request"
	}
	start := part.StartTime
	if usage == message.UsageASReply {
		// This is the KDC's clock for sure; MIT's library goes by it as well.
		start = part.AuthTime
		if offset := part.AuthTime.Sub(c.Now()); c.Config.TimeSync() && (offset-s.Offset).Abs() > clockNoise {
			s.goBy(c, offset, s.Client.Realm)
		}
	}
	switch now := s.now(c); {
	case !reply.Client.Equal(s.Client):
		return nil, fmt.Sprintf("it is for %s, and not for %s", reply.Client, s.Client)
	case !part.Server.Equal(reply.Server):
		return nil, fmt.Sprintf("its ticket is for %s, and should be for %s", reply.Server, part.Server)
	case isGrantor(part.Server) && len(part.Server.Names) != 2:
		return nil, fmt.Sprintf("%s is no name of a realm's service", part.Server)
	case !message.Supported(part.Key.Type):
		return nil, (&message.KeyError{Type: part.Key.Type}).Error()
	case !start.IsZero() && start.Sub(now).Abs() > c.Config.ClockSkew():
		return nil, fmt.Sprintf("its ticket begins at %s, and by the clock it is %s", start.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case !part.EndTime.After(now):
		return nil, fmt.Sprintf("its ticket ended at %s", part.EndTime.Format(time.RFC3339))
	}
	return part, ""
}

func isGrantor(p krb5.Principal) bool { return len(p.Names) > 0 && p.Names[0] == "krbtgt" }

func credential(client krb5.Principal, part *message.Part, reply *message.Reply) krb5.Credential {
	return krb5.Credential{Client: client, Server: part.Server, Key: part.Key, AuthTime: part.AuthTime, StartTime: part.StartTime,
		EndTime: part.EndTime, RenewTill: part.RenewTill, Flags: part.Flags, Ticket: reply.Ticket}
}

// supported are those kinds of keys that there is cryptography for.
func supported(types []krb5.EncType) []krb5.EncType {
	return slices.DeleteFunc(types, func(e krb5.EncType) bool { return !message.Supported(e) })
}
