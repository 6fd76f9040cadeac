// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// certInfo are the options of ecp-cert-info.
type certInfo struct {
	ciecp
	file            string
	valid           time.Duration
	verbose, exists bool
	wanted          []func(facts) string // in the order of the command line
}

func newCertInfo(p *python.Program) {
	o := &certInfo{ciecp: ciecp{Program: p}}
	p.OneDash = true // -valid, -exists
	only := func(names, what string, show func(facts) string) python.Option {
		return python.Option{Option: argv.Option{Names: strings.Fields(names), Set: func(string) error {
			o.wanted = append(o.wanted, show)
			return nil
		}}, Help: "print " + what + " alone"}
	}
	p.Options = append(o.helpers("l list-idps"),
		python.Text("f file", "FILE", "the credential (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)", &o.file),
		python.Option{Option: argv.Option{Names: []string{"v", "valid"}, Value: argv.Required, Set: o.setValid}, Placeholder: "HH:MM",
			Help: "fail, after all else, unless it is valid for this time"},
		python.Flag("verbose", "print the certificate in PEM, too", &o.verbose),
		python.Flag("e exists", "print nothing: exit 0 if it is valid, for the time of -v if that is given, and 1 if not", &o.exists),
		only("s subject", "the subject", facts.subject),
		only("i issuer", "the issuer", facts.issuer),
		only("type", "the type", facts.kind),
		only("t timeleft", "the seconds that are left", facts.seconds),
		only("path", "the path", func(f facts) string { return f.path }),
	)
	p.Run = func(_ context.Context, arguments []string) error {
		if len(arguments) > 0 {
			return python.Usagef("unrecognized arguments: %s", strings.Join(arguments, " "))
		}
		return o.main()
	}
}

func (o *certInfo) setValid(text string) error {
	m := regexp.MustCompile(`^(\d{1,6}):(\d{1,6})$`).FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("invalid time value: %s", python.Repr(text))
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	o.valid = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	return nil
}

func (o *certInfo) main() error {
	path := config.First(o.file, o.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
	// Who only looks may look at what others can read, too.
	lax := credstore.Reader{Overrule: func(error) error { return nil }}
	c, _, err := lax.Inspect(path)
	if err != nil {
		if o.exists {
			return python.ErrSilent
		}
		return files.Missing(err, path)
	}
	f := facts{c, path, o.Con.Now()}
	enough := f.left() > 0 && f.left() >= o.valid
	switch {
	case o.exists && !enough:
		return python.ErrSilent
	case o.exists:
		return nil
	case o.wanted == nil:
		err = f.write(o.Con.Out, o.verbose)
	}
	for _, show := range o.wanted {
		err = errors.Join(err, o.Con.PrintLine(show(f)))
	}
	if err == nil && o.valid > 0 && !enough {
		return fmt.Errorf("the credential in %s is not valid for %s", path, timedelta(o.valid))
	}
	return err
}

// facts are what there is to say of a credential.
type facts struct {
	*proxycert.Credential
	path string
	now  time.Time
}

func (f facts) subject() string { return dn.Slashes4514(f.Leaf().RawSubject) }

func (f facts) issuer() string { return dn.Slashes4514(f.Leaf().RawIssuer) }

func (f facts) kind() string { return proxycert.TypeOf(f.Leaf()).String() }

// left is the time left of the shortest certificate, in whole seconds, never below zero.
func (f facts) left() time.Duration { return max(0, f.TimeLeft(f.now).Truncate(time.Second)) }

func (f facts) seconds() string { return strconv.FormatInt(int64(f.left()/time.Second), 10) }

// write prints all of it, with the certificate itself if all is to be told.
func (f facts) write(w io.Writer, all bool) error {
	left := timedelta(f.left())
	if f.left() == 0 {
		left += " [EXPIRED]"
	}
	var b strings.Builder
	for _, row := range [][2]string{
		{"subject", view.Line(f.subject())}, {"issuer", view.Line(f.issuer())}, {"type", f.kind()},
		{"strength", strconv.Itoa(proxycert.Strength(f.Leaf().PublicKey)) + " bits"}, {"path", view.Line(f.path)}, {"timeleft", left},
	} {
		fmt.Fprintf(&b, "%-9s: %s\n", row[0], row[1])
	}
	if all {
		fmt.Fprintf(&b, "%-9s: %s", "text", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Leaf().Raw}))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// timedelta writes a time as Python does: 11 days, 12:59:58.
func timedelta(d time.Duration) string {
	s := int64(d / time.Second)
	clock := fmt.Sprintf("%d:%02d:%02d", s/3600%24, s/60%60, s%60)
	switch days := s / 86400; days {
	case 0:
		return clock
	case 1:
		return "1 day, " + clock
	default:
		return fmt.Sprintf("%d days, %s", days, clock)
	}
}
