// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/x509up/x509up/proxycert/internal/pci"
)

// ExtensionError says that a proxy must not get an extension that Options ask for.
type ExtensionError struct {
	ID     asn1.ObjectIdentifier
	Reason string
}

// Error gives the object identifier and the reason.
func (e *ExtensionError) Error() string {
	return fmt.Sprintf("proxycert: making a proxy with the extension %v: %s", e.ID, e.Reason)
}

// checkExtensions says whether a proxy may have them.
func checkExtensions(list []pkix.Extension) error {
	seen := map[string]bool{}
	for _, ext := range list {
		id, reason := ext.Id.String(), ""
		switch {
		case ext.Critical:
			reason = "it is critical, and verifiers refuse what they do not know"
		case seen[id]:
			reason = "it is there twice (RFC 5280 §4.2)"
		case id == oidSubjectAltName || id == oidIssuerAltName:
			reason = string(RuleAltName)
		case id == "2.5.29.19": // basicConstraints
			reason = string(RuleCA)
		case id == pci.OID || id == pci.OIDDraft:
			reason = "it is what the policy and the path length are for"
		case id == "2.5.29.14" || id == "2.5.29.15" || id == "2.5.29.35": // key usage, key identifiers
			reason = "it follows from the keys of proxy and issuer"
		}
		if reason != "" {
			return &ExtensionError{ID: ext.Id, Reason: reason}
		}
		seen[id] = true
	}
	return nil
}
