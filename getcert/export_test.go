// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert

// What a CA answers is read by these.
var (
	ParseCertificates = parseCertificates
	Refusal           = refusal
)
