// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package getcert asks an online CA for a certificate: one that stands behind
// a SAML service provider and speaks the form protocol of CILogon's getcert.
//
// The client logs in at the service provider (package ecp) and posts one form.
// In mode certreq the form holds a PKCS #10 request and a lifetime, and the
// answer is the certificate in PEM, with its chain or without: the private key
// never leaves the machine. In mode pkcs12 the server makes the key and sends
// it, with the certificate, as PKCS #12 under a password that the form holds.
//
//	client := &getcert.Client{ECP: &ecp.Client{IdP: idp, Credentials: ask}, URL: url}
//	issued, err := client.CertReq(ctx, func(context.Context) (crypto.Signer, error) {
//		return rsa.GenerateKey(rand.Reader, 2048)
//	}, 24*time.Hour)
//	// issued.Certificates[0] belongs to issued.Key
//
// No public document describes the protocol. CILogon's own endpoint issued its
// last certificate in May 2025 and answers "ECP certificates have been
// disabled." since ([DisabledError]); the code is public, and others run it.
// The URL and the names of the fields are options, so that a CA can differ.
//
// The server cuts a lifetime to its limits without a word: compare NotAfter with
// what was asked for. A certificate that comes back is checked to be for the key that was sent and to be valid now;
// its chain is not verified, which is the work of who knows the CAs.
package getcert

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/pemfile"
)

// Client asks one online CA, for any number of certificates. ECP and URL are
// required. A Client must not be copied after its first use.
type Client struct {
	// ECP logs in at the service provider.
	ECP *ecp.Client
	// URL is the endpoint, https://ecp.example.org/secure/getcert.
	URL *url.URL
	// Form holds the names of the fields where they are not CILogon's.
	Form Form
	// Now is the clock by which certificates are checked; nil means time.Now.
	Now func() time.Time

	entered atomic.Bool // a login has succeeded
}

// Form holds the names of the form's fields. An empty name stands for the one
// that CILogon has.
type Form struct {
	Submit, CertReq, CertLifetime string // CILogon's: submit, certreq, certlifetime
	P12Password, P12Lifetime      string // CILogon's: p12password, p12lifetime
	CSRF                          string // CILogon's: CSRF; also the name of the cookie
}

// Issued is what the CA issued.
type Issued struct {
	// Certificates begins with that of Key. What else the server sent follows
	// in its order.
	Certificates []*x509.Certificate
	// Key is the key that was given to CertReq, or the one that the server made.
	Key crypto.Signer
}

// The answers and their parts are bounded.
const (
	maxAnswer       = pemfile.MaxPKCS12
	maxCertificates = 32
)

// CertReq logs in and asks for a certificate for a key of the client's own.
// The key is asked for after the login, so that it can be made meanwhile.
// The lifetime is rounded up to whole hours, the protocol's unit.
func (c *Client) CertReq(ctx context.Context, key func(context.Context) (crypto.Signer, error), lifetime time.Duration) (*Issued, error) {
	if err := c.login(ctx); err != nil {
		return nil, err
	}
	signer, err := key(ctx)
	if err != nil {
		return nil, c.fail(err)
	}
	// The CA takes the subject from the login and ignores the request's, which
	// some CAs want not to be empty all the same.
	request, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: "x509up"}}, signer)
	if err != nil {
		return nil, c.fail(err)
	}
	body, err := c.post(ctx, url.Values{
		name(c.Form.Submit, "submit"):             {"certreq"},
		name(c.Form.CertReq, "certreq"):           {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}))},
		name(c.Form.CertLifetime, "certlifetime"): {hours(lifetime)},
	})
	if err != nil {
		return nil, err
	}
	certificates, err := parseCertificates(body, signer)
	if err != nil {
		return nil, c.fail(err)
	}
	return c.check(&Issued{certificates, signer})
}

// PKCS12 logs in and asks for a certificate with a key that the server makes.
// The lifetime is rounded up to whole hours.
func (c *Client) PKCS12(ctx context.Context, lifetime time.Duration) (*Issued, error) {
	if err := c.login(ctx); err != nil {
		return nil, err
	}
	password := rand.Text() // the server wants at least 12 characters
	body, err := c.post(ctx, url.Values{
		name(c.Form.Submit, "submit"):           {"pkcs12"},
		name(c.Form.P12Password, "p12password"): {password},
		name(c.Form.P12Lifetime, "p12lifetime"): {hours(lifetime)},
	})
	if err != nil {
		return nil, err
	}
	key, certificates, err := pemfile.DecodePKCS12(body, password)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // without the name of a package that the caller does not know
		}
		return nil, c.fail(&CertificateError{Reason: "its PKCS #12 file is not readable: " + clean(err.Error())})
	}
	return c.check(&Issued{certificates, key})
}

// login tells a service that has ended from one that does not offer ECP, and
// from one that still knows the session of an earlier certificate.
func (c *Client) login(ctx context.Context) error {
	err := c.ECP.Login(ctx, c.URL)
	if e := (*ecp.NotECPError)(nil); errors.As(err, &e) {
		if disabled(e.Text) {
			return c.fail(&DisabledError{e.Text})
		}
		if c.entered.Load() && e.RedirectHost == "" {
			return nil
		}
	}
	if err == nil {
		c.entered.Store(true)
	}
	return err
}

// post sends the form. CILogon wanted the same random value as field and as
// cookie until 2022; who runs its older code wants it still.
func (c *Client) post(ctx context.Context, form url.Values) ([]byte, error) {
	csrf, token := name(c.Form.CSRF, "CSRF"), strings.ToLower(rand.Text()[:10])
	form.Set(csrf, token)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, c.fail(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: csrf, Value: token})
	answer, err := c.ECP.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, c.fail(&AnswerError{Status: answer.StatusCode, Truncated: true})
	case err != nil:
		return nil, c.fail(err)
	case len(body) > maxAnswer:
		return nil, c.fail(&AnswerError{Status: answer.StatusCode, Text: "more than " + strconv.Itoa(maxAnswer>>10) + " KiB"})
	case answer.StatusCode != http.StatusOK:
		return nil, c.fail(refusal(answer, body))
	case isWebPage(body):
		return nil, c.fail(&AnswerError{Status: answer.StatusCode, WebPage: true})
	}
	return body, nil
}

// parseCertificates finds the certificates in an answer to certreq, which may
// have other lines between them: the output of the command that asked the CA.
// Of the others one that Go does not read, such as a CA's of old, is left out.
func parseCertificates(body []byte, key crypto.Signer) ([]*x509.Certificate, error) {
	var mine *x509.Certificate
	var others []*x509.Certificate
	var unreadable error
	for block, rest := pem.Decode(body); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			unreadable = err
		case mine == nil && bundle.Belongs(key, certificate.PublicKey):
			mine = certificate
		case len(others) == maxCertificates-1:
			return nil, &CertificateError{Reason: fmt.Sprintf("more than %d came", maxCertificates)}
		default:
			others = append(others, certificate)
		}
	}
	switch {
	case mine != nil:
		return append([]*x509.Certificate{mine}, others...), nil
	case unreadable != nil:
		return nil, &CertificateError{Reason: "it is not readable: " + clean(unreadable.Error())}
	case len(others) > 0:
		return nil, &CertificateError{Reason: "it is for another key than the one that was sent"}
	}
	return nil, &CertificateError{Reason: "none came" + inQuotes(firstLine(body))}
}

// clockSkew is how far the CA's clock may be ahead of ours.
const clockSkew = 5 * time.Minute

func (c *Client) check(issued *Issued) (*Issued, error) {
	now := time.Now()
	if c.Now != nil {
		now = c.Now()
	}
	leaf := issued.Certificates[0]
	var reason string
	switch {
	case !bundle.Belongs(issued.Key, leaf.PublicKey):
		reason = "it is for another key than the one that came with it"
	case leaf.IsCA:
		reason = "it is the certificate of a CA"
	case now.After(leaf.NotAfter):
		reason = "it has expired at " + leaf.NotAfter.UTC().Format(time.RFC3339)
	case now.Add(clockSkew).Before(leaf.NotBefore):
		reason = "it is not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339) + ": is the clock right?"
	default:
		return issued, nil
	}
	return nil, c.fail(&CertificateError{Reason: reason})
}

func (c *Client) fail(err error) error { return &Error{Host: c.URL.Host, Err: err} }

func name(given, usual string) string {
	if given != "" {
		return given
	}
	return usual
}

// hours writes a lifetime in whole hours, at least one: CILogon takes 0 for
// its own idea of a lifetime.
func hours(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Hours()))))
}
