// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package soap reads a SOAP 1.1 envelope from a peer that is not trusted, and
// replaces its Header without touching another byte.
//
// What is signed in an envelope must reach its reader as it was: an XML
// library that reads and writes it again loses character references, line
// ends, prefixes or declarations, one of which some canonicalization covers.
// So [Parse] remembers where each element begins and ends, and
// [Envelope.WithHeader] cuts.
package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
)

// Namespace is that of SOAP 1.1 envelopes (SOAP 1.1, §4).
const Namespace = "http://schemas.xmlsoap.org/soap/envelope/"

// ActorNext addresses a header block to whoever receives the message first
// (SOAP 1.1, §4.2.2).
const ActorNext = "http://schemas.xmlsoap.org/soap/actor/next"

// An Envelope is one that carries one element, with the places of its parts.
type Envelope struct {
	// Header is nil when there is none: Keycloak's refusals have no Header.
	Header *Element
	// Payload is the only element in the Body.
	Payload *Element

	data []byte
	body *Element
}

// Parse reads an envelope. Errors are phrases about the message, such as "its
// SOAP Body holds 2 elements instead of one"; they may quote it.
func Parse(data []byte) (*Envelope, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}
	if !root.Is(Namespace, "Envelope") {
		return nil, fmt.Errorf("it is no SOAP envelope but element %q", root.Name.Local)
	}
	e := &Envelope{data: data}
	parts := root.Children
	if len(parts) > 0 && parts[0].Is(Namespace, "Header") {
		e.Header, parts = parts[0], parts[1:]
	}
	if len(parts) != 1 || !parts[0].Is(Namespace, "Body") {
		return nil, errors.New("its SOAP envelope is not one Header and one Body")
	}
	e.body = parts[0]
	if len(e.body.Children) != 1 {
		return nil, fmt.Errorf("its SOAP Body holds %d elements instead of one", len(e.body.Children))
	}
	e.Payload = e.body.Children[0]
	return e, nil
}

// Block returns a header block, nil if it is not there. Two of a name are an
// error: one reader would take the first and another the last.
func (e *Envelope) Block(space, local string) (*Element, error) {
	var found *Element
	for _, block := range e.blocks() {
		if !block.Is(space, local) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("its header block %s is repeated", local)
		}
		found = block
	}
	return found, nil
}

// NotUnderstood returns the first header block that its reader must understand
// and that is not among the known, nil if there is none. Blocks for other
// actors do not count (SOAP 1.1, §4.2.2 and §4.2.3).
func (e *Envelope) NotUnderstood(known []xml.Name) *Element {
	for _, block := range e.blocks() {
		actor, _ := block.Attr(Namespace, "actor")
		must, _ := block.Attr(Namespace, "mustUnderstand")
		if (must == "1" || must == "true") && (actor == "" || actor == ActorNext) && !slices.Contains(known, block.Name) {
			return block
		}
	}
	return nil
}

func (e *Envelope) blocks() []*Element {
	if e.Header == nil {
		return nil
	}
	return e.Header.Children
}

// PayloadBytes returns the bytes of the payload, as they came.
func (e *Envelope) PayloadBytes() []byte { return e.data[e.Payload.start:e.Payload.end] }

// WithHeader returns the envelope's bytes with its Header replaced by header,
// which may be empty. Not a byte of the Body or of the Envelope's tags changes:
// under inclusive canonicalization the declarations on both are part of what
// a signature covers (Canonical XML 1.0, §2.4).
func (e *Envelope) WithHeader(header string) []byte {
	from, to := e.body.start, e.body.start
	if e.Header != nil {
		from, to = e.Header.start, e.Header.end
	}
	return slices.Concat(e.data[:from], []byte(header), e.data[to:])
}

// Fault returns an envelope with a fault (SOAP 1.1, §4.4). The code is one of
// that section's: Server, MustUnderstand.
func Fault(code, text string) []byte {
	return []byte(`<S:Envelope xmlns:S="` + Namespace + `"><S:Body><S:Fault><faultcode>S:` + code +
		`</faultcode><faultstring>` + Escape(text) + `</faultstring></S:Fault></S:Body></S:Envelope>`)
}
