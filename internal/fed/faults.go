// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import "github.com/x509up/x509up/internal/fed/faults"

// A Fault is one thing that a server of the federation does wrong, while everything else works.
type Fault = faults.Fault

// The faults, by the server that has them, see [Faults]: first the identity provider, then the service provider, then its online
// CA, then the VOMS server of the first VO. (That of the second has none.) Last are the KDC of both realms, and what the identity
// provider does with tickets; these start Kerberos.
const (
	ACSMismatch       = faults.ACSMismatch
	WrongPassword200  = faults.WrongPassword200
	WrongPassword401  = faults.WrongPassword401
	WrongPasswordHTML = faults.WrongPasswordHTML
	KeycloakNoPassive = faults.KeycloakNoPassive
	CASEmpty          = faults.CASEmpty
	SOAPFault         = faults.SOAPFault
	MFARequired       = faults.MFARequired
	HugeAnswer        = faults.HugeAnswer
	SlowAnswer        = faults.SlowAnswer
	DTD               = faults.DTD
	RedirectIdP       = faults.RedirectIdP
	BadSignature      = faults.BadSignature
	NoAttributes      = faults.NoAttributes
	IdPDown           = faults.IdPDown

	SPNoECP = faults.SPNoECP
	SPDown  = faults.SPDown

	CertForOtherKey = faults.CertForOtherKey
	DisabledCA      = faults.DisabledCA
	ExpiredCert     = faults.ExpiredCert
	GarbagePKCS12   = faults.GarbagePKCS12
	Truncate        = faults.Truncate

	VOMSWrongHolder  = faults.VOMSWrongHolder
	VOMSExpired      = faults.VOMSExpired
	VOMSNotYetValid  = faults.VOMSNotYetValid
	VOMSBadSignature = faults.VOMSBadSignature
	VOMSCritical     = faults.VOMSCritical
	VOMSNoRevAvail   = faults.VOMSNoRevAvail
	VOMSWrongKeyID   = faults.VOMSWrongKeyID
	VOMSForeignFQANs = faults.VOMSForeignFQANs
	VOMSLSCMismatch  = faults.VOMSLSCMismatch
	VOMSLSCMissing   = faults.VOMSLSCMissing
	VOMSUnknownUser  = faults.VOMSUnknownUser
	VOMSSuspended    = faults.VOMSSuspended
	VOMSUnsignedAUP  = faults.VOMSUnsignedAUP
	VOMSNoAttribute  = faults.VOMSNoAttribute
	VOMSRESTEmpty    = faults.VOMSRESTEmpty
	VOMSREST404      = faults.VOMSREST404
	VOMSLegacyOnly   = faults.VOMSLegacyOnly
	VOMSSlow         = faults.VOMSSlow
	VOMSReset        = faults.VOMSReset
	VOMSGarbage      = faults.VOMSGarbage
	VOMSHuge         = faults.VOMSHuge
	VOMSDeadFirst    = faults.VOMSDeadFirst
	VOMSIPv6Only     = faults.VOMSIPv6Only

	KDCDown           = faults.KDCDown
	KDCDeadFirst      = faults.KDCDeadFirst
	KDCSilent         = faults.KDCSilent
	KDCGarbage        = faults.KDCGarbage
	KDCTCPOnly        = faults.KDCTCPOnly
	KDCHuge           = faults.KDCHuge
	KDCSkew           = faults.KDCSkew
	KDCExpired        = faults.KDCExpired
	KDCUnknownService = faults.KDCUnknownService
	KerberosSkew      = faults.KerberosSkew
	KerberosImpostor  = faults.KerberosImpostor
	KerberosBasicOnly = faults.KerberosBasicOnly
)

// FaultInfo is a fault with one line about it.
type FaultInfo = faults.Info

// Faults lists every fault, in the order of the constants.
func Faults() []FaultInfo { return faults.All() }

// An UnknownFaultError says that a name is not one of [Faults].
type UnknownFaultError = faults.UnknownError

// ParseFault finds a fault by its name, or returns an [*UnknownFaultError].
func ParseFault(name string) (Fault, error) { return faults.Parse(name) }
