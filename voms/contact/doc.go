// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package contact asks VOMS servers for attribute certificates: it takes the servers of a VO from vomses files, which package
// vomses reads, and asks all of them in a race.
//
//	book := contact.Load("/etc/vomses")
//	endpoints, err := book.Find("dteam")
//	client := &contact.Client{TLS: &tls.Config{Certificates: []tls.Certificate{credential}, RootCAs: cas}}
//	answer, err := client.Ask(ctx, endpoints, contact.Request{FQANs: []voms.FQAN{{Group: "/dteam", Role: "lcgadmin"}}})
//	// answer.AC goes into a proxy; voms.ParseAC reads it and voms checks it
//
// # The race
//
// A VO has several servers, any of which will do, and some of which are dead on any day. [Client.Ask] connects to one, and
// when it has no connection after a tenth of a second also to the next (RFC 8305 does so with the addresses of one host, and
// so does this package). It is the connections that race: the first that is there is asked, and only when that
// server thinks for a second is the next one asked as well, because each question makes a server issue a certificate and
// write it down. A server that fails is replaced at once. One deadline bounds it all.
//
// The order is random, for the sake of the servers, except that those which the caller's memory knows come first.
//
// # The protocols
//
// voms-server speaks two on one port: a GET for /generate-ac, and an XML document without HTTP. INDIGO IAM speaks the first
// alone. Servers before 2.0.13, and Debian's 2.1.0~rc3, whose other half is broken, speak the second. REST is tried first, and
// the other on a new connection if what comes is nothing that a VOMS server says by REST. The status of HTTP does not count:
// voms-server sends a good certificate with status 500 if it has a warning to give, and IAM refuses with 200. Where
// voms-server has a warning to give it does not say why it refuses; by the older protocol it does, and so it is asked again.
//
// Servers close the connection without TLS's close_notify, so that the end of an answer is the end of its XML.
//
// # Trust
//
// TLS is 1.2 or later and the server's certificate must be good for the host of the vomses line, by the rules of Client.TLS.
// The server DN of that line is not compared: other clients do not, and those in use are often out of date. What makes an
// attribute certificate trustworthy is its own signature, which package voms checks.
//
// # What it does not do
//
// It does not look for vomses files, does not look into certificates beyond that they are one piece of DER, keeps no memory
// of its own, and knows of HTTP proxies only what Client.Dial does. VOMS servers check certificates of clients, and
// no proxy stands in between.
package contact
