// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package voms knows what a virtual organisation (VO) says of its members: fully qualified attribute names (FQANs), and the
// attribute certificates of RFC 5755 and OGF GFD.182 in which a VOMS server certifies them.
//
// # Terms
//
// A VOMS server is an attribute authority (AA). It gives a member an attribute certificate (AC): a list of FQANs, of which the first is the
// primary one, perhaps generic attributes, and perhaps targets, the hosts that may accept it. The holder of an AC is an
// end-entity certificate, never a proxy, so the AC stays good for every proxy below that. ACs travel in an extension of a proxy.
//
// # Reading and verifying
//
//	acs, _, err := voms.FromChain(credential.Chain)
//	if err != nil { … }
//	for _, ac := range acs {
//		report, err := ac.Verify(voms.Options{
//			Now:    time.Now(),
//			Holder: credential.EndEntity(),
//			Dirs:   []voms.Dir{{Path: "/etc/grid-security/vomsdir"}},
//			CheckIssuer: func(chain []*x509.Certificate) error {
//				_, err := cas.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: time.Now()})
//				return err
//			},
//		})
//		…
//	}
//
// The AC brings the certificate of its server. That a trusted CA has issued it is not enough: it must be named in an LSC file, which the VO
// publishes and which lies under the name of the VO and of the host as the AC has them. Where there is no such file, the server's
// certificate may lie there itself, as it did before 2008; that passes with a warning. [AC.Verify] makes the checks of voms-server's
// libraries and of voms-api-java, and reports each. Its errors are typed, and know what mends them.
//
// # Putting attributes into a proxy
//
//	extension, err := voms.Extension(first, second) // DER, as the servers sent it
//	if err != nil { … }
//	proxy, err := proxycert.New(credential, proxycert.Options{Now: time.Now(), Extensions: []pkix.Extension{extension}})
//
// # Where servers leave the standard
//
// VOMS servers name the holder by its own subject, not by its issuer's; both are taken, and either way the serial number must be that of the
// holder. Targets have one SEQUENCE too many. voms-api-java 3.3.5 tagged the policy authority as a SEQUENCE, and old ones wrote
// into the key identifier what is none. All that is read. What is not: UTCTime, other forms of holder and issuer, two of what there should be one.
//
// An AC signed with SHA-1 is refused, as a certificate is. voms-server signs with SHA-1 when the certificate of its host is signed by
// anything but RSA, so this is seen in the field; the server needs another certificate then. It also says RSA when it signs with an EC
// key; of what an AC says only the digest counts, and the kind of the key is that of the certificate. Java can verify RSA alone, so that
// other keys pass with a warning. No VOMS software signs with RSA-PSS, and none is read.
//
// # What it does not do
//
// It asks no server (package contact does), and makes no ACs (package aa does). Attributes other than FQANs are not read. It knows
// no environment, no usual folder and no clock.
package voms
