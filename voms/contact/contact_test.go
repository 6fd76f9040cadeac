// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

const host = "voms.example.org"

// chunk is one of an HTTP answer in chunks.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

func TestAsk(t *testing.T) {
	t.Parallel()
	const shortened = "voms.example.org:15000: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"
	swapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, base64.RawStdEncoding.EncodeToString(ac))
	list := "<bitstr>" + base64.StdEncoding.EncodeToString([]byte("/vo\n/vo/Role=x\n")) + "</bitstr>"
	rest, legacy := contact.REST, contact.Legacy
	for _, c := range []struct {
		name    string
		server  server
		request contact.Request
		spoken  contact.Protocol
		asked   string
		want    contact.Answer // Endpoint is filled in
	}{
		{"REST", server{rest: goodREST}, contact.Request{}, 0, "GET", contact.Answer{AC: ac, Protocol: rest}},
		{"the connection stays open", server{rest: goodREST, keepOpen: true}, contact.Request{}, 0, "GET", contact.Answer{AC: ac, Protocol: rest}},
		{"a warning and status 500", server{rest: httpAnswer("500 Internal Server Error", xmlREST("<ac>"+acText+"</ac><warning>"+shortened+"</warning>"))},
			contact.Request{}, 0, "GET", contact.Answer{AC: ac, Protocol: rest, Warnings: []string{shortened}}},
		{"IAM", server{rest: "HTTP/1.1 200 \r\nServer: nginx\r\nContent-Type: text/xml;charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n" +
			chunk(`<?xml version="1.0" encoding="UTF-8" standalone="no"?><voms><a`) + chunk("c>"+strings.TrimSpace(acText)+"&#13;\n</ac></voms>") + chunk("")},
			contact.Request{}, 0, "GET", contact.Answer{AC: ac, Protocol: rest}},
		{"list", server{rest: goodREST, legacy: xmlLegacy(list)}, contact.Request{List: true}, 0, "XML",
			contact.Answer{FQANs: []string{"/vo", "/vo/Role=x"}, Protocol: legacy}},
		{"list, beside no certificate", server{legacy: xmlLegacy(list + "<ac>QQ==\n</ac>")}, contact.Request{List: true}, rest, "XML",
			contact.Answer{FQANs: []string{"/vo", "/vo/Role=x"}, Protocol: legacy}},

		{"nothing by REST, as voms-server 2.1.0~rc3", server{legacy: goodOld}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"404 by REST", server{rest: badREST, legacy: goodOld}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"rubbish by REST", server{rest: "\x00\x01\x02", legacy: goodOld}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"half an answer by REST", server{rest: goodREST[:len(goodREST)-10], legacy: goodOld}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"a reset by REST", server{rest: "", reset: true, legacy: goodOld}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"the old alphabet", server{legacy: xmlLegacy("<ac>" + swapped + "</ac>")}, contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"a warning, legacy", server{legacy: xmlLegacy("<error><item><number>2</number><message>" + shortened + "</message></item></error><ac>" + acText + "</ac>")},
			contact.Request{}, 0, "GET XML", contact.Answer{AC: ac, Protocol: legacy, Warnings: []string{shortened}}},
		{"known to speak legacy", server{rest: goodREST, legacy: goodOld}, contact.Request{}, legacy, "XML", contact.Answer{AC: ac, Protocol: legacy}},
		{"legacy no more", server{rest: goodREST}, contact.Request{}, legacy, "XML GET", contact.Answer{AC: ac, Protocol: rest}},
		{"REST no more", server{legacy: goodOld}, contact.Request{}, rest, "GET XML", contact.Answer{AC: ac, Protocol: legacy}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.server.host = host
			s := w.add(&c.server)
			client := w.client()
			w.listen(client)
			client.Spoken = func(contact.Endpoint) contact.Protocol { return c.spoken }
			var learned []contact.Protocol
			client.Learned = func(e contact.Endpoint, p contact.Protocol) { learned = append(learned, p) }
			got, err := client.Ask(t.Context(), endpoints(host), c.request)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Endpoint = endpoints(host)[0]
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Error(diff)
			}
			if s.asked() != c.asked {
				t.Errorf("it was asked %q, want %q", s.asked(), c.asked)
			}
			want := []contact.Protocol{c.want.Protocol}
			if c.request.List {
				want = nil // there was no choice
			}
			if diff := cmp.Diff(want, learned); diff != "" {
				t.Errorf("learned: %s", diff)
			}
		})
	}
}

// TestQuestion: what goes over the wire, in both protocols, and what the user is told.
func TestQuestion(t *testing.T) {
	t.Parallel()
	group, role := voms.FQAN{Group: "/vo/g"}, voms.FQAN{Group: "/vo", Role: "pilot"}
	for _, c := range []struct {
		name         string
		request      contact.Request
		rest, legacy string
	}{
		{"nothing said", contact.Request{}, "fqans=/vo&lifetime=43200", "<command>G/vo</command>@<lifetime>43200</lifetime>"},
		{"all", contact.Request{All: true, Lifetime: time.Hour}, "fqans=all&lifetime=3600", "<command>A</command>@<lifetime>3600</lifetime>"},
		{"list", contact.Request{List: true}, "", "<command>N</command>@<lifetime>43200</lifetime>"},
		{"everything", contact.Request{FQANs: []voms.FQAN{role}, Order: []voms.FQAN{{Group: "/other"}, group, role}, Targets: []string{"a.example.org"}, Lifetime: 90 * time.Minute},
			"fqans=/vo/g,/vo/Role=pilot&lifetime=5400&order=/vo/g,/vo:pilot&targets=a.example.org",
			"<command>G/vo/g</command><command>B/vo:pilot</command><order>/vo/g,/vo:pilot</order><targets>a.example.org</targets>@<lifetime>5400</lifetime>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.add(&server{host: host, legacy: xmlLegacy("<error><item><number>1005</number></item></error>")})
			client := w.client()
			w.listen(client)
			var told []string
			client.Notify = func(text string) { told = append(told, text) }
			if _, err := client.Ask(t.Context(), endpoints(host), c.request); err == nil {
				t.Fatal("no error")
			}
			want := []string{"GET /generate-ac?" + c.rest, `<?xml version="1.0" encoding="US-ASCII"?><voms>` +
				strings.Replace(c.legacy, "@", "<base64>1</base64><version>4</version>", 1) + "</voms>\n"}
			if c.request.List {
				want = want[1:]
			}
			if diff := cmp.Diff(want, s.questions()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"asking voms.example.org:15000 (vo)"}, told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(&server{host: host, rest: goodREST})
	client := w.client()
	w.listen(client)
	for _, c := range []struct {
		name      string
		endpoints []contact.Endpoint
		request   contact.Request
		want      string
	}{
		{"no server", nil, contact.Request{}, "contact: making the request: no server is given"},
		{"not an FQAN", endpoints(host), contact.Request{FQANs: []voms.FQAN{{Group: "/vo&x=y"}}}, `contact: making the request: the name "/vo&x=y" cannot be asked for: `},
		{"not a host", endpoints(host), contact.Request{Targets: []string{"a b"}}, `contact: making the request: the target "a b" is not the name of a host`},
		{"a VO that is none", []contact.Endpoint{{Host: host, Port: 15000, VO: "a b"}}, contact.Request{}, `contact: making the request: the name "/a b" cannot be asked for: `},
		{"the past", endpoints(host), contact.Request{Lifetime: -1}, "contact: making the request: a lifetime of -1ns is too short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Ask(t.Context(), c.endpoints, c.request)
			if _, ok := errors.AsType[*contact.RequestError](err); !ok || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	t.Cleanup(func() {
		if w.questions() != "" {
			t.Errorf("something was sent")
		}
	})
}

// TestRefused: the words of voms-server and IAM, and what they mean.
func TestRefused(t *testing.T) {
	t.Parallel()
	rest := func(status, code, message string) server {
		return server{rest: httpAnswer(status, xmlREST("<error><code>"+code+"</code><message>"+message+"</message></error>"))}
	}
	legacy := func(items ...string) server {
		inner := ""
		for i := 0; i < len(items); i += 2 {
			inner += "<item><number>" + items[i] + "</number><message>" + items[i+1] + "</message></item>"
		}
		return server{legacy: xmlLegacy("<error>" + inner + "</error><ac>QQ==\n</ac>")}
	}
	const notMember, notActive, noAUP, noAttribute = "the certificate is not one of a member of the VO", "the membership is suspended",
		"the acceptable use policy is not signed", "a group or role that was asked for is not the user's, or does not exist"
	for _, c := range []struct {
		name   string
		server server
		status int
		code   string
		reason contact.Reason
		text   string // of the error
	}{
		{"voms-server: not a member", rest("403 Forbidden", "NoSuchUser", "vo: User unknown to this VO."), 403, "NoSuchUser", contact.NotMember, notMember + " (“vo: User unknown to this VO.”)"},
		{"not this role", rest("400 Bad Request", "BadRequest", "vo: Unable to satisfy G/vo/x request!"), 400, "BadRequest", contact.NoAttribute,
			noAttribute + " (“vo: Unable to satisfy G/vo/x request!”)"},
		{"suspended", server{rest: suspended}, 403, "SuspendedUser", contact.Suspended, notActive + " (“User is currently suspended! Suspension reason: left”)"},
		{"suspended for the AUP", rest("403 Forbidden", "SuspendedUser", "User is currently suspended!\nSuspension reason: The AUP was not signed."), 403, "SuspendedUser", contact.AUP,
			noAUP + " (“User is currently suspended! Suspension reason: The AUP was not signed.”)"},
		{"suspended, and of that name", rest("403 Forbidden", "SuspendedUser", "User is currently suspended!\nSuspension reason: haupt"), 403, "SuspendedUser", contact.Suspended,
			notActive + " (“User is currently suspended! Suspension reason: haupt”)"},
		{"nothing to give", rest("500 X", "InternalError", "vo : no valid VOMS attributes found for your request."), 500, "InternalError", contact.NoAttribute,
			noAttribute + " (“vo : no valid VOMS attributes found for your request.”)"},
		{"no database", rest("500 X", "InternalError", "vo: Problems in DB communication: gone"), 500, "InternalError", contact.ServerFault,
			"the server has a fault (“vo: Problems in DB communication: gone”)"},
		{"no words", rest("400 X", "BadRequest", ""), 400, "BadRequest", contact.BadRequest, "the server does not understand the request (BadRequest)"},
		{"words not known", rest("400 X", "Teapot", "short &amp; stout"), 400, "Teapot", contact.UnknownReason, "the request was refused (“short & stout”)"},

		{"IAM: not a member", rest("403 X", "1001", "User unknown to this VO: 'CN=Jane' (issued by 'CN=CA')"), 403, "1001", contact.NotMember,
			notMember + " (“User unknown to this VO: 'CN=Jane' (issued by 'CN=CA')”)"},
		{"not active", rest("200 OK", "1004", "User 'CN=Jane, CN=CA' is not active."), 200, "1004", contact.Suspended, notActive + " (“User 'CN=Jane, CN=CA' is not active.”)"},
		{"AUP", rest("200 OK", "1004", "User jane needs to sign AUP for this organization in order to proceed."), 200, "1004", contact.AUP,
			noAUP + " (“User jane needs to sign AUP for this organization in order to proceed.”)"},
		{"no such attribute", rest("200 OK", "1007", "User is not authorized to request attribute '/vo/x' or attribute does not exist."), 200, "1007", contact.NoAttribute,
			noAttribute + " (“User is not authorized to request attribute '/vo/x' or attribute does not exist.”)"},
		{"lifetime", rest("200 OK", "1006", "lifetime must be a positive integer"), 200, "1006", contact.BadRequest,
			"the server does not understand the request (“lifetime must be a positive integer”)"},
		{"not authenticated", rest("400 X", "1006", "Client is not authenticated."), 400, "1006", contact.NoCertificate,
			"the server saw no certificate that it trusts (“Client is not authenticated.”)"},
		{"nginx", rest("400 X", "1005", "SSL certificate error: invalid or missing client certificate."), 400, "1005", contact.NoCertificate,
			"the server saw no certificate that it trusts (“SSL certificate error: invalid or missing client certificate.”)"},
		{"down", rest("502 X", "1006", "The server is not available"), 502, "1006", contact.ServerFault, "the server has a fault (“The server is not available”)"},

		{"legacy: not a member", legacy("1001", "vo: User unknown to this VO."), 0, "1001", contact.NotMember, notMember + " (“vo: User unknown to this VO.”)"},
		{"a batch: the one that says most counts", legacy("1003", "one", "3", "a warning", "1001", "vo: Unable to satisfy B/vo:x request!", "1006", "three"), 0, "1001", contact.NoAttribute,
			noAttribute + " (“one; vo: Unable to satisfy B/vo:x request!; three”)"},
		{"legacy: nothing to give", legacy("1002", "x"), 0, "1002", contact.NoAttribute, noAttribute + " (“x”)"},
		{"legacy: no command", legacy("1005", "x"), 0, "1005", contact.BadRequest, "the server does not understand the request (“x”)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.server.host = host
			w.add(&c.server)
			client := w.client()
			w.listen(client)
			learned := contact.Unknown
			client.Learned = func(_ contact.Endpoint, p contact.Protocol) { learned = p }
			answer, err := client.Ask(t.Context(), endpoints(host), contact.Request{})
			failed, ok := errors.AsType[*contact.FailedError](err)
			if !ok || answer != nil {
				t.Fatalf("%v, %v", answer, err)
			}
			refused := failed.Refused()
			if refused == nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(refused.Status, refused.Code, int(refused.Reason)); got != fmt.Sprint(c.status, c.code, int(c.reason)) {
				t.Errorf("%s: %v", got, err)
			}
			if got, want := err.Error(), `contact: asking the servers of "vo": voms.example.org:15000: `+c.text; got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
			if want := map[bool]contact.Protocol{true: contact.REST, false: contact.Legacy}[c.status != 0]; learned != want {
				t.Errorf("learned %v", learned)
			}
			if refused.Endpoint != endpoints(host)[0] || failed.Failures[0].Protocol != learned {
				t.Errorf("%+v", failed.Failures[0])
			}
		})
	}
}

// TestFaults: what goes wrong below the protocols, and where no protocol is spoken.
func TestFaults(t *testing.T) {
	t.Parallel()
	const none = "it closed the connection without an answer"
	otherName := func(c *tls.Config) {
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &c.Certificates[0], nil }
	}
	for _, c := range []struct {
		name   string
		server server
		change func(*contact.Client)
		text   string // how the error goes on
	}{
		{"nothing in either protocol", server{}, nil, none + "; by the legacy protocol: " + none},
		{"a page", server{rest: badREST, legacy: "HTTP/1.1 400 Bad Request\r\n\r\n<html><head><title>400 Bad Request</title>"}, nil,
			"it answered 404 Not Found (“404 Not Found”); by the legacy protocol: its answer cannot be used: it is no answer of a VOMS server (“400 Bad Request”)"},
		{"a gateway whose server is down", server{rest: httpAnswer("502 Bad Gateway", "<title>nginx</title>"), legacy: goodOld}, func(c *contact.Client) { inOrder(c) },
			"it answered 502 Bad Gateway (“nginx”)"},
		{"no content", server{rest: "HTTP/1.1 204 No Content\r\n\r\n"}, nil, "it answered 204 No Content; by the legacy protocol: " + none},
		{"a strange status", server{rest: "HTTP/1.1 299 \r\n\r\n"}, nil, "it answered 299; by the legacy protocol: " + none},
		{"half an answer", server{rest: goodREST[:len(goodREST)-10]}, nil, "its answer cannot be used: it ended too soon; by the legacy protocol: " + none},
		{"half a header", server{rest: goodREST[:26]}, nil, "its answer cannot be used: it ended too soon; by the legacy protocol: " + none},
		{"rubbish", server{rest: "\x1b[31mred\r\n\r\n", legacy: "\x1b[31mred"}, nil,
			`its answer cannot be used: it is not HTTP: malformed HTTP response "\x1b[31mred"; by the legacy protocol: its answer cannot be used: it is no answer of a VOMS server`},
		{"no certificate, and no reason", server{rest: httpAnswer("200 OK", xmlREST("<ac></ac><warning>w</warning>"))}, nil,
			"its answer cannot be used: it holds neither what was asked for nor a reason (“w”); by the legacy protocol: " + none},
		{"a broken certificate", server{rest: httpAnswer("200 OK", xmlREST("<ac>MIIB</ac>"))}, nil,
			"its answer cannot be used: its attribute certificate is damaged; by the legacy protocol: " + none},
		{"huge", server{rest: httpAnswer("200 OK", strings.Repeat("x", 2<<20)), legacy: strings.Repeat("x", 2<<20)}, nil,
			"its answer cannot be used: it has more than 1024 KiB; by the legacy protocol: its answer cannot be used: it has more than 1024 KiB"},
		{"a reset in either", server{reset: true}, nil, "reading the answer: read: connection reset by peer; by the legacy protocol: reading the answer: read: connection reset by peer"},
		{"the certificate of another host", server{tls: otherName}, func(c *contact.Client) { c.TLS.RootCAs = otherCA(t) },
			"connecting: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{"TLS 1.1", server{tls: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }}, nil,
			"connecting: remote error: tls: protocol version not supported"},
		{"certificate refused, TLS 1.3", server{tls: func(c *tls.Config) { c.ClientCAs = otherCA(t) }}, nil,
			"it refused the certificate that was shown to it (“unknown certificate authority”)"},
		{"certificate refused, TLS 1.2", server{tls: func(c *tls.Config) { c.ClientCAs, c.MaxVersion = otherCA(t), tls.VersionTLS12 }}, nil,
			"it refused the certificate that was shown to it (“unknown certificate authority”)"},
		{"no certificate, TLS 1.3", server{}, func(c *contact.Client) { c.TLS.Certificates = nil }, "it refused the certificate that was shown to it (“certificate required”)"},
		{"no certificate, TLS 1.2", server{tls: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }}, func(c *contact.Client) { c.TLS.Certificates = nil },
			"connecting: remote error: tls: handshake failure"},
		{"certificate refused by nginx", server{rest: httpAnswer("400 Bad Request", "<html><title>400 The SSL certificate error</title>"), legacy: goodOld}, nil,
			"it refused the certificate that was shown to it (“400 The SSL certificate error”)"},
		{"a dialer's own words", server{}, func(c *contact.Client) {
			c.Dial = refusingDial
		}, "connecting: io: read/write on closed pipe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.server.host = host
			s := w.add(&c.server)
			client := w.client()
			w.listen(client)
			if c.change != nil {
				c.change(client)
			}
			client.Learned = func(contact.Endpoint, contact.Protocol) { t.Error("something was learned") }
			_, err := client.Ask(t.Context(), endpoints(host), contact.Request{})
			want := `contact: asking the servers of "vo": voms.example.org:15000: ` + c.text
			if err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s\nserver: %v", err, want, s.complaints())
			}
			failed, ok := errors.AsType[*contact.FailedError](err)
			if !ok || failed.Refused() != nil || failed.Failures[0].Protocol != contact.Unknown {
				t.Errorf("%#v", err)
			}
		})
	}
}

// TestHost: a certificate must be that of the host, from a CA that is known or not.
func TestHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.add(&server{host: "other.example.org"})
	w.add(&server{host: host, rest: goodREST, tls: func(c *tls.Config) { c.Certificates = other.config.Certificates }})
	client := w.client()
	w.listen(client)
	_, err := client.Ask(t.Context(), endpoints(host), contact.Request{})
	if e, ok := errors.AsType[x509.HostnameError](err); !ok || e.Host != host || w.questions() != "" {
		t.Errorf("%v", err)
	}
}

// TestOutdatedList: a server that announces CAs without the user's gets the certificate all the same, and decides.
func TestOutdatedList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(&server{host: host, rest: goodREST, tls: func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAnyClientCert, otherCA(t)
	}})
	client := w.client()
	w.listen(client)
	if _, err := client.Ask(t.Context(), endpoints(host), contact.Request{}); err != nil {
		t.Error(err)
	}
	if client.TLS.GetClientCertificate != nil || client.TLS.ServerName != "" {
		t.Error("the caller's configuration was changed")
	}
}
