// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import "github.com/x509up/x509up/voms/vomses"

// What package vomses reads, under the names that it has beside a Client.
type (
	// Endpoint is one server of a VO.
	Endpoint = vomses.Endpoint
	// Book holds the servers of all VOs that are known here.
	Book = vomses.Book
	// Finding is something in the vomses files that cannot be used.
	Finding = vomses.Finding
	// UnknownVOError means that no vomses file names a server of a VO.
	UnknownVOError = vomses.UnknownVOError
)

// Load reads vomses files and folders, as vomses.Load.
func Load(paths ...string) Book { return vomses.Load(paths...) }

// ParseVomses reads the lines of a vomses file, as vomses.Parse.
func ParseVomses(data []byte, file string) ([]Endpoint, []Finding) { return vomses.Parse(data, file) }

// IsBackup says whether Load passes over a file of that name in a folder, as vomses.IsBackup.
func IsBackup(name string) bool { return vomses.IsBackup(name) }
