// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package verdict is what the user gets for an error: the exit code, the text, and
// hints at what to do next. It is the only place for codes and hints; libraries and
// commands make errors whose types and fields say what has happened.
//
//	return verdict.Tell(con.Err, "x509up init", err) // prints, and returns the exit code
//
// Judge looks for the first cause with a rule: what the commands themselves say
// (own.go), then VOs, the login and the CA, files and what they hold, and last the
// network. An error that a library alone can explain says what mends it by a method
// Mend, as those of packages trust and voms do.
//
// It does not print to stdout, and ends no process.
package verdict

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/ownfile"
	"github.com/x509up/x509up/internal/page"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/trust"
)

// Silent, for commands whose exit code is an answer, makes an answer of the exit code alone where nothing but that is wanted. What is no answer, such as a slip on the
// command line or a CA directory that cannot be read, is still said.
func Silent(con *console.Console, err error) error {
	if err == nil || !con.Quiet {
		return err
	}
	switch code := Judge(err).Code; code {
	case ExitNoCredential, ExitUnfit, ExitVOMS:
		return &ExitError{Code: code}
	}
	return err
}

// Tell prints the error of a command, whose name comes first, with its hints, and returns the exit code for it; without an
// error it prints nothing.
func Tell(out io.Writer, command string, err error) int {
	if err == nil {
		return ExitOK
	}
	if quiet := (*ExitError)(nil); errors.As(err, &quiet) && quiet.Err == nil {
		return quiet.Code
	}
	v := Judge(err)
	fmt.Fprintln(out, view.Line(command+": "+v.Text))
	for _, hint := range v.Hints {
		first, rest, _ := strings.Cut(hint, "\n")
		fmt.Fprintln(out, view.Line("hint: "+first))
		for line := range strings.Lines(rest) { // of a file
			fmt.Fprintln(out, view.Line(strings.TrimSuffix(line, "\n")))
		}
	}
	return v.Code
}

// Exit codes of the commands (curl's are in package page). x509up help exit-codes explains them.
const (
	ExitOK           = 0
	ExitFailure      = 1
	ExitUsage        = 2
	ExitNoCredential = 3
	ExitUnfit        = 4
	ExitRefused      = 5
	ExitServer       = 6
	ExitVOMS         = 7
	ExitInterrupted  = 130
)

// ExitError gives an error an exit code of its own. Without Err nothing is
// printed: the code is the answer.
type ExitError struct {
	Code int
	Err  error
}

// Error is the text of the cause.
func (e *ExitError) Error() string { return fmt.Sprint(e.Err) }

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// Verdict is what the user gets for an error.
type Verdict struct {
	Code  int      // exit code
	Text  string   // without the packages' names
	Hints []string // what to do next, the most likely first; a hint may have several lines, of a file
}

// Judge finds the exit code and the hints for an error, from its type or from
// that of the first of its causes that a rule knows.
func Judge(err error) Verdict {
	v := Verdict{Code: ExitFailure, Text: console.Message(err)}
	if !judgeOwn(err, &v) && !judgeCauses(err, &v) && !judgeNetwork(err, &v) && errors.Is(err, fs.ErrPermission) {
		v.is(ExitFailure, closedHint)
	}
	if own := (*ExitError)(nil); errors.As(err, &own) {
		v.Code = own.Code
	}
	return v
}

func judgeCauses(err error, v *Verdict) bool {
	if judgeAsking(err, v) || judgeVO(err, v) {
		return true
	}
	if m, ok := errors.AsType[trust.Mender](err); ok {
		code := ExitUnfit
		if _, noDir := errors.AsType[*trust.DirError](err); noDir {
			code = ExitFailure // nothing is said about the credential
			if errors.Is(err, fs.ErrPermission) {
				return v.is(code, closedHint)
			}
		}
		return v.is(code, m.Mend())
	}
	if errors.Is(err, pemfile.ErrPassphrase) {
		return v.is(ExitRefused, "the passphrase is that of the key file, not a password of a server")
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeKerberos(err, v) || judgeLogin(err, v) || judgeCA(err, v) || judgeFinding(err, v) || judgeFiles(err, v) {
			return true
		}
	}
	return false
}

func (v *Verdict) is(code int, hints ...string) bool {
	v.Code, v.Hints = code, append(v.Hints, hints...)
	return true
}

// judgeOwn judges the end of the context, and the errors of the commands.
func judgeOwn(err error, v *Verdict) bool {
	if errors.Is(err, console.ErrInterrupted) || errors.Is(err, context.Canceled) {
		v.Text = console.ErrInterrupted.Error()
		return v.is(ExitInterrupted)
	}
	if lax, ok := errors.AsType[*files.LaxModeError](err); ok {
		v.Hints = []string{"chmod 600 " + shellQuote(lax.Path)}
	}
	if secret, ok := errors.AsType[*ask.SecretError](err); ok {
		v.Text = secret.Error() // no server is to blame
		switch {
		case errors.Is(secret.Err, fs.ErrNotExist):
			return v.is(ExitNoCredential, "check the name of the file")
		case errors.Is(secret.Err, fs.ErrPermission):
			return v.is(ExitUnfit, closedHint)
		}
		return v.is(ExitFailure)
	}
	if judgeKeyring(err, v) {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeUsage(err, v) || judgeImport(err, v) {
			return true
		}
	}
	return false
}

func judgeUsage(err error, v *Verdict) bool {
	switch err {
	case ErrNoServiceProvider:
		return v.is(ExitUsage, "--service-provider URL, the variable X509UP_SERVICE_PROVIDER or service-provider in a profile names it",
			"CILogon's (ecp.cilogon.org) stopped issuing certificates in May 2025; with a user certificate use x509up init")
	case ErrNoList:
		return v.is(ExitUsage, "--idp-list or --metadata names one, or idp-list or metadata in a profile")
	case ecp.ErrNoIdP:
		return v.is(ExitUsage, "--identity-provider NAME|URL, the variable ECP_IDP or identity-provider in a profile names it")
	}
	switch e := err.(type) {
	case *console.UsageError, *page.URLError, *page.HeaderError, *page.MethodError:
		return v.is(ExitUsage)
	case *ecp.CredentialsError:
		v.Text = e.Error() // no server is to blame
		return v.is(ExitUsage)
	case *console.ConfigError:
		return judgeConfig(e, v)
	case *ask.NoTerminalError:
		return v.is(ExitUsage, terminalHints[e.What])
	case *console.StrayArgumentError:
		return v.is(ExitUsage, "--"+e.Option+"="+shellQuote(e.Argument)+"?")
	case *console.NoCommandError:
		if e.Nearest != "" {
			return v.is(ExitUsage, e.Parent+" "+e.Nearest+"?")
		}
		return v.is(ExitUsage, e.Parent+" --help lists the commands")
	case *console.NoOptionError:
		if e.Nearest != "" {
			return v.is(ExitUsage, "--"+e.Nearest+"?")
		}
		return v.is(ExitUsage)
	case *files.NoCredentialError:
		return v.is(ExitNoCredential, "x509up get-cert and x509up init make one; -f FILE and X509_USER_PROXY name another file")
	case *OccupiedError:
		return v.is(ExitUnfit, "--force replaces it and keeps a copy")
	case *TakenError:
		return v.is(ExitUnfit, "x509up links --dir "+shellQuote(e.Dir)+" NAME... is about those alone that it names")
	case *KeylessError:
		return v.is(ExitUnfit, "-f FILE names another file; what is in this one is no secret: rm "+shellQuote(e.Path)+" removes it")
	case *files.NoUserCertError:
		return v.is(ExitNoCredential, "--cert FILE names it, in PEM or PKCS #12; x509up import FILE puts it where it is looked for")
	case *files.RefusedError:
		return v.is(ExitUnfit, refusedHint(e))
	case *files.UserFileError:
		if errors.Is(e.Err, fs.ErrNotExist) {
			return v.is(ExitNoCredential, "check the name of the file")
		}
		return v.is(ExitUnfit, closedHint)
	case *files.UnusableError:
		return v.is(ExitUnfit, "x509up get-cert and x509up init make a new one")
	}
	return false
}

// judgeConfig is about settings: the profiles, or those of Kerberos.
func judgeConfig(e *console.ConfigError, v *Verdict) bool {
	if mode, ok := errors.AsType[*ownfile.ModeError](e); ok {
		return v.is(ExitUsage, "chmod go-w "+shellQuote(mode.Path))
	}
	if _, conf := errors.AsType[*console.Krb5ConfError](e); conf {
		return v.is(ExitUsage, "KRB5_CONFIG names another file, or several with colons between them")
	}
	if unknown, ok := errors.AsType[*config.UnknownProfileError](e); ok && len(unknown.Known) == 0 {
		return v.is(ExitUsage, "profiles stand in ~/.config/x509up/config.toml, or in the file that X509UP_CONFIG names")
	}
	for cause := e.Err; cause != nil; cause = errors.Unwrap(cause) {
		if judgeRealm(cause, v) || judgeTicketFiles(cause, v) {
			break
		}
	}
	return v.is(ExitUsage)
}

// terminalHints tell a script what it should have said.
var terminalHints = map[string]string{
	ask.TheUserName: "-u NAME or X509UP_USERNAME names the user",
	ask.ThePassword: "--password-file, --password-command or --password-stdin gives it without a terminal",
	ask.ThePasscode: "--duo push needs no terminal",

	ask.TheNewPassphrase: "--passphrase-file, --passphrase-command or --passphrase-stdin gives it without a terminal; --no-encrypt leaves the key without one",

	ask.ThePassphrase: "--passphrase-file, --passphrase-command or --passphrase-stdin gives it without a terminal",
}

// shellQuote makes a path fit to be pasted into a shell.
func shellQuote(s string) string { return console.Quote(s) }
