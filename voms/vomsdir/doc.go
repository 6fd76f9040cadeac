// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomsdir reads the folder in which it is written which servers speak for a VO, usually /etc/grid-security/vomsdir:
//
//	VO/HOST.lsc   the names of the certificates with which the server HOST signs for VO
//	VO/*.pem      of old: certificates with which servers sign for VO
//	*.pem         of old: certificates with which servers sign for any VO
//
// # LSC files
//
// An LSC file is a list of names: the subject of the server's certificate on the first line, that of the CA that has issued it
// on the second. It stays good when the server renews its certificate.
//
//	lsc, err := vomsdir.Find([]vomsdir.Dir{{Path: "/etc/grid-security/vomsdir"}}, "dteam", "voms.example.org")
//	if err != nil { … }
//	err = lsc.Match(ac.Certificates)
//
// The readers in the field differ in what they take: comments, quotes, how several chains are set apart. [Parse] takes what any of them
// does. Errors are typed, and know what mends them: the file, and the lines that it should hold.
//
// # Certificates
//
// Before there were LSC files, which is until about 2008, the certificates themselves were given to everybody. [Certificates] finds
// them. Whether one has signed anything is for the caller to see (package voms does so, where there is no LSC file).
//
// # What it does not do
//
// It judges no certificate: its CA, dates and signatures are the caller's. It knows no environment and no usual folder.
package vomsdir
