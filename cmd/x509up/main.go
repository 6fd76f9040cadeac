// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Some old CAs number their certificates below zero, and OpenSSL takes them.
//go:debug x509negativeserial=1

// Command x509up gets, keeps and shows short-lived X.509 credentials.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/x509up/x509up/internal/cli"
)

// version is set by the linker.
var version = ""

func main() {
	log.SetOutput(io.Discard) // net/http would print what servers send
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not heed the first
	code := cli.Main(ctx, os.Args[1:], cli.System(version))
	stop()
	os.Exit(code)
}
