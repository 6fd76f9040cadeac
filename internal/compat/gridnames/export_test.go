// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

// Delegated is delegated.
var Delegated = delegated

// Minutes is minutes.
var Minutes = minutes

// MaxMinutes is more than no time can have.
const MaxMinutes = maxHours*60 + 60
