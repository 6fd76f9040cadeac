// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames

// Unreachable is unreachable, for its tests.
var Unreachable = unreachable
