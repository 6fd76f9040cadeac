// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/x509up/x509up/ecp/internal/origin"
	"github.com/x509up/x509up/ecp/internal/paos"
	"github.com/x509up/x509up/ecp/internal/soap"
	"github.com/x509up/x509up/ecp/internal/web"
)

// A Client opens sessions at service providers through one identity provider.
// Only IdP is required. Nothing here has a timeout of its own: the context's
// deadline bounds a login, in which a push to a telephone may take a minute.
// A Client must not be copied or changed after its first use; its methods may
// be called from several goroutines, but each login asks for credentials of
// its own.
type Client struct {
	// IdP is the ECP endpoint (SOAP binding) of the identity provider.
	IdP *url.URL

	// Credentials is asked for the user name and password once a login needs
	// them, which is after the SP has answered. It is called once per login,
	// and what it returns is sent once. Nil: none are sent; IdPTransport has
	// its own way to authenticate.
	Credentials func(context.Context, Prompt) (Credentials, error)

	// WaitForChallenge holds the credentials back until the IdP has answered
	// 401 with a Basic challenge. Most IdPs never challenge: Shibboleth's
	// Password flow and SimpleSAMLphp want them with the first request.
	WaitForChallenge bool

	// Again, if not nil, is asked with the error of a login whether to begin anew,
	// once, with a new request of the SP: an IdP that has answered a request takes
	// it for a replay when it comes again. It is for who has other credentials to
	// send then, and must not say yes where the same would go out twice.
	Again func(error) bool

	// Duo tells a Shibboleth IdP how to ask for a second factor.
	Duo Duo

	// SPTransport carries the requests to service providers; nil means
	// http.DefaultTransport.
	SPTransport http.RoundTripper

	// IdPTransport carries the request to the IdP, and nothing else; nil means
	// http.DefaultTransport. A TLS client certificate or a Kerberos ticket
	// (HTTP Negotiate) plugs in here.
	IdPTransport http.RoundTripper

	// Jar keeps the cookies of the service providers; nil means a new one for
	// this Client. The IdP's cookies live for one login, and apart.
	Jar http.CookieJar

	// ConsumerHosts are further hosts, with the port if it is not 443, at which
	// a service provider may ask for the Response beside the resource's own.
	ConsumerHosts []string

	// AllowLoopbackHTTP allows http for hosts that are loopback addresses or
	// localhost, for tests.
	AllowLoopbackHTTP bool

	// UserAgent is sent with every request, if it is not empty.
	UserAgent string

	// Notify, if not nil, is called before each request with what it is for,
	// such as "logging in at", and the host; from several goroutines if Do is.
	Notify func(doing, host string)

	once    sync.Once
	sp      *http.Client
	mu      sync.Mutex
	entered map[string]bool // origins of SPs with a session
}

// Delivering is what Notify is told when the identity provider has let the user in.
const Delivering = "posting the assertion to"

// Steps of an exchange, as they stand in errors and are told to Notify.
const (
	doingAsk     = "asking"
	doingLogin   = "logging in at"
	doingDeliver = Delivering
	doingFetch   = "requesting from"
)

// maxMessage bounds a message, in bytes. A Response with an encrypted assertion
// and long group lists has some hundred kilobytes.
const maxMessage = 1 << 20

// faultTimeout bounds the courtesy of telling the SP that a login failed.
const faultTimeout = 5 * time.Second

// maxHops bounds the redirects within the SP's own origin that Login follows in
// step 1, such as one that adds a slash.
const maxHops = 3

// Login opens a session at the service provider that guards resource. After
// it, [Client.Do] sends the session's cookies. An SP that asks for no login is
// an error, [*NotECPError]: the caller expects to be known there. Errors are
// of type [*Error].
func (c *Client) Login(ctx context.Context, resource *url.URL) error {
	request, answer, err := c.ask(ctx, resource, http.Header{}, maxHops)
	if err != nil {
		return err
	}
	if request == nil {
		defer answer.Body.Close()
		return &Error{doingAsk, resource.Host, notECP(answer)}
	}
	return c.login(ctx, request, resource, http.Header{}, maxHops)
}

// Do sends a request to a service provider, after a login if the SP asks for
// one, and returns its answer. It follows no redirect. A request that is no
// GET is preceded by a GET for the same URL until there is a session, because
// an SP asks only then. When the SP ends the session it answers as it does to
// a browser, mostly by a redirect; Login then opens a new one. The caller
// closes the answer's body. Errors are of type [*Error].
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // the caller's header is not changed
	if req.Header == nil {
		req.Header = http.Header{}
	}
	answer, err := c.enter(req)
	if answer == nil && err == nil {
		return c.send(c.spClient(), req, doingFetch)
	}
	if req.Body != nil {
		req.Body.Close()
	}
	return answer, err
}

// enter opens a session for req if there is none. Where no login is needed it
// returns the answer to req, if that could be sent at once.
func (c *Client) enter(req *http.Request) (*http.Response, error) {
	if c.hasEntered(req.URL) {
		return nil, nil
	}
	request, answer, err := c.ask(req.Context(), req.URL, req.Header, 0)
	if err != nil {
		return nil, err
	}
	if request != nil {
		return nil, c.login(req.Context(), request, req.URL, req.Header, 0)
	}
	if (req.Method == "" || req.Method == http.MethodGet) && (req.Body == nil || req.Body == http.NoBody) {
		return answer, nil
	}
	discard(answer)
	return nil, nil
}

// ask is step 1: it requests the resource and says that the client speaks
// PAOS. It follows up to hops redirects within the SP's origin. It returns the
// SP's request for a login, or any other answer, which the caller closes.
func (c *Client) ask(ctx context.Context, resource *url.URL, header http.Header, hops int) (*AuthnRequest, *http.Response, error) {
	for ; ; hops-- {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, resource.String(), nil)
		if err != nil {
			return nil, nil, failed(doingAsk, resource, err)
		}
		req.Header = header.Clone()
		req.Header.Set("Accept", acceptWith(header.Values("Accept")))
		req.Header.Set("PAOS", paos.Header)
		answer, err := c.send(c.spClient(), req, doingAsk)
		if err != nil {
			return nil, nil, err
		}
		if isPAOS(answer) {
			request, err := c.readAuthnRequest(ctx, answer, resource)
			return request, nil, err
		}
		next := origin.Redirect(answer, resource)
		if next == nil || hops <= 0 {
			return nil, answer, nil
		}
		discard(answer)
		resource = next
	}
}

// acceptWith adds the PAOS media type to what the caller accepts.
func acceptWith(accept []string) string {
	if len(accept) == 0 {
		return paos.Accept
	}
	return strings.Join(accept, ", ") + ", " + paos.MediaType
}

func isPAOS(answer *http.Response) bool {
	media, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	return answer.StatusCode == http.StatusOK && strings.EqualFold(strings.TrimSpace(media), paos.MediaType)
}

func (c *Client) readAuthnRequest(ctx context.Context, answer *http.Response, resource *url.URL) (*AuthnRequest, error) {
	defer answer.Body.Close()
	data, err := readMessage(answer.Body, SP)
	if err != nil {
		return nil, failed(doingAsk, resource, err)
	}
	message, err := paos.ParseRequest(data, resource)
	err = judged(err, SP)
	request := newAuthnRequest(message)
	if request != nil {
		if e := c.checkConsumer(request.message.Consumer, resource); e != nil {
			err = e
		} else {
			c.tell(ctx, request, err)
		}
	}
	if err != nil {
		return nil, failed(doingAsk, resource, err)
	}
	return request, nil
}

// checkConsumer makes sure that the Response goes to the SP that was asked.
func (c *Client) checkConsumer(consumer, resource *url.URL) error {
	if err := c.checkURL(consumer); err != nil {
		return err
	}
	if origin.Of(consumer) == origin.Of(resource) {
		return nil
	}
	for _, host := range c.ConsumerHosts {
		if origin.Of(consumer) == origin.Of(&url.URL{Scheme: "https", Host: host}) {
			return nil
		}
	}
	return &URLError{clean(consumer.Redacted()), "for the assertion is at another host than the resource"}
}

// login is steps 3 to 8, and all steps a second time if that is wanted.
func (c *Client) login(ctx context.Context, request *AuthnRequest, resource *url.URL, header http.Header, hops int) error {
	err := c.exchange(ctx, request, resource)
	if err == nil || c.Again == nil || ctx.Err() != nil || !c.Again(err) {
		return err
	}
	request, answer, err := c.ask(ctx, resource, header, hops)
	if err != nil {
		return err
	}
	if request == nil {
		defer answer.Body.Close()
		return &Error{doingAsk, resource.Host, notECP(answer)}
	}
	return c.exchange(ctx, request, resource)
}

// exchange is steps 3 to 8.
func (c *Client) exchange(ctx context.Context, request *AuthnRequest, resource *url.URL) error {
	r, err := c.authenticate(ctx, request)
	if err != nil {
		c.tell(ctx, request, err)
		return &Error{doingLogin, c.idpHost(), err}
	}
	if err := c.deliver(ctx, r.ForSP(request.message), request); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entered == nil {
		c.entered = map[string]bool{}
	}
	c.entered[origin.Of(resource)] = true
	return nil
}

func (c *Client) hasEntered(resource *url.URL) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entered[origin.Of(resource)]
}

// tell sends the SP the fault that the profile demands: for a mismatch, for a
// header block that must be understood, and for a fault of the IdP, which is
// to be routed to the SP (ECP Profile 2.0, §2.3.7).
func (c *Client) tell(ctx context.Context, request *AuthnRequest, err error) {
	switch e := err.(type) {
	case *MismatchError:
		c.fault(ctx, request, "Server", "responseConsumerURL of the service provider and "+
			"AssertionConsumerServiceURL of the identity provider differ")
	case *FaultError:
		c.fault(ctx, request, "Server", "the identity provider answered with a fault: "+e.Text)
	case *MessageError:
		if e.notUnderstood != "" {
			c.fault(ctx, request, "MustUnderstand", "the client does not understand header block "+e.notUnderstood)
		}
	}
}

func (c *Client) fault(ctx context.Context, request *AuthnRequest, code, text string) {
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	req, err := newPost(ctx, request.message.Consumer, paos.MediaType, soap.Fault(code, text))
	if err != nil {
		return
	}
	if answer, err := c.send(c.spClient(), req, "telling"); err == nil {
		discard(answer)
	}
}

// deliver is steps 7 and 8. A redirect is a success, and is not followed: it
// leads back to the resource.
func (c *Client) deliver(ctx context.Context, message []byte, request *AuthnRequest) error {
	req, err := newPost(ctx, request.message.Consumer, paos.MediaType, message)
	if err != nil {
		return failed(doingDeliver, request.message.Consumer, err)
	}
	answer, err := c.send(c.spClient(), req, doingDeliver)
	if err != nil {
		return err
	}
	defer discard(answer)
	switch s := answer.StatusCode; {
	case isPAOS(answer):
		return &Error{doingDeliver, req.URL.Host, &DeliveryError{s, "it asks for another login"}}
	case s >= 200 && s <= 299, s == http.StatusFound, s == http.StatusSeeOther:
		return nil
	}
	page, _ := readMessage(answer.Body, SP)
	return &Error{doingDeliver, req.URL.Host,
		&DeliveryError{answer.StatusCode, web.Text(answer.Header.Get("Content-Type"), page)}}
}

// send checks the URL, sends a request and puts the step and the host into an error.
func (c *Client) send(client *http.Client, req *http.Request, doing string) (*http.Response, error) {
	if err := c.checkURL(req.URL); err != nil {
		return nil, failed(doing, req.URL, err)
	}
	if c.Notify != nil {
		c.Notify(doing, req.URL.Host)
	}
	if _, chosen := req.Header["User-Agent"]; !chosen && c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	answer, err := client.Do(req)
	if err != nil {
		return nil, failed(doing, req.URL, err)
	}
	return answer, nil
}

// spClient follows no redirects, and keeps the SPs' cookies.
func (c *Client) spClient() *http.Client {
	c.once.Do(func() {
		jar := c.Jar
		if jar == nil {
			jar = newJar()
		}
		c.sp = &http.Client{Transport: c.SPTransport, Jar: jar, CheckRedirect: stay}
	})
	return c.sp
}

func newJar() http.CookieJar {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		panic(err) // cookiejar.New has no error to give
	}
	return jar
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func newPost(ctx context.Context, u *url.URL, contentType string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Cache-Control", "no-cache, no-store")
	req.Header.Set("Pragma", "no-cache")
	return req, nil
}

// readMessage reads a whole body within the limit. The limit is on what comes
// out of the transport, which may have decompressed it.
func readMessage(r io.Reader, peer Peer) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if len(data) > maxMessage {
		return nil, &MessageError{peer, fmt.Sprintf("it is larger than %d KiB", maxMessage>>10), ""}
	}
	if err != nil {
		return nil, fmt.Errorf("reading its answer: %w", err)
	}
	return data, nil
}

// discard reads what little is left of a body, so that the connection can be
// used again, and closes it.
func discard(answer *http.Response) {
	io.CopyN(io.Discard, answer.Body, 64<<10) //nolint:errcheck // the answer is not wanted
	answer.Body.Close()
}

func notECP(answer *http.Response) *NotECPError {
	e := &NotECPError{Status: answer.StatusCode, ContentType: clean(answer.Header.Get("Content-Type"))}
	if to, err := answer.Location(); err == nil && answer.StatusCode >= 300 && answer.StatusCode <= 399 {
		e.RedirectHost = clean(to.Host)
	}
	page, _ := readMessage(answer.Body, SP)
	e.Text = web.Text(answer.Header.Get("Content-Type"), page)
	return e
}
