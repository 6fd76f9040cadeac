// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

const namespaces = `xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"` +
	` xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`

const soap = `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://a.example/ecp"/>`

// entity is an entity with one IdP role.
func entity(id, inRole, besides string) string {
	return `<md:EntityDescriptor ` + namespaces + ` entityID="` + id + `">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">` +
		inRole + `</md:IDPSSODescriptor>` + besides + `</md:EntityDescriptor>`
}

func aggregate(attributes string, entities ...string) string {
	return `<md:EntitiesDescriptor ` + namespaces + " " + attributes + `>` + strings.Join(entities, "\n") + `</md:EntitiesDescriptor>`
}

func names(list ...string) string {
	return `<md:Extensions><mdui:UIInfo>` + strings.Join(list, "") + `</mdui:UIInfo></md:Extensions>`
}

func TestParseMetadata(t *testing.T) {
	t.Parallel()
	const id = "https://a.example/idp/shibboleth"
	const en, de, us = `<mdui:DisplayName xml:lang="en">A in English</mdui:DisplayName>`,
		`<mdui:DisplayName xml:lang="de">A auf Deutsch</mdui:DisplayName>`,
		`<mdui:DisplayName xml:lang="en-US">A in America</mdui:DisplayName>`
	const org = `<md:Organization><md:OrganizationName xml:lang="en">no</md:OrganizationName>` +
		`<md:OrganizationDisplayName xml:lang="fr">Organisation</md:OrganizationDisplayName>` +
		`<md:OrganizationDisplayName xml:lang="EN">Organization</md:OrganizationDisplayName></md:Organization>`
	hide := func(attribute, value string) string {
		return `<md:Extensions><mdattr:EntityAttributes><saml:Attribute Name="` + attribute + `"><saml:AttributeValue>other</saml:AttributeValue>` +
			`<saml:AttributeValue> ` + value + ` </saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>`
	}
	const category, hidden = "http://macedir.org/entity-category", "http://refeds.org/category/hide-from-discovery"
	good := func(name string) idp.Provider {
		return idp.Provider{Name: name, EntityID: id, URL: "https://a.example/ecp"}
	}
	tests := []struct {
		name, doc string
		want      []idp.Provider
	}{
		{"one entity", entity(id, names(en)+soap, ""), []idp.Provider{good("A in English")}},
		{"English is preferred to what comes first", entity(id, names(de, en, us)+soap, ""), []idp.Provider{good("A in English")}},
		{"American is English", entity(id, names(de, us)+soap, ""), []idp.Provider{good("A in America")}},
		{"what comes first without English", entity(id, names(de)+soap, ""), []idp.Provider{good("A auf Deutsch")}},
		{"an empty name is none", entity(id, names(`<mdui:DisplayName xml:lang="en"> </mdui:DisplayName>`, de)+soap, ""), []idp.Provider{good("A auf Deutsch")}},
		{"the display name before the organization's", entity(id, names(de)+soap, org), []idp.Provider{good("A auf Deutsch")}},
		{"the organization's display name", entity(id, soap, org), []idp.Provider{good("Organization")}},
		{"the host without any name", entity(id, soap, ""), []idp.Provider{good("a.example")}},
		{"the entityID without a host", entity("urn:mace:example:a", soap, ""), []idp.Provider{{Name: "urn:mace:example:a", EntityID: "urn:mace:example:a", URL: "https://a.example/ecp"}}},
		{"a comment in a name", entity(id, names(`<mdui:DisplayName xml:lang="en">A <!-- no -->in <![CDATA[English]]></mdui:DisplayName>`)+soap, ""), []idp.Provider{good("A in English")}},
		{"an element in a name", entity(id, names(`<mdui:DisplayName xml:lang="en">A in<b>bold</b> English</mdui:DisplayName>`)+soap, ""), []idp.Provider{good("A in English")}},
		{"control characters in a name", entity(id, names("<mdui:DisplayName xml:lang=\"en\">A\n\u009b2J in \u202eEnglish</mdui:DisplayName>")+soap, ""), []idp.Provider{good("A 2J in English")}},
		{"other prefixes", `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + id + `"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
			`<x:Extensions xmlns:x="urn:oasis:names:tc:SAML:2.0:metadata"><UIInfo xmlns="urn:oasis:names:tc:SAML:metadata:ui"><DisplayName xml:lang="en">A in English</DisplayName></UIInfo></x:Extensions>` +
			`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://a.example/ecp"/></IDPSSODescriptor></EntityDescriptor>`, []idp.Provider{good("A in English")}},
		{"an aggregate of aggregates", aggregate("", entity(id, names(en)+soap, ""), aggregate("", entity("urn:b", soap, ""))),
			[]idp.Provider{good("A in English"), {Name: "urn:b", EntityID: "urn:b", URL: "https://a.example/ecp"}}},
		{"an empty aggregate", aggregate(""), nil},
		{"nothing is left over from the entity before", aggregate("", entity(id, names(en)+soap, hide(category, hidden)), entity("urn:b", "", "")),
			[]idp.Provider{{Name: "A in English", EntityID: id, URL: "https://a.example/ecp", Hidden: true}, {Name: "urn:b", EntityID: "urn:b"}}},

		{"a SOAP endpoint for logout is not one for login", entity(id, names(en)+strings.Replace(soap, "SignOn", "Logout", 1), ""), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"another binding", entity(id, names(en)+strings.Replace(soap, ":SOAP", ":HTTP-POST", 1), ""), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"the SOAP one of several", entity(id, names(en)+strings.Replace(soap, ":SOAP", ":HTTP-POST", 1)+soap, ""), []idp.Provider{good("A in English")}},
		{"the first of two", entity(id, names(en)+soap+strings.Replace(soap, "a.example", "b.example", 1), ""), []idp.Provider{good("A in English")}},
		{"an http endpoint is passed over", entity(id, names(en)+strings.Replace(soap, "https", "http", 1)+soap, ""), []idp.Provider{good("A in English")}},
		{"no URL", entity(id, names(en)+strings.Replace(soap, "https://a.example", "", 1), ""), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"an endpoint of another role", entity(id, names(en), `<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`+soap+`</md:SPSSODescriptor>`), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"an endpoint in an extension", entity(id, names(en, soap), ""), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"an endpoint in another namespace", entity(id, names(en)+strings.ReplaceAll(soap, "md:", "saml:"), ""), []idp.Provider{{Name: "A in English", EntityID: id}}},
		{"a role for SAML 1.1 alone", strings.Replace(entity(id, soap, ""), "urn:oasis:names:tc:SAML:2.0:protocol", "", 1), nil},
		{"a service provider", `<md:EntityDescriptor ` + namespaces + ` entityID="x"><md:SPSSODescriptor/></md:EntityDescriptor>`, nil},
		{"an entity without a name", entity("", soap, ""), nil},
		{"an entityID with a control character", entity("urn:a&#9;b", soap, ""), nil},
		{"an entityID that is too long", entity("urn:"+strings.Repeat("a", 1021), soap, ""), nil},

		{"hidden", entity(id, names(en)+soap, hide(category, hidden)), []idp.Provider{{Name: "A in English", EntityID: id, URL: "https://a.example/ecp", Hidden: true}}},
		{"another attribute does not hide", entity(id, names(en)+soap, hide("http://macedir.org/entity-category-support", hidden)), []idp.Provider{good("A in English")}},
		{"another category does not hide", entity(id, names(en)+soap, hide(category, "http://refeds.org/category/research-and-scholarship")), []idp.Provider{good("A in English")}},
		{"a declaration, instructions and comments", `<?xml version="1.0" encoding="UTF-8"?><?a b?><!-- c -->` + entity(id, names(en)+soap, "") + "\n<!-- d -->", []idp.Provider{good("A in English")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.ParseMetadata(iotest.HalfReader(strings.NewReader(tt.doc)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Providers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseMetadataValidUntil(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, attribute string
		want            time.Time
	}{
		{"none", "", time.Time{}},
		{"UTC", `validUntil="2026-12-01T10:00:00Z"`, time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)},
		{"fractions", `validUntil="2026-12-01T10:00:00.5Z"`, time.Date(2026, 12, 1, 10, 0, 0, 5e8, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.ParseMetadata(strings.NewReader(aggregate(tt.attribute, aggregate(`validUntil="2000-01-01T00:00:00Z"`))))
			if err != nil || !got.ValidUntil.Equal(tt.want) {
				t.Errorf("ValidUntil = %v, %v, want %v", got.ValidUntil, err, tt.want)
			}
		})
	}
}

func TestParseMetadataRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, doc, want string }{
		{"nothing", "", "line 1: the document is empty"},
		{"text", "no metadata", "line 1: the document is empty"},
		{"HTML with a DOCTYPE", "<!DOCTYPE html>\n<html></html>", "line 1: it has a DOCTYPE, as HTML has and metadata has not"},
		{"entities", "\n<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "line 2: it has a DOCTYPE, as HTML has and metadata has not"},
		{"an undefined entity", "<md:EntitiesDescriptor " + namespaces + ">&b;</md:EntitiesDescriptor>", "line 1: it is not XML: invalid character entity &b;"},
		{"HTML", "<html></html>", "line 1: the root element is not md:EntitiesDescriptor or md:EntityDescriptor"},
		{"another namespace", `<EntitiesDescriptor xmlns="urn:x"/>`, "line 1: the root element is not md:EntitiesDescriptor or md:EntityDescriptor"},
		{"an undeclared prefix", `<md:EntitiesDescriptor/>`, "line 1: the root element is not md:EntitiesDescriptor or md:EntityDescriptor"},
		{"a list", "https://a.example/ A & B", "line 1: it is not XML: invalid character entity & (no semicolon)"},
		{"cut off", aggregate("", "<a>")[:200], "line 1: it is not XML: unexpected EOF"},
		{"two roots", aggregate("") + "\n" + aggregate(""), "line 2: it has a second root element"},
		{"an end without a start", aggregate("") + "</a>", "line 1: it is not XML: unexpected end element </a>"},
		{"a validUntil that is no time", aggregate(`validUntil="tomorrow"`), "line 1: validUntil is not a time"},
		{"Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + aggregate(""), "line 1: it is not in UTF-8"},
		{"a control character", aggregate("", "\x1b"), "line 1: it is not XML: illegal character code U+001B"},
		{"nested too deeply", aggregate("", strings.Repeat("<a>", 64)), "line 1: its elements are nested too deeply"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := idp.ParseMetadata(strings.NewReader(tt.doc))
			if _, ok := errors.AsType[*idp.MetadataError](err); !ok || err.Error() != tt.want {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

// A hostile server must not fill the memory, whatever it makes long: each of these would never end.
func TestParseMetadataIsBounded(t *testing.T) {
	t.Parallel()
	start := "<md:EntitiesDescriptor " + namespaces + ">"
	const long = "a tag or a text is longer than 1 MiB"
	tests := []struct{ name, start, rest, want string }{
		{"a text", start, "a", long},
		{"a comment", start + "<!--", "a", long},
		{"CDATA", start + "<![CDATA[", "a", long},
		{"the name of an element", start + "<", "a", long},
		{"attributes", start + "<a ", "b='c' ", long},
		{"an attribute", start + "<a b='", "c", long},
		{"an instruction", start + "<?a ", "b", long},
		{"a directive", start + "<!", "a", long},
		{"elements in elements", start, "<a>", "its elements are nested too deeply"},
		{"elements", start, "<a/>", "it is larger than 3 MiB"},
		{"blanks before the root", "", "<?a?>", "it is larger than 3 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := io.MultiReader(strings.NewReader(tt.start), &endless{text: tt.rest})
			_, err := idp.ParseMetadataMax(in, 3<<20)
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseMetadataPassesErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("the connection broke")
	for _, start := range []string{"", "<md:EntitiesDescriptor ", aggregate("")} {
		_, err := idp.ParseMetadata(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %q: err = %v", start, err)
		}
	}
}

// What comes out of metadata can be shown and used, however it is cut into reads.
func FuzzParseMetadata(f *testing.F) {
	f.Add([]byte(aggregate(`validUntil="2026-12-01T10:00:00Z"`, entity("https://a.example/idp", names(`<mdui:DisplayName xml:lang="en">A&#10;B</mdui:DisplayName>`)+soap, ""))))
	f.Add([]byte(entity("urn:a", soap+soap, "<md:Organization><md:OrganizationDisplayName>O</md:OrganizationDisplayName></md:Organization>")))
	f.Add([]byte("<!DOCTYPE a><md:EntitiesDescriptor/>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := idp.ParseMetadata(bytes.NewReader(data))
		again, errAgain := idp.ParseMetadata(iotest.OneByteReader(bytes.NewReader(data)))
		if diff := cmp.Diff(got, again); diff != "" || (err == nil) != (errAgain == nil) {
			t.Errorf("read byte by byte it is another: %v, %v\n%s", err, errAgain, diff)
		}
		if err != nil {
			assertPrintable(t, err.Error())
			return
		}
		for _, p := range got.Providers {
			assertGood(t, p)
			if p.EntityID == "" || p.Kerberos {
				t.Errorf("%+v", p)
			}
		}
	})
}
