// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package config

import "path/filepath"

func platformPaths(env Env) Paths {
	// The XDG specification has relative paths ignored.
	user := below(env("XDG_CONFIG_HOME"))
	if user == "" {
		user = below(filepath.Join(env("HOME"), ".config"))
	}
	return Paths{System: "/etc/x509up/config.toml", User: user}
}
