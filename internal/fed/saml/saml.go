// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package saml makes, takes apart, signs and verifies the messages of the SAML V2.0 ECP profile, for the servers of package fed.
//
// Signatures are enveloped XML signatures with ecdsa-sha256 (XML Signature 1.1 §6.4.3), under exclusive C14N or inclusive C14N
// 1.0. What [Verify] returns is parsed anew from the bytes that were signed, so that a wrapped or altered message cannot pass.
package saml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Names of the profile: ECP 2.0 §2, SAML Bindings §3.2 and §3.3.
const (
	SOAP      = "http://schemas.xmlsoap.org/soap/envelope/"
	PAOS      = "urn:liberty:paos:2003-08"
	ECP       = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	Protocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	Assertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	ActorNext = "http://schemas.xmlsoap.org/soap/actor/next"

	BindingPAOS = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
	TypePAOS    = "application/vnd.paos+xml" // media type towards and from the SP
	TypeSOAP    = "text/xml"                 // media type towards and from the IdP

	StatusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"
	Bearer       = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

	TimeFormat = "2006-01-02T15:04:05.000Z" // of times in UTC

	clockSkew = 3 * time.Minute
	maxDepth  = 64
)

// An Envelope is a SOAP 1.1 message taken apart.
type Envelope struct {
	Header []*etree.Element // its blocks
	Body   *etree.Element   // the one element in the Body
}

var errCharset = errors.New("the encoding is not UTF-8")

// Parse takes a SOAP message apart. Like Keycloak it wants nothing, not even white space, before the first
// element of the Body; like any careful server it wants no DTD.
func Parse(data []byte) (*Envelope, error) {
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{
		CharsetReader:          func(string, io.Reader) (io.Reader, error) { return nil, errCharset },
		ValidateInput:          true,
		PreserveDuplicateAttrs: true,
		MaxDepth:               maxDepth,
	}
	// Without the trimming ValidateInput takes a line feed at the end for a second root.
	if err := doc.ReadFromBytes(bytes.TrimSpace(data)); err != nil {
		return nil, fmt.Errorf("parsing the envelope: %w", err)
	}
	for _, token := range doc.Child {
		if _, ok := token.(*etree.Directive); ok {
			return nil, errors.New("parsing the envelope: a document type declaration")
		}
	}
	root := doc.Root()
	if !Is(root, SOAP, "Envelope") {
		return nil, errors.New("parsing the envelope: the root element is not a SOAP 1.1 Envelope")
	}
	var e Envelope
	parts := root.ChildElements()
	if len(parts) == 2 && Is(parts[0], SOAP, "Header") {
		e.Header, parts = parts[0].ChildElements(), parts[1:]
	}
	if len(parts) != 1 || !Is(parts[0], SOAP, "Body") {
		return nil, errors.New("parsing the envelope: want at most one Header, then one Body")
	}
	body := parts[0]
	if len(body.Child) == 0 || len(body.ChildElements()) != 1 || body.Child[0] != etree.Token(body.ChildElements()[0]) {
		return nil, errors.New("parsing the envelope: want one element in the Body and nothing before it")
	}
	e.Body = body.ChildElements()[0]
	return &e, nil
}

// FaultReason is the faultstring of a SOAP fault, and whether there is a fault at all.
func FaultReason(e *Envelope) (string, bool) {
	return Text(Child(e.Body, "", "faultstring")), Is(e.Body, SOAP, "Fault")
}

// Is reports whether an element has this expanded name; prefixes do not matter.
func Is(el *etree.Element, namespace, tag string) bool {
	return el != nil && el.Tag == tag && el.NamespaceURI() == namespace
}

// Child is the only child with this expanded name, or nil if there is none or more than one.
func Child(el *etree.Element, namespace, tag string) *etree.Element {
	var found *etree.Element
	if el == nil {
		return nil
	}
	for _, c := range el.ChildElements() {
		if Is(c, namespace, tag) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// Path walks down by child, all steps in one namespace.
func Path(el *etree.Element, namespace string, tags ...string) *etree.Element {
	for _, tag := range tags {
		el = Child(el, namespace, tag)
	}
	return el
}

// Text is the character data of an element without the white space around it; "" for no element.
func Text(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.Text())
}

// Attr is an attribute without a namespace; "" when absent, and for no element.
func Attr(el *etree.Element, name string) string { return AttrNS(el, "", name) }

// AttrNS is an attribute of a namespace; "" when absent, and for no element.
func AttrNS(el *etree.Element, namespace, name string) string {
	if el != nil {
		for _, a := range el.Attr {
			if a.Key == name && a.NamespaceURI() == namespace {
				return a.Value
			}
		}
	}
	return ""
}

// Within checks a window of time as SAML Core §2.5.1.2 has it, with some room for clocks.
func Within(now time.Time, notBefore, notOnOrAfter string) error {
	if notBefore != "" {
		if t, err := time.Parse(time.RFC3339, notBefore); err != nil || now.Add(clockSkew).Before(t) {
			return fmt.Errorf("not valid before %q", notBefore)
		}
	}
	if t, err := time.Parse(time.RFC3339, notOnOrAfter); err != nil || !now.Add(-clockSkew).Before(t) {
		return fmt.Errorf("not valid on or after %q", notOnOrAfter)
	}
	return nil
}
