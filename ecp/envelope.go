// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
)

// Namespaces and names of the profile (SAML V2.0 ECP Profile 2.0, §2.1;
// SAML V2.0 Bindings, §3.3; SOAP 1.1, §4).
const (
	nsSOAP   = "http://schemas.xmlsoap.org/soap/envelope/"
	nsPAOS   = "urn:liberty:paos:2003-08"
	nsECP    = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nsSAMLP  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsSAML   = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsCB     = "urn:oasis:names:tc:SAML:protocol:ext:channel-binding"
	nsSAMLEC = "urn:ietf:params:xml:ns:samlec"

	actorNext = "http://schemas.xmlsoap.org/soap/actor/next"
)

// envelope is a SOAP 1.1 envelope as it came, with the places of its parts.
type envelope struct {
	data []byte
	root *element
	// header is nil when there is none: Keycloak's refusal has no Header.
	header *element
	// payload is the only element in the Body.
	payload *element
}

// parseEnvelope reads a SOAP 1.1 envelope that carries one element.
func parseEnvelope(data []byte) (*envelope, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	if !root.is(nsSOAP, "Envelope") {
		return nil, fmt.Errorf("it is no SOAP envelope but element %q", clean(root.name.Local))
	}
	e := &envelope{data: data, root: root}
	parts := root.children
	if len(parts) > 0 && parts[0].is(nsSOAP, "Header") {
		e.header, parts = parts[0], parts[1:]
	}
	if len(parts) != 1 || !parts[0].is(nsSOAP, "Body") {
		return nil, errors.New("its SOAP envelope is not one Header and one Body")
	}
	if len(parts[0].children) != 1 {
		return nil, fmt.Errorf("its SOAP Body holds %d elements instead of one", len(parts[0].children))
	}
	e.payload = parts[0].children[0]
	return e, e.checkRepeated()
}

// knownBlocks are the header blocks that the profile gives a meaning.
var knownBlocks = []xml.Name{
	{Space: nsPAOS, Local: "Request"},
	{Space: nsECP, Local: "Request"},
	{Space: nsECP, Local: "Response"},
	{Space: nsECP, Local: "RelayState"},
	{Space: nsECP, Local: "RequestAuthenticated"},
	{Space: nsECP, Local: "SubjectConfirmation"},
	{Space: nsCB, Local: "ChannelBindings"},
	{Space: nsSAMLEC, Local: "GeneratedKey"},
	{Space: nsSAMLEC, Local: "SessionKey"},
}

// single counts the blocks of knownBlocks, from the first, that come once: of
// two, one reader might take the first and another the last.
const single = 5

func (e *envelope) checkRepeated() error {
	if e.header == nil {
		return nil
	}
	for _, name := range knownBlocks[:single] {
		n := 0
		for _, block := range e.header.children {
			if block.name == name {
				n++
			}
		}
		if n > 1 {
			return fmt.Errorf("its header block %s comes %d times", name.Local, n)
		}
	}
	return nil
}

// checkUnderstood refuses a header block that must be understood and is not
// (SOAP 1.1, §4.2.3).
func (e *envelope) checkUnderstood() error {
	if e.header == nil {
		return nil
	}
	for _, block := range e.header.children {
		must, _ := block.attr(nsSOAP, "mustUnderstand")
		if (must == "1" || must == "true") && !slices.Contains(knownBlocks, block.name) {
			return &mustUnderstandError{block: clean(block.name.Local), space: clean(block.name.Space)}
		}
	}
	return nil
}

// mustUnderstandError asks for a SOAP fault in answer.
type mustUnderstandError struct{ block, space string }

func (e *mustUnderstandError) Error() string {
	return fmt.Sprintf("it demands that header block %s of %s be understood", e.block, e.space)
}

// block returns a header block, nil if it is not there.
func (e *envelope) block(space, local string) *element {
	if e.header == nil {
		return nil
	}
	return e.header.child(space, local)
}

// withHeader returns the envelope's bytes with its Header replaced by header,
// which may be empty. Not a byte of the Body or of the tags around it changes:
// under inclusive canonicalization the declarations on Envelope and Body are
// part of what a signature covers (Canonical XML 1.0, §2.4).
func (e *envelope) withHeader(header string) []byte {
	from, to := e.afterRootTag(), e.afterRootTag()
	if e.header != nil {
		from, to = e.header.start, e.header.end
	}
	return slices.Concat(e.data[:from], []byte(header), e.data[to:])
}

// afterRootTag is the place of the Body's start tag, before which a Header
// can stand when there is none.
func (e *envelope) afterRootTag() int64 {
	return e.root.children[len(e.root.children)-1].start
}
