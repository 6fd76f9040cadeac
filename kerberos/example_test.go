// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// A page that wants a ticket, asked for with that of the user's own cache.
func Example() {
	config, err := krb5conf.Parse(strings.NewReader("[libdefaults]\n\tdefault_ccache_name = FILE:/nowhere/krb5cc_%{uid}\n"), "krb5.conf")
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &kerberos.Client{Config: config, Vars: krb5conf.Vars{UID: 1000}}
	web := &http.Client{Transport: &kerberos.Transport{Client: client}}
	answer, err := web.Get("https://idp.example.org/whoami")
	if missing, ok := errors.AsType[*kerberos.NoCacheError](err); ok {
		fmt.Println("kinit first:", missing)
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	// Output: kinit first: there is no credential cache FILE:/nowhere/krb5cc_1000
}

// Who one would be is known before anything is sent.
func ExampleClient_Identity() {
	client := &kerberos.Client{Keytab: "/nowhere/robot.keytab", Principal: "robot/n1.example.org@EXAMPLE.ORG"}
	id, err := client.Identity(context.Background())
	fmt.Println(id.Principal, err)
	// Output: kerberos: looking for a ticket: keytab: reading "/nowhere/robot.keytab": no such file or directory
}
