// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package python are programs that were written in Python: how they read their
// command line, by argparse or by optparse, how they complain about it, and what
// their exit codes are.
//
//	run := python.Tool(func(p *python.Program) {
//		var hours float64
//		p.Options = []python.Option{
//			python.Instead("h help", "show this and exit", p.Help),
//			{Option: argv.Option{Names: []string{"H", "hours"}, Value: argv.Required, Set: python.Int(&hours)}, Placeholder: "HOURS", Help: "the lifetime"},
//		}
//		p.Run = func(ctx context.Context, arguments []string) error { … }
//	})
//	code := run(ctx, con, "ecp-get-cert", []string{"-H", "12"})
//
// The exit code is 0, or 2 for what is wrong with the command line, and 1 for
// all else, which was a traceback mostly; here it is a line and its hints.
//
// What the originals never read does not count: X509UP_USERNAME is hidden.
package python
