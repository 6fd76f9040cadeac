// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

// Unusable is what no test can bring about.
var Unusable = unusable
