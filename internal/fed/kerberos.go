// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"cmp"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/folder"
	"github.com/x509up/x509up/internal/fed/idp"
	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/realms"
)

// startKerberos starts the realms, if anything of them is wanted.
func (f *Federation) startKerberos(w *world, o Options, host string) error {
	if !o.Kerberos && !w.faults.Tickets() {
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
	f.Kerberos, f.KerberosURL = r, host+idp.TicketPath
	f.AwayURL = strings.Replace(f.KerberosURL, "127.0.0.1", "localhost", 1)
	return nil
}

// kerberosFaults are those of the KDC and of the service.
func kerberosFaults(faults faults.Set) realms.Faults {
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

// tickets are what a client of the realms needs; nil without Kerberos.
func (f *Federation) tickets() (*folder.Kerberos, error) {
	if f.Kerberos == nil {
		return nil, nil
	}
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
	return &folder.Kerberos{
		Config: f.Kerberos.Config, Cache: cache.Marshal(), ExpiredCache: expired.Marshal(), Keytab: keys.Marshal(),
	}, nil
}
