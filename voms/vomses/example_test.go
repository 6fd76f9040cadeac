// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomses_test

import (
	"fmt"

	"github.com/x509up/x509up/voms/vomses"
)

func ExampleParse() {
	endpoints, findings := vomses.Parse([]byte(`
# the VO of this example
"dteam" "voms.example.org" "15004" "/DC=org/DC=example/CN=voms.example.org" "dteam"
"dteam" "voms2.example.org"
`), "vomses")
	for _, e := range endpoints {
		fmt.Println(e.VO, "is at", e.Address())
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// dteam is at voms.example.org:15004
	// vomses:4: the line has 2 quoted columns, not the five of alias, host, port, server DN and VO
}
