// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Some old CAs number their certificates below zero, and OpenSSL takes them.
//go:debug x509negativeserial=1

// Command x509up gets, keeps and shows short-lived X.509 credentials.
package main

import (
	"os"

	"github.com/x509up/x509up/internal/cli"
)

// version is set by the linker.
var version = ""

func main() { os.Exit(cli.Process(version)) }
