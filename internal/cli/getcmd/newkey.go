// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// KeyOptions say which key is made, and how it is written.
type KeyOptions struct {
	Kind   string // as proxycert.ParseKeyType reads it
	Format string // pkcs1 or pkcs8
}

func (o *KeyOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.Kind, "key-type", "", "`TYPE` of a key that is made: "+strings.Join(proxycert.KeyTypes(), ", "))
	f.StringVar(&o.Format, "key-format", "", "`FORMAT` in which the key is written: pkcs1 (default) or pkcs8")
}

func (o *KeyOptions) complete(cmd *cobra.Command) {
	console.CompleteWords(cmd, "key-type", proxycert.KeyTypes()...)
	console.CompleteWords(cmd, "key-format", "pkcs1", "pkcs8")
}

// fill takes what no option says from the profile.
func (o *KeyOptions) fill(p config.Profile) {
	o.Kind = config.First(o.Kind, p.KeyType, proxycert.RSA2048.String())
	o.Format = config.First(o.Format, p.KeyFormat, "pkcs1")
}

func (o *KeyOptions) parse() (proxycert.KeyType, proxycert.KeyFormat, error) {
	kind, err := proxycert.ParseKeyType(o.Kind)
	if err != nil {
		return 0, 0, console.Usagef("--key-type %q: the types are %s", o.Kind, strings.Join(proxycert.KeyTypes(), ", "))
	}
	switch o.Format {
	case "pkcs1":
		return kind, proxycert.PKCS1, nil
	case "pkcs8":
		return kind, proxycert.PKCS8, nil
	}
	return 0, 0, console.Usagef("--key-format %q: the formats are pkcs1 and pkcs8", o.Format)
}
