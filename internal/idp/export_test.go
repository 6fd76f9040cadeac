// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import "time"

// ParseMetadataMax lets the tests reach the limit without documents of its size.
var ParseMetadataMax = parseMetadata

// CachePath is the file in which a copy of a source is kept.
func CachePath(f Finder, kind, where string) string {
	return f.cachePath(source{kind: kind, where: where})
}

// Cached reads that file.
func Cached(f Finder, kind, where string) (providers []Provider, validUntil time.Time, ok bool) {
	e, ok := f.cached(source{kind: kind, where: where})
	return e.Providers, e.ValidUntil, ok
}
