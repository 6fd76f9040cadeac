// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package kerberos logs in at web servers with a Kerberos 5 ticket: HTTP Negotiate (RFC 4559), without typing a password and
// without a C library.
//
//	config, err := krb5conf.Read("/etc/krb5.conf")
//	…
//	client := &kerberos.Client{Config: config, Cache: "KCM:", KCMSocket: socket}
//	web := &http.Client{Transport: &kerberos.Transport{Client: client}}
//	answer, err := web.Post(endpoint, "text/xml", body)
//
// [Transport] is an [http.RoundTripper], and goes where one is wanted, such as the IdPTransport of package ecp's Client.
// [Client.Find] and [Client.Identity] tell what there is and who one would be, before anything is sent.
//
// # Where a ticket comes from
//
// From a credential cache that kinit has filled, of the types FILE, DIR, KEYRING and KCM (package ccache), or from a keytab, by
// which a ticket-granting ticket is got and kept in memory (package keytab). A client that names a keytab uses that. Otherwise
// caches are looked at: of a collection the first, which is the primary one, that has a good ticket-granting ticket, but rather one
// of the service's realm. If none will do, a client keytab may be there. With that the ticket for the service is asked for, if the
// cache does not have it yet, by krb5.conf (package krb5conf): KDCs from there or from DNS, realms by [domain_realm], by referrals
// or by [capaths]. Nothing is written to a cache.
//
//	TGS exchange  RFC 4120 §3.3, RFC 6806 (referrals)
//	AS exchange   RFC 4120 §3.1, with an encrypted timestamp (§5.2.7.2)
//	encryption    AES with SHA-1 (RFC 3962) and SHA-2 (RFC 8009); RC4 and triple DES where krb5.conf allows them
//
// The clock of the KDC counts, not this machine's: as the cache knows it, or as the KDC says when it refuses ours.
//
// # What the transport makes sure of
//
// A ticket goes over TLS only, or to this machine. A request carries one token, and is not repeated when that was refused. No
// ticket follows a redirect. The server has to prove that it could read the ticket where it says anything at all (mutual
// authentication, RFC 4120 §3.2.4); TLS has named it before. Its challenges are read as RFC 9110 has them, several in a field or
// in several fields, in any case and order.
//
// Everything that comes from outside is bounded, and takes no longer than 30 seconds for a ticket, of which a KDC that is down
// has less than one.
//
// # Errors
//
// Ask for what is within an error by [errors.AsType], and for the meaning of what a KDC or a server says by [errors.Is].
//
//	*NoCacheError, *NoTicketError, *ExpiredError  nobody has logged in, or too long ago
//	*NoPrincipalError, *EncTypeError, *NoKeyError what is there does not do
//	*ccache.UnsupportedError and others           what is there cannot be read
//	*NoKDCError, *UnreachableError, *ReplyError   there is no KDC, none that answers, or none that makes sense
//	*KDCError                                     a KDC says no: ErrUnknownService, ErrUnknownRealm, ErrClockSkew, …
//	*NotOfferedError, *RefusedError, *MutualError the server wants no ticket, not this one, or is another
//	*URLError, *SPNError                          nothing was sent
//
// # What it does not do
//
// It asks for no password and changes none, renews no tickets, delegates none, and offers no channel bindings. It has no FAST,
// PKINIT or SPAKE: a keytab needs none of them. It reads no Windows and macOS caches (MSLSA, API), and asks no KDC through an
// HTTPS proxy. It knows no environment and no default paths but /tmp/krb5cc_UID; who calls it says what KRB5CCNAME holds.
package kerberos
