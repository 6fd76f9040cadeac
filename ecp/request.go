// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import "github.com/x509up/x509up/ecp/internal/paos"

// AuthnRequest is what a service provider says when it asks for a login.
// All of it is the SP's word, to be shown and not to be trusted.
type AuthnRequest struct {
	// Issuer is the SP's entityID.
	Issuer string
	// ProviderName is a name for people, often empty.
	ProviderName string
	// IsPassive tells that the SP wants no interaction with the user; it is
	// true also when the SP says nothing (SAML V2.0 Profiles, §4.2.4.2).
	IsPassive bool
	// IdPs are the entityIDs of the identity providers that the SP suggests.
	IdPs []string

	message *paos.Request
}

// newAuthnRequest makes a message fit to be shown; nil of nil.
func newAuthnRequest(m *paos.Request) *AuthnRequest {
	if m == nil {
		return nil
	}
	return &AuthnRequest{Issuer: clean(m.Issuer), ProviderName: clean(m.ProviderName), IsPassive: m.IsPassive,
		IdPs: cleanAll(m.IdPs), message: m}
}
