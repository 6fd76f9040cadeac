// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

// The faults that need no argument. What a proxy can be wrong in without a fault is set in Proxy itself: its dates, its path
// length, a policy wider than its issuer's, a format that its issuer does not have.

// WrongIssuer names an issuer that is not the one above it.
func WrongIssuer(t testing.TB, d *Draft) {
	d.Issuer = Name(t, "/DC=org/DC=example/CN=Somebody Else")
	d.Template.RawSubject = Below(t, d.Issuer, "/CN=1")
}

// WrongSigner is signed with a key that is not the issuer's.
func WrongSigner(t testing.TB, d *Draft) { d.Signer = newKey(t, nil, false, 0) }

// OtherSubject has a subject that does not begin with its issuer's.
func OtherSubject(t testing.TB, d *Draft) {
	d.Template.RawSubject = Name(t, "/DC=org/DC=example/CN=Somebody Else/CN=1")
}

// SameSubject has its issuer's subject, with nothing added.
func SameSubject(_ testing.TB, d *Draft) { d.Template.RawSubject = d.Issuer }

// TwoCommonNames has two more common names than its issuer.
func TwoCommonNames(t testing.TB, d *Draft) { d.Template.RawSubject = Below(t, d.Issuer, "/CN=1/CN=2") }

// MultiValued has a second attribute beside the common name that it adds.
func MultiValued(t testing.TB, d *Draft) { d.Template.RawSubject = Below(t, d.Issuer, "/CN=1+OU=2") }

// UnitName adds an organisational unit instead of a common name.
func UnitName(t testing.TB, d *Draft) { d.Template.RawSubject = Below(t, d.Issuer, "/OU=1") }

// NoInfo has no ProxyCertInfo.
func NoInfo(_ testing.TB, d *Draft) { d.Template.ExtraExtensions = nil }

// NotCritical has a ProxyCertInfo that is not critical.
func NotCritical(_ testing.TB, d *Draft) { d.Template.ExtraExtensions[0].Critical = false }

// BrokenInfo has a ProxyCertInfo with a byte too many.
func BrokenInfo(_ testing.TB, d *Draft) {
	info := &d.Template.ExtraExtensions[0]
	info.Value = append(info.Value[:len(info.Value):len(info.Value)], 0)
}

// TwoInfos has the ProxyCertInfo of RFC 3820 and that of the draft.
func TwoInfos(t testing.TB, d *Draft) {
	d.Template.ExtraExtensions = []pkix.Extension{
		Proxy{}.extension(t, proxycert.FormatRFC), Proxy{}.extension(t, proxycert.FormatDraft),
	}
}

// CAFlag says that it is a CA.
func CAFlag(_ testing.TB, d *Draft) { d.Template.IsCA, d.Template.BasicConstraintsValid = true, true }

// SubjectAltName has a subject alternative name.
func SubjectAltName(_ testing.TB, d *Draft) { d.Template.DNSNames = []string{"proxy.example.org"} }

// IssuerAltName has an issuer alternative name.
func IssuerAltName(t testing.TB, d *Draft) {
	d.add(pkix.Extension{Id: oid(t, oidIssuerAlt), Value: []byte("\x30\x0d\x82\x0bexample.org")})
}

// UnknownCritical has a critical extension that nobody knows.
func UnknownCritical(t testing.TB, d *Draft) {
	d.add(pkix.Extension{Id: oid(t, oidNobodyKnowsIt), Critical: true, Value: []byte{5, 0}})
}

// NoDigitalSignature has a key usage with which it must not sign a proxy below it.
func NoDigitalSignature(_ testing.TB, d *Draft) { d.Template.KeyUsage = x509.KeyUsageKeyEncipherment }

func (d *Draft) add(ext pkix.Extension) {
	d.Template.ExtraExtensions = append(d.Template.ExtraExtensions, ext)
}
