// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package differences says where x509up under an old name does on purpose what
// the original does not. The conformance suite holds the two against each other,
// and accepts these alone; the manual quotes them.
package differences

// Difference is one of them.
type Difference struct {
	Tool string // as "voms-proxy-init"; of a family as "voms-proxy-*"
	What string // what is not as with the original
	Why  string // what is better so
}

// All returns them, by tool.
func All() []Difference {
	return []Difference{}
}
