// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/realms"
	"github.com/x509up/x509up/kerberos/krb5"
)

// kerberosPath is where sites have the endpoint for tickets.
const kerberosPath = "/idp-krb/profile/SAML2/SOAP/ECP"

// startKerberos starts the realms, if anything of them is wanted.
func (f *Federation) startKerberos(w *world, o Options, idp string) error {
	wanted := o.Kerberos
	for _, info := range ticketFaults() {
		wanted = wanted || w.faults[info.Fault]
	}
	if !wanted {
		return nil
	}
	f.ticketLife = cmp.Or(o.TicketLife, 10*time.Hour)
	var people []realms.User
	for _, u := range f.Users {
		people = append(people, realms.User{Name: u.Username, Password: u.Password, Revoked: u.Locked})
	}
	r, err := realms.Start(realms.Options{
		Users: people, Faults: kerberosFaults(w.faults), Life: f.ticketLife, Now: w.now, Latency: o.Latency, Journal: f.journal,
	})
	if err != nil {
		return err
	}
	f.Kerberos, f.KerberosURL = r, idp+kerberosPath
	f.AwayURL = strings.Replace(f.KerberosURL, "127.0.0.1", "localhost", 1)
	return nil
}

func kerberosFaults(faults map[Fault]bool) realms.Faults {
	f := realms.Faults{
		KDC: kdc.Faults{
			Silent:         faults[KDCSilent],
			Garbage:        faults[KDCGarbage],
			TCPOnly:        faults[KDCTCPOnly],
			Huge:           faults[KDCHuge],
			Expired:        faults[KDCExpired],
			UnknownService: faults[KDCUnknownService],
		},
		Down:      faults[KDCDown],
		DeadFirst: faults[KDCDeadFirst],
		Ahead:     faults[KerberosSkew],
		Impostor:  faults[KerberosImpostor],
	}
	if faults[KDCSkew] {
		f.KDC.Skew = 10 * time.Minute
	}
	return f
}

// negotiate is [idp.login] at the endpoint for tickets. A wrong password is answered by a challenge as well, by the web server
// in front of the IdP.
func (p *idp) negotiate(w *journal.Response, r *http.Request) (user *User, complaint string, challenges []string) {
	challenges = []string{"Negotiate", basic}
	if p.faults[KerberosBasicOnly] {
		challenges = []string{basic}
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Negotiate") || p.faults[KerberosBasicOnly] {
		if user, _ = p.password(r); user == nil {
			return nil, "", challenges
		}
		return user, "", nil
	}
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil {
		w.Entry.Ticket = err.Error()
		return nil, "", challenges
	}
	accepted, err := p.kerberos.Service.Accept(token)
	if err != nil {
		w.Entry.Ticket = err.Error()
		return nil, "", challenges
	}
	w.Entry.Ticket = accepted.Client.String()
	w.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(accepted.Token))
	user, complaint = p.owner(accepted.Client)
	return user, complaint, nil
}

// owner is the user whom a principal is: jdoe@EXAMPLE.ORG is jdoe.
func (p *idp) owner(client krb5.Principal) (*User, string) {
	for i, u := range p.users {
		if client.Realm == realms.Home && len(client.Names) == 1 && client.Names[0] == u.Username && !u.Locked {
			return &p.users[i], ""
		}
	}
	return nil, "The principal has no account."
}

// kerberosFiles are what a client of the realms needs; none without Kerberos.
func (f *Federation) kerberosFiles(d *Dir, dir string) ([]file, error) {
	if f.Kerberos == nil {
		return nil, nil
	}
	d.KerberosConfig, d.Keytab = filepath.Join(dir, "krb5.conf"), filepath.Join(dir, "client.keytab")
	d.Cache, d.ExpiredCache = filepath.Join(dir, "krb5cc"), filepath.Join(dir, "krb5cc.expired")
	d.environ = append(d.environ, [2]string{"KRB5_CONFIG", d.KerberosConfig}, [2]string{"KRB5CCNAME", "FILE:" + d.Cache})
	cache, err := f.Kerberos.Cache(f.Username, f.ticketLife)
	if err != nil {
		return nil, err
	}
	expired, err := f.Kerberos.Cache(f.Username, 0)
	if err != nil {
		return nil, err
	}
	keys, err := f.Kerberos.Keytab(f.Username)
	if err != nil {
		return nil, err
	}
	return []file{
		{d.KerberosConfig, f.Kerberos.Config("FILE:" + d.Cache), 0o644},
		{d.Cache, cache.Marshal(), 0o600},
		{d.ExpiredCache, expired.Marshal(), 0o600},
		{d.Keytab, keys.Marshal(), 0o600},
	}, nil
}
