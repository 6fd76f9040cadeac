// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"fmt"
	"strings"
)

// maxFQAN is how many bytes an FQAN may have; voms-api-java refuses more.
const maxFQAN = 255

// FQAN is a fully qualified attribute name: membership of a group of a VO, perhaps with a role in it. The zero value
// names nothing. FQANs that mean the same are equal by ==.
type FQAN struct {
	Group      string // such as /vo or /vo/group; its first name is that of the VO
	Role       string // empty for none, which the long form writes as NULL
	Capability string // the same; nobody has used it for long, but old servers issue it
}

// ParseFQAN reads the short form, /vo/group/Role=role, and the long one, in which a missing role or capability is NULL:
// /vo/group/Role=NULL/Capability=NULL. The error is a *FQANError.
//
// Names have letters, digits, and _ . - only, which is what voms-server takes in a request; an FQAN with other characters
// would be sent to it in vain.
func ParseFQAN(s string) (FQAN, error) {
	fail := func(reason string) (FQAN, error) { return FQAN{}, &FQANError{Text: s, Reason: reason} }
	if len(s) > maxFQAN {
		return fail(fmt.Sprintf("it has more than %d bytes", maxFQAN))
	}
	if s == "" {
		return fail("it is empty")
	}
	if s[0] != '/' {
		return fail("it does not begin with a slash")
	}
	rest, capability, hasCapability := strings.Cut(s, "/Capability=")
	group, role, hasRole := strings.Cut(rest, "/Role=")
	switch {
	case group == "":
		return fail("it names no group; a role is one in a group, such as /vo/Role=role")
	case hasRole && !isName(role):
		return fail("its role is not made of letters, digits, and _ . - alone")
	case hasCapability && !isCapability(capability):
		return fail("its capability is not made of letters, digits, blanks, and _ . - alone")
	}
	for name := range strings.SplitSeq(group[1:], "/") {
		if !isName(name) {
			return fail(fmt.Sprintf("its group has the name %q, which is not made of letters, digits, and _ . - alone", name))
		}
	}
	return FQAN{Group: group, Role: orNull(role), Capability: orNull(capability)}, nil
}

// String is the short form, such as /vo/group/Role=role.
func (f FQAN) String() string {
	s := f.Group
	if f.Role != "" {
		s += "/Role=" + f.Role
	}
	if f.Capability != "" {
		s += "/Capability=" + f.Capability
	}
	return s
}

// Long is the form in which voms-server issues FQANs unless it is told otherwise, such as /vo/Role=NULL/Capability=NULL.
func (f FQAN) Long() string {
	role, capability := f.Role, f.Capability
	if role == "" {
		role = "NULL"
	}
	if capability == "" {
		capability = "NULL"
	}
	return f.Group + "/Role=" + role + "/Capability=" + capability
}

// VO is the first name of the group; empty for the zero value.
func (f FQAN) VO() string {
	vo, _, _ := strings.Cut(strings.TrimPrefix(f.Group, "/"), "/")
	return vo
}

// FQANError says that a text is no FQAN.
type FQANError struct {
	Text   string
	Reason string
}

// Error quotes the text and gives the reason.
func (e *FQANError) Error() string {
	return fmt.Sprintf("voms: parsing the FQAN %q: %s", e.Text, e.Reason)
}

// orNull is a role or a capability, none for NULL.
func orNull(s string) string {
	if s == "NULL" {
		return ""
	}
	return s
}

// isName says whether s may be the name of a group, a role or a VO.
func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !isNameRune(r) }) < 0
}

func isCapability(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !isNameRune(r) && r != ' ' }) < 0
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-'
}
