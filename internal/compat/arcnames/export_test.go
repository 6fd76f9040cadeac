// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames

// Validity is validity.
var Validity = validity
