// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/kerberos/krb5"
)

// negotiate is [Provider.login] at the endpoint for tickets. A wrong password is answered by a challenge as well, by the web server
// in front of the IdP.
func (p *Provider) negotiate(w *journal.Response, r *http.Request) (user *User, complaint string, challenges []string) {
	challenges = []string{"Negotiate", basic}
	if p.Faults[faults.KerberosBasicOnly] {
		challenges = []string{basic}
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Negotiate") || p.Faults[faults.KerberosBasicOnly] {
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
	if p.Faults[faults.KerberosSkew] {
		w.Header().Set("Date", p.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
	}
	accepted, err := p.Tickets.Accept(token)
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
func (p *Provider) owner(client krb5.Principal) (*User, string) {
	for i, u := range p.Users {
		if client.Realm == p.Realm && len(client.Names) == 1 && client.Names[0] == u.Username && !u.Locked {
			return &p.Users[i], ""
		}
	}
	return nil, "The principal has no account."
}
