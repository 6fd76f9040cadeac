// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import "net/url"

// ParseAuthnRequest reads what an SP says, and returns what the IdP and, with
// the answer of ParseResponse, the SP would get.
func ParseAuthnRequest(data []byte, resource *url.URL) (*AuthnRequest, error) {
	return parseAuthnRequest(data, resource)
}

// ForIdP is the message to the IdP.
func (a *AuthnRequest) ForIdP() []byte { return a.forIdP() }

// Consumer is where the Response goes.
func (a *AuthnRequest) Consumer() *url.URL { return a.consumer }

// Deliverable reads what an IdP says, and returns what would be delivered to
// the SP; nil with an error when nothing may be.
func Deliverable(data []byte, a *AuthnRequest) ([]byte, error) {
	r, err := parseResponse(data)
	if err != nil {
		return nil, err
	}
	if err := r.check(a); err != nil {
		return nil, err
	}
	return r.forSP(a), nil
}
