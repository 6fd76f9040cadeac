// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomses reads vomses files, in which it is written where the servers of VOs are: the file /etc/vomses, or a folder of
// them.
//
//	book := vomses.Load("/etc/vomses")
//	endpoints, err := book.Find("dteam")
//
// Each line is for one server:
//
//	"alias" "host" "port" "server DN" "VO" ["version"]
//
// There is no standard for them. [Parse] takes what voms-clients 2.x takes, and [Load] merges what files and folders say. What is
// wrong with one of these, or with a line, is a [Finding], which keeps nothing else from being used.
//
// # What it does not do
//
// It knows no usual folder and no environment, asks no server (package contact does), and does not trust the server DN.
package vomses
