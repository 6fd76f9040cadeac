// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package trust says whether a server of the grid would take a credential: it reads a folder of CA certificates, such
// as /etc/grid-security/certificates, and verifies chains against it.
//
// # Verifying
//
//	dir := &trust.Dir{Path: "/etc/grid-security/certificates"}
//	report, err := dir.Verify(credential, trust.Options{Now: time.Now()})
//	for _, check := range report.Checks {
//		fmt.Println(check)
//	}
//	if m, ok := errors.AsType[trust.Mender](err); ok {
//		fmt.Println("hint:", m.Mend())
//	}
//
// The checks, in this order: the dates of the proxies and of the end-entity certificate; the proxies by RFC 3820 §4.1
// (proxycert.Credential.Check); the way from the end-entity certificate to a root of the folder by RFC 5280
// (x509.Certificate.Verify); then for each certificate on that way, except the root, the signing policy and the namespaces of
// its issuer and its issuer's revocation list. A report holds them all, also those after the first that failed.
//
// # The folder
//
// CA certificates are PEM, in files of any name, one or several in each. Those whose issuer is their own subject are roots, the
// others are intermediates and need a root above them, as OpenSSL and Globus have it. Links and copies count once. What cannot be used is a
// Finding, and no reason to stop.
//
// A file's name is only a short cut. Files are looked for first where the hash of the CA's name says (both hashes: that
// of OpenSSL today and that of OpenSSL before 1.0, which is vanishing from the bundles), and only when nothing is
// there is the whole folder read, once. So a Dir costs nothing until it is asked, and little when the links are in order.
//
//	HASH.0, any name                CA certificates
//	HASH.rN, any name ending in .rN revocation lists (CRLs), PEM or DER
//	HASH.signing_policy, or any     what subjects a CA may sign, as Globus has it
//	HASH.namespaces, or any         the same, as the EUGridPMA has it
//
// # Policies
//
// Of a signing policy the first entry about the CA counts, and of its rights the first whose conditions hold. Names are
// compared without regard to case, in the form of proxycert.OneLine, with UID = USERID and E = Email = emailAddress. As
// in Globus, only the last * of a pattern stands for something: one character or more, slashes included. Of namespaces the
// first rule about the CA whose expression fits the whole subject counts; where no rule fits, the subject is refused. The rules about an
// intermediate CA may stand in the file of a CA above it.
//
// Where a CA has both, both must permit: what passes here passes at Globus, which reads the first only, and in Java, which
// prefers the second. Where it has none, PolicyEnforce warns and PolicyRequire refuses, as Globus does.
//
// # Revocation lists
//
// The newest list that the issuer has signed counts. A certificate on it is refused, also with CRLWarn and also by a list that is
// over. What is wrong with a list is a warning with CRLWarn and a failure with CRLRequire. With CRLOff none is read. Delta
// and indirect lists are not understood, and never taken for complete ones.
//
// # What is refused that others take
//
// Certificates signed with MD5 or SHA-1 are refused, as by OpenSSL 3 in its usual setting, proxies too: xrdgsiproxy 5.5 makes
// no others. A root's own signature is not looked at, so SHA-1 roots are fine, and a revocation list may be signed with SHA-1, but
// not with MD5. Refused are also RSA keys below 1024 bits and above 16384, certificates with a negative serial number, and those
// with critical extensions that crypto/x509 does not know, for example Netscape's certificate type or constraints on names of
// a directory.
//
// # What is taken that others refuse
//
// A proxy policy in a language of its own: what it permits is for the application to say (RFC 3820 §4.2). With a warning, what
// servers may refuse and the RFCs do not: proxies from before RFC 3820, RSA keys below 2048 bits, and a key usage or an extended key
// usage that is not a TLS client's. The table in internal/testca/chains says of each chain what OpenSSL and Globus make of it.
//
// Globus refuses some critical extensions that RFC 5280 demands be understood, such as name constraints. They pass here,
// with a warning.
//
// # What it does not do
//
// It asks no server: neither OCSP nor a CRL distribution point. It checks no host names. It knows no environment, no usual
// folder and no clock.
package trust
