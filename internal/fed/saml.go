// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"text/template"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// Names of the profile: ECP 2.0 §2, SAML Bindings §3.2 and §3.3.
const (
	nsSOAP     = "http://schemas.xmlsoap.org/soap/envelope/"
	nsPAOS     = "urn:liberty:paos:2003-08"
	nsECP      = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nsProtocol = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsSAML     = "urn:oasis:names:tc:SAML:2.0:assertion"
	actorNext  = "http://schemas.xmlsoap.org/soap/actor/next"

	bindingPAOS = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
	typePAOS    = "application/vnd.paos+xml"
	typeSOAP    = "text/xml"

	statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"
	bearer       = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

	timeFormat = "2006-01-02T15:04:05.000Z"
	clockSkew  = 3 * time.Minute
	maxDepth   = 64
)

// An envelope is a SOAP 1.1 message taken apart.
type envelope struct {
	header []*etree.Element
	body   *etree.Element // the one element in the Body
}

// parseEnvelope takes a SOAP message apart. Like Keycloak it wants nothing, not even white space, before the first
// element of the Body; like any careful server it wants no DTD.
func parseEnvelope(data []byte) (*envelope, error) {
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{ValidateInput: true, PreserveDuplicateAttrs: true, MaxDepth: maxDepth}
	if err := doc.ReadFromBytes(data); err != nil {
		return nil, fmt.Errorf("parsing the envelope: %w", err)
	}
	for _, token := range doc.Child {
		if _, ok := token.(*etree.Directive); ok {
			return nil, errors.New("parsing the envelope: a document type declaration")
		}
	}
	root := doc.Root()
	if !is(root, nsSOAP, "Envelope") {
		return nil, errors.New("parsing the envelope: the root element is not a SOAP 1.1 Envelope")
	}
	var e envelope
	parts := root.ChildElements()
	if len(parts) == 2 && is(parts[0], nsSOAP, "Header") {
		e.header, parts = parts[0].ChildElements(), parts[1:]
	}
	if len(parts) != 1 || !is(parts[0], nsSOAP, "Body") {
		return nil, errors.New("parsing the envelope: want at most one Header, then one Body")
	}
	body := parts[0]
	if len(body.Child) == 0 || len(body.ChildElements()) != 1 || body.Child[0] != etree.Token(body.ChildElements()[0]) {
		return nil, errors.New("parsing the envelope: want one element in the Body and nothing before it")
	}
	e.body = body.ChildElements()[0]
	return &e, nil
}

// faultReason is the faultstring of a SOAP fault, and whether there is a fault at all.
func faultReason(e *envelope) (string, bool) {
	return text(child(e.body, "", "faultstring")), is(e.body, nsSOAP, "Fault")
}

// is reports whether an element has this expanded name; prefixes do not matter.
func is(el *etree.Element, namespace, tag string) bool {
	return el != nil && el.Tag == tag && el.NamespaceURI() == namespace
}

// child is the only child with this expanded name, or nil if there is none or more than one.
func child(el *etree.Element, namespace, tag string) *etree.Element {
	var found *etree.Element
	if el == nil {
		return nil
	}
	for _, c := range el.ChildElements() {
		if is(c, namespace, tag) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// path walks down by child, all steps in one namespace.
func path(el *etree.Element, namespace string, tags ...string) *etree.Element {
	for _, tag := range tags {
		el = child(el, namespace, tag)
	}
	return el
}

// text is the character data of an element without the white space around it; "" for no element.
func text(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.Text())
}

// attr is an attribute without a namespace; "" when absent, and for no element.
func attr(el *etree.Element, name string) string { return attrNS(el, "", name) }

// attrNS is an attribute of a namespace; "" when absent, and for no element.
func attrNS(el *etree.Element, namespace, name string) string {
	if el != nil {
		for _, a := range el.Attr {
			if a.Key == name && a.NamespaceURI() == namespace {
				return a.Value
			}
		}
	}
	return ""
}

// A signer is one party's key and self-signed certificate for SAML messages, as they stand in its metadata.
type signer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// xmlECDSA signs as XML Signature 1.1 §6.4.3 wants: r and s side by side, not the DER of X9.62.
type xmlECDSA struct{ *ecdsa.PrivateKey }

// Sign implements [crypto.Signer].
func (k xmlECDSA) Sign(random io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := ecdsa.Sign(random, k.PrivateKey, digest)
	if err != nil {
		return nil, err
	}
	size := (k.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out, nil
}

// sign puts an enveloped signature behind the Issuer. Exclusive C14N needs el to declare its own prefixes; inclusive
// C14N takes those of every ancestor into the digest, so el must already stand where it will be sent.
func (s signer) sign(el *etree.Element, inclusive bool) error {
	ctx, err := dsig.NewSigningContext(xmlECDSA{s.key}, [][]byte{s.cert.Raw})
	if err != nil {
		return err
	}
	target := el
	ctx.Canonicalizer = dsig.MakeC14N10RecCanonicalizer()
	if !inclusive {
		// This canonicaliser rewrites its argument.
		target = el.Copy()
		ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	}
	sig, err := ctx.ConstructSignature(target, true)
	if err != nil {
		return err
	}
	el.InsertChildAt(child(el, nsSAML, "Issuer").Index()+1, sig)
	return nil
}

// verified checks the signature that el itself carries and returns what was signed, parsed anew from the canonical
// bytes: nothing else of el may be believed.
func verified(el *etree.Element, cert *x509.Certificate, now time.Time) (*etree.Element, error) {
	scope, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	detached, err := etreeutils.NSDetatch(scope, el)
	if err != nil {
		return nil, err
	}
	value := path(detached, dsig.Namespace, "Signature", "SignatureValue")
	if value == nil {
		return nil, fmt.Errorf("%s is not signed", el.Tag)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.Text()), ""))
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return nil, fmt.Errorf("the signature value of %s is not two integers in base64", el.Tag)
	}
	// crypto/x509, which checks it in the end, wants DER.
	half := len(raw) / 2
	der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
	if err != nil {
		return nil, err
	}
	value.SetText(base64.StdEncoding.EncodeToString(der))
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(now)
	out, err := ctx.Validate(detached)
	if err != nil {
		return nil, fmt.Errorf("verifying the signature of %s: %w", el.Tag, err)
	}
	return out, nil
}

// within checks a window of time as SAML Core §2.5.1.2 has it, with some room for clocks.
func within(now time.Time, notBefore, notOnOrAfter string) error {
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

// xmlTemplate is a template in which x escapes a string and list makes a list of strings.
func xmlTemplate(source string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"x":    escape,
		"list": func(s ...string) []string { return s },
	}).Parse(source))
}

// escape makes any string fit for text and attribute values.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// render executes a template of this package, which cannot fail with the data of this package.
func render(t *template.Template, data any) []byte {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		panic(fmt.Sprintf("fed: rendering a template: %v", err))
	}
	return b.Bytes()
}

// document parses what the templates made, for signing.
func document(data []byte) (*etree.Document, error) {
	doc := etree.NewDocument()
	// Canonical writing keeps carriage returns as references; anything else loses them and breaks the signature.
	doc.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalText: true}
	return doc, doc.ReadFromBytes(data)
}

// newID is a fresh xs:ID: it must not begin with a digit.
func newID() string { return "_" + strings.ToLower(rand.Text()) }
