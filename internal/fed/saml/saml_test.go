// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package saml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/x509up/x509up/internal/fed/saml"
)

var now = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func newSigner(t testing.TB, inclusive bool) saml.Signer {
	t.Helper()
	s, err := saml.NewSigner("test", now)
	if err != nil {
		t.Fatal(err)
	}
	s.Inclusive = inclusive
	return s
}

func newAnswer(t testing.TB, s saml.Signer) []byte {
	t.Helper()
	out, err := saml.Answer{
		IdP: "https://idp.example.org", SP: "https://sp.example.org", ACS: "https://sp.example.org/acs?a&b",
		HeaderACS: "https://sp.example.org/acs?a&b", InResponseTo: "_request", Issued: now, Ends: now.Add(time.Minute),
		Status: "Success", Attributes: []saml.Attribute{{Name: "n", FriendlyName: "f", Value: "a & b\r\n<c>\t\"d\" é"}},
	}.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(t testing.TB, data []byte) *saml.Envelope {
	t.Helper()
	e, err := saml.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	for name, inclusive := range map[string]bool{"exclusive": false, "inclusive": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigner(t, inclusive)
			body := newAnswer(t, s)
			resp, err := saml.Verify(parse(t, body).Body, s.Cert, now)
			if err != nil {
				t.Fatal(err)
			}
			assertion, err := saml.Verify(saml.Child(resp, saml.Assertion, "Assertion"), s.Cert, now)
			if err != nil {
				t.Fatal(err)
			}
			value := saml.Path(assertion, saml.Assertion, "AttributeStatement", "Attribute", "AttributeValue")
			if got, want := value.Text(), "a & b\r\n<c>\t\"d\" é"; got != want {
				t.Errorf("the attribute is %q, want %q", got, want)
			}
			if got := saml.Attr(resp, "Destination"); got != "https://sp.example.org/acs?a&b" {
				t.Errorf("the destination is %q", got)
			}

			// Every change in the signed part shows, whatever it is.
			for _, change := range [][2]string{
				{"a &amp; b", "a &amp; c"}, {"&#xD;", ""}, {"_request", "_other"}, {"<saml2:Subject>", "<saml2:Subject> "},
			} {
				changed := strings.Replace(string(body), change[0], change[1], 1)
				if changed == string(body) {
					t.Fatalf("nothing to change: %q", change[0])
				}
				if _, err := saml.Verify(parse(t, []byte(changed)).Body, s.Cert, now); err == nil {
					t.Errorf("with %q for %q the signature holds", change[1], change[0])
				}
			}
			other := newSigner(t, inclusive)
			if _, err := saml.Verify(parse(t, body).Body, other.Cert, now); err == nil {
				t.Error("the signature holds under another certificate")
			}
			if _, err := saml.Verify(parse(t, body).Body, s.Cert, now.AddDate(3, 0, 0)); err == nil {
				t.Error("the signature holds after the certificate")
			}
		})
	}
}

// TestEnvelopeCounts: a declaration on the Envelope is part of what inclusive C14N digests, and of nothing else.
func TestEnvelopeCounts(t *testing.T) {
	t.Parallel()
	for name, inclusive := range map[string]bool{"exclusive": false, "inclusive": true} {
		s := newSigner(t, inclusive)
		body := bytes.Replace(newAnswer(t, s), []byte("<soap11:Envelope "), []byte(`<soap11:Envelope xmlns:new="urn:new" `), 1)
		if _, err := saml.Verify(parse(t, body).Body, s.Cert, now); (err != nil) != inclusive {
			t.Errorf("%s, with a declaration added to the Envelope: %v", name, err)
		}
	}
}

// TestSignatureIsOfXML looks at the form: goxmldsig alone would write DER, which no other implementation reads.
func TestSignatureIsOfXML(t *testing.T) {
	t.Parallel()
	s := newSigner(t, false)
	body, err := saml.PAOSRequest{SP: "sp", ACS: "acs", ID: "_1", Issued: now}.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	value := body[bytes.Index(body, []byte("<ds:SignatureValue>"))+len("<ds:SignatureValue>"):]
	value = value[:bytes.IndexByte(value, '<')]
	if len(value) != 88 || !bytes.HasSuffix(value, []byte("==")) {
		t.Errorf("the signature value %s is not 64 bytes", value)
	}
	if !bytes.Contains(body, []byte("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")) {
		t.Error("the signature is not of ecdsa-sha256")
	}
	req, err := saml.Verify(parse(t, body).Body, s.Cert, now)
	if err != nil || saml.Attr(req, "ID") != "_1" {
		t.Errorf("verified %v, %v", req, err)
	}
	// Schema: Issuer, then Signature, then the rest (saml-schema-protocol-2.0.xsd).
	var order []string
	for _, el := range parse(t, body).Body.ChildElements() {
		order = append(order, el.Tag)
	}
	if got := strings.Join(order, " "); got != "Issuer Signature NameIDPolicy" {
		t.Errorf("the AuthnRequest holds %s", got)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	s := newSigner(t, false)
	good := string(newAnswer(t, s))
	value := good[strings.Index(good, "<ds:SignatureValue>")+19:]
	value = value[:strings.IndexByte(value, '<')]
	for name, changed := range map[string]string{
		"no signature":  strings.NewReplacer("<ds:Signature ", "<ds:Sig ", "</ds:Signature>", "</ds:Sig>").Replace(good),
		"no base64":     strings.Replace(good, value, "!", 1),
		"empty":         strings.Replace(good, value, "", 1),
		"an odd number": strings.Replace(good, value, "AAAA", 1),
		"zeros":         strings.Replace(good, value, strings.Repeat("A", 86)+"==", 1),
	} {
		if _, err := saml.Verify(parse(t, []byte(changed)).Body, s.Cert, now); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const soap = ` xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"`
	for _, tt := range []struct {
		name, data string
		header     int
		err        string
	}{
		{"least", "<S:Envelope" + soap + "><S:Body><x/></S:Body></S:Envelope>", 0, ""},
		{"header", "<S:Envelope" + soap + "><S:Header><a/><b/></S:Header><S:Body><x/></S:Body></S:Envelope>", 2, ""},
		{"empty header", "<S:Envelope" + soap + "><S:Header/><S:Body><x/></S:Body></S:Envelope>", 0, ""},
		{"white space around", "\n<S:Envelope" + soap + ">\n<S:Body><x/>\n</S:Body>\n</S:Envelope>\n", 0, ""},
		{"another prefix", `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><x xmlns=""/></Body></Envelope>`, 0, ""},
		{"nothing", "", 0, "parsing the envelope"},
		{"no XML", "x", 0, "parsing the envelope"},
		{"not closed", "<S:Envelope" + soap + ">", 0, "parsing the envelope"},
		{"another root", "<x/>", 0, "not a SOAP 1.1 Envelope"},
		{"SOAP 1.2", `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><x/></S:Body></S:Envelope>`, 0, "not a SOAP 1.1 Envelope"},
		{"two roots", "<S:Envelope" + soap + "><S:Body><x/></S:Body></S:Envelope><x/>", 0, "parsing the envelope"},
		{"document type", "<!DOCTYPE x><S:Envelope" + soap + "><S:Body><x/></S:Body></S:Envelope>", 0, "document type"},
		{"no body", "<S:Envelope" + soap + "/>", 0, "then one Body"},
		{"two bodies", "<S:Envelope" + soap + "><S:Body><x/></S:Body><S:Body><x/></S:Body></S:Envelope>", 0, "then one Body"},
		{"two headers", "<S:Envelope" + soap + "><S:Header/><S:Header/><S:Body><x/></S:Body></S:Envelope>", 0, "then one Body"},
		{"header last", "<S:Envelope" + soap + "><S:Body><x/></S:Body><S:Header/></S:Envelope>", 0, "then one Body"},
		{"empty body", "<S:Envelope" + soap + "><S:Body/></S:Envelope>", 0, "one element in the Body"},
		{"two elements", "<S:Envelope" + soap + "><S:Body><x/><y/></S:Body></S:Envelope>", 0, "one element in the Body"},
		{"text first", "<S:Envelope" + soap + "><S:Body> <x/></S:Body></S:Envelope>", 0, "nothing before it"},
		{"another encoding", `<?xml version="1.0" encoding="latin1"?><S:Envelope` + soap + "><S:Body><x/></S:Body></S:Envelope>", 0, "not UTF-8"},
		{"too deep", "<S:Envelope" + soap + "><S:Body>" + strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100) + "</S:Body></S:Envelope>", 0, "depth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := saml.Parse([]byte(tt.data))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Header) != tt.header || !saml.Is(e.Body, "", "x") {
				t.Errorf("%d header blocks and %v, want %d and x", len(e.Header), e.Body, tt.header)
			}
		})
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	reason, ok := saml.FaultReason(parse(t, saml.Fault("S:Server", "a < b")))
	if reason != "a < b" || !ok {
		t.Errorf("read %q, %v", reason, ok)
	}
	if reason, ok := saml.FaultReason(parse(t, newAnswer(t, newSigner(t, false)))); reason != "" || ok {
		t.Errorf("a Response is the fault %q, %v", reason, ok)
	}
}

func TestBareAnswer(t *testing.T) {
	t.Parallel()
	s := newSigner(t, false)
	out, err := saml.Answer{Bare: true, Status: "Requester", Second: "NoPassive", Issued: now}.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := saml.Verify(parse(t, out).Body, s.Cert, now)
	if err != nil {
		t.Fatal(err)
	}
	second := saml.Path(resp, saml.Protocol, "Status", "StatusCode", "StatusCode")
	if bytes.Contains(out, []byte("Header")) || saml.Attr(second, "Value") != saml.StatusPrefix+"NoPassive" {
		t.Errorf("the answer is %s", out)
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(`<a xmlns="urn:a" xmlns:b="urn:b" b:k="1" k=" 2 "><c>  text </c><d/><d/><b:c/></a>`); err != nil {
		t.Fatal(err)
	}
	a := doc.Root()
	if got := saml.Text(saml.Child(a, "urn:a", "c")); got != "text" {
		t.Errorf("c holds %q", got)
	}
	if saml.Child(a, "urn:a", "d") != nil || saml.Path(a, "urn:a", "x", "y") != nil || saml.Child(nil, "", "") != nil {
		t.Error("one of two, or none, was found")
	}
	if got := saml.Attr(a, "k") + "|" + saml.AttrNS(a, "urn:b", "k") + "|" + saml.Attr(a, "x") + saml.Attr(nil, "k"); got != " 2 |1|" {
		t.Errorf("the attributes are %q", got)
	}
	if saml.Text(nil) != "" {
		t.Error("nothing has a text")
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return now.Add(d).Format(saml.TimeFormat) }
	for _, tt := range []struct {
		name, from, to string
		ok             bool
	}{
		{"inside", at(-time.Minute), at(time.Minute), true},
		{"no beginning", "", at(time.Minute), true},
		{"a little early", at(3 * time.Minute), at(time.Hour), true},
		{"early", at(4 * time.Minute), at(time.Hour), false},
		{"a little late", "", at(-2 * time.Minute), true},
		{"late", "", at(-3 * time.Minute), false},
		{"no end", at(0), "", false},
		{"no time", "yesterday", at(time.Minute), false},
	} {
		if err := saml.Within(now, tt.from, tt.to); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// FuzzParse: a document that passes is one for encoding/xml too, and what is in its Body has no signature that holds unless it
// was made here.
func FuzzParse(f *testing.F) {
	f.Add(saml.Fault("S:Client", "no"))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>`))
	f.Add([]byte(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><a/></e:Header><e:Body><x ID="_1">` +
		`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>` +
		`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>` +
		`<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI="#_1"/>` +
		`</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature></x></e:Body></e:Envelope>`))
	s := newSigner(f, false)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := saml.Parse(data)
		if err != nil {
			return
		}
		if e.Body == nil || e.Body.Parent() == nil || e.Body.Parent().Tag != "Body" {
			t.Fatalf("the Body holds %v", e.Body)
		}
		for d := xml.NewDecoder(bytes.NewReader(data)); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("encoding/xml says %v", err)
			}
		}
		if el, err := saml.Verify(e.Body, s.Cert, now); err == nil {
			t.Fatalf("this was never signed: %v", el)
		}
	})
}
