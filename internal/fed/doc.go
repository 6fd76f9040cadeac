// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package fed is a federation in a box: an identity provider (IdP), a service provider (SP), an online CA, and the VOMS servers
// of two virtual organisations (VOs) on loopback, which speak the real protocols, for the tests of every other package, for make
// demo, and for people who want to try x509up without an account anywhere.
//
//	f, err := fed.Start(fed.Options{Faults: []fed.Fault{fed.WrongPassword200}})
//	if err != nil { … }
//	defer f.Close()
//	// f.IdPURL, f.SPURL, f.Username, f.Password, f.CAPool …
//
// # What is real
//
// The IdP follows Shibboleth IdP 4, the SP Shibboleth SP 3, in what they send, in the order they send it, and in what they refuse.
// The AuthnRequest, the Response and the assertion are signed (XML Signature, ecdsa-sha256) and the other side verifies the
// signature, and then issuer, destination, audience, InResponseTo, times, and that a message comes once: SAML Profiles §4.1.4.3,
// ECP 2.0 §2.3. Header blocks, cookies, content types, RelayState and messageID that a client forgets, changes, or carries to
// the wrong server make the server refuse. One attribute holds a carriage return and markup as references, which do not survive
// a client that parses a message and writes it again.
//
// The online CA, below the SP's path /secure/getcert, speaks the form protocol of CILogon's getcert as it was while that issued
// certificates, in both its modes, with its limits and its error texts.
//
// The VOMS servers speak both protocols of voms-server, or that of INDIGO IAM, to the byte: see the package internal/fed/vomsd. The
// users are members of both VOs but for one; one is suspended; the first is in groups and has roles and attributes.
//
// With [Options.Kerberos] there is a KDC of two realms as well, see the package realms, and the IdP has a second endpoint, as where
// Apache's mod_auth_gssapi stands in front of it: it takes a ticket by Negotiate, shows that it could read it, and takes passwords,
// too. In the list it is a second entry, with " (Kerberos)" behind the name.
//
// # What can go wrong
//
// Each [Fault] is one thing done wrong, while everything else works. [Options.Latency] delays every byte in both directions.
// Every request is kept ([Federation.Requests]) and, if wanted, written as a line of JSON ([Request]).
//
// # What it does not do
//
// It encrypts no assertions, asks for no second factor, has no browser login, and takes no client certificates except at the
// VOMS servers. Its keys live as long as the process. It listens on loopback only.
package fed
