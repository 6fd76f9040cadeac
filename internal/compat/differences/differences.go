// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package differences says where x509up under an old name does on purpose what
// the original does not. The conformance suite holds the two against each other,
// and accepts these alone; the manual quotes them.
package differences

import "slices"

// Difference is one of them.
type Difference struct {
	Tool string // as "voms-proxy-init"; of a family as "voms-proxy-*"
	What string // what is not as with the original
	Why  string // what is better so
}

// All returns them, by tool.
func All() []Difference { return slices.Concat(voms(), grid(), ecp(), arc()) }

func voms() []Difference {
	return []Difference{
		{"voms-proxy-*", "-help and -version have their own texts", "they show the options that there are, and which program it is"},
		{"voms-proxy-info", "-exists is no where a certificate above the proxy has expired", "no server takes such a proxy"},
		{"voms-proxy-info", "the strength of an EC key is that of its curve: 256, not 576", "the original takes the size of a signature"},
		{"voms-proxy-info", "-targets and -all show the hosts that may accept attributes", "the original means to, but reads none"},
		{"voms-proxy-info", "attributes signed by voms-api-java 3.3.5 are read", "servers of that version are in use"},
		{"voms-proxy-info", "a file with a damaged certificate is no proxy, and no part of it is shown", "no server takes it; the original shows the first certificate and exits 1"},
		{"voms-proxy-info", "-text spells the certificate out in other words", "the layout of openssl x509 -text changes with its versions"},
		{"voms-proxy-info", "a CA directory need not be there", "nothing is verified with it"},
		{"voms-proxy-info", "that there is no proxy is said in the words of both clients", "scripts look for those of either"},
		{"voms-proxy-init", "which servers have answered is remembered in ~/.cache/x509up", "the next request goes there first"},
		{"voms-proxy-init", "as version 3: proxies begin five minutes before now", "there are servers whose clock is behind; version 2 does the same"},
		{"voms-proxy-init", "the exit code is 0 where the certificate ends before the proxy would", "so it is since version 2.1.1 of the original, which warns as ours does; 2.1.0 exits 1"},
		{"voms-proxy-init", "an expired certificate, and a lifetime of nothing, make no proxy", "the original stores one that nobody takes, and exits 1"},
		{"voms-proxy-init", "what is in the way of the proxy stays: a symbolic link, a read-only file, one of somebody else, what is no credential", "whoever put it there would be surprised, and a slip must not cost a file"},
		{"voms-proxy-init", "-bits 512 and 1024 make keys of 2048 bits, and a warning", "servers take no others"},
		{"voms-proxy-init", "-old and -proxyver 2 or 3 are refused", "no proxies but those of RFC 3820 are made"},
		{"voms-proxy-init", "-include, -includeac and -separate are not there yet, and say so", "nobody was found who uses them"},
		{"voms-proxy-init", "root's certificate is in ~/.globus, as that of others, and the host's only where that is missing", "in containers people are root; version 3 does the same"},
		{"voms-proxy-init", "a proxy of a proxy without attributes is good", "the original looks for them, says \"Parameters unset!\" and exits 1"},
		{"voms-proxy-init", "-debug names the files that are used; the rest of what it says is our own", "it tells of what we do"},
		{"voms-proxy-*3", "names of options may be cut short", "so they may since a later version of the original"},
		{"voms-proxy-*3", "-conf adds options, and does not take the place of the others", "so does version 2"},
		{"voms-proxy-info3", "-chain and -text spell certificates out in other words", "the layout is that of a library in Java"},
		{"voms-proxy-init3", "the certificate and its key may be in one file, and -key need not be named where it is", "other tools write such files"},
		{"voms-proxy-init", "attributes for certain hosts are good", "the original exits 1 where this machine is not one of them"},
		{"voms-proxy-init", "a FQAN of another VO is refused before a server is asked", "no server gives it"},
		{"voms-proxy-init", "the servers of a VO race, and only the one that answers is shown", "a dead server costs nothing"},
		{"voms-proxy-init", "vomses files are looked for at more places, all of which count, and a bad line is a warning", "those of version 3, ARC, conda and CVMFS are known as well"},
		{"voms-proxy-init", "where no CA directory is there and none is named, a proxy is made, and it is said", "nothing of a proxy without attributes depends on it"},
		{"voms-proxy-init", "the variable VO puts no extension into the proxy", "nobody reads it, and each extension is one that some server refuses"},
		{"voms-proxy-init", "serial numbers are random and longer, and the extension basicConstraints is not there", "RFC 3820 asks for unique serial numbers, and has no use for the other"},
		{"voms-proxy-init", "progress is not shown as dots on stderr", "keys are made while the network is waited for"},
		{"voms-proxy-destroy", "a CA directory need not be there", "the original exits 0 and leaves the proxy"},
		{"voms-proxy-destroy", "a symbolic link, a file of somebody else, a read-only file, a key alone and what is no credential are left", "a slip must not cost a file"},
	}
}

func grid() []Difference {
	return []Difference{
		{"grid-proxy-init", "-help says which options are not there yet", "-old and -draft are not: no server that is looked after takes them"},
		{"grid-proxy-init", "-old and -draft are refused", "no proxies but those of RFC 3820 are made"},
		{"grid-proxy-init", "a proxy has both key identifiers, no extended key usage, and a serial number of 8 bytes", "RFC 3820 asks for unique serial numbers; each extension more is one that some server refuses"},
		{"grid-proxy-init", "the file of -policy is taken whole", "the original leaves its last byte out"},
		{"grid-proxy-init", "an expired certificate leaves the old proxy, with the exit code 2 of the original", "the original puts a proxy in its place that is of no use"},
		{"grid-proxy-init", "a key that is not that of the certificate is an error, also one of a curve", "the original makes a proxy that nobody takes, and exits 0"},
		{"grid-proxy-init", "a key of another certificate in the file makes a proxy of that one", "it is the only one that the key can sign for"},
		{"grid-proxy-init", "-bits 512 and -bits 1024 make a key of 2048 bits, and say so", "servers refuse smaller ones"},
		{"grid-proxy-init", "-path-length 0 lets no proxy follow", "the original forgets it"},
		{"grid-proxy-init", "-pl without -policy makes a proxy with that policy language", "the original makes one with all rights"},
		{"grid-proxy-init", "-pl takes object identifiers alone", "the original makes a policy language of any word"},
		{"grid-proxy-init", "a symbolic link, a file of somebody else, a read-only file, the certificate itself and what is no credential are not replaced", "a slip must not cost a file"},
		{"grid-proxy-init", "the folder of the proxy and the file there are looked at first", "nobody is asked for a passphrase in vain"},
		{"grid-proxy-init", "the home folder is that of HOME", "there are users without an entry in passwd, in containers"},
		{"grid-proxy-init", "-cert names a file with the key in it, also PKCS #12, where there is no other key", "the original finds no credentials"},
		{"grid-proxy-init", "errors say why without -debug", "people ask next"},
		{"grid-proxy-*", "files may be those of root", "hosts give credentials to services so"},
		{"grid-proxy-info", "the strength of an EC key is that of its curve: 256, not 576", "the original takes the size of a signature"},
		{"grid-proxy-info", "blocks of other kinds, such as DIRACX, are passed over", "DIRAC adds one to its proxies"},
		{"grid-proxy-info", "keys in blocks named EC PRIVATE KEY are read", "OpenSSL writes them"},
		{"grid-proxy-info", "-text spells the certificate out in other words", "the layout of openssl x509 -text changes with its versions"},
		{"grid-proxy-destroy", "a symbolic link, a file of somebody else, a read-only file, a folder, a key alone and what is no credential are left, with exit code 1", "a slip must not cost a file"},
		{"grid-proxy-destroy", "-all destroys the usual proxy wherever it is", "the original leaves it outside /tmp"},
		{"grid-cert-info", "-all spells the certificate out in other words", "the layout of openssl x509 -text changes with its versions"},
		{"grid-cert-info", "letters outside ASCII are escaped, as in all other tools of Globus", "the original writes them in Latin 1"},
	}
}
