// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

// KnownOIDs are the extensions that have a name.
func KnownOIDs() (oids []string) {
	for _, k := range known {
		oids = append(oids, k.oid)
	}
	return oids
}
