// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ownfile

// CheckOwner lets the tests play other users without being root.
var CheckOwner = checkOwner
