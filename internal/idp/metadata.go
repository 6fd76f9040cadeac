// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"cmp"
	"io"
	"net/url"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/saml"
)

// MaxMetadata bounds SAML metadata, in bytes. The largest aggregate there is, eduGAIN's, has about 100 MiB.
const MaxMetadata = 256 << 20

// Metadata is what a metadata document says of identity providers.
type Metadata struct {
	// Providers are all identity providers, also hidden ones and those without an ECP endpoint, in document order.
	Providers []Provider `json:"providers"`
	// ValidUntil is when the document ends to be valid; zero if it does not say.
	ValidUntil time.Time `json:"valid_until,omitzero"`
}

// ParseMetadata reads SAML metadata, of one entity or an aggregate, as a stream: memory grows with the number of
// identity providers, not with the document. What is not metadata is a [*MetadataError].
func ParseMetadata(r io.Reader) (Metadata, error) { return parseMetadata(r, MaxMetadata) }

func parseMetadata(r io.Reader, max int64) (Metadata, error) {
	doc, err := saml.Parser{Limit: max, Name: cleanName, ID: goodEntityID, Endpoint: goodEndpoint, Scope: goodScope}.Parse(r)
	if err != nil {
		return Metadata{}, err
	}
	m := Metadata{ValidUntil: doc.ValidUntil}
	for _, e := range doc.Entities {
		m.Providers = append(m.Providers, Provider{
			Name: cmp.Or(e.Name, hostOf(e.ID), e.ID), EntityID: e.ID, URL: e.URL, Scopes: e.Scopes, Hidden: e.Hidden})
	}
	return m, nil
}

func hostOf(entityID string) string {
	u, err := url.Parse(entityID)
	if err != nil {
		return ""
	}
	return cleanName(u.Hostname())
}
