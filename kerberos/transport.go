// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/challenge"
	"github.com/x509up/x509up/kerberos/internal/gss"
	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/internal/replay"
)

// Transport is an [http.RoundTripper] that authenticates by HTTP Negotiate (RFC 4559) with a ticket. It may be used by several
// goroutines at once, and must not be changed after its first use.
//
// A request goes out with a token once: a server that refuses it is not asked again. A request that has an Authorization field of
// its own, or that a redirect has caused, goes out as it is.
type Transport struct {
	// Client gets the tickets; required.
	Client *Client
	// Base carries the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
	// SPN is the service to be authenticated to, with a realm or without: HTTP/idp.example.org. Empty: HTTP/ and the host of the URL,
	// by its canonical name if Client.Config has it so.
	SPN string
	// OnChallenge holds the ticket back until the server has answered 401 with Negotiate. The body is then sent again: by the
	// request's GetBody, or from memory if it has at most 1 MiB. If it has more the ticket goes with the first request.
	OnChallenge bool
	// Notify, if not nil, is told whose ticket goes where. It may be called by several goroutines at once.
	Notify func(string)

	mu    sync.Mutex
	early *prefetched
}

const (
	maxBody  = 1 << 20 // of a request that is kept to be sent again, in bytes
	maxDrain = 1 << 16 // of a page that nobody reads, in bytes, so that the connection can be used again
)

// RoundTrip sends the request. Beside those of Base and of [Client.Ticket] its errors are [*URLError], [*SPNError],
// [*RefusedError], [*NotOfferedError] and [*MutualError]. An answer without a token is taken as it is, as are all but 401.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") != "" || r.Response != nil {
		return t.base().RoundTrip(r)
	}
	if err := checkURL(r.URL); err != nil {
		closeBody(r)
		return nil, fmt.Errorf("kerberos: sending a ticket: %w", err)
	}
	if t.OnChallenge {
		return t.challenged(r)
	}
	return t.authenticated(r.Context(), r)
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

// challenged asks without a ticket first.
func (t *Transport) challenged(r *http.Request) (*http.Response, error) {
	first, again, err := replay.Twice(r, maxBody)
	if err != nil {
		closeBody(r)
		return nil, fmt.Errorf("kerberos: reading the request: %w", err)
	}
	if again == nil {
		return t.authenticated(r.Context(), first)
	}
	answer, err := t.base().RoundTrip(first)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	challenges := challenge.Parse(answer.Header)
	discard(answer)
	if _, offered := challenge.Negotiate(challenges); !offered {
		return nil, fmt.Errorf("kerberos: authenticating: %w", &NotOfferedError{r.URL.Host, challenge.Schemes(challenges)})
	}
	second, err := again()
	if err != nil {
		return nil, fmt.Errorf("kerberos: reading the request again: %w", err)
	}
	return t.authenticated(r.Context(), second)
}

// authenticated sends a request with a token, and judges the answer.
func (t *Transport) authenticated(ctx context.Context, r *http.Request) (*http.Response, error) {
	host := r.URL.Host
	got, err := t.ticket(ctx, r.URL.Hostname())
	if err != nil {
		closeBody(r)
		return nil, err
	}
	pending, err := gss.Start(got.credential, t.Client.now().Add(got.offset), nil)
	if err != nil {
		closeBody(r)
		return nil, fmt.Errorf("kerberos: making a token for %s: %w", shown(host), judged(err, got.source))
	}
	if t.Notify != nil {
		t.Notify(fmt.Sprintf("sending the ticket of %s for %s to %s", got.credential.Client, got.credential.Server, host))
	}
	clone := r.Clone(ctx)
	clone.Header.Set("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString(pending.Token))
	answer, err := t.base().RoundTrip(clone)
	if err != nil {
		return nil, err
	}
	if err := judge(answer, host, got, pending, t.Client.now().Add(got.offset)); err != nil {
		discard(answer)
		t.Client.forget(got)
		return nil, fmt.Errorf("kerberos: authenticating: %w", err)
	}
	return answer, nil
}

// judge tells whether an answer may be believed, which came at a time by the clock of the KDC.
func judge(answer *http.Response, host string, got obtained, pending *gss.Pending, now time.Time) error {
	challenges := challenge.Parse(answer.Header)
	spn := got.credential.Server.String()
	token, offered := challenge.Negotiate(challenges)
	refused := &RefusedError{Host: host, SPN: spn, Principal: got.credential.Client, Offset: got.offset}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		refused.Ahead = date.Sub(now).Round(time.Second)
	}
	if answer.StatusCode == http.StatusUnauthorized && !offered {
		return &NotOfferedError{host, challenge.Schemes(challenges)}
	}
	var err error
	if token != "" {
		var data []byte
		if data, err = challenge.Decode(token); err == nil {
			_, err = pending.Finish(data)
		}
	}
	reject, rejected := errors.AsType[*gss.RejectError](err)
	if rejected && reject.KRBError != nil {
		refused.Code, refused.Text = reject.KRBError.Code, shown(reject.KRBError.Text)
		refused.Name = message.Code(refused.Code).Name()
	}
	switch {
	case answer.StatusCode == http.StatusUnauthorized || rejected:
		return refused
	case err != nil:
		return &MutualError{host, spn, shown(err.Error())}
	}
	return nil
}

// checkURL allows https, and http to this machine, for tests.
func checkURL(u *url.URL) error {
	switch {
	case u.Hostname() == "":
		return &URLError{shown(u.Redacted()), "has no host"}
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return &URLError{shown(u.Redacted()), "is not https"}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// discard ends an answer that nobody will read. A server that is slow to send it loses the connection.
func discard(answer *http.Response) {
	done := time.AfterFunc(time.Second, func() { _ = answer.Body.Close() })
	defer done.Stop()
	_, _ = io.CopyN(io.Discard, answer.Body, maxDrain)
	_ = answer.Body.Close()
}
