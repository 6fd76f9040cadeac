// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"slices"
)

// Env looks up an environment variable of the table [Variables]; "" if it is not set. Tests put their own in its place.
type Env func(name string) string

// OS is the environment of the process. To look up a variable that is not in the table is a slip in the program, and
// panics: users could not learn of it.
func OS() Env {
	return func(name string) string {
		if !slices.ContainsFunc(Variables(), func(v Variable) bool { return v.Name == name }) {
			panic(fmt.Sprintf("config: %s is not in the table of environment variables", name))
		}
		return os.Getenv(name)
	}
}

// First returns the first value that is not empty: what an option says, then the environment, the profile, the default.
func First(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// Variable is an environment variable that changes what the tool does.
type Variable struct {
	Name string
	// Meaning is a phrase: what the variable says.
	Meaning string
	// Expects is the form of the value, as in a usage line.
	Expects string
	// Sensitive tells that the value may hold a secret and must not be shown.
	Sensitive bool
	// SharedWith names other software that reads the variable in the same sense; empty if it is the tool's own.
	SharedWith string
	// ByRuntime tells that libraries read it, Go's or those of others, not the tool itself.
	ByRuntime bool
}

// Variables returns the table of all environment variables that are read, in the order in which a manual lists them.
func Variables() []Variable {
	return []Variable{
		{Name: "ECP_IDP", Meaning: "the identity provider", Expects: "NAME|URL|entityID", SharedWith: "ciecplib"},
		{Name: "CIGETCERTOPTS", Meaning: "options of cigetcert before those of its command line", Expects: "OPTIONS",
			SharedWith: "cigetcert, ciecplib"},
		{Name: "X509UP_SERVICE_PROVIDER", Meaning: "the online CA that certificates come from", Expects: "URL"},
		{Name: "X509UP_USERNAME", Meaning: "the user name at the identity provider", Expects: "NAME"},
		{Name: "X509UP_PASSWORD_FILE", Meaning: "the file whose first line is the password", Expects: "FILE"},
		{Name: "X509UP_ALLOW_KEY_MODE", Meaning: "private keys are read whoever else can read them", Expects: "1"},
		{Name: "X509UP_VOMS_PERSONALITY", Meaning: "which voms-proxy-init is answered for under that name, instead of what both have in common", Expects: "2|3"},
		{Name: "X509UP_PROFILE", Meaning: "the profile of the configuration file", Expects: "NAME"},
		{Name: "X509UP_CONFIG", Meaning: "the configuration file, instead of the one in the home folder", Expects: "FILE"},
		{Name: "X509_USER_PROXY", Meaning: "where the credential is stored and looked for", Expects: "FILE",
			SharedWith: "Globus, VOMS, ARC, XRootD, gfal2, Rucio"},
		{Name: "X509_USER_CERT", Meaning: "the user certificate that init makes a proxy of", Expects: "FILE",
			SharedWith: "Globus, VOMS, ARC, XRootD, gfal2"},
		{Name: "X509_USER_KEY", Meaning: "its private key", Expects: "FILE", SharedWith: "Globus, VOMS, ARC, XRootD, gfal2"},
		{Name: "X509_USER_CRED", Meaning: "the PKCS #12 file of voms-proxy-init where there is no ~/.globus/usercert.pem", Expects: "FILE", SharedWith: "VOMS"},
		{Name: "PKCS12_USER_CERT", Meaning: "another name of that", Expects: "FILE", SharedWith: "VOMS"},
		{Name: "VOMS_PROXY_INIT_DONT_VERIFY_AC", Meaning: "voms-proxy-init does not verify attributes", Expects: "1", SharedWith: "VOMS"},
		{Name: "X509_CERT_DIR", Meaning: "the folder of the CAs that verify goes by", Expects: "FOLDER",
			SharedWith: "Globus, VOMS, ARC, XRootD, gfal2"},
		{Name: "X509_VOMS_DIR", Meaning: "the folder of LSC files, which say who speaks for a VO", Expects: "FOLDER",
			SharedWith: "VOMS, ARC, XRootD, gfal2"},
		{Name: "X509_VOMSES", Meaning: "the vomses file or folder, which says where the servers of VOs are", Expects: "PATH", SharedWith: "ARC"},
		{Name: "X509_VOMS_FILE", Meaning: "another one beside that", Expects: "PATH", SharedWith: "ARC"},
		{Name: "VOMS_USERCONF", Meaning: "another one beside those", Expects: "PATH", SharedWith: "voms-proxy-init 2"},
		{Name: "TMPDIR", Meaning: "the folder of the proxy under the name arcproxy, instead of /tmp", Expects: "FOLDER", SharedWith: "ARC"},
		{Name: "TMP", Meaning: "another name of that", Expects: "FOLDER", SharedWith: "ARC"},
		{Name: "TEMP", Meaning: "another name of that", Expects: "FOLDER", SharedWith: "ARC"},
		{Name: "CONDA_PREFIX", Meaning: "the conda environment that is active, whose etc may hold files of VOs and CAs", Expects: "FOLDER",
			SharedWith: "conda"},
		{Name: "KRB5CCNAME", Meaning: "the credential cache with Kerberos tickets", Expects: "FILE|TYPE:NAME", SharedWith: "MIT and Heimdal Kerberos"},
		{Name: "KRB5_CONFIG", Meaning: "the configuration of Kerberos, instead of /etc/krb5.conf", Expects: "FILE[:FILE…]",
			SharedWith: "MIT and Heimdal Kerberos"},
		{Name: "KRB5_CLIENT_KTNAME", Meaning: "the keytab that logs in to Kerberos where there is no ticket", Expects: "FILE",
			SharedWith: "MIT Kerberos"},
		{Name: "DBUS_SESSION_BUS_ADDRESS", Meaning: "where the keyring is reached (not on macOS and Windows)", Expects: "ADDRESS",
			SharedWith: "D-Bus", ByRuntime: true},
		{Name: "SSL_CERT_FILE", Meaning: "the CAs that are trusted for servers (not on macOS and Windows)", Expects: "FILE",
			SharedWith: "OpenSSL, Go, curl", ByRuntime: true},
		{Name: "SSL_CERT_DIR", Meaning: "folders with such CAs (not on macOS and Windows)", Expects: "FOLDER[:FOLDER…]",
			SharedWith: "OpenSSL, Go, curl", ByRuntime: true},
		{Name: "HTTPS_PROXY", Meaning: "the HTTP proxy for https; in small letters too", Expects: "URL", Sensitive: true,
			SharedWith: "curl, Go, Python and others", ByRuntime: true},
		{Name: "NO_PROXY", Meaning: "hosts that are reached without the HTTP proxy; in small letters too", Expects: "HOST[,HOST…]",
			SharedWith: "curl, Go, Python and others", ByRuntime: true},
		{Name: "HOME", Meaning: "the home folder", Expects: "FOLDER", SharedWith: "POSIX"},
		{Name: "PATH", Meaning: "folders by which links says whether its links will be found", Expects: "FOLDER[:FOLDER…]", SharedWith: "POSIX"},
		{Name: "NO_COLOR", Meaning: "no colours on the terminal, if it is anything but empty", Expects: "1", SharedWith: "no-color.org"},
		{Name: "TERM", Meaning: "the kind of terminal; dumb has no colours", Expects: "NAME", SharedWith: "POSIX"},
		{Name: "XDG_CONFIG_HOME", Meaning: "where x509up/config.toml is, instead of ~/.config", Expects: "FOLDER",
			SharedWith: "XDG Base Directory"},
		{Name: "XDG_CACHE_HOME", Meaning: "where lists of identity providers are kept, and what VOMS servers speak, instead of ~/.cache", Expects: "FOLDER",
			SharedWith: "XDG Base Directory"},
		{Name: "AppData", Meaning: `where x509up\config.toml is (Windows)`, Expects: "FOLDER", SharedWith: "Windows"},
		{Name: "ProgramData", Meaning: `where x509up\config.toml for all users is (Windows)`, Expects: "FOLDER",
			SharedWith: "Windows"},
	}
}
