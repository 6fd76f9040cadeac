// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package differences

// arc are those of arcproxy and xrdgsiproxy.
func arc() []Difference {
	return []Difference{
		{"arcproxy", "a proxy has both key identifiers, no extended key usage, and a serial number of its own", "RFC 3820 asks for unique serial numbers; each extension more is one that some server refuses"},
		{"arcproxy", "which servers have answered is remembered in ~/.cache/x509up", "the next request goes there first"},
		{"arcproxy", "attributes for a shorter time than was asked for are taken, with a warning", "the original takes the server's warning for an error"},
		{"arcproxy", "a VO that no vomses file names is said first", "nobody is asked for a passphrase in vain"},
		{"arcproxy", "a server that refuses is not said to be out of reach", "what it said is what helps"},
		{"arcproxy", "the kind of a proxy of the draft, and of an end-entity certificate, is said", "the original calls them CA certificates"},
		{"arcproxy", "the digest of a signature with ECDSA is said", "the original says unknown"},
		{"arcproxy", "attributes signed by voms-api-java 3.3.5, and those whose holder is named by its issuer, are shown", "servers give such"},
		{"arcproxy", "a value may be in the same argument as its letter, -Pfile", "GNU programs read it"},
		{"arcproxy", "-h has its own text, and what is not there yet is in it", "it shows the options that there are"},
		{"arcproxy", "-G, -F, -z and the options of MyProxy are errors", "they are not there yet"},
		{"arcproxy", "-H and -B change nothing", "servers are asked in both protocols"},
		{"arcproxy", "~/.arc/client.conf and the folder that one is in are not looked into", "a proxy is made of what was named, or of what is at home"},
		{"arcproxy", "a constraint that is not known is said", "the original passes over slips in silence"},
		{"arcproxy", "proxies that begin later, digests but SHA-256 and keys above 4096 bits are errors; keys below 2048 bits get as many, with a word", "they are not there yet, or no server takes them"},
		{"arcproxy", "keybits=inherit makes a key on the curve of the certificate", "the original makes one of RSA"},
		{"arcproxy", "-p holds for PKCS #12 as well", "the original asks all the same"},
		{"arcproxy", "no attributes of a VO are an error, exit code 1, also where no vomses file is found", "the original exits 0 without a proxy"},
		{"arcproxy", "a symbolic link, a file of somebody else, a read-only file and what is no credential are neither replaced nor removed", "a slip must not cost a file"},
		{"xrdgsiproxy", "a proxy that cannot be made, shown or removed is exit code 1", "the original exits 0"},
		{"xrdgsiproxy", "a proxy has no extended key usage, a serial number of 8 bytes, and begins five minutes before now", "as under the other names"},
		{"xrdgsiproxy", "proxies are signed with SHA-256", "the original of Debian 12 takes SHA-1, which servers refuse"},
		{"xrdgsiproxy", "a proxy ends with its certificate, and the end of the whole chain is shown", "it is of no use afterwards"},
		{"xrdgsiproxy", "a key that is not that of the certificate is an error, also one of a curve", "the original makes a proxy that nobody takes"},
		{"xrdgsiproxy", "letters outside ASCII are escaped, as in all other tools", "the original writes them in Latin 1"},
		{"xrdgsiproxy", "-path-length -1 sets no limit", "the original says so, and takes it for an option"},
		{"xrdgsiproxy", "a time or a number that is none is passed over with a word", "the original makes a proxy that is over at once"},
		{"xrdgsiproxy", "of a limited legacy proxy the certificate above it is not shown", "it is of no other proxy"},
		{"xrdgsiproxy", "-extensions spells extensions out in other words, and -debug changes nothing", "the original prints how it reads them"},
		{"xrdgsiproxy", "a symbolic link, a file of somebody else, a read-only file and what is no credential are neither replaced nor removed", "a slip must not cost a file"},
	}
}
