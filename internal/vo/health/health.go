// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package health asks the servers of a VO whether they are well: can they be reached, is the certificate good, is there an LSC file and is it
// about that server, do they answer a member.
//
//	checker := health.Checker{CAs: &trust.Dir{Path: "/etc/grid-security/certificates"}, Dirs: dirs, Now: time.Now}
//	report, err := checker.Check(ctx, endpoints)
//
// Without a credential a server is only greeted. With one it is asked for attributes, as a user would, and these are verified; the server
// writes such a request down.
package health

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// soon is how long before its end a server's certificate is warned about: operators need days to get a new one.
const soon = 14 * 24 * time.Hour

// Checker asks servers whether they are well.
type Checker struct {
	CAs        *trust.Dir
	Dirs       []vomsdir.Dir
	Credential *proxycert.Credential // with which a server is asked for attributes; nil: it is not asked
	Timeout    time.Duration         // for each server; 0: 15 s
	Now        func() time.Time
}

// Report is what was found of the servers of a VO: the JSON of vo check, version 1.
type Report struct {
	Version int       `json:"version"`
	Name    string    `json:"name"`
	Good    bool      `json:"good"` // no check failed
	Servers []Checked `json:"servers"`
}

// Checked is what was found of a server.
type Checked struct {
	Host      string       `json:"host"`
	Port      int          `json:"port"`
	Reachable bool         `json:"reachable"`
	Connect   int64        `json:"connect_ms"`             // until there was a connection
	Handshake int64        `json:"handshake_ms,omitempty"` // from there until TLS was up
	TLS       string       `json:"tls,omitempty"`          // the version: "TLS 1.3"
	Subject   string       `json:"subject,omitempty"`      // of the server's certificate
	NotAfter  *time.Time   `json:"not_after,omitempty"`    // of that
	DaysLeft  *int         `json:"days_left,omitempty"`    // until then
	Protocol  string       `json:"protocol,omitempty"`     // REST or legacy, if it answered
	Checks    []view.Check `json:"checks"`
	Mend      []string     `json:"mend,omitempty"` // what would help, as far as that is known

	err      error // the first failure
	endpoint contact.Endpoint
}

// UnreachableError says that servers could not be reached.
type UnreachableError struct {
	VO       string
	Servers  []string // which
	Of       int      // so many were tried
	Failures []error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("health: checking the VO %q: %d of %d servers cannot be reached: %s", e.VO, len(e.Servers), e.Of, strings.Join(e.Servers, ", "))
}

// Unwrap returns Failures.
func (e *UnreachableError) Unwrap() []error { return e.Failures }

// UnhealthyError says that a server can be reached and is not well.
type UnhealthyError struct {
	VO, Server string
	Err        error
}

func (e *UnhealthyError) Error() string {
	return fmt.Sprintf("health: checking the VO %q: the server %s: %v", e.VO, e.Server, e.Err)
}

// Unwrap returns Err.
func (e *UnhealthyError) Unwrap() error { return e.Err }

// Check asks all servers of a VO at the same time. The error is a *UnhealthyError or *UnreachableError if a check failed, and the context's
// if that ended.
func (c Checker) Check(ctx context.Context, servers []contact.Endpoint) (*Report, error) {
	v := &Report{Version: vo.Version, Name: servers[0].VO, Servers: make([]Checked, len(servers))}
	var wait sync.WaitGroup
	for i, e := range servers {
		wait.Go(func() { v.Servers[i] = c.one(ctx, e) })
	}
	wait.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	unreachable := &UnreachableError{VO: v.Name, Of: len(servers)}
	var unwell error
	for _, s := range v.Servers {
		switch {
		case !s.Reachable:
			unreachable.Servers = append(unreachable.Servers, s.endpoint.Address())
			unreachable.Failures = append(unreachable.Failures, s.err)
		case s.err != nil && unwell == nil:
			unwell = &UnhealthyError{v.Name, s.endpoint.Address(), s.err}
		}
	}
	if unwell == nil && len(unreachable.Servers) > 0 {
		unwell = unreachable
	}
	v.Good = unwell == nil
	return v, unwell
}

// one makes the checks of one server.
func (c Checker) one(ctx context.Context, e contact.Endpoint) Checked {
	s := Checked{Host: e.Host, Port: e.Port, Checks: []view.Check{}, endpoint: e}
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	if r, gone := vo.RetirementOf(e.Host, e.VO); gone {
		s.warn("server", errors.New(r.String()))
	}
	state, err := c.probe(ctx, &s)
	if err != nil {
		s.fail("connection", err)
		if s.Reachable = len(state.PeerCertificates) > 0; !s.Reachable {
			return s
		}
	} else {
		s.Reachable, s.TLS = true, tls.VersionName(state.Version)
		s.pass("connection", fmt.Sprintf("in %d ms, and %s in %d ms", s.Connect, s.TLS, s.Handshake))
	}
	cert := state.PeerCertificates[0]
	c.checkCertificate(&s, state.PeerCertificates)
	doubt := c.checkLSC(&s, cert)
	verified := c.Credential != nil && s.err == nil && c.ask(ctx, &s)
	_, missing := errors.AsType[*vomsdir.MissingError](doubt)
	switch {
	case doubt == nil || verified:
	case missing:
		s.fail("LSC file", doubt)
	default:
		s.warn("LSC file", doubt)
	}
	return s
}

func (c Checker) timeout() time.Duration { return cmp.Or(c.Timeout, 15*time.Second) }

// probe connects and shakes hands, without a certificate of the user and whatever that of the server is: what it is, is looked at
// afterwards. A server of TLS 1.2 may end the handshake for want of a certificate when it has shown its own.
func (c Checker) probe(ctx context.Context, s *Checked) (state tls.ConnectionState, err error) {
	begin := time.Now()
	raw, err := (&net.Dialer{FallbackDelay: 100 * time.Millisecond}).DialContext(ctx, "tcp", s.endpoint.Address())
	s.Connect = time.Since(begin).Milliseconds()
	if err != nil {
		return state, c.tooSlow(ctx, "connection", brief(err))
	}
	defer raw.Close()
	config := gridtls.Config(c.CAs, c.Now)
	config.ServerName = s.Host
	config.VerifyConnection = func(seen tls.ConnectionState) error {
		state = seen
		return nil
	}
	begin = time.Now()
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(ctx)
	s.Handshake = time.Since(begin).Milliseconds()
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" && len(state.PeerCertificates) > 0 {
		err = nil // it wants a certificate, as a VOMS server should
	}
	return state, c.tooSlow(ctx, "TLS handshake", err)
}

// dialError is what is in the way of a connection, without the address, which stands above it.
type dialError struct {
	text string
	err  error
}

func (e *dialError) Error() string { return e.text }

func (e *dialError) Unwrap() error { return e.err }

func brief(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return &dialError{dns.Err, err}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return &dialError{op.Err.Error(), err}
	}
	return err
}

// tooSlow says of a step for which there was no more time what package contact says.
func (c Checker) tooSlow(ctx context.Context, step string, err error) error {
	if err == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err
	}
	return &contact.TimeoutError{What: step, Within: c.timeout().String()}
}

// checkCertificate looks at the certificate of the server, which its chain begins with.
func (c Checker) checkCertificate(s *Checked, chain []*x509.Certificate) {
	cert, now := chain[0], c.Now()
	left := cert.NotAfter.Sub(now)
	s.Subject = proxycert.OneLine(cert.RawSubject)
	s.NotAfter, s.DaysLeft = new(cert.NotAfter.UTC()), new(max(0, int(math.Floor(left.Hours()/24))))
	err := gridtls.Verify(c.CAs, s.Host, chain, now)
	switch {
	case err != nil:
		s.fail("certificate", err)
		return
	case left < soon:
		s.warn("certificate", fmt.Errorf("it ends in %d days, at %s", *s.DaysLeft, cert.NotAfter.UTC().Format(time.RFC3339)))
	default:
		s.pass("certificate", fmt.Sprintf("%s, issued by %s, %d days left", view.Short(s.Subject), view.Short(proxycert.OneLine(cert.RawIssuer)), *s.DaysLeft))
	}
	if dn := s.endpoint.DN; dn != "" && sameNames.Replace(dn) != sameNames.Replace(s.Subject) {
		s.warn("vomses", fmt.Errorf("its DN there is %q, and that of its certificate %q; no client compares them", dn, s.Subject))
	}
}

// sameNames are attribute types under their other names, as in LSC files.
var sameNames = strings.NewReplacer("/USERID=", "/UID=", "/emailAddress=", "/Email=", "/E=", "/Email=")

// checkLSC looks for the LSC file. What attributes alone can tell is returned: whether one that is about another certificate than that of
// the connection is wrong, for a gateway may stand before a server that signs with another one; and whether there should be one of this
// name, for vomses may have an address, or an alias, where attributes have the name of the server.
func (c Checker) checkLSC(s *Checked, cert *x509.Certificate) error {
	own := []*x509.Certificate{cert}
	l, err := vomsdir.Find(c.Dirs, s.endpoint.VO, s.Host)
	if missing, ok := errors.AsType[*vomsdir.MissingError](err); ok {
		if missing.Want = vomsdir.Lines(own); missing.Path != "" {
			return missing
		}
	}
	if bad, ok := errors.AsType[*vomsdir.ParseError](err); ok {
		bad.Want = vomsdir.Lines(own)
	}
	if err != nil {
		s.fail("LSC file", err)
		return nil
	}
	if err := l.Match(own); err != nil {
		return err
	}
	s.pass("LSC file", view.Line(l.Path))
	return nil
}

// ask asks for attributes, and says whether there were some to be verified.
func (c Checker) ask(ctx context.Context, s *Checked) (verified bool) {
	config := gridtls.Config(c.CAs, c.Now)
	config.Certificates = []tls.Certificate{gridtls.Certificate(c.Credential)}
	client := &contact.Client{TLS: config, Timeout: c.timeout(),
		Learned: func(_ contact.Endpoint, p contact.Protocol) { s.Protocol = p.String() }}
	begin := time.Now()
	answer, err := client.Ask(ctx, []contact.Endpoint{s.endpoint}, contact.Request{})
	took := time.Since(begin).Milliseconds()
	if failed, ok := errors.AsType[*contact.FailedError](err); ok {
		if failed.Refused() != nil {
			s.warn("answer", fmt.Errorf("by the %s protocol, in %d ms: %w", s.Protocol, took, failed.Refused()))
			return false
		}
		err = failed.Failures[0].Err
	}
	if err != nil {
		s.fail("answer", err)
		return false
	}
	s.pass("answer", fmt.Sprintf("by the %s protocol, in %d ms", s.Protocol, took))
	ac, err := voms.ParseAC(answer.AC)
	if err != nil {
		s.fail("attributes", err)
		return false
	}
	_, err = ac.Verify(voms.Options{Now: c.Now(), Holder: c.Credential.EndEntity(), Dirs: c.Dirs, CheckIssuer: c.CheckIssuer})
	if _, missing := errors.AsType[*voms.LSCMissingError](err); missing {
		s.fail("LSC file", err)
		return true
	}
	if err != nil {
		s.fail("attributes", err)
		return true
	}
	s.pass("attributes", strings.Join(short(ac.FQANs), ", "))
	return true
}

// short are FQANs in the form in which they can be asked for.
func short(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = view.Line(text)
		if f, err := voms.ParseFQAN(text); err == nil {
			list[i] = f.String()
		}
	}
	return list
}

// CheckIssuer says whether a chain that begins with a server's certificate leads to a CA that is trusted; see voms.Options.
func (c Checker) CheckIssuer(chain []*x509.Certificate) error {
	_, err := c.CAs.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: c.Now()})
	return err
}

func (s *Checked) pass(kind, text string) {
	s.Checks = append(s.Checks, view.Check{Check: kind, Result: "passed", Text: "passed: " + kind + ": " + text})
}

func (s *Checked) warn(kind string, err error) { s.add("warning", kind, err) }

func (s *Checked) fail(kind string, err error) {
	s.add("failed", kind, err)
	if s.err == nil {
		s.err = err
	}
	if m, ok := errors.AsType[voms.Mender](err); ok {
		s.Mend = append(s.Mend, m.Mend())
	}
}

func (s *Checked) add(result, kind string, err error) {
	s.Checks = append(s.Checks, view.Check{
		Check: kind, Result: result, Text: result + ": " + kind + ": " + view.Line(view.WithoutRooms(err.Error())), Hint: view.Hint(err),
	})
}

// Write writes a line for each server, and below it one for each check.
func (v *Report) Write(w io.Writer) error {
	var b strings.Builder
	for _, s := range v.Servers {
		b.WriteString(s.endpoint.Address() + "\n")
		for _, check := range s.Checks {
			b.WriteString("  " + check.Text + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
