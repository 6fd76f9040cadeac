// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/x509up/x509up/voms/internal/wire"
)

// httpRequest is a request of the REST protocol. The user agent must not be that of voms-clients 2.x, to which IAM answers in
// a manner of its own; a front end of IAM compares the type with what it sends.
func httpRequest(e Endpoint, target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: " + e.Address() +
		"\r\nUser-Agent: x509up\r\nAccept: text/xml, */*\r\nConnection: close\r\n\r\n"
}

// exchange asks over a connection in the protocol that the server is thought to speak, and over another one in the other
// protocol if it turns out not to. The Protocol is Unknown unless a VOMS server answered.
func (a *attempt) exchange(ctx context.Context, conn *tls.Conn) (*Answer, Protocol, error) {
	first, second := REST, Legacy
	if a.spoken == Legacy || a.listing() {
		first, second = Legacy, REST
	}
	a.stage.Store(stageAnswer)
	answer, err := a.ask(ctx, conn, first)
	if answered(err) {
		return answer, first, err
	}
	if !a.otherProtocolMayDo(ctx, err) {
		return nil, Unknown, err
	}
	conn, again := a.connect(ctx)
	if again != nil {
		return nil, Unknown, err
	}
	answer, again = a.ask(ctx, conn, second)
	switch {
	case answered(again) && mute(err):
		return answer, first, again
	case answered(again):
		return answer, second, again
	}
	// The protocol that it is thought to speak is the one whose failure counts.
	return nil, Unknown, fmt.Errorf("%w; by the %s protocol: %w", err, second, again)
}

// answered tells whether a VOMS server has spoken.
func answered(err error) bool {
	_, refused := errors.AsType[*RefusedError](err)
	return err == nil || refused
}

// otherProtocolMayDo tells whether an error may come from a server that does not know the protocol. One that is known to
// speak REST is believed when it speaks HTTP: it is a gateway whose server is down.
func (a *attempt) otherProtocolMayDo(ctx context.Context, err error) bool {
	if _, ok := errors.AsType[*ClientCertificateError](err); ok || ctx.Err() != nil || a.listing() {
		return false
	}
	bad, ok := errors.AsType[*AnswerError](err)
	return !ok || bad.Status == 0 || a.spoken != REST || mute(err)
}

// noReason is what AnswerError says of an answer that holds warnings at most.
const noReason = "it holds neither what was asked for nor a reason"

// mute tells whether a VOMS server does not say why it refuses. In REST voms-server has room for one complaint, so that a
// warning (the lifetime is shortened, say) hides the refusal. The older protocol tells it.
func mute(err error) bool {
	bad, ok := errors.AsType[*AnswerError](err)
	return ok && bad.Reason == noReason
}

// ask sends a request and closes the connection.
func (a *attempt) ask(ctx context.Context, conn *tls.Conn, p Protocol) (*Answer, error) {
	stop := context.AfterFunc(ctx, func() { conn.NetConn().Close() })
	defer stop()
	defer conn.Close()
	if _, err := io.WriteString(conn, a.requests[p]); err != nil {
		// A server that did not like the certificate has said so and gone. What it said may still be there to be read.
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, why := conn.Read(make([]byte, 1)); why != nil {
			if refused, ok := refusedCertificate(why); ok {
				return nil, refused
			}
		}
		return nil, fmt.Errorf("sending the request: %w", brief(err))
	}
	var status int
	var body []byte
	var err error
	if p == REST {
		status, body, err = wire.ReadHTTP(conn)
	} else {
		body, err = wire.Read(conn)
	}
	if refused, ok := refusedCertificate(err); ok {
		return nil, refused
	}
	return a.judge(p, status, body, err)
}

// judge says what an answer amounts to. How the connection ended does not count if the answer is complete.
func (a *attempt) judge(p Protocol, status int, body []byte, ended error) (*Answer, error) {
	said, err := wire.Parse(body)
	switch {
	case err == nil && len(said.Faults) > 0:
		return nil, refusal(a.endpoint, status, said.Faults)
	case err == nil && (a.listing() && said.List != nil || !a.listing() && said.AC != nil):
		answer := &Answer{AC: said.AC, Warnings: said.Warnings, Endpoint: a.endpoint, Protocol: p}
		if a.listing() {
			answer.AC, answer.FQANs = nil, said.List
		}
		return answer, nil
	case err == nil:
		return nil, &AnswerError{Status: status, Reason: noReason, Text: wire.Clean(strings.Join(said.Warnings, "; "))}
	}
	if err := cutOff(status, body, ended); err != nil {
		return nil, err
	}
	title := wire.Title(body)
	if strings.Contains(title, "SSL certificate") {
		// nginx completes the handshake and tells on a page of its own.
		return nil, &ClientCertificateError{title}
	}
	return nil, &AnswerError{Status: status, Reason: err.Error(), Text: title}
}

// cutOff says what is wrong with the end of an answer, nil for the usual ends of a connection.
func cutOff(status int, body []byte, ended error) error {
	if e, ok := errors.AsType[*wire.NotHTTPError](ended); ok {
		return &AnswerError{Reason: e.Error()}
	}
	switch {
	case errors.Is(ended, wire.ErrTooLarge), errors.Is(ended, wire.ErrTruncated):
		return &AnswerError{Status: status, Reason: ended.Error()}
	case ended != nil && !errors.Is(ended, io.ErrUnexpectedEOF):
		return fmt.Errorf("reading the answer: %w", brief(ended))
	case status == 0 && len(body) == 0:
		return &AnswerError{}
	}
	return nil
}
