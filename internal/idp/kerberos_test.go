// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

// tickets is a list with providers that have an endpoint for passwords, for tickets, or for each.
const tickets = `https://login.north.example/ecp University of the North
https://krb.north.example/ecp University of the North (Kerberos)
https://idp.health.example/ecp University of the North Health (Kerberos)
https://idp.south.example/ecp South
https://idp.east.example/krb East Laboratory (Kerberos)
`

// TestFindKerberos: with a ticket, the endpoint with the mark goes before the other of the same name, and never before another name.
func TestFindKerberos(t *testing.T) {
	t.Parallel()
	list := file(t, "idps.txt", tickets)
	const north, northKrb, health, east = "https://login.north.example/ecp", "https://krb.north.example/ecp", "https://idp.health.example/ecp", "https://idp.east.example/krb"
	tests := []struct {
		name, query string
		ticket      string // the URL with a ticket
		without     string // the URL without
		err         string // without
	}{
		{"a name with both", "University of the North", northKrb, north, ""},
		{"the name as it is listed", "University of the North (Kerberos)", northKrb, north, ""},
		{"in small letters", "university of the north", northKrb, north, ""},
		{"the host of the one for tickets", "krb.north.example", northKrb, "", `"krb.north.example": "University of the North" is listed for Kerberos tickets alone`},
		{"the host of the other", "login.north.example", northKrb, north, ""},
		{"a part of a name", "Health", health, "", `"Health": "University of the North Health" is listed for Kerberos tickets alone`},
		{"one without the mark", "South", "https://idp.south.example/ecp", "https://idp.south.example/ecp", ""},
		{"one without the mark, with it", "South (Kerberos)", "https://idp.south.example/ecp", "https://idp.south.example/ecp", ""},
		{"one with the mark alone", "East Laboratory", east, "", `"East Laboratory": "East Laboratory" is listed for Kerberos tickets alone`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.Finder{List: list, Kerberos: true}.Find(t.Context(), tt.query)
			if err != nil || got.URL != tt.ticket || got.Kerberos != (got.URL != "https://idp.south.example/ecp") {
				t.Errorf("with a ticket: %+v, %v, want %s", got, err, tt.ticket)
			}
			got, err = idp.Finder{List: list}.Find(t.Context(), tt.query)
			if got.URL != tt.without || got.Kerberos || (err == nil) != (tt.err == "") || err != nil && err.Error() != "idp: looking for identity provider "+tt.err {
				t.Errorf("without: %+v, %v, want %s %s", got, err, tt.without, tt.err)
			}
			if e, ok := errors.AsType[*idp.NotFoundError](err); err != nil && (!ok || e.Kerberos == "") {
				t.Errorf("without: %+v", e)
			}
		})
	}
}

// TestFullNameBeforeMark: a provider without the mark, named in full, is not outdone by one whose name contains it.
func TestFullNameBeforeMark(t *testing.T) {
	t.Parallel()
	f := idp.Finder{Kerberos: true, List: file(t, "idps.txt", "https://a.example/ a\nhttps://b.example/ A and B (Kerberos)\n")}
	for query, want := range map[string]string{"A": "https://a.example/", "A and": "https://b.example/"} {
		if got, err := f.Find(t.Context(), query); err != nil || got.URL != want {
			t.Errorf("%s: %+v, %v, want %s", query, got, err, want)
		}
	}
}

// scoped is an entity with scopes in its role and another beside it.
func scoped(id, host, besides string, scopes ...string) string {
	const shibmd = `xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"`
	extensions := ""
	for _, s := range scopes {
		extensions += `<shibmd:Scope ` + shibmd + ` regexp="false">` + s + `</shibmd:Scope>`
	}
	if besides != "" {
		besides = `<md:Extensions>` + strings.ReplaceAll(besides, "<shibmd:Scope", "<shibmd:Scope "+shibmd) + `</md:Extensions>`
	}
	return entity(id, `<md:Extensions>`+extensions+`</md:Extensions>`+strings.Replace(soap, "a.example", host, 1), besides)
}

func TestForRealm(t *testing.T) {
	t.Parallel()
	list := file(t, "idps.txt", tickets+`https://idp1.two.example/krb Two 1 (Kerberos)
https://idp2.two.example/krb Two 2 (Kerberos)
https://a.many.example/krb Many A (Kerberos)
https://b.many.example/krb Many B (Kerberos)
https://login.ligo.example/ecp LIGO
http://127.0.0.1.nip.example/ecp skipped
`)
	metadata := file(t, "metadata.xml", aggregate("",
		scoped("https://west.example/idp", "sso.cloud.example", "", "west.example"),
		scoped("https://old.example/idp", "idp.old.example", ""),
		scoped("https://north.example/idp", "metadata.north.example", "", "north.example"),
		scoped("https://ent.example/idp", "sso2.cloud.example", `<shibmd:Scope> Ent.Example </shibmd:Scope>`),
		scoped("https://a.twice.example/idp", "a.twice.example", "", "twice.example"),
		scoped("https://b.twice.example/idp", "b.twice.example", "", "twice.example"),
		strings.Replace(scoped("https://hide.example/idp", "hide.example", "", "hide.example"), "</md:EntityDescriptor>",
			`<md:Extensions><mdattr:EntityAttributes><saml:Attribute Name="http://macedir.org/entity-category"><saml:AttributeValue>`+
				`http://refeds.org/category/hide-from-discovery</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions></md:EntityDescriptor>`, 1),
		entity("https://noecp.example/idp", `<md:Extensions><s:Scope xmlns:s="urn:mace:shibboleth:metadata:1.0">noecp.example</s:Scope></md:Extensions>`, ""),
	))
	const skipped = "; in the list, line 11 is not used: the URL is not a good https URL"
	both := idp.Finder{List: list, Metadata: metadata, Kerberos: true}
	cilogons := idp.Finder{List: file(t, "cilogon.txt", cilogon), Kerberos: true}
	password := both
	password.Kerberos = false
	tests := []struct {
		name   string
		finder idp.Finder
		realm  string
		want   string // URL
		err    string
	}{
		{"for tickets", both, "NORTH.EXAMPLE", "https://krb.north.example/ecp", ""},
		{"for passwords", password, "NORTH.EXAMPLE", "https://login.north.example/ecp", ""},
		{"a realm below the organisation's", both, "AD.NORTH.EXAMPLE", "https://krb.north.example/ecp", ""},
		{"a host in the realm itself", both, "KRB.NORTH.EXAMPLE", "https://krb.north.example/ecp", ""},
		{"without the mark", both, "LIGO.EXAMPLE", "https://login.ligo.example/ecp", ""},
		{"the first of two", both, "TWO.EXAMPLE", "https://idp1.two.example/krb", ""},
		{"several", both, "MANY.EXAMPLE", "", `MANY.EXAMPLE: there are several: "Many A", "Many B"`},
		{"a scope", both, "WEST.EXAMPLE", "https://sso.cloud.example/ecp", ""},
		{"a scope above the realm", both, "AD.WEST.EXAMPLE", "https://sso.cloud.example/ecp", ""},
		{"a scope of the entity", both, "ENT.EXAMPLE", "https://sso2.cloud.example/ecp", ""},
		{"a host in metadata", both, "OLD.EXAMPLE", "https://idp.old.example/ecp", ""},
		{"metadata alone", idp.Finder{Metadata: metadata}, "NORTH.EXAMPLE", "https://metadata.north.example/ecp", ""},
		{"several scopes", both, "TWICE.EXAMPLE", "", `TWICE.EXAMPLE: there are several: "a.twice.example", "b.twice.example"`},
		{"a hidden one", both, "HIDE.EXAMPLE", "", "HIDE.EXAMPLE: there is none of its domain" + skipped},
		{"one without ECP", both, "NOECP.EXAMPLE", "", "NOECP.EXAMPLE: there is none of its domain" + skipped},
		{"nobody's", both, "ELSEWHERE.EXAMPLE", "", "ELSEWHERE.EXAMPLE: there is none of its domain" + skipped},
		{"everybody's", both, "EXAMPLE", "", "EXAMPLE: there is none of its domain" + skipped},
		{"no domain", both, "C=DE/O=North\x1b[2J", "", "C=DE/O=North[2J: there is none of its domain" + skipped},
		{"Fermilab in CILogon's list", cilogons, "FNAL.GOV", "https://ecp-prod.fnal.gov/idp-krb/profile/SAML2/SOAP/ECP", ""},
		{"LIGO in CILogon's list", cilogons, "LIGO.ORG", "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP", ""},
		{"no source", idp.Finder{}, "NORTH.EXAMPLE", "", "NORTH.EXAMPLE: there is no list to look it up in"},
		{"a list that is not there", idp.Finder{List: filepath.Join(t.TempDir(), "none")}, "NORTH.EXAMPLE", "", "no such file or directory"},
		{"metadata that is not there", idp.Finder{Metadata: filepath.Join(t.TempDir(), "none")}, "NORTH.EXAMPLE", "", "no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.finder.ForRealm(t.Context(), tt.realm)
			if got.URL != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.HasSuffix(err.Error(), tt.err) {
				t.Fatalf("%q, %v\nwant %q %s", got.URL, err, tt.want, tt.err)
			}
			e, ok := errors.AsType[*idp.RealmError](err)
			if _, source := errors.AsType[*idp.SourceError](err); err != nil && ok == source {
				t.Errorf("%T", err)
			}
			if ok && (e.Realm != tt.realm || strings.Contains(tt.err, "several") != (len(e.Candidates) > 1)) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestForRealmLoopback: an endpoint without TLS is for tests alone, by its realm as well.
func TestForRealmLoopback(t *testing.T) {
	t.Parallel()
	f := idp.Finder{Metadata: file(t, "metadata.xml", strings.Replace(scoped("https://idp.example/", "127.0.0.1", "", "loop.example"), "https://127", "http://127", 1))}
	if got, err := f.ForRealm(t.Context(), "LOOP.EXAMPLE"); err == nil || got.URL != "" {
		t.Errorf("%+v, %v", got, err)
	}
	f.AllowLoopbackHTTP = true
	if got, err := f.ForRealm(t.Context(), "LOOP.EXAMPLE"); err != nil || got.URL != "http://127.0.0.1/ecp" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestForRealmMDQ: a server that can be asked for entityIDs only is not asked for all of its metadata.
func TestForRealmMDQ(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	t.Cleanup(server.Close)
	f := idp.Finder{HTTP: server.Client(), Metadata: server.URL + "/", List: file(t, "idps.txt", tickets)}
	_, err := f.ForRealm(t.Context(), "WEST.EXAMPLE")
	if e, ok := errors.AsType[*idp.RealmError](err); !ok || !e.EntityIDsOnly || e.NoSource ||
		!strings.HasSuffix(err.Error(), "there is none of its domain; the metadata server can be asked for entityIDs only") {
		t.Errorf("%+v %v", e, err)
	}
	if got, err := f.ForRealm(t.Context(), "SOUTH.EXAMPLE"); err != nil || got.URL != "https://idp.south.example/ecp" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	many := make([]string, 100)
	for i := range many {
		many[i] = "many.example"
	}
	tests := []struct {
		name, doc string
		want      []string
	}{
		{"none", entity(idA, soap, ""), nil},
		{"of role and entity", scoped(idA, "a.example", `<shibmd:Scope regexp="0">b.example</shibmd:Scope>`, "a.example", "sub.a.example"), []string{"a.example", "sub.a.example", "b.example"}},
		{"capitals, blanks and a comment", scoped(idA, "a.example", "", " A.<!-- c -->Example\n"), []string{"a.example"}},
		{"patterns", scoped(idA, "a.example", `<shibmd:Scope regexp="true">.*</shibmd:Scope><shibmd:Scope regexp="1">b.example</shibmd:Scope>`), nil},
		{"no domains", scoped(idA, "a.example", "", "", "a b", "*.example", "a\u202e.example", strings.Repeat("a", 254)), nil},
		{"in another namespace", strings.ReplaceAll(scoped(idA, "a.example", "", "a.example"), "metadata:1.0", "metadata:2.0"), nil},
		{"of another role", entity(idA, soap, `<md:SPSSODescriptor><md:Extensions><s:Scope xmlns:s="urn:mace:shibboleth:metadata:1.0">a.example</s:Scope></md:Extensions></md:SPSSODescriptor>`), nil},
		{"a hundred", scoped(idA, "a.example", "", many...), many[:64]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.ParseMetadata(strings.NewReader(tt.doc))
			if err != nil || len(got.Providers) != 1 {
				t.Fatalf("%v, %v", got, err)
			}
			if diff := cmp.Diff(tt.want, got.Providers[0].Scopes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
