// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ticket_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/internal/ticket"
	"github.com/x509up/x509up/kerberos/krb5"
)

// TestWays: which KDCs are asked for what, and what comes of it.
func TestWays(t *testing.T) {
	t.Parallel()
	const own = "krbtgt/A@A"
	to := func(server string) []answer { return []answer{{server: server}} }
	for _, test := range []struct {
		name    string
		conf    string
		has     []string // tickets
		service string
		answers map[string][]answer
		asked   []string
		want    string // server, or a part of the error
	}{
		{"it is there", "", []string{own, "HTTP/www@A"}, "HTTP/www@A", nil, nil, "HTTP/www@A"},
		{"it is there, in some realm", "", []string{own, "HTTP/www@B"}, "HTTP/www", nil, nil, "HTTP/www@B"},
		{"it is there, in two realms", "", []string{own, "HTTP/www@B", "HTTP/www@A"}, "HTTP/www", nil, nil, "HTTP/www@A"},
		{"it is there, and no TGT", "", []string{"HTTP/www@A"}, "HTTP/www@A", nil, nil, "HTTP/www@A"},
		{"no TGT", "", []string{"krbtgt/B@B"}, "HTTP/www@A", nil, nil, "jdoe@A has no ticket-granting ticket"},
		{"the own realm", "", []string{own}, "HTTP/www@A", map[string][]answer{"HTTP/www@A": {{}}}, []string{"HTTP/www@A"}, "HTTP/www@A"},
		{"a realm that is not known is the own", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": {{}}}, []string{"HTTP/www@A"}, "HTTP/www@A"},
		{"a referral", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("krbtgt/B@A"), "HTTP/www@B": {{}}},
			[]string{"HTTP/www@A", "HTTP/www@B"}, "HTTP/www@B"},
		{"a referral from a realm that was named", "", []string{own}, "HTTP/www@A", map[string][]answer{"HTTP/www@A": to("krbtgt/B@A"), "HTTP/www@B": {{}}},
			[]string{"HTTP/www@A", "HTTP/www@B"}, "HTTP/www@B"},
		{"two referrals", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("krbtgt/B@A"), "HTTP/www@B": to("krbtgt/C@B"), "HTTP/www@C": {{}}},
			[]string{"HTTP/www@A", "HTTP/www@B", "HTTP/www@C"}, "HTTP/www@C"},
		{"referrals in a circle", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("krbtgt/B@A"), "HTTP/www@B": to("krbtgt/A@B")},
			[]string{"HTTP/www@A", "HTTP/www@B"}, "it refers to a realm that was there before: A, B, A"},
		{"a referral to itself", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("krbtgt/A@A")}, []string{"HTTP/www@A"}, "there before: A, A"},
		{"the KDC knows no canonicalize", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": {{code: 13}}, "HTTP/www@A!": {{}}},
			[]string{"HTTP/www@A", "HTTP/www@A!"}, "HTTP/www@A"},
		{"another name", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("host/www@A"), "HTTP/www@A!": {{}}},
			[]string{"HTTP/www@A", "HTTP/www@A!"}, "HTTP/www@A"},
		{"another name again", "", []string{own}, "HTTP/www", map[string][]answer{"HTTP/www@A": to("host/www@A"), "HTTP/www@A!": to("host/www@A")},
			[]string{"HTTP/www@A", "HTTP/www@A!"}, "it is a ticket for host/www@A, and one for HTTP/www@A was asked for"},
		{"a service that is not known", "", []string{own}, "HTTP/www@A", nil, []string{"HTTP/www@A"}, "error 7"},
		{"the domain's realm", "", []string{own}, "HTTP/www.b.org", map[string][]answer{"krbtgt/B.ORG@A": {{}}, "HTTP/www.b.org@B.ORG": {{}}},
			[]string{"HTTP/www.b.org@A", "krbtgt/B.ORG@A", "HTTP/www.b.org@B.ORG"}, "HTTP/www.b.org@B.ORG"},
		{"no domain's realm", "", []string{own}, "HTTP/www.b.org", nil, []string{"HTTP/www.b.org@A", "krbtgt/B.ORG@A"}, "no ticket for HTTP/www.b.org@A: 7"},
		{"no domain's realm for other errors", "", []string{own}, "HTTP/www.b.org", map[string][]answer{"HTTP/www.b.org@A": {{code: 12}}}, []string{"HTTP/www.b.org@A"}, "error 12"},

		{"another realm", "", []string{own}, "HTTP/www@B", map[string][]answer{"krbtgt/B@A": {{}}, "HTTP/www@B": {{}}}, []string{"krbtgt/B@A", "HTTP/www@B"}, "HTTP/www@B"},
		{"another realm's TGT is there", "", []string{own, "krbtgt/B@A"}, "HTTP/www@B", map[string][]answer{"HTTP/www@B": {{}}}, []string{"HTTP/www@B"}, "HTTP/www@B"},
		{"another realm's TGT from a third", "", []string{own, "krbtgt/B@C"}, "HTTP/www@B", map[string][]answer{"HTTP/www@B": {{}}}, []string{"HTTP/www@B"}, "HTTP/www@B"},
		{"a realm that is not known", "", []string{own}, "HTTP/www@B", nil, []string{"krbtgt/B@A"}, "krbtgt/B@A: 7"},
		{"by way of capaths", "[capaths]\nA = {\n B = C\n B = D\n}", []string{own}, "HTTP/www@B",
			map[string][]answer{"krbtgt/C@A": {{}}, "krbtgt/D@C": {{}}, "krbtgt/B@D": {{}}, "HTTP/www@B": {{}}},
			[]string{"krbtgt/B@A", "krbtgt/D@A", "krbtgt/C@A", "krbtgt/B@C", "krbtgt/D@C", "krbtgt/B@D", "HTTP/www@B"}, "HTTP/www@B"},
		{"capaths says directly", "[capaths]\nA = {\n X.A = .\n}", []string{own}, "HTTP/www@X.A", nil, []string{"krbtgt/X.A@A"}, "krbtgt/X.A@A: 7"},
		{"the KDC knows the way", "", []string{own}, "HTTP/www@B", map[string][]answer{"krbtgt/B@A": to("krbtgt/C@A"), "krbtgt/B@C": {{}}, "HTTP/www@B": {{}}},
			[]string{"krbtgt/B@A", "krbtgt/B@C", "HTTP/www@B"}, "HTTP/www@B"},
		{"the way in a circle", "", []string{own}, "HTTP/www@B", map[string][]answer{"krbtgt/B@A": to("krbtgt/C@A"), "krbtgt/B@C": to("krbtgt/A@C")},
			[]string{"krbtgt/B@A", "krbtgt/B@C"}, "there before: A, C, A"},
		{"a service in the place of a realm", "", []string{own}, "HTTP/www@B", map[string][]answer{"krbtgt/B@A": to("HTTP/www@A")},
			[]string{"krbtgt/B@A"}, "it is a ticket for HTTP/www@A, and one for another realm was asked for"},
		{"a realm's service without its realm", "", []string{own}, "HTTP/www@A", map[string][]answer{"HTTP/www@A": to("krbtgt@A")}, []string{"HTTP/www@A"}, "no name of a realm's service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := &fakeKDC{t: t, answers: test.answers}
			s := &ticket.Session{Client: parse(t, "jdoe@A")}
			for _, server := range test.has {
				s.Tickets = append(s.Tickets, credential(t, server))
			}
			got, err := k.client(test.conf).Ticket(t.Context(), s, parse(t, test.service))
			if diff := cmp.Diff(test.asked, k.asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			text := got.Server.String()
			if err != nil {
				text = err.Error()
				if no, ok := errors.AsType[*ticket.KDCError](err); ok {
					text += fmt.Sprintf(": no ticket for %s: %d", no.Server, no.Code)
				}
			}
			if !strings.Contains(text, test.want) || (err == nil) != (got.Ticket != nil) {
				t.Errorf("%q, want %q", text, test.want)
			}
		})
	}
}

// TestHierarchy: without capaths the way leads over the realms that the names have in common.
func TestHierarchy(t *testing.T) {
	t.Parallel()
	k := &fakeKDC{t: t}
	s := &ticket.Session{Client: parse(t, "jdoe@A")}
	s.Tickets = append(s.Tickets, credential(t, "krbtgt/A@A"))
	_, err := k.client("").Ticket(t.Context(), s, parse(t, "HTTP/www@X.Y.A"))
	if diff := cmp.Diff([]string{"krbtgt/X.Y.A@A", "krbtgt/Y.A@A"}, k.asked); diff != "" || err == nil {
		t.Errorf("asked for (-want +got):\n%s%v", diff, err)
	}
	if no, ok := errors.AsType[*ticket.KDCError](err); !ok || no.Server.String() != "krbtgt/X.Y.A@A" {
		t.Errorf("the error is not that of the first question: %v", err)
	}
	k.asked = nil
	long := strings.Repeat("X.", 1<<16) + "A"
	_, err = k.client("").Ticket(t.Context(), s, krb5.Principal{Realm: long, Names: []string{"HTTP", "www"}})
	if len(k.asked) != 1 || err == nil {
		t.Errorf("%d requests, %v", len(k.asked), err)
	}
}

// TestHops: a chain of realms that never ends is given up.
func TestHops(t *testing.T) {
	t.Parallel()
	k := &fakeKDC{t: t, answers: map[string][]answer{"HTTP/www@A": {{server: "krbtgt/R0@A"}}}}
	for i := range 100 {
		k.answers[fmt.Sprintf("HTTP/www@R%d", i)] = []answer{{server: fmt.Sprintf("krbtgt/R%d@R%d", i+1, i)}}
	}
	s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{credential(t, "krbtgt/A@A")}}
	_, err := k.client("").Ticket(t.Context(), s, parse(t, "HTTP/www"))
	if _, ok := errors.AsType[*ticket.ReplyError](err); !ok || len(k.asked) != 11 {
		t.Errorf("after %d requests: %v", len(k.asked), err)
	}
}

// TestRefusedAnswers: what an answer must be.
func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	other := types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{8}, 32)}
	for name, test := range map[string]struct {
		answer answer
		want   string
	}{
		"another key":              {answer{sealedWith: other}, "the key does not open it"},
		"another request":          {answer{nonce: 1}, "it answers another request"},
		"another client":           {answer{client: "lee@A"}, "it is for lee@A, and not for jdoe@A"},
		"another realm's client":   {answer{client: "jdoe@B"}, "it is for jdoe@B, and not for jdoe@A"},
		"another ticket":           {answer{ticketServer: "HTTP/evil@A"}, "its ticket is for HTTP/evil@A, and should be for HTTP/www@A"},
		"from the past":            {answer{ahead: -6 * time.Minute}, "its ticket begins at 2026-03-01T11:54:00Z, and by the clock it is 2026-03-01T12:00:00Z"},
		"from the future":          {answer{ahead: 6 * time.Minute}, "its ticket begins at 2026-03-01T12:06:00Z"},
		"over":                     {answer{ahead: -4 * time.Minute, life: time.Minute}, "its ticket ended at 2026-03-01T11:57:00Z"},
		"a key that we cannot use": {answer{key: types.EncryptionKey{KeyType: 26, KeyValue: []byte("k")}}, "encryption of the type camellia256-cts-cmac is not supported"},
		"garbage":                  {answer{raw: []byte("garbage")}, "it is another message"},
		"nothing":                  {answer{raw: []byte{}}, "it is another message"},
	} {
		k := &fakeKDC{t: t, answers: map[string][]answer{"HTTP/www@A": {test.answer}}}
		s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{credential(t, "krbtgt/A@A")}}
		_, err := k.client("").Ticket(t.Context(), s, parse(t, "HTTP/www@A"))
		if e, ok := errors.AsType[*ticket.ReplyError](err); !ok || e.Realm != "A" || e.From != "kdc.A" || !strings.Contains(e.Error(), test.want) || len(s.Tickets) != 1 {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestClocks: the KDC's clock counts, where it is known and where the KDC says that ours is wrong.
func TestClocks(t *testing.T) {
	t.Parallel()
	const tenMinutes = 10 * time.Minute
	skewed := answer{code: 37, ahead: tenMinutes}
	for name, test := range map[string]struct {
		conf    string
		offset  time.Duration
		answers []answer
		clock   []time.Time
		code    int32
	}{
		"known":              {"", tenMinutes, []answer{{ahead: tenMinutes}}, []time.Time{noon.Add(tenMinutes)}, 0},
		"told":               {"", 0, []answer{skewed, {ahead: tenMinutes}}, []time.Time{noon, noon.Add(tenMinutes)}, 0},
		"told twice":         {"", 0, []answer{skewed}, []time.Time{noon, noon.Add(tenMinutes)}, 37},
		"told what is known": {"", tenMinutes, []answer{skewed}, []time.Time{noon.Add(tenMinutes)}, 37},
		"not to be heeded":   {"[libdefaults]\nkdc_timesync = 0", 0, []answer{skewed}, []time.Time{noon}, 37},
	} {
		k := &fakeKDC{t: t, answers: map[string][]answer{"HTTP/www@A": test.answers}}
		tgt := credential(t, "krbtgt/A@A")
		s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{tgt}, Offset: test.offset}
		_, err := k.client(test.conf).Ticket(t.Context(), s, parse(t, "HTTP/www@A"))
		no, _ := errors.AsType[*ticket.KDCError](err)
		if test.code == 0 && err != nil || test.code != 0 && (no == nil || no.Code != test.code || no.Offset != tenMinutes) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.clock, k.clock); diff != "" {
			t.Errorf("%s: clocks (-want +got):\n%s", name, diff)
		}
	}
}

// TestTicketsThatDoNot: tickets that are over, of others, or of keys that cannot be used do not count; of several the one does that
// is good for longest.
func TestTicketsThatDoNot(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*krb5.Credential){
		"over":             func(c *krb5.Credential) { c.EndTime = noon },
		"not yet":          func(c *krb5.Credential) { c.StartTime = noon.Add(6 * time.Minute) },
		"another's":        func(c *krb5.Credential) { c.Client.Names = []string{"lee"} },
		"a key of old":     func(c *krb5.Credential) { c.Key.Type = krb5.DESCBCCRC },
		"of another realm": func(c *krb5.Credential) { c.Server.Realm = "B" },
	} {
		k := &fakeKDC{t: t, answers: map[string][]answer{"HTTP/www@A": {{}}}}
		bad := credential(t, "HTTP/www@A")
		change(&bad)
		s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{bad, credential(t, "krbtgt/A@A")}}
		if _, err := k.client("").Ticket(t.Context(), s, parse(t, "HTTP/www@A")); err != nil || len(k.asked) != 1 || len(s.Tickets) != 3 {
			t.Errorf("%s: asked for %q: %v", name, k.asked, err)
		}
	}
	short, long := credential(t, "HTTP/www@A"), credential(t, "HTTP/www@A")
	short.EndTime, short.Ticket = noon.Add(time.Minute), []byte("short")
	k := &fakeKDC{t: t}
	s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{short, long, short}}
	if got, err := k.client("").Ticket(t.Context(), s, parse(t, "HTTP/www@A")); err != nil || !bytes.Equal(got.Ticket, long.Ticket) {
		t.Errorf("%s, %v", got.Ticket, err)
	}
}

func TestSendError(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	k := &fakeKDC{t: t, raw: down}
	s := &ticket.Session{Client: parse(t, "jdoe@A"), Tickets: []krb5.Credential{credential(t, "krbtgt/A@A")}}
	for _, service := range []string{"HTTP/www@A", "HTTP/www@B", "HTTP/www"} {
		if _, err := k.client("").Ticket(t.Context(), s, parse(t, service)); !errors.Is(err, down) {
			t.Errorf("%s: %v", service, err)
		}
	}
	if len(k.asked) != 3 {
		t.Errorf("asked %d times", len(k.asked))
	}
}
