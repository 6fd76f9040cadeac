// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package site is what the operator of package fed publishes: the list of identity providers in CILogon's grammar, the aggregate of
// all metadata (SAML Metadata §2), and each entity by the Metadata Query protocol (draft-young-md-query). The documents do not
// change and are not signed.
package site

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/saml"
)

const (
	typeMetadata = "application/samlmetadata+xml"
	metadataLife = 7 * 24 * time.Hour
	mdqPrefix    = "/entities/"
)

// An IdP is an identity provider, and an SP a service provider, as their metadata have them.
type (
	IdP struct {
		EntityID, Name string
		URL            string // of the SOAP binding
		Cert           *x509.Certificate
	}
	SP struct {
		EntityID string
		ACS      string // of the PAOS binding
		Cert     *x509.Certificate
	}
)

// An Entry is a line of the list.
type Entry struct {
	URL, Name string
}

// A Site is what is published.
type Site struct {
	List      []byte // at /idps.txt
	Aggregate []byte // at /metadata.xml

	made     time.Time
	entities map[string][]byte // by entityID and by {sha1} with the hash of it
}

// New writes metadata of an IdP and an SP, valid for a week from now, and the list.
func New(now time.Time, p IdP, s SP, list []Entry) *Site {
	until := now.UTC().Add(metadataLife).Format(saml.TimeFormat)
	idpXML := saml.Render(idpMetadata, map[string]string{
		"Until": until, "ID": p.EntityID, "URL": p.URL, "Name": p.Name, "Cert": base64.StdEncoding.EncodeToString(p.Cert.Raw),
	})
	spXML := saml.Render(spMetadata, map[string]string{
		"Until": until, "ID": s.EntityID, "ACS": s.ACS, "Cert": base64.StdEncoding.EncodeToString(s.Cert.Raw),
	})
	m := &Site{made: now, entities: map[string][]byte{}}
	for id, xml := range map[string][]byte{p.EntityID: idpXML, s.EntityID: spXML} {
		sum := sha1.Sum([]byte(id))
		m.entities[id] = xml
		m.entities["{sha1}"+hex.EncodeToString(sum[:])] = xml
	}
	m.Aggregate = fmt.Appendf(nil, `<md:EntitiesDescriptor xmlns:md="%s" Name="https://fed.example.org/all" validUntil="%s">`+"\n%s%s</md:EntitiesDescriptor>\n",
		nsMetadata, until, idpXML, spXML)
	for _, e := range list {
		m.List = fmt.Appendf(m.List, "%s %s\n", e.URL, e.Name)
	}
	return m
}

// ServeHTTP implements [http.Handler].
func (m *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	contentType := typeMetadata
	switch path := r.URL.EscapedPath(); {
	case r.URL.Path == "/idps.txt":
		body, contentType = m.List, "text/plain; charset=utf-8"
	case r.URL.Path == "/metadata.xml":
		body = m.Aggregate
	case strings.HasPrefix(path, mdqPrefix):
		if !strings.Contains(r.Header.Get("Accept"), typeMetadata) {
			http.Error(w, "want Accept: "+typeMetadata, http.StatusNotAcceptable)
			return
		}
		id, err := url.PathUnescape(strings.TrimPrefix(path, mdqPrefix))
		if err == nil {
			body = m.entities[id]
		}
	}
	if body == nil {
		http.NotFound(w, r)
		return
	}
	sum := sha1.Sum(body)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	http.ServeContent(w, r, "", m.made, bytes.NewReader(body))
}

const nsMetadata = "urn:oasis:names:tc:SAML:2.0:metadata"

var idpMetadata = saml.Template(`<md:EntityDescriptor xmlns:md="` + nsMetadata + `" entityID="{{x .ID}}" validUntil="{{.Until}}">
  <md:IDPSSODescriptor protocolSupportEnumeration="` + saml.Protocol + `" WantAuthnRequestsSigned="true">
    <md:Extensions>
      <shibmd:Scope xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" regexp="false">example.org</shibmd:Scope>
      <mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"><mdui:DisplayName xml:lang="en">{{x .Name}}</mdui:DisplayName></mdui:UIInfo>
    </md:Extensions>
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{{.Cert}}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="{{x .URL}}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`)

var spMetadata = saml.Template(`<md:EntityDescriptor xmlns:md="` + nsMetadata + `" entityID="{{x .ID}}" validUntil="{{.Until}}">
  <md:SPSSODescriptor protocolSupportEnumeration="` + saml.Protocol + `" AuthnRequestsSigned="true" WantAssertionsSigned="true">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{{.Cert}}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:AssertionConsumerService Binding="` + saml.BindingPAOS + `" Location="{{x .ACS}}" index="4"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`)
