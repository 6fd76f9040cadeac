// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf_test

import (
	"fmt"
	"strings"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

func ExampleParse() {
	config, err := krb5conf.Parse(strings.NewReader(`
[libdefaults]
    default_ccache_name = KEYRING:persistent:%{uid}
[realms]
    EXAMPLE.ORG = {
        kdc = kdc1.example.org
        kdc = kdc2.example.org:750
    }
[domain_realm]
    .example.org = EXAMPLE.ORG
`), "krb5.conf")
	if err != nil {
		fmt.Println(err)
		return
	}
	realm := config.RealmOf("www.example.org")
	fmt.Println(realm, config.KDCs(realm))
	fmt.Println(krb5conf.Expand(config.DefaultCCache(), krb5conf.Vars{UID: 1000}))
	// Output:
	// EXAMPLE.ORG [kdc1.example.org kdc2.example.org:750]
	// KEYRING:persistent:1000 <nil>
}
