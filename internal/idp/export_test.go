// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

// ParseMetadataMax lets the tests reach the limit without documents of its size.
var ParseMetadataMax = parseMetadata
