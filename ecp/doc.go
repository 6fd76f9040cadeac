// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ecp is the client side of the SAML V2.0 Enhanced Client or Proxy
// (ECP) profile: it opens a session at a service provider (SP) by logging in
// at an identity provider (IdP) without a browser.
//
// # The exchange
//
// The client asks the SP for a resource and says that it speaks PAOS. The SP
// answers with a SOAP envelope that holds an AuthnRequest. The client takes
// the SP's header blocks off, posts the envelope to the one IdP that its user
// chose, with the user's credentials, and gets an envelope back that holds a
// Response. It takes the IdP's header blocks off, puts the SP's RelayState
// on, and posts the envelope to the SP, which answers with cookies: the
// session. (SAML V2.0 ECP Profile Version 2.0, §2.3; SAML V2.0 Bindings,
// §3.2 SOAP and §3.3 PAOS.)
//
//	client := &ecp.Client{
//		IdP: idp, // https://idp.example.org/idp/profile/SAML2/SOAP/ECP
//		Credentials: func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
//			return ecp.Credentials{Username: "jdoe", Password: ask()}, nil
//		},
//	}
//	if err := client.Login(ctx, resource); err != nil {
//		return err
//	}
//	answer, err := client.Do(request) // with the session
//
// [Client.Do] logs in by itself when the SP asks for it, which is what a
// program wants that fetches pages; [Client.Login] is for one that must have
// a session before it sends anything.
//
// # What the client makes sure of
//
// No assertion goes to a URL that the SP did not name: when the IdP's
// AssertionConsumerServiceURL differs from the SP's responseConsumerURL the
// client posts a SOAP fault to the SP and stops ([MismatchError]; §2.3.7 of
// the profile, and the only defence against an SP that relays another's
// request). The Response goes to the origin of the resource and to no other.
//
// Credentials go to the host of Client.IdP, over TLS, in one request, and are
// not sent again after a refusal: an account may be locked by the second. No
// redirect is followed at the IdP, and none with the Response. What an SP
// suggests as IdP (IDPList) is never a place to send a password to.
//
// Signed XML is forwarded as bytes. A message is cut by the offsets of its
// tags and never written anew, so that signatures survive whatever their
// canonicalization, prefixes, entity references and line ends are.
//
// Every message is hostile until read: at most 1 MiB, UTF-8, no document type
// declaration, bounded depth and number of tokens, every prefix declared, no
// repeated part. Elements are found by namespace and exact path.
//
// # What it does not do
//
// It does not verify signatures or decrypt assertions: both are the SP's
// work, and the client forwards what only the SP can read. It does not offer
// channel bindings, holder-of-key or signed requests, the options of §2.3.1,
// for which no SP in use has a counterpart. It does not choose an IdP, read
// metadata, or prompt. Kerberos and TLS client certificates plug in as
// Client.IdPTransport.
package ecp
