// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package httpdebug shows an HTTP exchange to the person who must find out why it fails, without the secrets in it.
//
//	transport := &httpdebug.Transport{Base: http.DefaultTransport, Out: os.Stderr, Name: "idp"}
//	client := &http.Client{Transport: transport}
//
// What is shown is meant to be pasted into a ticket:
//
//	> idp 1: POST https://idp.example.org/idp/profile/SAML2/SOAP/ECP
//	> idp 1: Authorization: Basic [redacted]
//	> idp 1: Content-Type: text/xml
//	> idp 1:
//	> idp 1: <S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">
//	…
//	< idp 1: HTTP/1.1 200 OK
//	< idp 1: Set-Cookie: JSESSIONID=[redacted]; Path=/idp; Secure; HttpOnly
//
// # What is shown
//
// What is known to be harmless, and nothing else; what is new is not shown until someone has thought about it:
//
//   - Of URLs: scheme, host and path; of queries and path parameters the names, and few values.
//   - Of header fields: all names, and the values of those in a table. Of credentials and challenges the scheme, of
//     cookies the names, of cookies that are set the attributes, too.
//   - Of XML: the outline, with the attributes and texts of SOAP, PAOS and SAML's protocol that are in a table. Of an
//     assertion, of what is encrypted and of generated keys, the size. What is no well-formed XML, or has a document type,
//     is not shown.
//   - Of forms: the names, and the values of those fields of the getcert protocol that are no password.
//   - Of a text that a server sends: all, unless it holds a private key or markup; words of 40 characters or more that
//     may be tokens are left out, but for certificates in PEM.
//   - Of HTML: the title.
//   - Of anything else, of what is over 1 MiB, and of what did not come to its end: the size.
//
// Control characters, which could drive a terminal, are written as escapes. Each line begins with the direction, the
// transport's name and the number of the request, so that no server can make a line that looks like one of another.
//
// # What is not changed
//
// Bodies go through byte by byte as the caller reads them, and nothing is read that the caller does not read; what was
// read is shown at its end, or when the caller closes it. A request is shown before it is sent. Headers that the transport
// below adds (Accept-Encoding, a default User-Agent) are not seen here.
package httpdebug
