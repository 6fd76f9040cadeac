// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package idp finds the ECP endpoint of the identity provider that a user names.
//
//	f := idp.Finder{HTTP: client, List: "https://ca.example.org/idps.txt", CacheDir: dir}
//	p, err := f.Find(ctx, "wisconsin") // p.URL is where the password goes
//
// # What a user may say
//
//   - A URL, with any path: that is the endpoint. Only if there is metadata is it looked up there first, because an
//     entityID mostly is a URL, too; a URL that the metadata does not know is the endpoint.
//   - A part of a name or of a host name: [Match] says what is found, first in the list, then in the metadata.
//   - An entityID, with metadata.
//
// Who has a Kerberos ticket may say nothing: [Finder.ForRealm] goes by the realm.
//
// There is no list by default. The one that older tools download (CILogon's ecpidps.txt) was last changed in 2021 and
// belongs to a service that has ended.
//
// # Where it is looked up
//
// A list has a line "URL NAME" for each provider; a name that ends in " (Kerberos)" is an endpoint that takes Kerberos
// tickets ([ParseList]). A line that is not of that form is not used, and [Finder.Warn] is told. Metadata is SAML metadata
// ([ParseMetadata]; saml-metadata-2.0-os, with the names of saml-metadata-ui-v1.0), of which an endpoint is
// md:IDPSSODescriptor/md:SingleSignOnService with the SOAP binding (saml-ecp-v2.0-cs01 §2.3.10). Both are a file or an
// https URL. A metadata URL that ends in a slash is the base of a server of the Metadata Query protocol
// (draft-young-md-query): it is asked for one entityID at a time, below "entities/". Every other URL is a document.
//
// What is downloaded is kept in [Finder.CacheDir]: for an hour without a question, then as long as the server says that
// it has not changed, and also when the server cannot be reached.
//
// # What it does not do
//
// It does not verify XML signatures: that metadata is genuine rests on TLS, or on who put the file there. So take it
// from the federation's own server. It never speaks http, but to loopback for tests.
//
// What others wrote into lists and metadata is hostile until proven otherwise: sizes, depths and lengths are bounded,
// DTDs are refused, and no name or address that comes out holds a control character.
package idp
