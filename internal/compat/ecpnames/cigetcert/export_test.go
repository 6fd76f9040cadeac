// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cigetcert

// Split is split, for its tests.
var Split = split
