// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// Bounds of an XML document. The one with all VOs of EGI has a few thousand servers and groups.
const (
	maxDepth = 64
	maxCards = 4096
)

// parseXML reads VO ID cards: elements IDCard, alone, or in a VoDump, or below whatever the portal wraps them into next.
//
//	<IDCard Name="dteam" …><gLiteConf><VOMSServers>
//	  <VOMS_Server HttpsPort="8443" VomsesPort="15004" …>
//	    <hostname>voms.example.org</hostname>
//	    <X509Cert><DN>/C=GR/…</DN><CA_DN>/C=GR/…</CA_DN>…</X509Cert>
//
// Of a VO that is not run with VOMS, the card has other elements in the place of VOMS_Server.
func parseXML(data []byte, file string) ([]Card, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = charset
	p := cardParser{file: file}
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return p.cards, nil
		case err != nil:
			return nil, fmt.Errorf("it is no XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := p.start(t); err != nil {
				return nil, err
			}
		case xml.CharData:
			p.text.Write(t)
		case xml.EndElement:
			p.end(t.Name.Local)
		}
	}
}

type cardParser struct {
	file   string
	cards  []Card
	path   []string // names of the elements that are open
	text   strings.Builder
	server *cardServer // nil outside of one
}

// cardServer is a VOMS_Server.
type cardServer struct {
	host, port string
	dn, ca     string
	chains     [][2]string // the names of certificates and of their issuers
}

func (p *cardParser) start(t xml.StartElement) error {
	if len(p.path) == maxDepth {
		return fmt.Errorf("its elements are nested more than %d deep", maxDepth)
	}
	name := t.Name.Local
	p.path = append(p.path, name)
	p.text.Reset()
	switch name {
	case "IDCard":
		if len(p.cards) == maxCards {
			return fmt.Errorf("it has more than %d VOs", maxCards)
		}
		p.cards = append(p.cards, Card{VO: strings.TrimSpace(attribute(t, "Name"))})
		p.server = nil
	case "VOMS_Server":
		if len(p.cards) > 0 {
			p.server = &cardServer{port: strings.TrimSpace(attribute(t, "VomsesPort"))}
		}
	}
	return nil
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// end takes what an element holds. The people whom a card names have DNs, too.
func (p *cardParser) end(name string) {
	p.path = p.path[:len(p.path)-1]
	text := strings.TrimSpace(p.text.String())
	p.text.Reset()
	if p.server == nil {
		return
	}
	inCert := len(p.path) > 0 && p.path[len(p.path)-1] == "X509Cert"
	switch {
	case name == "hostname":
		p.server.host = text
	case name == "DN" && inCert:
		p.server.dn = text
	case name == "CA_DN" && inCert:
		p.server.ca = text
	case name == "X509Cert":
		if p.server.dn != "" && p.server.ca != "" {
			p.server.chains = append(p.server.chains, [2]string{p.server.dn, p.server.ca})
		}
		p.server.ca = ""
	case name == "VOMS_Server":
		p.add(&p.cards[len(p.cards)-1])
		p.server = nil
	}
}

// add adds the server to the card: as the line of a vomses file that it amounts to, and so under the same rules.
func (p *cardParser) add(card *Card) {
	s := p.server
	find := func(err error) {
		card.Findings = append(card.Findings, contact.Finding{File: p.file, Err: fmt.Errorf("the server %q of the VO %q: %w", s.host, card.VO, err)})
	}
	dn := ""
	if len(s.chains) > 0 {
		dn = s.chains[0][0]
	}
	line := fmt.Sprintf(`"%s" "%s" "%s" "%s" "%s"`, card.VO, s.host, s.port, dn, card.VO)
	endpoints, findings := contact.ParseVomses([]byte(line), p.file)
	switch {
	case strings.Count(line, `"`) != 10 || strings.ContainsAny(line, "\r\n"):
		find(errors.New("it has characters that no name has"))
		return
	case len(findings) > 0:
		find(findings[0].Err)
	case len(endpoints) == 1:
		endpoints[0].Line = 0
		card.Endpoints = append(card.Endpoints, endpoints[0])
	}
	if len(s.chains) == 0 {
		find(errors.New("the card does not name its certificate, so that its LSC file must come from elsewhere"))
		return
	}
	var text strings.Builder
	for i, chain := range s.chains {
		if i > 0 {
			text.WriteString(nextChain)
		}
		text.WriteString(chain[0] + "\n" + chain[1] + "\n")
	}
	l, err := vomsdir.Parse([]byte(text.String()))
	if err != nil {
		find(errors.Unwrap(err))
		return
	}
	card.LSC = append(card.LSC, LSC{Host: s.host, Chains: l.Chains})
}

// charset reads the encodings that portals of the grid have used beside UTF-8.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1", "iso-8859-15", "windows-1252":
		// Names of hosts and of certificates are ASCII; of what is not, any printable character will do.
		data, err := io.ReadAll(io.LimitReader(in, maxSize+1))
		var b []byte
		for _, c := range data {
			b = utf8.AppendRune(b, rune(c))
		}
		return bytes.NewReader(b), err
	}
	return nil, fmt.Errorf("it is written in %q", label)
}
