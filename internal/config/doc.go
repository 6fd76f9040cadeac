// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package config is what the tool takes from its surroundings: environment variables and the configuration file.
//
// # Environment
//
// [Variables] is the table of all variables that are read; help and manual are made from it. [OS] is the only way to the
// process's environment in the whole program, and it answers for names of the table alone.
//
// # Configuration file
//
// Settings that go together, say those for one service, are a profile:
//
//	default-profile = "campus"
//
//	[profile.campus]
//	identity-provider = "https://idp.example.org/idp/profile/SAML2/SOAP/ECP"
//	username          = "jdoe"
//	service-provider  = "https://ca.example.org/secure/getcert"
//	proxy             = true
//	reuse             = 12
//
// The keys of a profile are the long options of get-cert, and realm, by which a profile is found for who has a Kerberos ticket
// ([Config.ByRealm]), and kerberos-url, which no list has; [Keys] lists them. The file is TOML. It is read from
// /etc/x509up/config.toml, for all users of a machine, and from ~/.config/x509up/config.toml ($XDG_CONFIG_HOME is
// honoured, $X509UP_CONFIG names another file). A key in the user's file wins over the same key of the same profile in
// the other one. Options and environment variables win over both: see [First].
//
// The file says where a password goes, so it is read strictly. A key that is not known is refused, with its line and the
// key that was probably meant; so is a value of the wrong kind, a password, and a file that others may write.
//
// # Files of VOs and CAs
//
// [Vomses], [VOMSDirs] and [CADirs] are the places where grid software keeps them, those on CVMFS apart: a mount that is dead holds up
// whoever looks at it, so it is looked at last, and not for long.
//
// [TicketCache], [Krb5Confs] and [ClientKeytabs] are the same for Kerberos, with the variables and defaults of MIT's library.
//
// The package writes nothing and keeps nothing between calls.
package config
