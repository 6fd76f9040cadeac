// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"fmt"

	"github.com/x509up/x509up/proxycert/internal/pci"
)

// Object identifiers of the extensions that matter here.
const (
	oidSubjectAltName = "2.5.29.17" // RFC 5280 §4.2.1.6
	oidIssuerAltName  = "2.5.29.18" // RFC 5280 §4.2.1.7
)

// Policy is the policy language of a proxy: the object identifier, dotted, that says what the proxy may do of what its
// issuer may. The empty Policy is InheritAll where one is asked for.
type Policy string

// The policy languages in use. Any other identifier makes what Globus calls a restricted proxy.
const (
	InheritAll  Policy = "1.3.6.1.5.5.7.21.1"       // all rights of the issuer (RFC 3820 §3.8.2)
	Independent Policy = "1.3.6.1.5.5.7.21.2"       // none but those given to the proxy itself (RFC 3820 §3.8.2)
	AnyLanguage Policy = "1.3.6.1.5.5.7.21.0"       // a wildcard for verifiers; not a policy to issue (RFC 3820 §4.1)
	Limited     Policy = "1.3.6.1.4.1.3536.1.1.1.9" // all but starting jobs (Globus)
)

// orInheritAll gives the empty policy its meaning.
func (p Policy) orInheritAll() Policy {
	if p == "" {
		return InheritAll
	}
	return p
}

// Info is a ProxyCertInfo extension (RFC 3820 §3.8).
type Info struct {
	// PathLength is how many further proxies may follow below this one. Nil: any number. 0: none.
	PathLength *int
	// Policy is the policy language.
	Policy Policy
	// PolicyText is the policy itself. Nil when the extension has none, which is not the same as an empty one.
	PolicyText []byte
}

// ParseInfo reads the DER value of a ProxyCertInfo extension of the given format, FormatRFC or FormatDraft. It takes
// DER alone, so that Marshal gives back the same bytes.
func ParseInfo(f Format, der []byte) (Info, error) {
	info, ok := pci.Info{}, f == FormatRFC || f == FormatDraft
	if ok {
		info, ok = pci.Parse(der, f == FormatDraft)
	}
	if !ok {
		return Info{}, pci.ErrMalformed
	}
	return Info{PathLength: info.PathLength, Policy: Policy(info.Language), PolicyText: info.Text}, nil
}

// Marshal writes the DER value of the extension in the given format, FormatRFC or FormatDraft.
func (i Info) Marshal(f Format) ([]byte, error) {
	if f != FormatRFC && f != FormatDraft {
		return nil, fmt.Errorf("proxycert: marshalling ProxyCertInfo: %q has none", Type{Format: f})
	}
	info := pci.Info{PathLength: i.PathLength, Language: string(i.Policy.orInheritAll()), Text: i.PolicyText}
	der, err := info.Marshal(f == FormatDraft)
	if err != nil {
		return nil, fmt.Errorf("proxycert: marshalling ProxyCertInfo: %w", err)
	}
	return der, nil
}
