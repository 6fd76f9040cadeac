// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir_test

import (
	"fmt"

	"github.com/x509up/x509up/voms/vomsdir"
)

// What an LSC file should hold is said by the error, too.
func ExampleParse() {
	lsc, err := vomsdir.Parse([]byte("/DC=org/CN=voms.example.org\n/DC=org/CN=CA\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", lsc.Chains)
	_, err = vomsdir.Parse([]byte("/DC=org/CN=voms.example.org\n"))
	fmt.Println(err)
	// Output:
	// [["/DC=org/CN=voms.example.org" "/DC=org/CN=CA"]]
	// vomsdir: reading an LSC file: line 2: the issuer of "/DC=org/CN=voms.example.org" is missing
}
