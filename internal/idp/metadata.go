// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// MaxMetadata bounds SAML metadata, in bytes. The largest aggregate there is, eduGAIN's, has about 100 MiB.
const MaxMetadata = 256 << 20

const (
	maxDepth = 64      // of elements; real metadata has 12
	maxToken = 1 << 20 // bytes of a tag, a text or a comment; logos stand in metadata as data: URLs
	maxText  = 4096    // bytes of a text that is looked at
)

// Namespaces and values of SAML metadata.
const (
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsUI        = "urn:oasis:names:tc:SAML:metadata:ui"        // saml-metadata-ui-v1.0
	nsAttribute = "urn:oasis:names:tc:SAML:metadata:attribute" // sstc-metadata-attr
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsXML       = "http://www.w3.org/XML/1998/namespace"

	bindingSOAP    = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
	protocolSAML2  = "urn:oasis:names:tc:SAML:2.0:protocol"
	entityCategory = "http://macedir.org/entity-category"
	hideCategory   = "http://refeds.org/category/hide-from-discovery"
)

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
	in := &tokenReader{r: bufio.NewReader(limit(r, max))}
	p := metadataParser{dec: xml.NewDecoder(in)}
	p.dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	for {
		in.length = 0
		token, err := p.dec.Token()
		switch {
		case err == io.EOF && p.done:
			return p.result, nil
		case err == io.EOF:
			return Metadata{}, p.wrong("the document is empty")
		case err != nil:
			return Metadata{}, p.explain(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = p.start(t)
		case xml.EndElement:
			p.end()
		case xml.CharData:
			p.characters(t)
		case xml.Directive:
			err = p.wrong("it has a DOCTYPE, as HTML has and metadata has not")
		}
		if err != nil {
			return Metadata{}, err
		}
	}
}

// tokenReader bounds the tokens of a decoder, which would hold one of any length in memory. The decoder reads from it byte
// by byte, so never beyond the token.
type tokenReader struct {
	r      *bufio.Reader
	length int // of the token that is being read
}

var (
	errTokenSize = errors.New("a tag or a text is longer than 1 MiB")
	errEncoding  = errors.New("it is not in UTF-8")
)

func (t *tokenReader) ReadByte() (byte, error) {
	if t.length++; t.length > maxToken {
		return 0, errTokenSize
	}
	return t.r.ReadByte()
}

func (t *tokenReader) Read(p []byte) (int, error) { return t.r.Read(p) }

// place is where in a document the parser is. Only the places that lead to something are told apart.
type place int

const (
	elsewhere place = iota // what is below is elsewhere, too
	document
	entities
	entity
	organization
	organizationName
	entityExtensions
	entityAttributes
	category
	categoryValue
	provider
	providerExtensions
	uiInfo
	displayName
	signOnService
)

// below says what an element is, by the place it stands in and its name.
func (p place) below(name xml.Name) place {
	switch (step{p, name.Space, name.Local}) {
	case step{document, nsMetadata, "EntitiesDescriptor"}, step{entities, nsMetadata, "EntitiesDescriptor"}:
		return entities
	case step{document, nsMetadata, "EntityDescriptor"}, step{entities, nsMetadata, "EntityDescriptor"}:
		return entity
	case step{entity, nsMetadata, "Organization"}:
		return organization
	case step{organization, nsMetadata, "OrganizationDisplayName"}:
		return organizationName
	case step{entity, nsMetadata, "Extensions"}:
		return entityExtensions
	case step{entityExtensions, nsAttribute, "EntityAttributes"}:
		return entityAttributes
	case step{entityAttributes, nsAssertion, "Attribute"}:
		return category
	case step{category, nsAssertion, "AttributeValue"}:
		return categoryValue
	case step{entity, nsMetadata, "IDPSSODescriptor"}:
		return provider
	case step{provider, nsMetadata, "Extensions"}:
		return providerExtensions
	case step{providerExtensions, nsUI, "UIInfo"}:
		return uiInfo
	case step{uiInfo, nsUI, "DisplayName"}:
		return displayName
	case step{provider, nsMetadata, "SingleSignOnService"}:
		return signOnService
	}
	return elsewhere
}

type step struct {
	at    place
	space string
	local string
}

type metadataParser struct {
	dec    *xml.Decoder
	path   []place
	done   bool // the root has ended
	result Metadata

	// Of the entity that is being read:
	current  Provider
	isIdP    bool
	display  text
	orgNames text

	chars    []byte // of the element that is being read
	language string // of the same
}

// text is a text in several languages, of which the English one is wanted, else the first.
type text struct {
	value   string
	english bool
}

func (t *text) add(value, language string) {
	english := language == "en" || strings.HasPrefix(language, "en-")
	if value = cleanName(value); value != "" && (t.value == "" || english && !t.english) {
		t.value, t.english = value, english
	}
}

func (p *metadataParser) at() place {
	if len(p.path) == 0 {
		return document
	}
	return p.path[len(p.path)-1]
}

func (p *metadataParser) start(e xml.StartElement) error {
	if len(p.path) == maxDepth {
		return p.wrong("its elements are nested too deeply")
	}
	next := p.at().below(e.Name)
	if len(p.path) == 0 {
		switch {
		case p.done:
			return p.wrong("it has a second root element")
		case next == elsewhere:
			return p.wrong("the root element is not md:EntitiesDescriptor or md:EntityDescriptor")
		}
		if err := p.validity(attribute(e, "", "validUntil")); err != nil {
			return err
		}
	}
	switch next {
	case entity:
		p.current, p.isIdP = Provider{EntityID: attribute(e, "", "entityID")}, false
		p.display, p.orgNames = text{}, text{}
	case category:
		if attribute(e, "", "Name") != entityCategory {
			next = elsewhere
		}
	case provider:
		if slices.Contains(strings.Fields(attribute(e, "", "protocolSupportEnumeration")), protocolSAML2) {
			p.isIdP = true
		} else {
			next = elsewhere
		}
	case signOnService:
		location := attribute(e, "", "Location")
		if p.current.URL == "" && attribute(e, "", "Binding") == bindingSOAP && goodEndpoint(location) {
			p.current.URL = location
		}
	case displayName, organizationName, categoryValue:
		p.chars, p.language = p.chars[:0], strings.ToLower(attribute(e, nsXML, "lang"))
	}
	p.path = append(p.path, next)
	return nil
}

func (p *metadataParser) end() {
	switch p.at() {
	case displayName:
		p.display.add(string(p.chars), p.language)
	case organizationName:
		p.orgNames.add(string(p.chars), p.language)
	case categoryValue:
		p.current.Hidden = p.current.Hidden || strings.TrimSpace(string(p.chars)) == hideCategory
	case entity:
		p.endEntity()
	}
	p.path = p.path[:len(p.path)-1]
	p.done = len(p.path) == 0
}

func (p *metadataParser) endEntity() {
	if !p.isIdP || !goodEntityID(p.current.EntityID) {
		return
	}
	for _, name := range []string{p.display.value, p.orgNames.value, hostOf(p.current.EntityID), p.current.EntityID} {
		if name != "" {
			p.current.Name = name
			break
		}
	}
	p.result.Providers = append(p.result.Providers, p.current)
}

// characters keeps the text of the few elements whose text is wanted. It comes in pieces when there are comments in it.
func (p *metadataParser) characters(t xml.CharData) {
	switch p.at() {
	case displayName, organizationName, categoryValue:
		p.chars = append(p.chars, t[:min(len(t), maxText-len(p.chars))]...)
	}
}

func (p *metadataParser) validity(until string) (err error) {
	if until == "" {
		return nil
	}
	if p.result.ValidUntil, err = time.Parse(time.RFC3339, until); err != nil {
		return p.wrong("validUntil is not a time")
	}
	return nil
}

func (p *metadataParser) wrong(reason string) error {
	line, _ := p.dec.InputPos()
	return &MetadataError{Line: line, Reason: reason}
}

// explain tells errors of the document from those of the file or the network below it.
func (p *metadataParser) explain(err error) error {
	for _, own := range []error{errTokenSize, errEncoding} {
		if errors.Is(err, own) {
			return p.wrong(own.Error())
		}
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return &MetadataError{Line: e.Line, Reason: "it is not XML: " + cleanName(e.Msg)}
	}
	return err
}

func attribute(e xml.StartElement, space, local string) string {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

func hostOf(entityID string) string {
	u, err := url.Parse(entityID)
	if err != nil {
		return ""
	}
	return cleanName(u.Hostname())
}
