// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/kerberos/internal/ticket"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// realKDC is a KDC that opens what it gets, and its client.
func realKDC(t *testing.T, conf string, faults kdc.Faults) (*kdc.Server, *ticket.Client, *int) {
	t.Helper()
	s := &kdc.Server{Faults: faults, Now: func() time.Time { return noon }, Realms: []kdc.Realm{
		{Name: "A", Principals: []kdc.Principal{{Name: "jdoe"}, {Name: "lee", EncTypes: []krb5.EncType{17}}, {Name: "lost", Revoked: true}, {Name: "HTTP/www"}}},
		{Name: "B", Hosts: []string{".b.org"}, Principals: []kdc.Principal{{Name: "HTTP/www.b.org"}}},
	}}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	config, err := krb5conf.Parse(strings.NewReader(conf), "test")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	wire := &krbclient.Client{Addr: s.Addr()}
	return s, &ticket.Client{Now: func() time.Time { return noon }, Config: config, Send: func(_ context.Context, _ string, request []byte) ([]byte, string, error) {
		asked++
		reply, err := wire.Send(request)
		return reply, "kdc", err
	}}, &asked
}

func entries(t *testing.T, s *kdc.Server, name string) []keytab.Entry {
	t.Helper()
	table, err := s.Keytab("A", name)
	if err != nil {
		t.Fatal(err)
	}
	return table.Keys(parse(t, name+"@A"))
}

// TestLogin: with each kind of key, to a service of another realm.
func TestLogin(t *testing.T) {
	t.Parallel()
	for _, e := range kdc.EncTypes() {
		s, c, asked := realKDC(t, "[libdefaults]\npermitted_enctypes = "+e.String()+"\n", kdc.Faults{})
		session, err := c.Login(t.Context(), parse(t, "jdoe@A"), entries(t, s, "jdoe"))
		if err != nil {
			t.Errorf("%s: %v", e, err)
			continue
		}
		tgt := session.Tickets[0]
		if !tgt.IsTGT() || !tgt.Valid(noon) || tgt.Key.Type != e || *asked != 2 || tgt.Client.String() != "jdoe@A" {
			t.Errorf("%s: %+v after %d requests", e, tgt, *asked)
		}
		web := parse(t, "HTTP/www.b.org")
		web.Type = krb5.NTSrvHst // others are not referred to another realm
		got, err := c.Ticket(t.Context(), session, web)
		if err != nil || got.Server.String() != "HTTP/www.b.org@B" || len(session.Tickets) != 3 {
			t.Errorf("%s: %v, %v", e, got.Server, err)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user, keysOf string
		code         int32
		requests     int
	}{
		"another's key":            {"jdoe", "HTTP/www", 24, 2},
		"a client that is not one": {"nobody", "jdoe", 6, 1},
		"a client without a login": {"lost", "lost", 18, 1},
	} {
		s, c, asked := realKDC(t, "", kdc.Faults{})
		keys := entries(t, s, test.keysOf)
		_, err := c.Login(t.Context(), parse(t, test.user+"@A"), keys)
		no, ok := errors.AsType[*ticket.KDCError](err)
		if !ok || no.Code != test.code || no.Realm != "A" || no.From != "kdc" || no.Server.String() != "krbtgt/A@A" || *asked != test.requests {
			t.Errorf("%s: %v after %d requests", name, err, *asked)
		}
	}
}

// TestLoginKeys: which keys there are decides what is asked for.
func TestLoginKeys(t *testing.T) {
	t.Parallel()
	s, c, asked := realKDC(t, "", kdc.Faults{})
	for name, test := range map[string]struct {
		keys []krb5.EncType
		want string // of the error
	}{
		"AES and what nobody has":      {[]krb5.EncType{26, 18}, ""},
		"DES alone":                    {[]krb5.EncType{1}, "[des-cbc-crc]"},
		"none":                         {nil, "and here are []"},
		"the KDC has none of the kind": {[]krb5.EncType{18}, "error 14"},
	} {
		user := "jdoe"
		if strings.Contains(name, "KDC") {
			user = "lee"
		}
		var keys []keytab.Entry
		for _, e := range test.keys {
			keys = append(keys, keytab.Entry{Principal: parse(t, user+"@A"), KVNO: 1, Key: krb5.Key{Type: e, Value: make([]byte, 32)}})
		}
		if test.want == "" {
			keys = append(keys[:1], entries(t, s, "jdoe")...)
		}
		before := *asked
		_, err := c.Login(t.Context(), parse(t, user+"@A"), keys)
		if (test.want == "") != (err == nil) || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s: %v after %d requests", name, err, *asked-before)
		}
	}
}

// TestLoginClock: the KDC's clock is taken over once, and goes on to count.
func TestLoginClock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		conf   string
		skew   time.Duration
		offset time.Duration
		code   int32
	}{
		"ten minutes ahead": {"", 10 * time.Minute, 10 * time.Minute, 0},
		"a year behind":     {"", -366 * 24 * time.Hour, -366 * 24 * time.Hour, 0},
		"a minute":          {"", time.Minute, time.Minute, 0},
		"three seconds":     {"", 3 * time.Second, 0, 0},
		"not to be heeded":  {"[libdefaults]\nkdc_timesync = 0\n", 10 * time.Minute, 0, 37},
		"near, not heeded":  {"[libdefaults]\nkdc_timesync = 0\n", time.Minute, 0, 0},
	} {
		s, c, _ := realKDC(t, test.conf, kdc.Faults{Skew: test.skew})
		var told []string
		c.Notify = func(text string) { told = append(told, text) }
		session, err := c.Login(t.Context(), parse(t, "jdoe@A"), entries(t, s, "jdoe"))
		no, _ := errors.AsType[*ticket.KDCError](err)
		if test.code != 0 {
			if no == nil || no.Code != test.code || (no.Offset-test.skew).Abs() > time.Second {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || (session.Offset-test.offset).Abs() > time.Second {
			t.Errorf("%s: %v, %v", name, session, err)
			continue
		}
		if words := strings.Contains(strings.Join(told, "\n"), "this machine's: going by it"); words != (test.offset != 0) {
			t.Errorf("%s: told %q", name, told)
		}
		if _, err := c.Ticket(t.Context(), session, parse(t, "HTTP/www@A")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLoginAnswers: answers that are none.
func TestLoginAnswers(t *testing.T) {
	t.Parallel()
	s, good, _ := realKDC(t, "", kdc.Faults{})
	keys := entries(t, s, "jdoe")
	jdoe := parse(t, "jdoe@A")
	var recorded []byte
	record := *good
	record.Send = func(ctx context.Context, realm string, request []byte) ([]byte, string, error) {
		reply, from, err := good.Send(ctx, realm, request)
		recorded = reply
		return reply, from, err
	}
	if _, err := record.Login(t.Context(), jdoe, keys); err != nil {
		t.Fatal(err)
	}
	down := errors.New("down")
	for name, test := range map[string]struct {
		reply []byte
		err   error
		want  string
	}{
		"an answer of before": {recorded, nil, "it answers another request"},
		"garbage":             {[]byte("garbage"), nil, "the AS-REP is malformed"},
		"cut":                 {recorded[:len(recorded)/2], nil, "the AS-REP is malformed"},
		"down":                {nil, down, "down"},
	} {
		c := *good
		c.Send = func(context.Context, string, []byte) ([]byte, string, error) { return test.reply, "kdc", test.err }
		_, err := c.Login(t.Context(), jdoe, keys)
		if err == nil || !strings.Contains(err.Error(), test.want) || test.err != nil && !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	// A key of another number is not the one that the answer is sealed with.
	old := entries(t, s, "jdoe")
	for i := range old {
		old[i].KVNO += 7
	}
	_, err := good.Login(t.Context(), jdoe, old)
	if e, ok := errors.AsType[*ticket.ReplyError](err); !ok || !strings.Contains(e.Reason, "the number") {
		t.Errorf("%v", err)
	}
}

// TestLoginAnswersOfAnotherKind: answers that are sealed with the right key, for another than was asked for.
func TestLoginAnswersOfAnotherKind(t *testing.T) {
	t.Parallel()
	key := krb5.Key{Type: 18, Value: sessionKey.KeyValue}
	for name, test := range map[string]struct{ server, client, want string }{
		"as it should be": {"krbtgt/A@A", "jdoe@A", ""},
		"another service": {"HTTP/www@A", "jdoe@A", "it is a ticket for HTTP/www@A, and one for krbtgt/A@A was asked for"},
		"another realm":   {"krbtgt/B@A", "jdoe@A", "it is a ticket for krbtgt/B@A"},
		"another client":  {"krbtgt/A@A", "lee@A", "it is for lee@A, and not for jdoe@A"},
	} {
		c := &ticket.Client{Now: func() time.Time { return noon }, Send: func(_ context.Context, _ string, request []byte) ([]byte, string, error) {
			var r messages.ASReq
			if err := r.Unmarshal(request); err != nil {
				t.Fatal(err)
			}
			return initial(t, r.ReqBody.Nonce, test.server, test.client), "kdc", nil
		}}
		_, err := c.Login(t.Context(), parse(t, "jdoe@A"), []keytab.Entry{{KVNO: 1, Key: key}})
		if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// initial is an AS-REP that gokrb5 has written.
func initial(t *testing.T, nonce int, server, client string) []byte {
	t.Helper()
	part := messages.EncKDCRepPart{Key: sessionKey, LastReqs: []messages.LastReq{{LRValue: noon}}, Nonce: nonce, Flags: asn1.BitString{Bytes: make([]byte, 4), BitLength: 32},
		AuthTime: noon, EndTime: noon.Add(time.Hour)}
	part.SName, part.SRealm = split(t, server)
	plain, err := part.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GetEncryptedData(plain, sessionKey, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	reply := messages.ASRep{KDCRepFields: messages.KDCRepFields{PVNO: 5, MsgType: 11, EncPart: sealed,
		Ticket: messages.Ticket{TktVNO: 5, Realm: part.SRealm, SName: part.SName, EncPart: types.EncryptedData{EType: 18, Cipher: []byte("x")}}}}
	reply.CName, reply.CRealm = split(t, client)
	data, err := reply.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLoginDowngrade: whoever is on the way, and pretends to be a KDC that has weaker keys alone, gets nothing that is made with one: of
// a timestamp that is sealed with a key of RC4 a password can be found out.
func TestLoginDowngrade(t *testing.T) {
	t.Parallel()
	keys := []keytab.Entry{{KVNO: 1, Key: krb5.Key{Type: krb5.AES256SHA1, Value: make([]byte, 32)}}, {KVNO: 1, Key: krb5.Key{Type: krb5.RC4HMAC, Value: make([]byte, 16)}}}
	info, err := asn1.Marshal(types.ETypeInfo2{{EType: int32(krb5.RC4HMAC)}})
	if err != nil {
		t.Fatal(err)
	}
	methods, err := asn1.Marshal(types.PADataSequence{{PADataType: 2}, {PADataType: 19, PADataValue: info}})
	if err != nil {
		t.Fatal(err)
	}
	for conf, want := range map[string]int{"": 1, "[libdefaults]\nallow_rc4 = true\n": 2} {
		config, err := krb5conf.Parse(strings.NewReader(conf), "test")
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		c := &ticket.Client{Now: func() time.Time { return noon }, Config: config, Send: func(context.Context, string, []byte) ([]byte, string, error) {
			asked++
			no := messages.KRBError{PVNO: 5, MsgType: 30, STime: noon.Truncate(time.Second), ErrorCode: 25, Realm: "A", SName: types.PrincipalName{NameString: []string{"krbtgt", "A"}}, EData: methods}
			data, err := no.Marshal()
			return data, "kdc", err
		}}
		_, err = c.Login(t.Context(), parse(t, "jdoe@A"), keys)
		if _, none := errors.AsType[*ticket.NoKeyError](err); asked != want || none != (want == 1) {
			t.Errorf("%q: %v after %d requests, want %d", conf, err, asked, want)
		}
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	s, c, _ := realKDC(t, "", kdc.Faults{})
	var told []string
	c.Notify = func(text string) { told = append(told, text) }
	session, err := c.Login(t.Context(), parse(t, "jdoe@A"), entries(t, s, "jdoe"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ticket(t.Context(), session, parse(t, "HTTP/www")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"asking the KDC of A for a ticket-granting ticket of jdoe@A", "asking the KDC of A for a ticket for HTTP/www@A"}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
