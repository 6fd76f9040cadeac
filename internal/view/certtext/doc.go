// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package certtext says in words what an X.509 certificate (RFC 5280) holds.
//
//	fmt.Print(certtext.Text(cert, proxycert.OneLine))
//	for _, e := range certtext.Extensions(cert, proxycert.OneLine) {
//		fmt.Println(e.Name, e.Critical, e.Lines)
//	}
//
// Text is everything, as openssl x509 -text has it: names, dates, the key, every
// extension, the signature, fingerprints. Extensions that are in use in research
// computing are spelled out: those of RFC 5280, ProxyCertInfo (RFC 3820) and the
// draft before it, the attribute certificates of VOMS (RFC 5755), Netscape's and
// Microsoft's old ones, qualified certificate statements, certificate
// transparency. Of others there is the object identifier, and the value in
// hexadecimal.
//
// What it is given may come from anybody. Whatever a certificate says, only
// printable characters come out, a backslash and hexadecimal digits for the
// others; a line has at most MaxLine bytes of a certificate's text, an extension
// MaxLines lines, and a certificate MaxText bytes. What is left out is said. An
// extension that cannot be read is shown in hexadecimal.
//
// Nothing is verified, and private keys are never seen here.
package certtext
