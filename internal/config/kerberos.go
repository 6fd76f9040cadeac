// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// TicketCache is the credential cache that an option or KRB5CCNAME names, in MIT's form, such as KCM: or FILE:/tmp/krb5cc_1000;
// "" if none is named, and krb5.conf has the say.
func TicketCache(env Env, option string) string { return First(option, env("KRB5CCNAME")) }

// Krb5Confs are the files of Kerberos' configuration, all of which count, the first one first. Far and Own are empty.
func Krb5Confs(env Env) Places {
	if named := nonEmpty(filepath.SplitList(env("KRB5_CONFIG"))...); len(named) > 0 {
		return Places{Near: named, Named: true}
	}
	return Places{Near: krb5Confs(env, runtime.GOOS)}
}

// krb5Confs are the places that MIT Kerberos has for a system.
func krb5Confs(env Env, system string) []string {
	switch system {
	case "windows":
		const file = "MIT/Kerberos5/krb5.ini"
		return nonEmpty(within(env("AppData"), file), within(env("ProgramData"), file))
	case "darwin":
		const file = "Library/Preferences/edu.mit.Kerberos"
		return nonEmpty(within(env("HOME"), file), "/"+file, "/etc/krb5.conf")
	}
	return []string{"/etc/krb5.conf"}
}

// ClientKeytabs are the files with keys for logging in without a ticket that an option or KRB5_CLIENT_KTNAME names (Named), or those
// that MIT's library looks for: the first that is there counts, and none need be. Where none is Named, default_client_keytab_name of
// krb5.conf goes before them. euid is the effective user's number.
func ClientKeytabs(env Env, option string, euid int) Places {
	if named := First(option, env("KRB5_CLIENT_KTNAME")); named != "" {
		return Places{Near: []string{strings.TrimPrefix(named, "FILE:")}, Named: true}
	}
	if runtime.GOOS == "windows" {
		return Places{}
	}
	// What the library has is its localstatedir, which is another one on Debian, on RHEL and upstream, with /var/lib, as on Arch.
	var p Places
	for _, state := range []string{"/etc", "/var/kerberos", "/var/lib"} {
		p.Near = append(p.Near, filepath.Join(state, "krb5/user", strconv.Itoa(euid), "client.keytab"))
	}
	return p
}
