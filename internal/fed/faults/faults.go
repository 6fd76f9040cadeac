// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package faults is the table of what the servers of package fed can do wrong, one thing at a time. The package fed gives its names
// to others.
//
//	set, err := faults.SetOf([]faults.Fault{"dtd"})
//	if set[faults.DTD] { … }
package faults

import (
	"fmt"
	"slices"
)

// A Fault is one thing that a server of the federation does wrong, while everything else works.
type Fault string

// The faults, by the server that has them: first the identity provider, then the service provider, then its online CA, then the
// VOMS server of the first VO. (That of the second has none.) Last are the KDC of both realms, and what the identity provider
// does with tickets; these start Kerberos.
const (
	ACSMismatch       Fault = "acs-mismatch"
	WrongPassword200  Fault = "wrong-password-200"
	WrongPassword401  Fault = "wrong-password-401"
	WrongPasswordHTML Fault = "wrong-password-html"
	KeycloakNoPassive Fault = "keycloak-nopassive"
	CASEmpty          Fault = "cas-empty"
	SOAPFault         Fault = "soap-fault"
	MFARequired       Fault = "mfa-required"
	HugeAnswer        Fault = "huge-answer"
	SlowAnswer        Fault = "slow-answer"
	DTD               Fault = "dtd"
	RedirectIdP       Fault = "redirect-idp"
	BadSignature      Fault = "bad-signature"
	NoAttributes      Fault = "no-attributes"
	IdPDown           Fault = "idp-down"

	SPNoECP Fault = "sp-no-ecp"
	SPDown  Fault = "sp-down"

	CertForOtherKey Fault = "cert-for-other-key"
	DisabledCA      Fault = "disabled-ca"
	ExpiredCert     Fault = "expired-cert"
	GarbagePKCS12   Fault = "garbage-pkcs12"
	Truncate        Fault = "truncate"

	VOMSWrongHolder  Fault = "voms-wrong-holder"
	VOMSExpired      Fault = "voms-expired"
	VOMSNotYetValid  Fault = "voms-not-yet-valid"
	VOMSBadSignature Fault = "voms-bad-signature"
	VOMSCritical     Fault = "voms-critical-extension"
	VOMSNoRevAvail   Fault = "voms-no-revavail"
	VOMSWrongKeyID   Fault = "voms-wrong-keyid"
	VOMSForeignFQANs Fault = "voms-foreign-fqans"
	VOMSLSCMismatch  Fault = "voms-lsc-mismatch"
	VOMSLSCMissing   Fault = "voms-lsc-missing"
	VOMSUnknownUser  Fault = "voms-unknown-user"
	VOMSSuspended    Fault = "voms-suspended"
	VOMSUnsignedAUP  Fault = "voms-aup"
	VOMSNoAttribute  Fault = "voms-no-attribute"
	VOMSRESTEmpty    Fault = "voms-rest-empty"
	VOMSREST404      Fault = "voms-rest-404"
	VOMSLegacyOnly   Fault = "voms-legacy-only"
	VOMSSlow         Fault = "voms-slow"
	VOMSReset        Fault = "voms-reset"
	VOMSGarbage      Fault = "voms-garbage"
	VOMSHuge         Fault = "voms-huge"
	VOMSDeadFirst    Fault = "voms-dead-first"
	VOMSIPv6Only     Fault = "voms-ipv6-only"

	KDCDown           Fault = "kdc-down"
	KDCDeadFirst      Fault = "kdc-dead-first"
	KDCSilent         Fault = "kdc-silent"
	KDCGarbage        Fault = "kdc-garbage"
	KDCTCPOnly        Fault = "kdc-tcp-only"
	KDCHuge           Fault = "kdc-huge"
	KDCSkew           Fault = "kdc-skew"
	KDCExpired        Fault = "kdc-expired"
	KDCUnknownService Fault = "kdc-unknown-service"
	KerberosSkew      Fault = "krb-skew"
	KerberosImpostor  Fault = "krb-impostor"
	KerberosBasicOnly Fault = "krb-basic-only"
)

// Info is a fault with one line about it.
type Info struct {
	Fault Fault
	About string // lower case, no full stop
}

// All lists every fault, in the order of the constants.
func All() []Info {
	return append([]Info{
		{ACSMismatch, "the IdP names another AssertionConsumerServiceURL than the SP's responseConsumerURL"},
		{WrongPassword200, "any password is wrong: status AuthnFailed under HTTP 200, as Shibboleth says it"},
		{WrongPassword401, "any password is wrong: HTTP 401 with a Basic challenge, as Keycloak says it"},
		{WrongPasswordHTML, "any password is wrong: an HTML login form under HTTP 200, as SimpleSAMLphp and old sites say it"},
		{KeycloakNoPassive, "any user is unknown: status NoPassive in an envelope without a Header, as Keycloak says it"},
		{CASEmpty, "HTTP 200 with an empty body, as CAS answers credentials that it cannot decode"},
		{SOAPFault, "the IdP does not know the SP: a SOAP fault under HTTP 500"},
		{MFARequired, "the password is right, but the IdP wants a second factor: status NoAuthnContext"},
		{HugeAnswer, "the IdP's answer is longer than 5 MiB"},
		{SlowAnswer, "the IdP's answer begins and then never ends"},
		{DTD, "the IdP's answer has a document type declaration with an entity"},
		{RedirectIdP, "the IdP answers 307 to another host, which notes whether it gets the password"},
		{BadSignature, "the assertion is altered after it was signed"},
		{NoAttributes, "the assertion says nothing about the user, so the CA cannot name him"},
		{IdPDown, "nobody listens at the IdP's port"},
		{SPNoECP, "the SP does not speak ECP: it redirects to a discovery page"},
		{SPDown, "nobody listens at the SP's port"},
		{CertForOtherKey, "the CA certifies another key than the one in the request"},
		{DisabledCA, "the CA issues no certificates any more, as CILogon's since 2025"},
		{ExpiredCert, "the CA issues a certificate that is over already"},
		{GarbagePKCS12, "the CA answers something that is neither PKCS #12 nor a certificate"},
		{Truncate, "the CA's answer stops in the middle"},
		{VOMSWrongHolder, "the first VO's server certifies attributes for another certificate"},
		{VOMSExpired, "its attribute certificates have expired"},
		{VOMSNotYetValid, "its attribute certificates begin in an hour"},
		{VOMSBadSignature, "its signatures are wrong"},
		{VOMSCritical, "its attribute certificates have a critical extension that nobody knows"},
		{VOMSNoRevAvail, "its attribute certificates lack the extension noRevAvail"},
		{VOMSWrongKeyID, "its attribute certificates name another key as that of the server"},
		{VOMSForeignFQANs, "its attribute certificates have groups of another VO"},
		{VOMSLSCMismatch, "the LSC file of the first VO names another server"},
		{VOMSLSCMissing, "there is no LSC file of the first VO"},
		{VOMSUnknownUser, "the first VO has no members"},
		{VOMSSuspended, "all members of the first VO are suspended"},
		{VOMSUnsignedAUP, "nobody has signed the acceptable use policy of the first VO"},
		{VOMSNoAttribute, "nobody has a group or role in the first VO beside its own group"},
		{VOMSRESTEmpty, "the first VO's server answers REST by nothing, as voms-server 2.1.0~rc3 in Debian does"},
		{VOMSREST404, "the first VO's server answers REST 404"},
		{VOMSLegacyOnly, "the first VO's server is of before 2.0 and knows no REST"},
		{VOMSSlow, "the first VO's server begins to answer and then never ends"},
		{VOMSReset, "the first VO's server resets the connection in place of an answer"},
		{VOMSGarbage, "the first VO's server answers bytes of no protocol"},
		{VOMSHuge, "the first VO's server answers 5 MiB"},
		{VOMSDeadFirst, "the first VO has a server more, which vomses names first and which does not even speak TLS"},
		{VOMSIPv6Only, "the first VO's server listens on ::1 alone"},
	}, ofTickets()...)
}

// ofTickets are those of the KDC and of the IdP where it takes tickets.
func ofTickets() []Info {
	return []Info{
		{KDCDown, "nobody listens at the port of the KDC"},
		{KDCDeadFirst, "krb5.conf names a KDC more, and first, which never answers"},
		{KDCSilent, "the KDC never answers"},
		{KDCGarbage, "the KDC answers bytes of no protocol"},
		{KDCTCPOnly, "every answer of the KDC is too big for UDP"},
		{KDCHuge, "every answer of the KDC is too big for UDP, and over TCP has 2 GiB"},
		{KDCSkew, "the KDC's clock is ten minutes ahead"},
		{KDCExpired, "the KDC says of every ticket that it has expired"},
		{KDCUnknownService, "the KDC knows no service, so it has no ticket for the IdP"},
		{KerberosSkew, "the IdP's clock is ten minutes ahead where it looks at tickets, so it refuses all of them"},
		{KerberosImpostor, "the IdP's answer to a ticket is not of one who could read the ticket"},
		{KerberosBasicOnly, "the IdP's endpoint for Kerberos takes passwords alone"},
	}
}

// An UnknownError says that a name is not one of [All].
type UnknownError struct {
	Name string
}

// Error implements error.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("fed: choosing faults: no fault is named %q", e.Name)
}

// Parse finds a fault by its name, or returns an [*UnknownError].
func Parse(name string) (Fault, error) {
	for _, info := range All() {
		if string(info.Fault) == name {
			return info.Fault, nil
		}
	}
	return "", &UnknownError{name}
}

// A Set says of a fault whether it is there. The nil Set has none.
type Set map[Fault]bool

// SetOf makes a set of faults, all of them known: if not, the error is an [*UnknownError].
func SetOf(list []Fault) (Set, error) {
	set := Set{}
	for _, f := range list {
		if _, err := Parse(string(f)); err != nil {
			return nil, err
		}
		set[f] = true
	}
	return set, nil
}

// Tickets says whether there is a fault for which a KDC must be there.
func (s Set) Tickets() bool {
	return slices.ContainsFunc(ofTickets(), func(info Info) bool { return s[info.Fault] })
}
