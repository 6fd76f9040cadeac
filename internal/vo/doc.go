// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vo is what the command vo does: it shows the virtual organisations (VOs) that this machine knows, with their VOMS servers (vomses
// files), with those who may speak for them (LSC files), with what is missing and which servers are no more; it adds VOs to the user's
// own files, and takes them out again. Package health below it asks servers whether they are well. Where such files are, and what
// they are to a proxy that is made, package site knows.
//
//	var c vo.Collection
//	err := c.AddFile("card.xml") // and more, until all is there
//	cards, findings := c.Cards()
//	changes, err := vo.Install(cards, vo.Folders{Vomses: "/home/j/.config/x509up/vomses", VOMSDir: "/home/j/.config/x509up/vomsdir"},
//		vo.InstallOptions{})
//
// # What is read
//
// The VO ID card of the EGI Operations Portal (XML; one VO or all of them), vomses lines, LSC files, and folders and tar archives
// (gzip or not) that hold such files, as packages of VOs do:
//
//	etc/vomses/NAME                              lines of any VOs
//	etc/grid-security/vomsdir/VO/HOST.lsc        the VO and the server are in the path
//
// An LSC file that lies in no folder of its VO belongs to the VO that has a server of its name among what is read with it.
//
// Whoever writes such files decides whom this machine trusts to speak for a VO. So they come from files or by HTTPS, never by plain HTTP.
//
// # What is written
//
// VOMSES/VO and VOMSDIR/VO/HOST.lsc, each whole or not at all, and nothing if one of them is there already and says something else.
//
// # What it does not do
//
// It knows no environment, no usual folder, no clock and no terminal. It keeps no catalogue of VOs of its own: a copy of one
// would be wrong soon. The one list that it has is of servers that are gone; see [RetirementOf].
package vo
