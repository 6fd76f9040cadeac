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
	return []Difference{
		{"voms-proxy-*", "-help and -version have their own texts", "they show the options that there are, and which program it is"},
		{"voms-proxy-info", "-exists is no where a certificate above the proxy has expired", "no server takes such a proxy"},
		{"voms-proxy-info", "the strength of an EC key is that of its curve: 256, not 576", "the original takes the size of a signature"},
		{"voms-proxy-info", "-targets and -all show the hosts that may accept attributes", "the original means to, but reads none"},
		{"voms-proxy-info", "attributes signed by voms-api-java 3.3.5 are read", "servers of that version are in use"},
		{"voms-proxy-info", "a file with a damaged certificate is no proxy, and no part of it is shown", "no server takes it; the original shows the first certificate and exits 1"},
		{"voms-proxy-info", "-text spells the certificate out in other words", "the layout of openssl x509 -text changes with its versions"},
		{"voms-proxy-info", "a CA directory need not be there", "nothing is verified with it"},
		{"voms-proxy-destroy", "a CA directory need not be there", "the original exits 0 and leaves the proxy"},
		{"voms-proxy-destroy", "a symbolic link, a file of somebody else, a read-only file, a key alone and what is no credential are left", "a slip must not cost a file"},
	}
}
