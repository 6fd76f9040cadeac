// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

func platformPaths(env Env) Paths {
	return Paths{System: below(env("ProgramData")), User: below(env("AppData"))}
}
