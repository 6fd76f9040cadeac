// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat"
)

// Process runs the process's own command line and returns its exit code: that of
// another tool where the program was called by the name of one.
// Version is what the linker set.
func Process(version string) int {
	log.SetOutput(io.Discard) // net/http would print what servers send
	args := os.Args[1:]
	run, reads := Main, len(args) > 0 && onlyReads(args[0])
	if tool, ok := compat.Find(os.Args[0]); ok {
		run = func(ctx context.Context, args []string, s console.Surroundings) int {
			return compat.Main(ctx, tool, os.Args[0], args, s)
		}
		reads = tool.Reads != nil && tool.Reads(args)
	}
	if reads {
		return run(context.Background(), args, console.System(version))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not heed the first
	return run(ctx, args, console.System(version))
}

// onlyReads tells of commands that leave nothing half done when a signal ends
// them as it ends any process. To wait for signals takes threads, and a fifth
// of the time of a look at a file, which scripts take by the thousand.
func onlyReads(command string) bool {
	return command == "info" || command == "verify" || command == "version"
}
