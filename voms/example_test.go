// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"time"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

func ExampleParseFQAN() {
	for _, text := range []string{"/vo.example.org/Role=NULL/Capability=NULL", "/vo.example.org/pilots/Role=pilot", "vo.example.org"} {
		fqan, err := voms.ParseFQAN(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(fqan, "of", fqan.VO())
	}
	// Output:
	// /vo.example.org of vo.example.org
	// /vo.example.org/pilots/Role=pilot of vo.example.org
	// voms: parsing the FQAN "vo.example.org": it does not begin with a slash
}

// What a proxy says of its user, and whether that is true.
func ExampleAC_Verify() {
	var credential *proxycert.Credential // from a file, for example
	var now time.Time

	verify := func() error {
		acs, _, err := voms.FromChain(credential.Chain)
		if err != nil {
			return err
		}
		cas := &trust.Dir{Path: "/etc/grid-security/certificates"}
		for _, ac := range acs {
			report, err := ac.Verify(voms.Options{
				Now:    now,
				Holder: credential.EndEntity(),
				Dirs:   []voms.Dir{{Path: "/etc/grid-security/vomsdir"}},
				CheckIssuer: func(chain []*x509.Certificate) error {
					_, err := cas.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: now})
					return err
				},
			})
			for _, check := range report.Checks {
				fmt.Println(check)
			}
			if m, ok := errors.AsType[voms.Mender](err); ok {
				fmt.Println("hint:", m.Mend())
			}
		}
		return nil
	}
	_ = verify
}

// The attribute certificates of two VOs in one proxy, in this order.
func ExampleExtension() {
	var credential *proxycert.Credential
	var first, second []byte // DER, as the servers sent it

	sign := func() (*proxycert.Credential, error) {
		extension, err := voms.Extension(first, second)
		if err != nil {
			return nil, err
		}
		return proxycert.New(credential, proxycert.Options{Now: time.Now(), Extensions: []pkix.Extension{extension}})
	}
	_ = sign
}
