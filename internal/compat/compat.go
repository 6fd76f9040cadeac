// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package compat answers to the names of the tools that x509up takes the place
// of, as they did: their options, output, exit codes, files and environment.
//
//	t, ok := compat.Find(os.Args[0]) // "/usr/local/bin/voms-proxy-info"
//	if ok {
//		os.Exit(compat.Main(ctx, t, os.Args[0], os.Args[1:], console.System(version)))
//	}
//
// Each family of tools has a room of its own, which reads the options of the
// original with package argv, fills a request of the pipeline or the options of
// a command from them, and prints what the original prints. Nothing is made,
// read or checked here that is not made, read or checked below.
//
// The configuration file and the X509UP_* variables do not change what an old
// name does, but for what the original has no word for.
package compat

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/arcnames"
	"github.com/x509up/x509up/internal/compat/ecpnames"
	"github.com/x509up/x509up/internal/compat/gridcert"
	"github.com/x509up/x509up/internal/compat/gridnames"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/compat/vomsnames"
	"github.com/x509up/x509up/internal/compat/xrdnames"
)

// Tool is a program of others that is answered for.
type Tool = tool.Tool

// families are the tools of each room.
func families() [][]Tool {
	return [][]Tool{
		vomsnames.Tools(),
		gridnames.Tools(),
		gridcert.Tools(),
		arcnames.Tools(),
		xrdnames.Tools(),
		ecpnames.Tools(),
	}
}

// Find finds the tool of a program's name, which may be a path, and may end in .exe.
func Find(name string) (Tool, bool) {
	name = filepath.Base(name)
	if len(name) > 4 && strings.EqualFold(name[len(name)-4:], ".exe") {
		name = name[:len(name)-4]
	}
	if name == "x509up" {
		return Tool{}, false // what most calls are
	}
	for _, tools := range families() {
		for _, t := range tools {
			if t.Name == name || slices.Contains(t.Aliases, name) {
				return t, true
			}
		}
	}
	return Tool{}, false
}

// Names are those of all tools, without aliases, sorted.
func Names() []string {
	var names []string
	for _, tools := range families() {
		for _, t := range tools {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Main runs a tool under a name, and returns its exit code. Where the context ends it, that is what a shell says of programs
// that Ctrl-C ends.
func Main(ctx context.Context, t Tool, name string, args []string, s console.Surroundings) int {
	code := t.Run(ctx, &console.Console{Surroundings: s}, name, args)
	if ctx.Err() != nil && code != 0 {
		return interrupted
	}
	return code
}

// interrupted is the exit code of what a signal ended.
const interrupted = 130
