// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/internal/fed/delay"
	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/folder"
	"github.com/x509up/x509up/internal/fed/idp"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/realms"
	"github.com/x509up/x509up/internal/fed/saml"
	"github.com/x509up/x509up/internal/fed/site"
	"github.com/x509up/x509up/internal/fed/sp"
	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/proxycert"
)

// idpName is the display name of the IdP and the organisation in certificate subjects.
const idpName = "Example University"

// Options says how a federation is to behave. The zero value is one without fault, delay and log.
type Options struct {
	Faults  []Fault
	Latency time.Duration // one way, on every connection; see the package delay
	Log     io.Writer     // gets a line of JSON per request, see [Request]

	// Challenge makes the IdP answer 401 with a Basic challenge where a request has no credentials, as a container in front
	// of it does. Without it they must come unasked, as Shibboleth's Password flow wants them.
	Challenge bool

	// InclusiveC14N makes both servers sign under inclusive canonicalisation with prefixes declared on the Envelope, as
	// Keycloak can: then a client must leave the Envelope's start tag alone as well.
	InclusiveC14N bool

	// IAM makes the VOMS servers be like INDIGO IAM's, and not like voms-server.
	IAM bool

	// Kerberos starts a KDC of two realms, and gives the identity provider a second endpoint, which takes tickets. The faults of
	// the KDC do so too.
	Kerberos bool

	// TicketLife is how long a ticket is valid, that in the cache of [Federation.WriteDir] as well; 0: 10 hours.
	TicketLife time.Duration

	// RSA makes the CA of user certificates have an RSA key, as those of the grid have, without which Java's clients cannot do.
	// It takes some time to make.
	RSA bool

	// Now is the servers' clock; nil means time.Now.
	Now func() time.Time

	// Connected, if not nil, is called with the name of a server ([Request].Server: idp, sp, other or voms) when it has accepted a
	// connection, before TLS begins on it; from several goroutines.
	Connected func(server string)
}

// A User is an account at the identity provider.
type User struct {
	Username string
	Password string // made anew by each [Start]
	Name     string // display name
	Mail     string
	Serial   string // the online CA's number for the user, last in the common name
	Locked   bool   // the right password is refused as well

	Subject   string // of the user's certificates, as proxycert.OneLine writes it
	Stranger  bool   // is in no VO
	Suspended string // why, in both VOs; empty: is not
}

// Principal is the user's eduPersonPrincipalName.
func (u User) Principal() string { return u.Username + "@example.org" }

// A Federation is running servers. The fields do not change after [Start].
type Federation struct {
	IdPURL       string // ECP endpoint of the identity provider
	IdPName      string // its name in the list and in metadata
	EntityID     string // its entityID
	SPURL        string // the online CA behind the service provider
	SPEntityID   string
	ACSURL       string // the service provider's PAOS endpoint
	ProtectedURL string // a page behind the service provider; "echo" and "redirect" below it are others
	PublicURL    string // a page that needs no login
	ListURL      string // identity providers in CILogon's grammar
	MetadataURL  string // all metadata in one document
	MDQURL       string // base of the Metadata Query protocol: "entities/ID" below it

	// Users: the first is an ordinary one, the second has a name and a password beyond ASCII, the third is locked, the fourth is
	// in no VO, the fifth is suspended there.
	Users    []User
	Username string // of the first
	Password string // of the first

	CACertPEM []byte            // the CA of the TLS servers
	CAPool    *x509.CertPool    // the same
	UserCA    *x509.Certificate // the CA of the user certificates
	HostCA    *x509.Certificate // the CA of the VOMS servers

	VOs []VO // two; the faults are those of the first

	// Kerberos has the KDC, and the keys and tickets of the users; nil without [Options.Kerberos].
	Kerberos *realms.Realms
	// KerberosURL is the endpoint that takes tickets for HTTP/127.0.0.1, and AwayURL the same by the name localhost, for which
	// tickets come from the other realm, see the package realms. They take passwords as well.
	KerberosURL, AwayURL string

	journal *journal.Journal
	servers []*http.Server
	closing sync.Once
	stop    chan struct{}
	idp     *idp.Provider
	site    *site.Site

	vomsd    []*vomsd.Server
	hostCert func() (tls.Certificate, error)

	ticketLife time.Duration
}

// A world is what the servers share.
type world struct {
	faults    faults.Set
	challenge bool
	inclusive bool
	now       func() time.Time
	stop      chan struct{} // closed by Close
}

// Start starts the servers on loopback: the identity provider as 127.0.0.1, the service provider as localhost, so that not even
// a client that forgets about ports sends one's cookies to the other.
func Start(o Options) (*Federation, error) {
	set, err := faults.SetOf(o.Faults)
	if err != nil {
		return nil, err
	}
	w := &world{set, o.Challenge, o.InclusiveC14N, o.Now, make(chan struct{})}
	if w.now == nil {
		w.now = time.Now
	}
	f := &Federation{Users: users(), journal: &journal.Journal{Now: w.now, Out: o.Log}, stop: w.stop}
	if err := f.start(w, o); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("fed: starting the federation: %w", err)
	}
	return f, nil
}

// users makes the accounts. The passwords have what shells, forms, JSON, Basic and XML trip over.
func users() []User {
	return []User{
		{Username: "jdoe", Name: "Jane Doe", Mail: "jane.doe@example.org", Serial: "A251",
			Password: rand.Text()[:10] + `:%41+&="'$x\ <` + rand.Text()[:10]},
		{Username: "müller", Name: "Jörg Müller", Mail: "joerg.mueller@example.org", Serial: "A252",
			Password: "Straße-€-" + rand.Text()},
		{Username: "locked", Name: "Lee Locked", Mail: "lee.locked@example.org", Serial: "A253", Locked: true,
			Password: rand.Text()},
		{Username: "stranger", Name: "Sam Stranger", Mail: "sam.stranger@example.org", Serial: "A254", Stranger: true,
			Password: rand.Text()},
		{Username: "suspended", Name: "Sue Suspended", Mail: "sue.suspended@example.org", Serial: "A255",
			Suspended: "AT&T <nobody@example.org> asked for it", Password: rand.Text()},
	}
}

// start makes keys, ports and servers, in this order because each needs the one before.
func (f *Federation) start(w *world, o Options) error {
	now := w.now()
	web, grid, host, err := authorities(now, o.RSA)
	if err != nil {
		return err
	}
	f.CACertPEM, f.CAPool, f.UserCA = ca.PEM(web.Cert), x509.NewCertPool(), grid.Cert
	f.CAPool.AddCert(web.Cert)

	var listeners [3]net.Listener
	var urls [3]string
	for i, host := range []string{"127.0.0.1", "localhost", "localhost"} {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		defer func() {
			if listeners[i] != nil {
				listeners[i].Close()
			}
		}()
		urls[i] = fmt.Sprintf("https://%s:%d", host, listeners[i].Addr().(*net.TCPAddr).Port)
	}
	if err := f.startKerberos(w, o, urls[0]); err != nil {
		return err
	}
	p, s, err := f.parties(w, urls, grid)
	if err != nil {
		return err
	}
	cert, err := web.ServerCert(now)
	if err != nil {
		return err
	}
	for i, party := range []struct {
		name    string
		foreign []string
		serve   journal.Handler
	}{
		{"idp", []string{sp.RequestCookie, sp.SessionCookie}, p.Serve},
		{"sp", []string{idp.Cookie}, s.Serve},
		{"other", []string{idp.Cookie, sp.RequestCookie, sp.SessionCookie}, elsewhere},
	} {
		if i == 0 && w.faults[IdPDown] || i == 1 && w.faults[SPDown] {
			continue
		}
		connected := func(ctx context.Context, c net.Conn) context.Context {
			if o.Connected != nil {
				o.Connected(party.name)
			}
			return f.journal.Number(ctx, c)
		}
		f.serve(delay.Listen(listeners[i], o.Latency), cert, f.journal.Handle(party.name, party.foreign, party.serve), connected)
		listeners[i] = nil // the server closes it
	}
	return f.startVOMS(w, o, host)
}

// authorities makes the CA of the web servers, that of the users and that of the VOMS servers.
func authorities(now time.Time, withRSA bool) (web, grid, host *ca.Authority, err error) {
	newCA := ca.New
	if withRSA {
		newCA = ca.NewRSA
	}
	web, err1 := ca.New(now, ca.RDN{Type: ca.O, Value: "Example Federation"}, ca.RDN{Type: ca.CN, Value: "Example Web CA"})
	grid, err2 := newCA(now, ca.RDN{Type: ca.DC, Value: "org"}, ca.RDN{Type: ca.DC, Value: "example"},
		ca.RDN{Type: ca.O, Value: "Example Grid"}, ca.RDN{Type: ca.CN, Value: "Example Grid CA"})
	host, err3 := ca.New(now, ca.RDN{Type: ca.DC, Value: "org"}, ca.RDN{Type: ca.DC, Value: "example"},
		ca.RDN{Type: ca.O, Value: "Example Grid"}, ca.RDN{Type: ca.CN, Value: "Example Host CA"})
	return web, grid, host, errors.Join(err1, err2, err3)
}

// parties introduces the IdP and the SP to each other, and says where they are.
func (f *Federation) parties(w *world, urls [3]string, grid *ca.Authority) (*idp.Provider, *sp.Provider, error) {
	idpSigner, err1 := saml.NewSigner("idp.example.org", w.now())
	spSigner, err2 := saml.NewSigner("sp.example.org", w.now())
	online, err3 := onlineCA(w, grid, f.Users)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	idpSigner.Inclusive, spSigner.Inclusive = w.inclusive, w.inclusive
	p := &idp.Provider{EntityID: urls[0] + "/idp/shibboleth", Signer: idpSigner, Users: accounts(f.Users),
		Faults: w.faults, Challenge: w.challenge, Now: w.now, Stop: w.stop, Other: urls[2]}
	if f.Kerberos != nil {
		p.Tickets, p.Realm = f.Kerberos.Service, realms.Home
	}
	s := &sp.Provider{EntityID: urls[1] + "/shibboleth", URL: urls[1], Signer: spSigner, CA: online, NoECP: w.faults[SPNoECP], Now: w.now}
	p.SP = idp.RelyingParty{EntityID: s.EntityID, ACS: s.ACS(), Cert: spSigner.Cert}
	s.IdP = sp.TrustedIdP{EntityID: p.EntityID, Name: idpName, URL: urls[0] + idp.Path, Cert: idpSigner.Cert}
	f.idp, f.site = p, f.publish(w.now(), s)
	p.Site = f.site

	f.IdPURL, f.IdPName, f.EntityID = s.IdP.URL, idpName, p.EntityID
	f.SPURL, f.SPEntityID, f.ACSURL = urls[1]+sp.GetcertPath, s.EntityID, s.ACS()
	f.ProtectedURL, f.PublicURL = urls[1]+"/secure/", urls[1]+"/"
	f.ListURL, f.MetadataURL, f.MDQURL = urls[0]+"/idps.txt", urls[0]+"/metadata.xml", urls[0]+"/"
	f.Username, f.Password = f.Users[0].Username, f.Users[0].Password
	return p, s, nil
}

// accounts are the users as the IdP knows them.
func accounts(users []User) []idp.User {
	var all []idp.User
	for _, u := range users {
		all = append(all, idp.User{
			Username: u.Username, Password: u.Password, Locked: u.Locked, Principal: u.Principal(), Name: u.Name, Mail: u.Mail,
		})
	}
	return all
}

// publish says what there is: the SP, and the IdP that it trusts.
func (f *Federation) publish(now time.Time, s *sp.Provider) *site.Site {
	list := []site.Entry{{URL: s.IdP.URL, Name: s.IdP.Name}}
	if f.KerberosURL != "" {
		list = append(list, site.Entry{URL: f.KerberosURL, Name: s.IdP.Name + " (Kerberos)"})
	}
	// The last is there so that a list has more than one; nobody answers under the name.
	list = append(list, site.Entry{URL: "https://idp.invalid" + idp.Path, Name: "Invented Institute of Technology"})
	return site.New(now, site.IdP{EntityID: s.IdP.EntityID, Name: s.IdP.Name, URL: s.IdP.URL, Cert: s.IdP.Cert},
		site.SP{EntityID: s.EntityID, ACS: s.ACS(), Cert: s.Signer.Cert}, list)
}

// onlineCA knows the users of the IdP, and names them.
func onlineCA(w *world, a *ca.Authority, users []User) (*ca.Online, error) {
	online := &ca.Online{Authority: a, Organisation: idpName, Now: w.now, Faults: ca.Faults{
		Disabled: w.faults[DisabledCA],
		OtherKey: w.faults[CertForOtherKey],
		Expired:  w.faults[ExpiredCert],
		Garbage:  w.faults[GarbagePKCS12],
		Truncate: w.faults[Truncate],
	}}
	for i, u := range users {
		person := ca.Person{Principal: u.Principal(), Name: u.Name, Mail: u.Mail, Serial: u.Serial}
		raw, err := online.Subject(person)
		if err != nil {
			return nil, err
		}
		users[i].Subject = proxycert.OneLine(raw)
		online.People = append(online.People, person)
	}
	return online, nil
}

// serve runs one server until Close.
func (f *Federation) serve(l net.Listener, cert tls.Certificate, h http.Handler, connected func(context.Context, net.Conn) context.Context) {
	var protocols http.Protocols
	protocols.SetHTTP1(true) // as under Apache's prefork module, where Shibboleth lives
	server := &http.Server{
		Handler:           h,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		Protocols:         &protocols,
		ConnContext:       connected,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that leave are what this is for
	}
	f.servers = append(f.servers, server)
	go func() { _ = server.ServeTLS(l, "", "") }() // returns ErrServerClosed
}

// elsewhere is the host that redirect-idp points at. It notes whether the client's password followed.
func elsewhere(w *journal.Response, r *http.Request, _ []byte) {
	w.Entry.Login = r.Header.Get("Authorization") != ""
	w.Send(http.StatusForbidden, "text/plain", []byte("This is not the identity provider.\n"))
}

// Close stops the servers and closes every connection.
func (f *Federation) Close() error {
	f.closing.Do(func() { close(f.stop) })
	var errs []error
	for _, s := range f.servers {
		errs = append(errs, s.Close())
	}
	for _, s := range f.vomsd {
		errs = append(errs, s.Close())
	}
	if f.Kerberos != nil {
		errs = append(errs, f.Kerberos.Close())
	}
	return errors.Join(errs...)
}

// A Dir is what [Federation.WriteDir] has written: absolute paths.
type Dir = folder.Dir

// WriteDir writes what a client needs to use the federation into a folder, which it makes, for the user alone, if there is none.
// env.sh comes last.
func (f *Federation) WriteDir(dir string) (Dir, error) {
	d, err := f.writeDir(dir)
	if err != nil {
		return Dir{}, fmt.Errorf("fed: writing the folder %q: %w", dir, err)
	}
	go func() { _, _ = f.hostCert() }() // so that the first client of a VOMS server need not wait
	return d, nil
}

func (f *Federation) writeDir(dir string) (Dir, error) {
	tickets, err := f.tickets()
	if err != nil {
		return Dir{}, err
	}
	c := folder.Contents{
		IdPURL: f.IdPURL, SPURL: f.SPURL, Username: f.Username, Password: f.Password, CA: f.CACertPEM,
		List: f.site.List, Metadata: f.site.Aggregate, Kerberos: tickets,
		Anchors: []folder.Anchor{
			{Cert: f.UserCA, Subjects: "/DC=org/DC=example/C=US/*"},
			{Cert: f.HostCA, Subjects: "/DC=org/DC=example/O=Example Hosts/*"},
		},
	}
	for _, vo := range f.VOs {
		c.VOs = append(c.VOs, folder.VO(vo))
	}
	return c.Write(dir)
}

// A Request is one entry of the log.
type Request = journal.Request

// Requests returns what was asked so far, in the order of the answers.
func (f *Federation) Requests() []Request { return f.journal.Requests() }

// Logins counts the requests in which the IdP accepted a password or a ticket.
func (f *Federation) Logins() int {
	n := 0
	for _, r := range f.Requests() {
		if r.Login && r.Server == "idp" {
			n++
		}
	}
	return n
}

// Client makes an HTTP client that trusts the federation's servers, keeps cookies and follows no redirect.
func (f *Federation) Client() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails
	return &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: f.CAPool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
