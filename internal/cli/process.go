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
)

// Process runs the process's own command line and returns its exit code.
// Version is what the linker set.
func Process(version string) int {
	log.SetOutput(io.Discard) // net/http would print what servers send
	args := os.Args[1:]
	if len(args) > 0 && onlyReads(args[0]) {
		return Main(context.Background(), args, console.System(version))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not heed the first
	return Main(ctx, args, console.System(version))
}

// onlyReads tells of commands that leave nothing half done when a signal ends
// them as it ends any process. To wait for signals takes threads, and a fifth
// of the time of a look at a file, which scripts take by the thousand.
func onlyReads(command string) bool {
	return command == "info" || command == "verify" || command == "version"
}
