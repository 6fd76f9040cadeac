// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/x509up/x509up/ecp"
)

// A page behind a service provider is fetched as any other; the client logs in
// when the service provider asks for it.
func Example() {
	client := &ecp.Client{
		IdP: &url.URL{Scheme: "https", Host: "idp.example.org", Path: "/idp/profile/SAML2/SOAP/ECP"},
		Credentials: func(_ context.Context, p ecp.Prompt) (ecp.Credentials, error) {
			fmt.Printf("%s asks for a login at %s\n", p.Request.Issuer, p.IdP.Host)
			return ecp.Credentials{Username: "jdoe", Password: "correct horse"}, nil
		},
	}
	client.SPTransport, client.IdPTransport = examplePeers() // leave them out on a real network

	request, err := http.NewRequest(http.MethodGet, "https://sp.example.org/data", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Do(request)
	if e, ok := errors.AsType[*ecp.StatusError](err); ok && e.Reason() == ecp.ReasonMFA {
		fmt.Println("try again with Client.Duo")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", data)
	// Output:
	// https://sp.example.org/shibboleth asks for a login at idp.example.org
	// the data
}

// The connection to the identity provider is made while the service provider
// answers.
func ExamplePreconnect() {
	idp := &url.URL{Scheme: "https", Host: "idp.example.org", Path: "/idp/profile/SAML2/SOAP/ECP"}
	resource := &url.URL{Scheme: "https", Host: "sp.example.org", Path: "/data"}
	login := func(ctx context.Context) error {
		transport := new(http.Transport)
		ecp.Preconnect(ctx, transport, idp)
		client := &ecp.Client{IdP: idp, IdPTransport: transport}
		return client.Login(ctx, resource)
	}
	_ = login
}
