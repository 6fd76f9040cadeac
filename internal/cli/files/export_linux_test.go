// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

// OnReadOnlyMount is how a mounted Secret is known that is no link.
var OnReadOnlyMount = onReadOnlyMount
