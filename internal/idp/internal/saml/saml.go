// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package saml reads SAML metadata (saml-metadata-2.0-os), as a stream and with bounds, for what it says of identity providers: their
// names (saml-metadata-ui-v1.0), the endpoint for ECP, their scopes, and whether they are to be hidden.
package saml

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/bounded"
)

const (
	maxDepth  = 64      // of elements; real metadata has 12
	maxToken  = 1 << 20 // bytes of a tag, a text or a comment; logos stand in metadata as data: URLs
	maxText   = 4096    // bytes of a text that is looked at
	maxScopes = 64      // of an identity provider
)

// Namespaces and values of SAML metadata.
const (
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsUI        = "urn:oasis:names:tc:SAML:metadata:ui"        // saml-metadata-ui-v1.0
	nsAttribute = "urn:oasis:names:tc:SAML:metadata:attribute" // sstc-metadata-attr
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsScope     = "urn:mace:shibboleth:metadata:1.0" // Shibboleth's SAML Metadata Scope Extension
	nsXML       = "http://www.w3.org/XML/1998/namespace"

	bindingSOAP    = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
	protocolSAML2  = "urn:oasis:names:tc:SAML:2.0:protocol"
	entityCategory = "http://macedir.org/entity-category"
	hideCategory   = "http://refeds.org/category/hide-from-discovery"
)

// Entity is an identity provider.
type Entity struct {
	ID     string
	Name   string   // in English if there is such a name; "" if there is none at all
	URL    string   // the first SOAP endpoint that will do; "" if there is none
	Scopes []string // domains; patterns are left out
	Hidden bool     // from lists (REFEDS hide-from-discovery)
}

// Document is what metadata says of identity providers, in its order.
type Document struct {
	Entities   []Entity
	ValidUntil time.Time // zero if it does not say
}

// Parser reads metadata. All fields are needed.
type Parser struct {
	Limit    int64               // bytes of a document
	Name     func(string) string // makes a name fit to be shown
	ID       func(string) bool   // tells an entityID that will do
	Endpoint func(string) bool   // tells an endpoint that will do
	Scope    func(string) bool   // tells a scope that will do
}

// Error says that a document is not SAML metadata.
type Error struct {
	Line   int // counted from 1
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Parse reads a document, of one entity or an aggregate. Memory grows with the number of identity providers, not with the document. The
// error is an [*Error], a [*bounded.SizeError], or that of r.
func (o Parser) Parse(r io.Reader) (Document, error) {
	in := &bounded.Tokens{R: bufio.NewReader(bounded.Reader(r, o.Limit)), Limit: maxToken, Err: errTokenSize}
	p := parser{Parser: o, dec: xml.NewDecoder(in)}
	p.dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	for {
		in.Next()
		token, err := p.dec.Token()
		switch {
		case err == io.EOF && p.done:
			return p.result, nil
		case err == io.EOF:
			return Document{}, p.wrong("the document is empty")
		case err != nil:
			return Document{}, p.explain(err)
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
			return Document{}, err
		}
	}
}

var (
	errTokenSize = errors.New("a tag or a text is longer than 1 MiB")
	errEncoding  = errors.New("it is not in UTF-8")
)

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
	scope
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
	case step{entityExtensions, nsScope, "Scope"}, step{providerExtensions, nsScope, "Scope"}:
		return scope
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

type parser struct {
	Parser
	dec    *xml.Decoder
	path   []place
	done   bool // the root has ended
	result Document

	// Of the entity that is being read:
	current  Entity
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
	if value != "" && (t.value == "" || english && !t.english) {
		t.value, t.english = value, english
	}
}

func (p *parser) at() place {
	if len(p.path) == 0 {
		return document
	}
	return p.path[len(p.path)-1]
}

func (p *parser) start(e xml.StartElement) error {
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
		p.current, p.isIdP = Entity{ID: attribute(e, "", "entityID")}, false
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
		if p.current.URL == "" && attribute(e, "", "Binding") == bindingSOAP && p.Endpoint(location) {
			p.current.URL = location
		}
	case scope:
		if slices.Contains([]string{"true", "1"}, attribute(e, "", "regexp")) {
			next = elsewhere // a pattern is no domain
		}
		p.chars = p.chars[:0]
	case displayName, organizationName, categoryValue:
		p.chars, p.language = p.chars[:0], strings.ToLower(attribute(e, nsXML, "lang"))
	}
	p.path = append(p.path, next)
	return nil
}

func (p *parser) end() {
	switch p.at() {
	case displayName:
		p.display.add(p.Name(string(p.chars)), p.language)
	case organizationName:
		p.orgNames.add(p.Name(string(p.chars)), p.language)
	case scope:
		if s := strings.ToLower(strings.TrimSpace(string(p.chars))); p.Scope(s) && len(p.current.Scopes) < maxScopes {
			p.current.Scopes = append(p.current.Scopes, s)
		}
	case categoryValue:
		p.current.Hidden = p.current.Hidden || strings.TrimSpace(string(p.chars)) == hideCategory
	case entity:
		p.endEntity()
	}
	p.path = p.path[:len(p.path)-1]
	p.done = len(p.path) == 0
}

func (p *parser) endEntity() {
	if p.isIdP && p.ID(p.current.ID) {
		p.current.Name = cmp.Or(p.display.value, p.orgNames.value)
		p.result.Entities = append(p.result.Entities, p.current)
	}
}

// characters keeps the text of the few elements whose text is wanted. It comes in pieces when there are comments in it.
func (p *parser) characters(t xml.CharData) {
	switch p.at() {
	case displayName, organizationName, categoryValue, scope:
		p.chars = append(p.chars, t[:min(len(t), maxText-len(p.chars))]...)
	}
}

func (p *parser) validity(until string) (err error) {
	if until == "" {
		return nil
	}
	if p.result.ValidUntil, err = time.Parse(time.RFC3339, until); err != nil {
		return p.wrong("validUntil is not a time")
	}
	return nil
}

func (p *parser) wrong(reason string) error {
	line, _ := p.dec.InputPos()
	return &Error{Line: line, Reason: reason}
}

// explain tells errors of the document from those of the file or the network below it.
func (p *parser) explain(err error) error {
	for _, own := range []error{errTokenSize, errEncoding} {
		if errors.Is(err, own) {
			return p.wrong(own.Error())
		}
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return &Error{Line: e.Line, Reason: "it is not XML: " + p.Name(e.Msg)}
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
