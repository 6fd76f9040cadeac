// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// One line for each check, and what mends the first that failed.
func ExampleDir_Verify() {
	data, err := os.ReadFile("testdata/openssl/people/joe.pem")
	if err != nil {
		fmt.Println(err)
		return
	}
	joe, err := proxycert.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir := &trust.Dir{Path: "testdata/openssl"}
	report, err := dir.Verify(joe, trust.Options{Now: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)})
	for _, check := range report.Checks[:len(report.Checks)-2] {
		fmt.Println(check.Result, check.Kind, check.Cert.Subject.CommonName)
	}
	if m, ok := errors.AsType[trust.Mender](err); ok {
		fmt.Println("hint:", m.Mend())
	}
	// Output:
	// passed validity Joe Bloggs
	// passed issuer Joe Bloggs
	// passed issuer Issuing CA
	// passed root Root CA
	// passed signing policy Joe Bloggs
	// passed signing policy Issuing CA
	// hint: get a new certificate; this one is good for nothing
}

// What a folder holds, without regard to the names of its files.
func ExampleDir_CAs() {
	cas, findings, err := (&trust.Dir{Path: "testdata/openssl"}).CAs()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ca := range cas {
		fmt.Println(proxycert.OneLine(ca.Cert.RawSubject))
	}
	fmt.Println(len(findings), "files that cannot be used")
	// Unordered output:
	// /DC=org/DC=example/CN=Root CA
	// /DC=org/DC=example/CN=Issuing CA
	// 0 files that cannot be used
}
