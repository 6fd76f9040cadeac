// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

// ReachableBy is Reachable where a test says what is there.
var ReachableBy = reachable

// Krb5ConfsOf is what Krb5Confs has for a system.
var Krb5ConfsOf = krb5Confs
