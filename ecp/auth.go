// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/x509up/x509up/ecp/internal/paos"
	"github.com/x509up/x509up/ecp/internal/web"
)

// Credentials are a user name and a password for HTTP Basic authentication
// (RFC 7617). They print as the user name and [redacted]. The user name must not
// be empty or have a colon, the password must not be empty, and neither may have
// control characters: a login that gets such credentials fails and sends nothing.
type Credentials struct {
	Username, Password string
	// Passcode is what the user has typed beside the password, the digits for
	// Duo's factor passcode; see [Duo]. Mostly empty.
	Passcode string
}

// Format writes the user name and [redacted], whatever the verb is.
func (c Credentials) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s:[redacted]", c.Username) }

// MarshalText does the same for encoders and for log/slog.
func (c Credentials) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// check refuses what Basic cannot carry (RFC 7617, §2).
func (c Credentials) check() error {
	switch {
	case c.Username == "":
		return &CredentialsError{"the user name is empty"}
	case strings.Contains(c.Username, ":"):
		return &CredentialsError{"the user name has a colon, which HTTP Basic authentication cannot carry"}
	case c.Password == "":
		return &CredentialsError{"the password is empty"}
	case strings.ContainsFunc(c.Username+c.Password+c.Passcode, isControl):
		return &CredentialsError{"the user name or the password has a control character"}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Prompt is what a login knows when it needs credentials.
type Prompt struct {
	// IdP is the endpoint that they will be sent to.
	IdP *url.URL
	// Request is what the service provider asked for.
	Request *AuthnRequest
}

// Duo holds what a Shibboleth IdP with Duo's Auth API takes from the request
// of a client without a browser. Empty fields are not sent; without any the
// IdP's own choice holds, by default "auto".
type Duo struct {
	// Factor is auto, push, phone, sms or passcode.
	Factor string
	// Device is auto or a device's id.
	Device string
	// Passcode holds the digits for the factor passcode, unless the Credentials
	// bring them.
	Passcode string
}

func (d Duo) set(h http.Header) {
	for name, value := range map[string]string{
		"X-Shibboleth-Duo-Factor":   d.Factor,
		"X-Shibboleth-Duo-Device":   d.Device,
		"X-Shibboleth-Duo-Passcode": d.Passcode,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
}

// authenticate is steps 4 to 6: it posts the SP's request to the IdP, with
// credentials, and reads the IdP's Response. What it returns is fit to be
// delivered.
func (c *Client) authenticate(ctx context.Context, request *AuthnRequest) (*paos.Response, error) {
	if c.IdP == nil {
		return nil, ErrNoIdP
	}
	if err := c.checkURL(c.IdP); err != nil {
		return nil, err // before anybody is asked for a password
	}
	login := &login{client: c, request: request,
		http: &http.Client{Transport: c.IdPTransport, Jar: newJar(), CheckRedirect: stay}}
	if !c.WaitForChallenge {
		if err := login.askCredentials(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := login.post(ctx)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusUnauthorized && c.WaitForChallenge && c.Credentials != nil &&
		slices.ContainsFunc(web.Schemes(answer.Header), func(s string) bool { return strings.EqualFold(s, "Basic") }) {
		discard(answer)
		if err := login.askCredentials(ctx); err != nil {
			return nil, err
		}
		if answer, err = login.post(ctx); err != nil {
			return nil, err
		}
	}
	defer answer.Body.Close()
	r, err := login.read(answer)
	if err != nil {
		return nil, err
	}
	err = judged(r.Check(request.message), IdP)
	if e, ok := err.(*StatusError); ok {
		e.NoPassword = login.credentials == nil
	}
	return r, err
}

// login is one login at the IdP. Its cookies end with it.
type login struct {
	client      *Client
	request     *AuthnRequest
	http        *http.Client
	credentials *Credentials
}

func (l *login) askCredentials(ctx context.Context) error {
	if l.client.Credentials == nil {
		return nil
	}
	credentials, err := l.client.Credentials(ctx, Prompt{IdP: l.client.IdP, Request: l.request})
	if err != nil {
		return err
	}
	if err := credentials.check(); err != nil {
		return err
	}
	l.credentials = &credentials
	return nil
}

// post sends the request. It is the only place where credentials go out.
func (l *login) post(ctx context.Context) (*http.Response, error) {
	c := l.client
	// Shibboleth and Keycloak dispatch on text/xml (ecp:Response is SOAP 1.1).
	req, err := newPost(ctx, c.IdP, "text/xml; charset=utf-8", l.request.message.ForIdP())
	if err != nil {
		return nil, err
	}
	duo := c.Duo
	if l.credentials != nil {
		req.SetBasicAuth(l.credentials.Username, l.credentials.Password)
		duo.Passcode = cmp.Or(l.credentials.Passcode, duo.Passcode)
	}
	// Before a challenge a passcode would be spent for nothing.
	if l.credentials != nil || c.Credentials == nil {
		duo.set(req.Header)
	}
	answer, err := c.send(l.http, req, doingLogin)
	if e := (*Error)(nil); errors.As(err, &e) {
		return nil, e.Err // authenticate's caller says where
	}
	return answer, err
}

// read turns the IdP's answer into a response, or an error that says what the
// IdP meant.
func (l *login) read(answer *http.Response) (*paos.Response, error) {
	sent := l.credentials != nil
	status, contentType := answer.StatusCode, answer.Header.Get("Content-Type")
	if status >= 300 && status <= 399 {
		e := &AnswerError{Status: status, Sent: sent}
		if to, err := answer.Location(); err == nil {
			e.RedirectHost = clean(to.Host)
		}
		return nil, e
	}
	data, err := readMessage(answer.Body, IdP)
	if err != nil {
		return nil, err
	}
	page := web.IsPage(contentType, data)
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return nil, &AuthError{status, sent, web.Schemes(answer.Header), web.Text(contentType, data)}
	}
	r, err := paos.ParseResponse(data)
	err = judged(err, IdP)
	if fault := (*FaultError)(nil); errors.As(err, &fault) {
		return nil, fault
	}
	if status != http.StatusOK || page || len(data) == 0 {
		return nil, &AnswerError{Status: status, ContentType: clean(contentType), Text: web.Text(contentType, data),
			WebPage: page, LoginForm: page && web.AsksPassword(data), Empty: len(data) == 0, Sent: sent}
	}
	return r, err
}
