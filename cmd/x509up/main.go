// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Command x509up gets, keeps and shows short-lived X.509 credentials.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/x509up/x509up/internal/cli"
)

// version is set by the linker.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Main(ctx, os.Args[1:], cli.System(version))
	stop()
	os.Exit(code)
}
