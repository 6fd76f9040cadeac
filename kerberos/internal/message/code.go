// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message

import "fmt"

// Code is the number of an error (RFC 4120 §7.5.9, RFC 6806 §8).
type Code int32

// Codes that a client does something about.
const (
	ClientExpired  Code = 1
	ServiceExpired Code = 2
	UnknownClient  Code = 6
	UnknownServer  Code = 7
	BadOption      Code = 13
	KeyExpired     Code = 23
	PreauthFailed  Code = 24
	NeedsPreauth   Code = 25
	TicketExpired  Code = 32
	NotYetValid    Code = 33
	Skewed         Code = 37
	WrongRealm     Code = 68
)

// Name is what the RFC calls it: KDC_ERR_S_PRINCIPAL_UNKNOWN.
func (c Code) Name() string {
	if name, _ := c.known(); name != "" {
		return name
	}
	return fmt.Sprintf("error %d", int32(c))
}

// String is what it means, with its name: "it does not know the service (KDC_ERR_S_PRINCIPAL_UNKNOWN)".
func (c Code) String() string {
	if _, words := c.known(); words != "" {
		return words + " (" + c.Name() + ")"
	}
	return c.Name()
}

// known are the errors that a client meets.
func (c Code) known() (name, words string) {
	switch c {
	case ClientExpired:
		return "KDC_ERR_NAME_EXP", "the client's account has expired"
	case ServiceExpired:
		return "KDC_ERR_SERVICE_EXP", "the service has expired"
	case UnknownClient:
		return "KDC_ERR_C_PRINCIPAL_UNKNOWN", "it does not know the client"
	case UnknownServer:
		return "KDC_ERR_S_PRINCIPAL_UNKNOWN", "it does not know the service"
	case 12:
		return "KDC_ERR_POLICY", "its policy forbids it"
	case BadOption:
		return "KDC_ERR_BADOPTION", "it does not do what was asked for"
	case 14:
		return "KDC_ERR_ETYPE_NOSUPP", "it has none of the types of keys that are allowed here"
	case 18:
		return "KDC_ERR_CLIENT_REVOKED", "the client's account is locked"
	case KeyExpired:
		return "KDC_ERR_KEY_EXPIRED", "the client's password has expired"
	case PreauthFailed:
		return "KDC_ERR_PREAUTH_FAILED", "the key is not the client's"
	case NeedsPreauth:
		return "KDC_ERR_PREAUTH_REQUIRED", "it wants another proof"
	case 29:
		return "KDC_ERR_SVC_UNAVAILABLE", "it cannot serve now"
	case 31:
		return "KRB_AP_ERR_BAD_INTEGRITY", "the ticket is sealed with another key than it has"
	case TicketExpired:
		return "KRB_AP_ERR_TKT_EXPIRED", "the ticket has expired"
	case NotYetValid:
		return "KRB_AP_ERR_TKT_NYV", "the ticket is not valid yet by its clock"
	case 34:
		return "KRB_AP_ERR_REPEAT", "it has seen this request before"
	case 35:
		return "KRB_AP_ERR_NOT_US", "the ticket is for another"
	case Skewed:
		return "KRB_AP_ERR_SKEW", "its clock differs too much from this machine's"
	case 41:
		return "KRB_AP_ERR_MODIFIED", "the ticket is sealed with another key than it has"
	case 44:
		return "KRB_AP_ERR_BADKEYVER", "the ticket is sealed with another version of its key"
	case 45:
		return "KRB_AP_ERR_NOKEY", "it has no key for this service"
	case 60:
		return "KRB_ERR_GENERIC", ""
	case WrongRealm:
		return "KDC_ERR_WRONG_REALM", "the client is in another realm"
	}
	return "", ""
}
