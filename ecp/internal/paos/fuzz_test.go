// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package paos_test

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"

	"github.com/x509up/x509up/ecp/internal/paos"
	"github.com/x509up/x509up/ecp/internal/soap"
)

const fuzzSP = "https://sp.example.org"

func filled(message string) []byte { return []byte(strings.ReplaceAll(message, "{SP}", fuzzSP)) }

func resource(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(fuzzSP + "/secure/")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// payload parses an envelope that this package made, and returns the element in its Body as it stands there.
func payload(t *testing.T, data []byte) (*soap.Envelope, []byte) {
	t.Helper()
	env, err := soap.Parse(data)
	if err != nil {
		t.Fatalf("the message is %v: %s", err, data)
	}
	return env, env.PayloadBytes()
}

// FuzzAuthnRequest: of whatever an SP says, the IdP gets the same payload and no header block.
func FuzzAuthnRequest(f *testing.F) {
	for _, seed := range []string{
		spMessage, strings.Replace(spMessage, `responseConsumerURL="{SP}/acs"`, `responseConsumerURL="/acs"`, 1),
		strings.Replace(spMessage, spRelayState, "", 1), strings.Replace(spMessage, `messageID="m-7" `, "", 1),
		strings.Replace(spMessage, spRelayState, spRelayState+spRelayState, 1),
		strings.Replace(spMessage, "ss:mem:42", "&lt;a&#13;\n]]&gt;", 1), "\xef\xbb\xbf" + spMessage,
		strings.Replace(spMessage, authnRequest, `<S:Fault><faultcode>S:Server</faultcode></S:Fault>`, 1), idpMessage, "", "<",
	} {
		f.Add(filled(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := paos.ParseRequest(data, resource(t))
		if request == nil {
			if err == nil {
				t.Fatal("neither a request nor an error")
			}
			return
		}
		if request.Consumer == nil || !request.Consumer.IsAbs() {
			t.Errorf("the Response would go to %v", request.Consumer)
		}
		_, came := payload(t, data)
		env, goes := payload(t, request.ForIdP())
		if !bytes.Equal(came, goes) || env.Header != nil {
			t.Errorf("%s became %s", data, request.ForIdP())
		}
	})
}

// FuzzResponse: what is delivered of whatever an IdP says has the status Success by another reader's judgement as well,
// the same payload, and the header blocks of the client instead of the IdP's.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		idpMessage, strings.Replace(idpMessage, "Success", "Requester", 1),
		strings.Replace(idpMessage, status, status+strings.Replace(status, "Success", "Requester", 1), 1),
		strings.Replace(idpMessage, status, strings.Replace(status, success, success+strings.Replace(success, "Success", "Requester", 1), 1), 1),
		strings.Replace(idpMessage, ` Value=`, ` p:Value="x" Value=`, 1),
		strings.Replace(idpMessage, status, "", 1), strings.Replace(idpMessage, ecpResponse, "", 1),
		strings.Replace(idpMessage, "{SP}/acs", "https://other.example/acs", 1),
		strings.Replace(idpMessage, "<secret>the assertion</secret>", "<secret xmlns='urn:x'>&#13;&lt;\r\n<!-- c --><![CDATA[<]]></secret>", 1),
		strings.Replace(idpMessage, samlResponse, `<soap11:Fault><faultcode>soap11:Server</faultcode></soap11:Fault>`, 1), spMessage, "", "<",
	} {
		f.Add(filled(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := paos.ParseRequest(filled(spMessage), resource(t))
		if err != nil {
			t.Fatal(err)
		}
		response, err := paos.ParseResponse(data)
		if err != nil || response.Check(request) != nil {
			return
		}
		out := response.ForSP(request)
		if codes := statusOf(t, data); len(codes) == 0 {
			t.Errorf("delivered without a status: %s", data)
		} else {
			for _, code := range codes {
				if code != paos.StatusPrefix+"Success" {
					t.Errorf("delivered with the status %q: %s", code, data)
				}
			}
		}
		_, came := payload(t, data)
		env, goes := payload(t, out)
		if !bytes.Equal(came, goes) {
			t.Errorf("%s became %s", came, goes)
		}
		if len(env.Header.Children) != 2 || string(env.Header.Children[1].Content) != "ss:mem:42" {
			t.Errorf("the header is %+v", env.Header)
		}
		if id, _ := env.Header.Children[0].Attr("", "refToMessageID"); id != "m-7" {
			t.Errorf("it answers message %q", id)
		}
	})
}

// statusOf reads the top-level codes of all Status elements of the Response, with encoding/xml alone.
func statusOf(t *testing.T, data []byte) []string {
	t.Helper()
	var envelope struct {
		Body struct {
			Responses []struct {
				Statuses []struct {
					Codes []struct {
						Attrs []xml.Attr `xml:",any,attr"`
					} `xml:"urn:oasis:names:tc:SAML:2.0:protocol StatusCode"`
				} `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
			} `xml:"urn:oasis:names:tc:SAML:2.0:protocol Response"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &envelope); err != nil {
		t.Fatalf("another reader says %v of %s", err, data)
	}
	var codes []string
	for _, response := range envelope.Body.Responses {
		for _, status := range response.Statuses {
			for _, code := range status.Codes {
				for _, a := range code.Attrs {
					if a.Name.Space == "" && a.Name.Local == "Value" {
						codes = append(codes, a.Value)
					}
				}
			}
		}
	}
	return codes
}
