// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomsnames answers to voms-proxy-init, voms-proxy-info,
// voms-proxy-destroy and voms-proxy-list.
//
// There are two programs of each of these names, whose options and output differ:
// version 2 in C++, and version 3 in Java. What is called by the name alone takes
// the options of both, reads a command line as version 2 does, and prints what that prints, byte for
// byte on stdout: one dash or two, a value after "=" or a blank, names cut short, the last of
// several. X509UP_VOMS_PERSONALITY, which is 2 or 3, and the names voms-proxy-info2 and
// voms-proxy-info3 pick one of them strictly.
//
// Where it does on purpose what neither does is in package differences.
package vomsnames

import (
	"context"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/proxyinfo"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/proxyinit"
)

// Tools are the programs.
func Tools() []tool.Tool {
	make := func(name string, reads func([]string) bool, run func(context.Context, *front.Program, []string) int) tool.Tool {
		return tool.Tool{
			Name: name, Aliases: []string{name + "2", name + "3"}, Reads: reads,
			Run: func(ctx context.Context, con *console.Console, called string, args []string) int {
				return run(ctx, &front.Program{Con: con, Name: name, Called: called, Like: front.LikeOf(con, called)}, args)
			},
		}
	}
	return []tool.Tool{
		make("voms-proxy-destroy", tool.Always, proxyinfo.Destroy),
		make("voms-proxy-info", tool.Always, proxyinfo.Info),
		make("voms-proxy-init", nil, proxyinit.Init),
		make("voms-proxy-list", nil, proxyinit.List),
	}
}
