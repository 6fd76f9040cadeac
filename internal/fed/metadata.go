// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"bytes"
	"crypto/sha1"
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

// A site is what the federation's operator publishes, on the IdP's host: the list in CILogon's grammar, the aggregate of all
// metadata, and each entity by the Metadata Query protocol (draft-young-md-query).
type site struct {
	made      time.Time
	list      []byte
	aggregate []byte
	entities  map[string][]byte // by entityID and by {sha1} with the hash of it
}

// newSite writes metadata and list for an IdP and an SP.
func newSite(now time.Time, p *idp, s *sp) *site {
	until := now.UTC().Add(metadataLife).Format(saml.TimeFormat)
	idpXML := saml.Render(idpMetadata, map[string]string{
		"Until": until, "ID": p.entityID, "URL": p.url, "Name": idpName, "Cert": base64.StdEncoding.EncodeToString(p.signer.Cert.Raw),
	})
	spXML := saml.Render(spMetadata, map[string]string{
		"Until": until, "ID": s.entityID, "ACS": s.acs(), "Cert": base64.StdEncoding.EncodeToString(s.signer.Cert.Raw),
	})
	m := &site{made: now, entities: map[string][]byte{}}
	for id, xml := range map[string][]byte{p.entityID: idpXML, s.entityID: spXML} {
		sum := sha1.Sum([]byte(id))
		m.entities[id] = xml
		m.entities["{sha1}"+hex.EncodeToString(sum[:])] = xml
	}
	m.aggregate = fmt.Appendf(nil, `<md:EntitiesDescriptor xmlns:md="%s" Name="https://fed.example.org/all" validUntil="%s">`+"\n%s%s</md:EntitiesDescriptor>\n",
		nsMetadata, until, idpXML, spXML)
	m.list = fmt.Appendf(nil, "%s %s\n", p.url, idpName)
	if p.kerberosURL != "" {
		m.list = fmt.Appendf(m.list, "%s %s (Kerberos)\n", p.kerberosURL, idpName)
	}
	// The last is there so that a list has more than one; nobody answers under the name.
	m.list = fmt.Appendf(m.list, "https://idp.invalid%s Invented Institute of Technology\n", ecpPath)
	return m
}

// ServeHTTP implements [http.Handler].
func (m *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	contentType := typeMetadata
	switch path := r.URL.EscapedPath(); {
	case r.URL.Path == "/idps.txt":
		body, contentType = m.list, "text/plain; charset=utf-8"
	case r.URL.Path == "/metadata.xml":
		body = m.aggregate
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
