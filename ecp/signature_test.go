// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// signer signs messages as a peer would, and verifies them as the other.
type signer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newSigner(t *testing.T) signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, cert}
}

// inclusive is a canonicalization that covers the declarations of the
// ancestors: it is given the element in the scope of its envelope.
type inclusive struct{ dsig.Canonicalizer }

func (c inclusive) Canonicalize(e *etree.Element) ([]byte, error) {
	scope, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	detached, err := etreeutils.NSDetatch(scope, e)
	if err != nil {
		return nil, err
	}
	return c.Canonicalizer.Canonicalize(detached)
}

// sign puts a signature of the element with the ID into the message, by text:
// the rest stays as it was written. The element ends with {SIGNATURE}.
func (s signer) sign(t *testing.T, message, id string, canonical dsig.Canonicalizer) string {
	t.Helper()
	ctx, err := dsig.NewSigningContext(crypto.Signer(s.key), [][]byte{s.cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Canonicalizer = inclusive{canonical}
	element := find(t, strings.Replace(message, "{SIGNATURE}", "", 1), id)
	signature, err := ctx.ConstructSignature(element, true)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	doc.SetRoot(signature)
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return edit(t, message, "{SIGNATURE}", text)
}

// verify checks the signature of the element with the ID within the envelope
// in which it was received, as an XML signature library does that is given
// the whole document.
func (s signer) verify(t *testing.T, message, id string) error {
	t.Helper()
	element := find(t, message, id)
	scope, err := etreeutils.NSBuildParentContext(element)
	if err != nil {
		return err
	}
	detached, err := etreeutils.NSDetatch(scope, element)
	if err != nil {
		return err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{s.cert}})
	signed, err := ctx.Validate(detached)
	if err == nil && signed.SelectAttrValue("ID", "") != id {
		return errors.New("another element is signed")
	}
	return err
}

// find reads a message and returns the element with the ID.
func find(t *testing.T, message, id string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(message); err != nil {
		t.Fatalf("%v in\n%s", err, message)
	}
	element := doc.FindElement(fmt.Sprintf("//[@ID='%s']", id))
	if element == nil {
		t.Fatalf("no element has the ID %s in\n%s", id, message)
	}
	return element
}

// Content that an XML library changes when it reads and writes it.
const fragile = `<f:x xmlns:f="urn:f" xmlns:_p-1.x="urn:p" _p-1.x:b='2' a="1&#10;2&#9;3&#xD;4 &lt;&amp;&quot;'" xml:lang='de'   >` +
	`line&#13;&#xD;&#10;end &amp;amp; &lt;b&gt; <![CDATA[<raw>&amp;]]> é &#xE9; 🔑 ]]&gt;<!-- a comment --><e/><e></e>` + "\n\t  mixed\r\nends\r</f:x>"

// signedRequest and signedResponse declare namespaces where peers do: on the
// Envelope, on the Body, on the element, and under odd prefixes.
func signedRequest() string {
	s := strings.Replace(spMessage, `<S:Envelope `, `<S:Envelope xmlns:unused="urn:unused" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" `, 1)
	s = strings.Replace(s, `<S:Body>`, `<S:Body xmlns="urn:default" xmlns:S2='http://schemas.xmlsoap.org/soap/envelope/'>`+"\r\n  ", 1)
	s = strings.Replace(s, `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" `, `<samlp:AuthnRequest `, 1)
	return strings.Replace(s, `Version="2.0"/>`, `Version="2.0">`+fragile+`{SIGNATURE}</samlp:AuthnRequest>`, 1)
}

// signedResponse has a Response and, within it, an assertion.
func signedResponse() string {
	s := strings.Replace(idpMessage, `<soap11:Envelope `, `<soap11:Envelope xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" `, 1)
	s = strings.Replace(s, `<soap11:Body>`, `<soap11:Body xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:x="urn:same-prefix-as-our-header" xmlns:e='urn:e'>`, 1)
	s = strings.Replace(s, `<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" `, `<saml2p:Response `, 1)
	s = strings.Replace(s, `<secret>the assertion</secret>`, `<saml:Assertion ID="inner"><e:v x:type='xs:string'>`+fragile+`</e:v>{INNER}</saml:Assertion>{SIGNATURE}`, 1)
	return s
}

// TestSignaturesSurvive: what the peers have signed still verifies after the
// client has cut and forwarded it, with every canonicalization in use.
func TestSignaturesSurvive(t *testing.T) {
	t.Parallel()
	for name, canonical := range map[string]dsig.Canonicalizer{
		"exclusive":                   dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(""),
		"exclusive with comments":     dsig.MakeC14N10ExclusiveWithCommentsCanonicalizerWithPrefixList(""),
		"inclusive 1.0":               dsig.MakeC14N10RecCanonicalizer(),
		"inclusive 1.0 with comments": dsig.MakeC14N10WithCommentsCanonicalizer(),
		"inclusive 1.1":               dsig.MakeC14N11Canonicalizer(),
		"inclusive 1.1 with comments": dsig.MakeC14N11WithCommentsCanonicalizer(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sp, idp := newSigner(t), newSigner(t)
			w.request.body = sp.sign(t, w.fill(signedRequest()), "r-1", canonical)
			response := w.fill(signedResponse())
			response = strings.Replace(response, "{SIGNATURE}", "{OUTER}", 1)
			response = idp.sign(t, strings.Replace(response, "{INNER}", "{SIGNATURE}", 1), "inner", canonical)
			w.answer.body = idp.sign(t, strings.Replace(response, "{OUTER}", "{SIGNATURE}", 1), "a-1", canonical)
			w.mustLogin(w.client())

			toIdP, toSP := w.one(toIdP).Body, w.one(toACS).Body
			if err := sp.verify(t, toIdP, "r-1"); err != nil {
				t.Errorf("the request at the IdP: %v", err)
			}
			for _, id := range []string{"a-1", "inner"} {
				if err := idp.verify(t, toSP, id); err != nil {
					t.Errorf("%s at the SP: %v", id, err)
				}
			}
			if sent, got := body(t, w.request.body, "S"), body(t, toIdP, "S"); sent != got {
				t.Errorf("the Body of the request is not as the SP sent it:\n%q\n%q", got, sent)
			}
			if sent, got := body(t, w.answer.body, "soap11"), body(t, toSP, "soap11"); sent != got {
				t.Errorf("the Body of the answer is not as the IdP sent it:\n%q\n%q", got, sent)
			}
			if envelope, _, _ := strings.Cut(toSP, "Header"); !strings.HasPrefix(w.answer.body, strings.TrimSuffix(envelope, "<x:")) {
				t.Errorf("the Envelope's tag is not as the IdP sent it: %q", envelope)
			}

			// The proof that this test can fail.
			for what, changed := range damages(t, toSP, strings.HasPrefix(name, "inclusive")) {
				if changed == toSP {
					t.Errorf("%s: nothing is changed", what)
				} else if idp.verify(t, changed, "a-1") == nil {
					t.Errorf("%s: a changed Response verifies", what)
				}
			}
		})
	}
}

// body returns the bytes of the Body with its tags.
func body(t *testing.T, message, prefix string) string {
	t.Helper()
	_, rest, ok := strings.Cut(message, "<"+prefix+":Body")
	if !ok {
		t.Fatalf("no Body in\n%s", message)
	}
	return rest
}

// damages are changes that a client could make to a message.
func damages(t *testing.T, message string, inclusive bool) map[string]string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(message); err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	if _, err := doc.WriteTo(&written); err != nil {
		t.Fatal(err)
	}
	changes := map[string]string{
		"read and written by a library": written.String(),
		"white space":                   edit(t, message, `<saml:Assertion ID`, ` <saml:Assertion ID`),
		"line end":                      strings.Replace(message, "&#13;", "\r", 1),
		"attribute":                     strings.Replace(message, "1&#10;2", "1\n2", 1),
	}
	// etree leaves a literal line end in an attribute as it is, which XML
	// makes a blank (XML 1.0, §3.3.3); a stricter reader would see a change.
	changes["attribute"] = strings.ReplaceAll(changes["attribute"], "1\n2", "1 2")
	if inclusive {
		changes["declaration on the Envelope"] = edit(t, message, `<soap11:Envelope `, `<soap11:Envelope xmlns:new="urn:new" `)
		changes["declaration dropped from the Body"] = edit(t, message, ` xmlns:xs="http://www.w3.org/2001/XMLSchema"`, ``)
	}
	return changes
}
