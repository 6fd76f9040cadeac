// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ecpnames are the tools that log in by SAML ECP: ecp-get-cert,
// ecp-cert-info, ecp-curl and ecp-get-cookie of ciecplib 0.9.0, and
// ligo-proxy-init 2.0, which was built on it. Cigetcert has a room of its own,
// and is one of the family.
//
//	for _, t := range ecpnames.Tools() {
//		if t.Name == "ecp-get-cert" {
//			code := t.Run(ctx, con, "ecp-get-cert", []string{"-i", "LIGO", "-u", "albert.einstein", "--reuse=12"})
//		}
//	}
//
// Their options, what they print, their exit codes and their files are those of
// the originals' manuals; where an original does not keep what its manual
// promises, this one does (package differences says where). The login, the
// certificate and the file are those of get-cert: package acquire.
//
// CILogon's service provider, which the originals asked, has ended. Another one
// is named by X509UP_SERVICE_PROVIDER or a profile.
// Of a profile these keys count, which say what the originals had no word for
// or built in: service-provider, idp-list, metadata, ca-file. A password comes
// from the terminal, from stdin where there is no terminal, or from the file
// that X509UP_PASSWORD_FILE names.
//
// It makes no certificate and reads no login of its own: package online does
// what the family has in common, over the commands' own options.
package ecpnames
