// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinfo

import (
	"context"
	"errors"
	"io/fs"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/config"
)

// Destroy is voms-proxy-destroy.
func Destroy(_ context.Context, p *front.Program, args []string) int {
	var o struct {
		front.Common
		file string
		dry  bool
	}
	var options []front.Option
	options = append(p.Common(&o.Common, &options),
		front.Value("file", "FILE", front.Both, argv.Text(&o.file), "the proxy is in this file"),
		front.Flag("quiet q", front.Both, &p.Quiet, "says nothing"),
		front.Flag("dryrun", front.CPP, &o.dry, "only says what would be removed"),
		front.Flag("dry", front.Java, &o.dry, "only says what would be removed"),
	)
	if code, proceed := p.Parse(options, &o.Common, args); !proceed {
		return code
	}
	path := config.First(o.file, p.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
	do := credstore.Destroy
	if o.dry {
		do = credstore.CheckDestroy
	}
	err := credstore.CheckContents(path)
	if err == nil {
		err = do(path)
	}
	if err != nil {
		notDestroyed(p, err)
		return 1
	}
	switch {
	case !o.dry || p.Quiet:
	case p.Like == front.Java:
		p.Out("Would remove %s", path)
	default:
		p.Err("Would remove %s\n", path)
	}
	return 0
}

// notDestroyed says that there is no file, or why it is left alone.
func notDestroyed(p *front.Program, err error) {
	const nothing = "\nProxy file doesn't exist or has bad permissions\n\n"
	switch {
	case p.Quiet:
	case p.Like == front.Java:
		p.Out(nothing)
	default:
		p.Err(nothing)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		p.Explain(err)
	}
}
