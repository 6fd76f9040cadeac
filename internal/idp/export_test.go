// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import "context"

// ParseMetadataMax lets the tests reach the limit without documents of its size.
var ParseMetadataMax = parseMetadata

// Listed returns the providers of the list, also those that All does not show.
func Listed(ctx context.Context, f Finder) (Metadata, error) {
	doc, err := f.list(ctx)
	return doc.Metadata, err
}
