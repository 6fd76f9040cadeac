// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames

import (
	"context"
	"errors"
	"io/fs"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
)

// destroy is voms-proxy-destroy.
func destroy(_ context.Context, p *program, args []string) int {
	var o struct {
		common
		file string
		dry  bool
	}
	var options []option
	options = append(p.common(&o.common, &options),
		value("file", "FILE", both, argv.Text(&o.file), "the proxy is in this file"),
		flag("quiet q", both, &p.quiet, "says nothing"),
		flag("dryrun", cpp, &o.dry, "only says what would be removed"),
		flag("dry", java, &o.dry, "only says what would be removed"),
	)
	if code, proceed := p.parse(options, &o.common, args); !proceed {
		return code
	}
	path := config.First(o.file, p.con.Env("X509_USER_PROXY"), files.DefaultCredential())
	do := credstore.Destroy
	if o.dry {
		do = credstore.CheckDestroy
	}
	err := credstore.CheckContents(path)
	if err == nil {
		err = do(path)
	}
	if err != nil {
		p.notDestroyed(err)
		return 1
	}
	switch {
	case !o.dry || p.quiet:
	case p.like == java:
		p.out("Would remove %s", path)
	default:
		p.err("Would remove %s\n", path)
	}
	return 0
}

// notDestroyed says that there is no file, or why it is left alone.
func (p *program) notDestroyed(err error) {
	const nothing = "\nProxy file doesn't exist or has bad permissions\n\n"
	switch {
	case p.quiet:
	case p.like == java:
		p.out(nothing)
	default:
		p.err(nothing)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		p.explain(err)
	}
}

// explain says in our own words what is wrong, and what to do about it.
func (p *program) explain(err error) {
	v := verdict.Judge(err)
	p.err("%s: %s\n", p.name, view.Line(v.Text))
	for _, hint := range v.Hints {
		p.err("hint: %s\n", hint)
	}
}
