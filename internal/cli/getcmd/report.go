// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"fmt"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/view"
)

// Report prints what was stored or kept at a path, as init and get-cert do.
func Report(con *console.Console, result acquire.Result, path string, asJSON bool) error {
	v := view.New(result.Credential, view.Facts{Path: path, Now: con.Now()})
	for i := range v.Attributes {
		if result.Verified {
			v.Attributes[i].Unchecked = "" // here it would be for want of the files that have been looked at
		}
	}
	if asJSON {
		v.Reused, v.Warnings = &result.Reused, append(result.Warnings, v.Warnings...)
		return con.PrintJSON(v)
	}
	if con.Quiet {
		return nil
	}
	verb := "stored"
	if result.Reused {
		verb = "kept"
	}
	if err := v.WriteStored(con.Out, verb, view.Style{Letters: con.OutIsTerminal()}); err != nil {
		return fmt.Errorf("%s %s, but saying so: %w", verb, path, err)
	}
	return nil
}
