// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package tool is what the families of old names have in common: how one of them
// is called.
package tool

import (
	"context"

	"github.com/x509up/x509up/internal/cli/console"
)

// Tool is a program of others that is answered for.
type Tool struct {
	Name    string   // such as "voms-proxy-init"
	Aliases []string // names under which it is found as well, and for which no link is made unless it is asked for
	// Reads tells that a command line leaves nothing half done when a signal ends it: those that scripts call by the
	// thousand do not wait for signals. Nil is never.
	Reads func(args []string) bool
	// Run carries a command line out and returns the exit code, which is that of the original. Name is what the program was
	// called as, which is in the messages of some; args are without it.
	Run func(ctx context.Context, con *console.Console, name string, args []string) int
}

// Always is the Reads of tools that only look.
func Always([]string) bool { return true }
