// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package krb5conf reads krb5.conf, in which it is written which realms there are, where their KDCs are, and in which realm a
// host is.
//
//	config, err := krb5conf.Read("/etc/krb5.conf")
//	if errors.Is(err, fs.ErrNotExist) {
//		config, err = new(krb5conf.Config), nil // MIT's defaults hold
//	}
//	realm := config.RealmOf("www.example.org")
//
// There is no standard for the file. What is read, and as what, is what the library of MIT Kerberos 1.20 makes of it, which was
// asked; a file that it takes is taken here, and one that it refuses is refused, with a [*SyntaxError]. There are these
// differences, all of them on the lenient side:
//
//   - A section on one line, "R = { kdc = a kdc = b }", is a section. MIT reads it as a value that nobody asks for.
//   - White space after the name of an included file is not of the name.
//   - "module" lines are passed over. MIT loads a library that is named there.
//   - clockskew may have a unit, as Heimdal's users write it, and kdc a prefix of Heimdal's, such as "tcp/".
//
// A relation that stands there several times has several values: the first counts where there can be one, all where there can be
// several. The mark "*" of a section keeps later files of a list from adding to it; it does nothing within one file, and
// nothing on a relation.
//
// # What it does not do
//
// It knows no environment (KRB5_CONFIG) and no usual file, loads no modules, and asks no DNS: package kerberos does what
// dns_lookup_kdc and dns_canonicalize_hostname say. Relations that it does not know are reached by [Config.Values].
package krb5conf
