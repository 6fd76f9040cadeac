// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5"
)

// tickets are a login with a ticket: the transport to the identity provider, and what is known of the ticket. Nothing of Kerberos
// is read before it is needed.
type tickets struct {
	con  *console.Console
	o    Options
	base http.RoundTripper // below the ticket

	notes notes

	mu        sync.Mutex
	client    *kerberos.Client
	clientErr error
	transport *kerberos.Transport // with client
	endpoint  *url.URL            // where tickets go, if not where passwords go
	why       error               // why the ticket did not do
}

// open makes the client, once.
func (t *tickets) open(ctx context.Context) (*kerberos.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client == nil && t.clientErr == nil {
		t.client, t.clientErr = OpenKerberos(ctx, t.con, t.o)
		if t.clientErr == nil {
			t.client.Notify = t.notes.say
			t.transport = &kerberos.Transport{Client: t.client, Base: beyond{t.base}, SPN: t.o.SPN, OnChallenge: t.o.WaitForChallenge, Notify: t.notes.say}
		}
	}
	return t.client, t.clientErr
}

// OpenKerberos is NewKerberos for a login: of several tickets the one of the profile's realm is taken.
func OpenKerberos(ctx context.Context, con *console.Console, o Options) (*kerberos.Client, error) {
	client, err := NewKerberos(con, o)
	if err != nil || o.Realm == "" || o.Principal != "" {
		return client, err
	}
	if p := ofRealm(ctx, client, o.Realm); !p.IsZero() {
		o.Principal = p.String()
		return NewKerberos(con, o)
	}
	return client, nil
}

// ofRealm is the first principal of a realm that has a ticket; zero if there is none.
func ofRealm(ctx context.Context, client *kerberos.Client, realm string) krb5.Principal {
	found, err := client.Find(ctx)
	if err != nil {
		return krb5.Principal{}
	}
	for _, s := range found.Sources {
		if s.Err == nil && strings.EqualFold(s.Principal.Realm, realm) {
			return s.Principal
		}
	}
	return krb5.Principal{}
}

// identity is whose ticket it will be. The error is a TicketError or a ConfigError.
func (t *tickets) identity(ctx context.Context) (kerberos.Identity, error) {
	client, err := t.open(ctx)
	if err != nil {
		return kerberos.Identity{}, err
	}
	id, err := client.Identity(ctx)
	if err != nil {
		return id, &TicketError{err}
	}
	return id, nil
}

// user is the name for a password that goes in the place of the ticket; empty if nothing is known.
func (t *tickets) user(ctx context.Context) string {
	client, err := t.open(ctx)
	if err != nil {
		return ""
	}
	if p, _ := whose(ctx, client); len(p.Names) > 0 {
		return p.Names[0]
	}
	return ""
}

// find finds the identity provider: the endpoint for tickets, and with prefer that for passwords, which is the one that a client
// for ECP is then told of. Without a ticket there is nothing to be found under only, nor where the realm has to name the provider.
func (t *tickets) find(ctx context.Context, finder idp.Finder) (*url.URL, error) {
	client, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, err := client.ServiceOf("", t.o.SPN); err != nil { // a slip, before anybody is asked anything
		return nil, err
	}
	realm := ""
	if t.o.Kerberos == TicketOnly || t.o.IdentityProvider == "" {
		id, err := t.identity(ctx)
		if err != nil {
			return nil, err
		}
		realm = id.Principal.Realm
	}
	finder.Kerberos = true
	ticket, err := t.provider(ctx, finder, realm, t.o.KerberosURL)
	if err != nil || t.o.Kerberos == TicketOnly {
		return ticket, err
	}
	finder.Kerberos = false
	password, err := t.provider(ctx, finder, realm, "")
	_, unnamed := errors.AsType[*idp.NotFoundError](err)
	_, homeless := errors.AsType[*idp.RealmError](err)
	if unnamed || homeless { // it has an endpoint for tickets alone
		return ticket, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endpoint = ticket
	return password, err
}

// provider finds one endpoint; known is its URL, if that is known already.
func (t *tickets) provider(ctx context.Context, finder idp.Finder, realm, known string) (*url.URL, error) {
	found := idp.Provider{Name: "the profile", URL: known}
	var err error
	switch {
	case known != "":
	case t.o.IdentityProvider != "":
		found, err = finder.Find(ctx, t.o.IdentityProvider)
	default:
		found, err = finder.ForRealm(ctx, realm)
	}
	if err != nil {
		return nil, err
	}
	what := "passwords"
	if finder.Kerberos {
		what = "tickets"
	}
	t.con.Tell("the endpoint for %s is %s (%s)", what, found.URL, found.Name)
	return url.Parse(found.URL)
}

// RoundTrip sends a request with a ticket, unless it brings a password.
func (t *tickets) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") != "" {
		return t.base.RoundTrip(r)
	}
	if _, err := t.open(r.Context()); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	t.notes.flow()
	return t.transport.RoundTrip(r)
}

// early begins to get the ticket, when find has found where it goes.
func (t *tickets) early(ctx context.Context, idp *url.URL) (stop func()) {
	if _, err := t.open(ctx); err != nil {
		return func() {} // as the login will say
	}
	t.mu.Lock()
	if t.endpoint != nil {
		idp = t.endpoint
	}
	t.mu.Unlock()
	t.notes.hold()
	end := t.transport.Prefetch(ctx, idp)
	return func() {
		end()
		t.notes.hold()
	}
}

// notes are what is told of tickets. While nobody waits for the ticket they are held back: somebody else may be speaking, and has
// other things to say.
type notes struct {
	tell func(string)

	mu   sync.Mutex
	held bool
	kept []string
}

func (n *notes) say(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.held {
		n.kept = append(n.kept, text)
		return
	}
	n.tell(text)
}

// hold keeps what is told from now on.
func (n *notes) hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = true
}

// flow tells what was held back, and holds nothing any more.
func (n *notes) flow() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.kept {
		n.tell(text)
	}
	n.held, n.kept = false, nil
}

// beyond tells what the network says from what Kerberos does.
type beyond struct{ http.RoundTripper }

type networkError struct{ err error }

func (e *networkError) Error() string { return e.err.Error() }

func (e *networkError) Unwrap() error { return e.err }

func (b beyond) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, &networkError{err}
	}
	return answer, nil
}

// preferring is a login with a ticket, or, if that will not do, with a password, which package ecp asks for and sends when the
// answer to the ticket is a challenge.
type preferring struct{ *tickets }

// RoundTrip makes a challenge of what is wrong with the ticket.
func (t preferring) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") != "" {
		return t.base.RoundTrip(r)
	}
	asked := r.Clone(r.Context())
	t.mu.Lock()
	refused := t.why != nil
	if t.endpoint != nil {
		asked.URL, asked.Host = t.endpoint, ""
	}
	t.mu.Unlock()
	if refused { // it has been sent once, and would not do now
		if r.Body != nil {
			r.Body.Close()
		}
		return challenge(r), nil
	}
	if t.o.Duo != "" && t.o.Duo != "passcode" { // which package ecp sends with the password alone
		asked.Header.Set("X-Shibboleth-Duo-Factor", t.o.Duo)
	}
	answer, err := t.tickets.RoundTrip(asked)
	if err == nil {
		return answer, nil
	}
	if !mendedByPassword(r.Context(), err) {
		return nil, err
	}
	t.mu.Lock()
	t.why = err
	t.mu.Unlock()
	return challenge(r), nil
}

// challenge is the answer that makes package ecp send a password.
func challenge(r *http.Request) *http.Response {
	return &http.Response{
		Status: "401 Unauthorized", StatusCode: http.StatusUnauthorized, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Www-Authenticate": {"Basic"}}, Body: http.NoBody, Request: r,
	}
}

// mendedByPassword tells whether a password may do where a ticket did not. It does not go to a server that is not who it should
// be, and is no answer to a slip in the options, to a network that is away, or to who has ended the run.
func mendedByPassword(ctx context.Context, err error) bool {
	_, network := errors.AsType[*networkError](err)
	_, impostor := errors.AsType[*kerberos.MutualError](err)
	_, address := errors.AsType[*kerberos.URLError](err)
	_, service := errors.AsType[*kerberos.SPNError](err)
	_, principal := errors.AsType[*krb5.PrincipalError](err)
	_, conf := errors.AsType[*console.ConfigError](err)
	return ctx.Err() == nil && !network && !impostor && !address && !service && !principal && !conf
}

// again tells whether a login is to begin anew because the identity provider did not look at the ticket: it says in SAML that nobody
// has logged in, as Shibboleth does where it is not set up for tickets, or by a web page, or has no account for its owner.
func (t preferring) again(err error) bool {
	status, ok := errors.AsType[*ecp.StatusError](err)
	refused := ok && status.NoPassword && status.Reason() == ecp.ReasonCredentials
	page, ok := errors.AsType[*ecp.AnswerError](err)
	refused = refused || ok && !page.Sent && (page.LoginForm || page.Empty)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !refused || t.why != nil {
		return false
	}
	t.why = err
	if e, ok := errors.AsType[*ecp.Error](err); ok {
		t.why = e.Err // it will be said again where that was
	}
	return true
}

// otherwise gets the user name and the password that go in the place of a ticket, and says why they do. If nobody can be asked for
// them what was wrong with the ticket is the error.
func (t preferring) otherwise(wait *ask.Patience, stored *kept) func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
	return func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
		o := t.o
		if o.Username == "" { // what is silent now was so before: it is not asked again for nothing
			o.Username = t.user(ctx)
		}
		t.mu.Lock()
		why := t.why
		t.mu.Unlock()
		if o.Password == (ask.SecretOptions{}) && o.Keyring != console.Yes && !hasTerminal() {
			return ecp.Credentials{}, why
		}
		t.con.Warn("no ticket will do at %s: %s; logging in with a password", p.IdP.Host, console.Message(why))
		c, err := credentials(t.con, o, wait, stored)(ctx, p)
		_, alone := errors.AsType[*ask.NoTerminalError](err)
		empty, ofKeyring := errors.AsType[*ask.KeyringError](err)
		if ofKeyring {
			t.con.Warn("%s", empty)
		}
		if alone || ofKeyring {
			return c, why
		}
		return c, err
	}
}

func hasTerminal() bool {
	tty, err := term.Open()
	if err != nil {
		return false
	}
	tty.Close()
	return true
}
