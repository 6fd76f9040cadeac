// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package differences

// ecp are those of the tools that log in by SAML ECP. No suite has the originals: they are not in Debian, and their service has ended.
func ecp() []Difference {
	const builtIn = "CILogon's, which the originals have built in, has ended"
	return []Difference{
		{"ecp-*", "the service provider is that of X509UP_SERVICE_PROVIDER or a profile", builtIn},
		{"ecp-*", "idp-list, metadata and ca-file of a profile say where servers are", "the originals have no words for that"},
		{"ecp-*", "-i takes any https URL, and the entityID of a provider in metadata", "the original takes URLs that end in /SOAP/ECP"},
		{"ecp-*", "-k finds endpoints that a list marks with (Kerberos)", "the original never looks at them"},
		{"ecp-*", "CIGETCERTOPTS is read with its quotation marks", "the original parts names at blanks"},
		{"ecp-*", "an assertion goes nowhere where the two servers name different places for it", "the original posts it to where the identity provider says"},
		{"ecp-*", "errors are a line and hints, not a traceback", "people read them; the exit code is the same"},
		{"ecp-*", "a password may come from the file that X509UP_PASSWORD_FILE names", "the original can only ask"},
		{"ecp-get-cert", "the key is made here, unless more than 277 hours are asked for", "the original lets the server make it"},
		{"ecp-get-cert", "--reuse HOURS counts the hours, of the shortest certificate", "the original always takes one hour, of the first"},
		{"ecp-get-cert", "--reuse gets a new credential in the place of a damaged one", "the original fails"},
		{"ecp-get-cert", "a symbolic link, a file of somebody else, a read-only file and what is no credential are neither replaced nor destroyed", "a slip must not cost a file"},
		{"ecp-get-cert", "the certificates above the new one are stored, too, if the server sends them", "the original drops them"},
		{"ecp-cert-info", "--exists is no for an expired certificate, and for a file that is not there or damaged", "the original says yes, or fails with a traceback"},
		{"ecp-cert-info", "the time left is that of the shortest certificate in the file", "no server takes a proxy for longer"},
		{"ecp-cert-info", "independent, restricted and draft proxies are called so, and names may have slashes", "the original does not know them, or fails"},
		{"ecp-curl", "cookies that last are kept without -s", "its manual says so, and the original keeps none"},
		{"ecp-curl", "each -H is sent", "of those with one name the original sends the last"},
		{"ecp-get-cookie", "--reuse asks the server whether it takes the cookies, whatever they are called", "the original looks for a name that administrators can change, and does not ask"},
		{"ecp-get-cookie", "-d shows the messages of the login", "its manual says so"},
		{"ligo-proxy-init", "login2.ligo.org is tried only where login.ligo.org cannot be reached", "the original sends a wrong password twice, which may lock the account"},
		{"cigetcert", "the service provider is that of --spurl, X509UP_SERVICE_PROVIDER or a profile", builtIn},
		{"cigetcert", "the key is made here, unless more than 277 hours are asked for", "the original lets the server make it"},
		{"cigetcert", "%realm in --promptstr is the host of the identity provider", "no request goes there before the password"},
		{"cigetcert", "-i is a name, or a regular expression for a whole one, which must find one institution", "the original takes the last that it finds"},
		{"cigetcert", "a password is asked for where -k finds no ticket that will do", "its manual says so"},
		{"cigetcert", "the time left is that of the shortest certificate in the file", "no server takes a proxy for longer"},
		{"cigetcert", "-o takes a name without a folder, and the old file stays if anything goes wrong", "the original writes to /, and removes the file first"},
		{"cigetcert", "a symbolic link, a file of somebody else and what is no credential are not replaced", "a slip must not cost a file"},
		{"cigetcert", "--debug shows no password, cookie or assertion", "people send what it prints to others"},
		{"cigetcert", "the options for MyProxy are not there yet, and say so", "what cannot be done is not passed over"},
	}
}
