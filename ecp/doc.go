// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ecp is the client side of the SAML V2.0 Enhanced Client or Proxy
// (ECP) profile: it opens a session at a service provider (SP) by logging in
// at an identity provider (IdP) without a browser.
//
//	client := &ecp.Client{
//		IdP: idp, // https://idp.example.org/idp/profile/SAML2/SOAP/ECP
//		Credentials: func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
//			return ecp.Credentials{Username: "jdoe", Password: password}, nil
//		},
//	}
//	answer, err := client.Do(request)
//
// [Client.Do] sends a request and logs in first if the SP asks for it, which
// is what a program wants that fetches pages. [Client.Login] is for one that
// must have a session before it sends anything. [Preconnect] saves two round
// trips.
//
// # The exchange
//
// The steps are numbered as in the SAML V2.0 ECP Profile Version 2.0, §2.3;
// messages are SOAP 1.1 envelopes (SAML V2.0 Bindings, §3.2 SOAP, §3.3 PAOS).
//
//	1  client → SP   GET resource      "I speak PAOS"
//	2  client ← SP   envelope          Header: responseConsumerURL, RelayState; Body: AuthnRequest
//	4  client → IdP  POST IdP          the envelope without its Header; user name and password
//	6  client ← IdP  envelope          Header: AssertionConsumerServiceURL; Body: Response
//	7  client → SP   POST responseConsumerURL
//	                                   the IdP's envelope with the SP's RelayState as its Header
//	8  client ← SP   cookies           the session
//
// In step 3 a client chooses the IdP: here it is Client.IdP, whatever the SP
// suggests. Step 5 is the authentication, which the profile leaves open: HTTP
// Basic, or what Client.IdPTransport does by itself, such as a TLS client
// certificate or a Kerberos ticket.
//
// # What the client makes sure of
//
// No assertion goes to a URL that the SP did not name: when the IdP's
// AssertionConsumerServiceURL is not the SP's responseConsumerURL, letter by
// letter, the client posts a SOAP fault to the SP and stops ([MismatchError];
// §2.3.7). It is the only defence against an SP that passes off another's
// request as its own. And the Response goes to the origin of the resource, or
// to a host of Client.ConsumerHosts, and to no other.
//
// Credentials go to the host of Client.IdP, over TLS, in one request, and are
// not sent again after a refusal: an account may be locked by the second. No
// redirect is followed at the IdP, and none with the Response. The cookies of
// the two servers are kept apart.
//
// Signed XML is forwarded as bytes. A message is cut by the offsets of its
// tags and never written anew, so that signatures survive whatever their
// canonicalization, prefixes, character references and line ends are. No
// header block of one server reaches the other, but for the IdP's RelayState
// where the SP sent none.
//
// Every message is hostile until read: at most 1 MiB, UTF-8, no document type
// declaration, bounded depth and number of tokens, every prefix declared, no
// repeated part. Elements are found by namespace and exact path. What a server
// says is made fit for a terminal before it comes into an error.
//
// # Errors
//
// Each is an [*Error], which says at which step and host the exchange ended; ask
// for what is within it by [errors.AsType] or [errors.Is]. It is what the transport
// or Client.Credentials said, or
//
//	*NotECPError      step 2  the SP asks for no login, or not by ECP
//	*URLError         any     a URL to which nothing may be sent
//	*AuthError        step 6  401 or 403
//	*StatusError      step 6  a Response that says no, and for which Reason
//	*AnswerError      step 6  a web page, a redirect, nothing: often a wrong password as well
//	*FaultError       2 or 6  a SOAP fault; the IdP's: it does not serve this SP
//	*MismatchError    2 or 6  two places for one assertion
//	*MessageError     2 or 6  a message that breaks the rules
//	*DeliveryError    step 8  the SP does not accept the assertion
//	ErrNoIdP          step 3  the SP asks for a login, and Client.IdP is nil
//
// # What it does not do
//
// It does not verify signatures or decrypt assertions: both are the SP's
// work, and the client forwards what only the SP can read. It does not offer
// channel bindings, holder-of-key or signed requests, the options of §2.3.1,
// for which no SP in use has a counterpart. It does not choose an IdP, read
// metadata, prompt, or repeat a login when a session has ended.
package ecp
