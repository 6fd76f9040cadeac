// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package proxycert makes, reads and checks X.509 proxy certificates as RFC 3820 defines them and as grid software
// uses them.
//
// # Terms
//
// A [Credential] is a chain of certificates and the private key of the first. The chain of a proxy credential begins
// with the proxy certificate, goes on with the proxies above it, and then the end-entity certificate (EEC), which is
// the person or host. Whatever CA certificates the file holds come last. The proxy's identity is the subject of its
// EEC.
//
// Three formats of proxies exist, and one chain never mixes them: RFC 3820, the draft before it (GT3), and the legacy
// one (GT2), which is known by its name alone. This package reads all three and makes the first.
//
// # Making a proxy
//
//	issuer, err := proxycert.Parse(pemData) // certificate and key of the user, in one text
//	if err != nil { … }
//	proxy, err := proxycert.New(issuer, proxycert.Options{Lifetime: 12 * time.Hour, Now: time.Now()})
//	if err != nil { … }
//	file, err := proxy.Marshal(proxycert.PKCS1)
//
// The proxy has its issuer's subject with one more common name, a random serial number, and four extensions: critical
// are ProxyCertInfo (RFC 3820 §3.8) and key usage, and the two key identifiers (RFC 5280 §4.2.1.1–2) are not. That of
// the issuer is there if the issuer has one. There are no others, because each one more is one that some reader refuses.
// It is signed with SHA-256, or a longer digest where the issuer calls for it.
//
// # Reading
//
// [Parse] takes PEM blocks in any order and says with a typed error what is wrong with those it does not take.
// [TypeOf] says what a certificate is, in the words of grid-proxy-info. [Credential.TimeLeft] counts to the end of
// the shortest certificate of the chain, as a server does. [OneLine] and [RFC2253] print names byte for byte as
// OpenSSL and Globus do.
//
// [Credential.Check] walks the proxies of a chain by RFC 3820 §4.1.
//
// # What it does not do
//
// Go's own x509.Certificate.Verify refuses every proxy: its ProxyCertInfo is a critical extension that Go does not
// know, and its issuer is no CA. Check does what lies between the EEC and the leaf; it does not say whether the EEC
// comes from a CA that anyone trusts. Encrypted keys are recognised, not decrypted. The package opens no files and knows no
// clock: the time is always an argument.
package proxycert
