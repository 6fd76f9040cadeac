// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// newKeyOptions say which key is made, and how it is written.
type newKeyOptions struct{ kind, format string }

func (o *newKeyOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.kind, "key-type", "", "`TYPE` of a key that is made: "+strings.Join(proxycert.KeyTypes(), ", "))
	f.StringVar(&o.format, "key-format", "", "`FORMAT` in which the key is written: pkcs1 (default) or pkcs8")
}

func (o *newKeyOptions) complete(cmd *cobra.Command) {
	completeWords(cmd, "key-type", proxycert.KeyTypes()...)
	completeWords(cmd, "key-format", "pkcs1", "pkcs8")
}

// fill takes what no option says from the profile.
func (o *newKeyOptions) fill(p config.Profile) {
	o.kind = config.First(o.kind, p.KeyType, proxycert.RSA2048.String())
	o.format = config.First(o.format, p.KeyFormat, "pkcs1")
}

func (o *newKeyOptions) parse() (proxycert.KeyType, proxycert.KeyFormat, error) {
	kind, err := proxycert.ParseKeyType(o.kind)
	if err != nil {
		return 0, 0, usagef("--key-type %q: the types are %s", o.kind, strings.Join(proxycert.KeyTypes(), ", "))
	}
	switch o.format {
	case "pkcs1":
		return kind, proxycert.PKCS1, nil
	case "pkcs8":
		return kind, proxycert.PKCS8, nil
	}
	return 0, 0, usagef("--key-format %q: the formats are pkcs1 and pkcs8", o.format)
}
