// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

// Delegated is delegated.
var Delegated = delegated
