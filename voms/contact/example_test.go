// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

func ExampleClient_Ask() {
	var credential tls.Certificate // of the user
	var authorities *x509.CertPool

	endpoints, err := contact.Load("/etc/vomses").Find("dteam")
	if e, ok := errors.AsType[*contact.UnknownVOError](err); ok {
		fmt.Println("known are", e.Known)
		return
	}
	client := &contact.Client{TLS: &tls.Config{Certificates: []tls.Certificate{credential}, RootCAs: authorities}}
	answer, err := client.Ask(context.Background(), endpoints, contact.Request{FQANs: []voms.FQAN{{Group: "/dteam", Role: "lcgadmin"}}})
	if e, ok := errors.AsType[*contact.FailedError](err); ok {
		for _, f := range e.Failures {
			fmt.Println(f)
		}
		return
	}
	for _, warning := range answer.Warnings {
		fmt.Println(warning)
	}
}
