// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/saml"
	"github.com/x509up/x509up/internal/fed/site"
)

const (
	idpID = "https://idp.example.org/idp?a=1&b=2"
	spID  = "https://sp.example.org/shibboleth"
	mdq   = "application/samlmetadata+xml"
)

var now = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

// newSite has one entity of each kind, with names that XML has to escape.
func newSite(t *testing.T) (s *site.Site, cert string) {
	t.Helper()
	signer, err := saml.NewSigner("test", now)
	if err != nil {
		t.Fatal(err)
	}
	s = site.New(now,
		site.IdP{EntityID: idpID, Name: `A & B <"University">`, URL: "https://idp.example.org/ecp?a&b", Cert: signer.Cert},
		site.SP{EntityID: spID, ACS: "https://sp.example.org/acs?a&b", Cert: signer.Cert},
		[]site.Entry{{URL: "https://idp.example.org/ecp", Name: "First University"}, {URL: "https://x.example.org", Name: "Second"}})
	return s, base64.StdEncoding.EncodeToString(signer.Cert.Raw)
}

// get asks for a path, which may be escaped, with headers in pairs.
func get(t *testing.T, s *site.Site, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// An entity is what a reader takes from metadata.
type entity struct {
	ID       string `xml:"entityID,attr"`
	Until    string `xml:"validUntil,attr"`
	Name     string `xml:"IDPSSODescriptor>Extensions>UIInfo>DisplayName"`
	IdP      place  `xml:"IDPSSODescriptor>SingleSignOnService"`
	SP       place  `xml:"SPSSODescriptor>AssertionConsumerService"`
	IdPCerts string `xml:"IDPSSODescriptor>KeyDescriptor>KeyInfo>X509Data>X509Certificate"`
	SPCerts  string `xml:"SPSSODescriptor>KeyDescriptor>KeyInfo>X509Data>X509Certificate"`
}

type place struct {
	Binding  string `xml:",attr"`
	Location string `xml:",attr"`
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s, cert := newSite(t)
	const until = "2025-05-08T12:00:00.000Z"
	idp := entity{ID: idpID, Until: until, Name: `A & B <"University">`, IdPCerts: cert,
		IdP: place{"urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "https://idp.example.org/ecp?a&b"}}
	sp := entity{ID: spID, Until: until, SPCerts: cert, SP: place{saml.BindingPAOS, "https://sp.example.org/acs?a&b"}}
	var all struct {
		XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntitiesDescriptor"`
		Until    string   `xml:"validUntil,attr"`
		Entities []entity `xml:"EntityDescriptor"`
	}
	w := get(t, s, "/metadata.xml")
	if err := xml.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]entity{idp, sp}, all.Entities); diff != "" || all.Until != until {
		t.Errorf("until %s (-want +got):\n%s", all.Until, diff)
	}
	if string(s.Aggregate) != w.Body.String() {
		t.Error("the aggregate is not what is served")
	}
	hash := func(id string) string {
		sum := sha1.Sum([]byte(id))
		return "%7Bsha1%7D" + hex.EncodeToString(sum[:])
	}
	for path, want := range map[string]entity{
		url.PathEscape(idpID): idp, url.QueryEscape(spID): sp, hash(idpID): idp, hash(spID): sp,
	} {
		w := get(t, s, "/entities/"+path, "Accept", mdq)
		var got entity
		if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		if diff := cmp.Diff(want, got); diff != "" || w.Header().Get("Content-Type") != mdq {
			t.Errorf("%s: %q (-want +got):\n%s", path, w.Header().Get("Content-Type"), diff)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s, _ := newSite(t)
	w := get(t, s, "/idps.txt")
	const want = "https://idp.example.org/ecp First University\nhttps://x.example.org Second\n"
	if w.Body.String() != want || string(s.List) != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%q: %q", w.Header().Get("Content-Type"), w.Body)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s, _ := newSite(t)
	tag := get(t, s, "/idps.txt").Header().Get("ETag")
	if other := get(t, s, "/metadata.xml").Header().Get("ETag"); tag == "" || tag == other {
		t.Errorf("tags are %s and %s", tag, other)
	}
	for _, c := range []struct {
		name, path string
		header     []string
		want       int
	}{
		{"another page", "/", nil, http.StatusNotFound},
		{"no entity", "/entities/" + url.PathEscape("https://x"), []string{"Accept", mdq}, http.StatusNotFound},
		{"no Accept", "/entities/" + url.PathEscape(idpID), nil, http.StatusNotAcceptable},
		{"another Accept", "/entities/" + url.PathEscape(idpID), []string{"Accept", "text/html"}, http.StatusNotAcceptable},
		{"the same still", "/idps.txt", []string{"If-None-Match", tag}, http.StatusNotModified},
		{"another by now", "/idps.txt", []string{"If-None-Match", `"x"`}, http.StatusOK},
	} {
		if w := get(t, s, c.path, c.header...); w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.want, w.Body)
		}
	}
}
