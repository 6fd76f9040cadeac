// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/x509up/x509up/voms/contact"
)

// refusingDial fails at once.
func refusingDial(context.Context, string, string) (net.Conn, error) { return nil, io.ErrClosedPipe }

// TestRace: who is asked, when there is an answer, and what is said if there is none. Every server not mentioned is a
// black hole.
func TestRace(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	good := func(host string) *server { return &server{host: host, rest: goodREST} }
	slow := func(host string, think time.Duration) *server {
		return &server{host: host, rest: goodREST, think: think}
	}
	for _, c := range []struct {
		name    string
		servers []*server
		ask     string // hosts in order
		timeout time.Duration
		from    string // which one gave the answer
		took    time.Duration
		asked   string // in which order they got a question
		text    string // of the error
	}{
		{"the first", []*server{good("a"), good("b")}, "a b", 0, "a", 0, "a", ""},
		{"a black hole before it", []*server{good("b")}, "a b", 0, "b", 100 * ms, "b", ""},
		{"two of them", []*server{good("c")}, "a b c", 0, "c", 200 * ms, "c", ""},
		{"one that never shakes hands", []*server{{host: "a", noHandshake: true}, good("b")}, "a b", 0, "b", 100 * ms, "b", ""},
		{"a slow one: it is the only one that is asked", []*server{slow("a", 900*ms), good("b")}, "a b", 0, "a", 900 * ms, "a", ""},
		{"a very slow one", []*server{slow("a", 1500*ms), good("b")}, "a b", 0, "b", 1000 * ms, "a b", ""},
		{"two very slow ones", []*server{slow("a", 2500*ms), slow("b", 5000*ms), good("c")}, "a b c", 0, "c", 2000 * ms, "a b c", ""},
		{"the slow one is faster after all", []*server{slow("a", 1500*ms), slow("b", 5000*ms)}, "a b", 0, "a", 1500 * ms, "a b", ""},
		{"far ones: one is asked, the other waits for its turn", []*server{{host: "a", rest: goodREST, far: 250 * ms, think: 900 * ms}, {host: "b", rest: goodREST, far: 250 * ms}},
			"a b", 0, "a", 1150 * ms, "a", ""},
		{"its turn comes when the first fails", []*server{{host: "a", far: 250 * ms, rest: unknown, think: 500 * ms}, {host: "b", rest: goodREST, far: 250 * ms}},
			"a b", 0, "b", 750 * ms, "a b", ""},
		{"or thinks for too long", []*server{{host: "a", rest: goodREST, far: 250 * ms, think: 5000 * ms}, {host: "b", rest: goodREST, far: 250 * ms}},
			"a b", 0, "b", 1250 * ms, "a b", ""},
		{"the nearer one is first", []*server{{host: "a", rest: goodREST, far: 500 * ms}, good("b")}, "a b", 0, "b", 100 * ms, "b", ""},
		{"one that takes the question and is silent, a black hole", []*server{{host: "a", noAnswer: true}, good("c")}, "a b c", 0, "c", 1100 * ms, "a c", ""},
		{"one that refuses connections", []*server{good("b")}, "refusing b", 0, "b", 0, "b", ""},
		{"one that does not answer", []*server{{host: "a"}, good("b")}, "a b", 0, "b", 0, "a a b", ""},
		{"one that does not know the user", []*server{{host: "a", rest: unknown}, good("b")}, "a b", 0, "b", 0, "a b", ""},
		{"one that knows that all say no", []*server{{host: "a", rest: suspended}, good("b")}, "a b", 0, "", 0, "a",
			"a:15000: the membership is suspended (“User is currently suspended! Suspension reason: left”)"},
		{"one after a black hole", []*server{{host: "b", rest: suspended}}, "a b", 0, "", 100 * ms, "b",
			"b:15000: the membership is suspended (“User is currently suspended! Suspension reason: left”)"},
		{"nobody knows the user", []*server{{host: "a", rest: unknown}, {host: "b", rest: unknown}}, "a b", 0, "", 0, "a b",
			"a:15000: the certificate is not one of a member of the VO (“vo: User unknown to this VO.”); " +
				"b:15000: the certificate is not one of a member of the VO (“vo: User unknown to this VO.”)"},
		{"all fail, each in its own way", []*server{{host: "a"}, {host: "b", noHandshake: true}, {host: "c", noAnswer: true}, {host: "d", rest: unknown}},
			"hole refusing a b c d", 0, "", 15 * time.Second, "a a c d",
			"hole:15000: no connection within 15s; refusing:15000: connecting: io: read/write on closed pipe; " +
				"a:15000: it closed the connection without an answer; by the legacy protocol: it closed the connection without an answer; " +
				"b:15000: no TLS handshake within 15s; c:15000: no answer within 15s; " +
				"d:15000: the certificate is not one of a member of the VO (“vo: User unknown to this VO.”)"},
		{"a time limit of the client", []*server{{host: "a", noAnswer: true}}, "a b", 2 * time.Second, "", 2 * time.Second, "a",
			"a:15000: no answer within 2s; b:15000: no connection within 2s"},
		{"a time limit that some do not live to see", []*server{{host: "a", noAnswer: true}, good("b")}, "a b", 500 * ms, "", 500 * ms, "a", "a:15000: no answer within 500ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				for _, s := range c.servers {
					w.add(s)
				}
				w.servers["refusing"] = nil
				client := inOrder(w.client())
				client.Timeout = c.timeout
				w.pipe(client)
				start := time.Now()
				answer, err := client.Ask(t.Context(), endpoints(strings.Fields(c.ask)...), contact.Request{})
				if took := time.Since(start); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if w.questions() != c.asked {
					t.Errorf("asked: %q, want %q", w.questions(), c.asked)
				}
				switch {
				case c.from != "" && (err != nil || answer.Endpoint.Host != c.from):
					t.Errorf("%+v, %v", answer, err)
				case c.from == "" && (err == nil || err.Error() != `contact: asking the servers of "vo": `+c.text):
					t.Errorf("%v\nwant %s", err, c.text)
				}
			})
		})
	}
}

// TestRaceEnds: when Ask returns, what it began ends as well. A bubble whose goroutines do not end fails the test.
func TestRaceEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add(&server{host: "slow", rest: goodREST, think: 1200 * time.Millisecond})
		w.add(&server{host: "mute", noAnswer: true})
		w.add(&server{host: "deaf", noHandshake: true})
		client := inOrder(w.client())
		w.pipe(client)
		answer, err := client.Ask(t.Context(), endpoints("hole", "deaf", "slow", "mute"), contact.Request{})
		if err != nil || answer.Endpoint.Host != "slow" {
			t.Errorf("%v, %v", answer, err)
		}
	})
}

// TestNoTime: a time limit that is over before it begins has a reason, too.
func TestNoTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		_, err := newWorld(t).client().Ask(ctx, endpoints("hole"), contact.Request{})
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != `contact: asking the servers of "vo": hole:15000: no connection in time` {
			t.Errorf("%v", err)
		}
	})
}

// lateContext is over, but does not know yet.
type lateContext struct{ context.Context }

func (lateContext) Deadline() (time.Time, bool) { return time.Now(), true }

// TestTooLateFirst: a connection that notices the end before the context does is too slow, and not broken.
func TestTooLateFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newWorld(t).client()
		client.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, os.ErrDeadlineExceeded }
		_, err := client.Ask(lateContext{t.Context()}, endpoints("hole"), contact.Request{})
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != `contact: asking the servers of "vo": hole:15000: no connection in time` {
			t.Errorf("%v", err)
		}
	})
}

// TestCheck: an answer that the caller does not like is a failure of that server, and the next one is asked. A list is not looked at.
func TestCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add(&server{host: "a", rest: goodREST, legacy: xmlLegacy("<bitstr>L3ZvCg==</bitstr>")})
		w.add(&server{host: "b", rest: goodREST})
		client := inOrder(w.client())
		unliked := errors.New("unliked")
		client.Check = func(_ context.Context, answer *contact.Answer) error {
			if answer.Endpoint.Host == "a" {
				return unliked
			}
			return nil
		}
		w.pipe(client)
		answer, err := client.Ask(t.Context(), endpoints("a", "b"), contact.Request{})
		if err != nil || answer.Endpoint.Host != "b" {
			t.Errorf("%+v, %v", answer, err)
		}
		answer, err = client.Ask(t.Context(), endpoints("a"), contact.Request{})
		if answer != nil || !errors.Is(err, unliked) || err.Error() != `contact: asking the servers of "vo": a:15000: unliked` {
			t.Errorf("%+v, %v", answer, err)
		}
		if answer, err = client.Ask(t.Context(), endpoints("a"), contact.Request{List: true}); err != nil || len(answer.FQANs) != 1 {
			t.Errorf("%+v, %v", answer, err)
		}
	})
}

// TestCancelled: a user who gives up gets that as the reason, not a list of servers.
func TestCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.add(&server{host: "mute", noAnswer: true})
		client := w.client()
		w.pipe(client)
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		start := time.Now()
		_, err := client.Ask(ctx, endpoints("mute", "hole"), contact.Request{})
		if !errors.Is(err, interrupted) || err.Error() != `contact: asking the servers of "vo": interrupted` || time.Since(start) != time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// TestDeadline: the caller's own deadline is not said to be the client's.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newWorld(t).client()
		client.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Ask(ctx, endpoints("hole"), contact.Request{})
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != `contact: asking the servers of "vo": hole:15000: no connection in time` {
			t.Error(err)
		}
	})
}

// TestStubbornDial: a Dial that does not obey the context does not keep Ask.
func TestStubbornDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newWorld(t).client()
		client.Dial = func(context.Context, string, string) (net.Conn, error) { time.Sleep(time.Hour); return nil, io.EOF }
		start := time.Now()
		if _, err := client.Ask(t.Context(), endpoints("a"), contact.Request{}); err == nil || time.Since(start) != 15*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		time.Sleep(2 * time.Hour) // until Dial has returned
	})
}

// TestOrder: known servers go first and as they are given, the others in any order.
func TestOrder(t *testing.T) {
	t.Parallel()
	client := newWorld(t).client()
	client.Dial = refusingDial
	client.Spoken = func(e contact.Endpoint) contact.Protocol {
		return map[string]contact.Protocol{"known2": contact.REST, "known1": contact.Legacy}[e.Host]
	}
	seen := map[string]bool{}
	for range 200 {
		_, err := client.Ask(t.Context(), endpoints("a", "known2", "b", "known1"), contact.Request{})
		failed, ok := errors.AsType[*contact.FailedError](err)
		if !ok {
			t.Fatal(err)
		}
		var hosts []string
		for _, f := range failed.Failures {
			hosts = append(hosts, f.Endpoint.Host)
		}
		seen[strings.Join(hosts, " ")] = true
	}
	if len(seen) != 2 || !seen["known2 known1 a b"] || !seen["known2 known1 b a"] {
		t.Errorf("%v", seen)
	}
}

// BenchmarkAsk is one question to one server, and what a black hole before it adds: less than 300 ms.
func BenchmarkAsk(b *testing.B) {
	for _, c := range []struct{ name, hosts string }{{"good", "good"}, {"after a black hole", "hole good"}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			w.add(&server{host: "good", rest: goodREST})
			client := inOrder(w.client())
			w.listen(client)
			for b.Loop() {
				if _, err := client.Ask(b.Context(), endpoints(strings.Fields(c.hosts)...), contact.Request{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
