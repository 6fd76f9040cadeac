// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/ownfile"
	"github.com/x509up/x509up/internal/page"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/trust"
)

// Exit codes of the commands (curl's are in package page). The table in topics.go explains them.
const (
	exitOK           = 0
	exitFailure      = 1
	exitUsage        = 2
	exitNoCredential = 3
	exitUnfit        = 4
	exitRefused      = 5
	exitServer       = 6
	exitVOMS         = 7
	exitInterrupted  = 130
)

var errInterrupted = errors.New("interrupted")

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exitError gives an error an exit code of its own. Without err nothing is
// printed: the code is the answer.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }

func (e *exitError) Unwrap() error { return e.err }

// What the commands themselves have to say. Their hints are in judgeOwn.
type (
	// noTerminalError means that a question could not be asked.
	noTerminalError struct{ what string }
	// noCredentialError means that a file that should hold a credential is not there.
	noCredentialError struct{ path string }
	// occupiedError means that import would replace a file.
	occupiedError struct{ path string }
	// importTargetError is what is wrong with the place that import writes to, which another option names than that of
	// commands that store proxies.
	importTargetError struct{ err error }
	// importHalfError means that the file to be imported holds a certificate or a key alone.
	importHalfError struct{ err error }
	// noUserCertError means that there is no user certificate at the places where it is looked for.
	noUserCertError struct{ tried []string }
	// keylessError means that what should be destroyed is no credential.
	keylessError struct{ path string }
	// unusableError means that a credential is there and cannot be used now.
	unusableError struct{ path, problem string }
	// strayArgumentError is an argument that looks like the value of an option.
	strayArgumentError struct{ option, argument string }
	// configError is what is wrong with the configuration, or the choice of a profile.
	configError struct{ err error }
	// noCommandError is a name that no command below parent has.
	noCommandError struct{ name, parent, nearest string }
	// noOptionError is the name, with its dashes, of an option that a command does not have, and of one that it has, without.
	noOptionError struct{ name, nearest string }
	// refusedFileError is a file with the wrong mode or owner; mounted tells that its mode is that of a mount, keyless that
	// it was to hold a private key, and holds certificates alone.
	refusedFileError struct {
		err     error // of package credstore
		path    string
		mounted bool
		keyless bool
	}
	// userFileError is a file with a certificate or key that is not there or may not be read.
	userFileError struct{ err error }
	// laxModeError is a file with a secret that others may read.
	laxModeError struct {
		path string
		mode fs.FileMode
	}
)

var (
	errNoServiceProvider = errors.New("no service provider is named: there is no default one")
	errNoList            = errors.New("there is no list of identity providers")
)

func (e *noTerminalError) Error() string { return "asking for " + e.what + ": there is no terminal" }
func (e *noCredentialError) Error() string {
	return "there is no credential: " + e.path + " does not exist"
}
func (e *keylessError) Error() string {
	return e.path + " holds certificates and no private key; it is not touched"
}
func (e *occupiedError) Error() string     { return e.path + " is there already; it is not replaced" }
func (e *importTargetError) Error() string { return e.err.Error() }

func (e *importTargetError) Unwrap() error { return e.err }

func (e *importHalfError) Error() string { return e.err.Error() }

func (e *importHalfError) Unwrap() error { return e.err }

func (e *noUserCertError) Error() string {
	return "there is no user certificate: looked for " + strings.Join(e.tried, ", ")
}
func (e *unusableError) Error() string { return e.path + " cannot be used now: " + e.problem }
func (e *strayArgumentError) Error() string {
	return fmt.Sprintf("the argument %q is not expected", e.argument)
}
func (e *configError) Error() string { return e.err.Error() }

func (e *configError) Unwrap() error { return e.err }

func (e *noCommandError) Error() string { return fmt.Sprintf("there is no command %q", e.name) }
func (e *noOptionError) Error() string  { return "there is no option " + e.name }
func (e *laxModeError) Error() string {
	return fmt.Sprintf("others may read %s (mode %04o)", e.path, e.mode)
}

// verdict is what the user gets for an error.
type verdict struct {
	code  int
	text  string
	hints []string
}

// judge finds the exit code and the hints for an error, from its type or from
// that of the first of its causes that a rule knows.
func judge(err error) verdict {
	v := verdict{code: exitFailure, text: messageOf(err)}
	if !judgeOwn(err, &v) && !judgeCauses(err, &v) && !judgeNetwork(err, &v) && errors.Is(err, fs.ErrPermission) {
		v.is(exitFailure, closedHint)
	}
	if own := (*exitError)(nil); errors.As(err, &own) {
		v.code = own.code
	}
	return v
}

func judgeCauses(err error, v *verdict) bool {
	if judgeAsking(err, v) || judgeVO(err, v) {
		return true
	}
	if m, ok := errors.AsType[trust.Mender](err); ok {
		code := exitUnfit
		if _, noDir := errors.AsType[*trust.DirError](err); noDir {
			code = exitFailure // nothing is said about the credential
			if errors.Is(err, fs.ErrPermission) {
				return v.is(code, closedHint)
			}
		}
		return v.is(code, m.Mend())
	}
	if errors.Is(err, pemfile.ErrPassphrase) {
		return v.is(exitRefused, "the passphrase is that of the key file, not a password of a server")
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeLogin(err, v) || judgeCA(err, v) || judgeFinding(err, v) || judgeFiles(err, v) {
			return true
		}
	}
	return false
}

// messageOf is the text of an error without the packages' names.
func messageOf(err error) string { return view.WithoutRooms(err.Error()) }

func (v *verdict) is(code int, hints ...string) bool {
	v.code, v.hints = code, append(v.hints, hints...)
	return true
}

// judgeOwn judges the end of the context, and the errors of this package.
func judgeOwn(err error, v *verdict) bool {
	if errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) {
		v.text = errInterrupted.Error()
		return v.is(exitInterrupted)
	}
	if lax, ok := errors.AsType[*laxModeError](err); ok {
		v.hints = []string{"chmod 600 " + shellQuote(lax.path)}
	}
	if secret, ok := errors.AsType[*secretError](err); ok {
		v.text = secret.Error() // no server is to blame
		switch {
		case errors.Is(secret.err, fs.ErrNotExist):
			return v.is(exitNoCredential, "check the name of the file")
		case errors.Is(secret.err, fs.ErrPermission):
			return v.is(exitUnfit, closedHint)
		}
		return v.is(exitFailure)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeUsage(err, v) || judgeImport(err, v) {
			return true
		}
	}
	return false
}

func judgeUsage(err error, v *verdict) bool {
	switch err {
	case errNoServiceProvider:
		return v.is(exitUsage, "--service-provider URL, the variable X509UP_SERVICE_PROVIDER or service-provider in a profile names it",
			"CILogon's (ecp.cilogon.org) stopped issuing certificates in May 2025; with a user certificate use x509up init")
	case errNoList:
		return v.is(exitUsage, "--idp-list or --metadata names one, or idp-list or metadata in a profile")
	case ecp.ErrNoIdP:
		return v.is(exitUsage, "--identity-provider NAME|URL, the variable ECP_IDP or identity-provider in a profile names it")
	}
	switch e := err.(type) {
	case *usageError, *page.URLError, *page.HeaderError, *page.MethodError:
		return v.is(exitUsage)
	case *ecp.CredentialsError:
		v.text = e.Error() // no server is to blame
		return v.is(exitUsage)
	case *configError:
		if mode, ok := errors.AsType[*ownfile.ModeError](e); ok {
			return v.is(exitUsage, "chmod go-w "+shellQuote(mode.Path))
		}
		return v.is(exitUsage)
	case *noTerminalError:
		return v.is(exitUsage, terminalHints[e.what])
	case *strayArgumentError:
		return v.is(exitUsage, "--"+e.option+"="+shellQuote(e.argument)+"?")
	case *noCommandError:
		if e.nearest != "" {
			return v.is(exitUsage, e.parent+" "+e.nearest+"?")
		}
		return v.is(exitUsage, e.parent+" --help lists the commands")
	case *noOptionError:
		if e.nearest != "" {
			return v.is(exitUsage, "--"+e.nearest+"?")
		}
		return v.is(exitUsage)
	case *noCredentialError:
		return v.is(exitNoCredential, "x509up get-cert and x509up init make one; -f FILE and X509_USER_PROXY name another file")
	case *occupiedError:
		return v.is(exitUnfit, "--force replaces it and keeps a copy")
	case *keylessError:
		return v.is(exitUnfit, "-f FILE names another file; what is in this one is no secret: rm "+shellQuote(e.path)+" removes it")
	case *noUserCertError:
		return v.is(exitNoCredential, "--cert FILE names it, in PEM or PKCS #12; x509up import FILE puts it where it is looked for")
	case *refusedFileError:
		return v.is(exitUnfit, refusedHint(e))
	case *userFileError:
		if errors.Is(e.err, fs.ErrNotExist) {
			return v.is(exitNoCredential, "check the name of the file")
		}
		return v.is(exitUnfit, closedHint)
	case *unusableError:
		return v.is(exitUnfit, "x509up get-cert and x509up init make a new one")
	}
	return false
}

// terminalHints tell a script what it should have said.
var terminalHints = map[string]string{
	theUserName: "-u NAME or X509UP_USERNAME names the user",
	thePassword: "--password-file, --password-command or --password-stdin gives it without a terminal",
	thePasscode: "--duo push needs no terminal",

	theNewPassphrase: "--passphrase-file, --passphrase-command or --passphrase-stdin gives it without a terminal; --no-encrypt leaves the key without one",

	thePassphrase: "--passphrase-file, --passphrase-command or --passphrase-stdin gives it without a terminal",
}

// judgeLogin judges the errors of the ECP exchange.
func judgeLogin(err error, v *verdict) bool {
	switch e := err.(type) {
	case *ecp.AuthError:
		return v.is(exitRefused, "check the user name and the password; several wrong ones may lock the account")
	case *ecp.StatusError:
		return v.is(exitRefused, statusHints[e.Reason()]...)
	case *ecp.AnswerError:
		if e.Refusal() {
			return v.is(exitRefused, "check the user name and the password, and whether the identity provider supports ECP")
		}
		return v.is(exitServer, "is this the ECP endpoint of the identity provider? It often ends in /SAML2/SOAP/ECP")
	case *ecp.FaultError:
		return v.is(exitServer, "most often the identity provider does not know this service, or not its address for ECP; "+
			"its operators can tell from their log")
	case *ecp.MismatchError:
		return v.is(exitServer, "this is an attack on the login or wrong metadata; tell the operators of both servers")
	case *ecp.NotECPError:
		return v.is(exitServer, "check the URL of the service provider; its operators must have ECP enabled")
	case *ecp.DeliveryError:
		return v.is(exitServer, "the service provider did not accept the login: is this machine's clock right? "+
			"Does the service trust this identity provider?")
	case *ecp.MessageError, *ecp.URLError:
		return v.is(exitServer)
	}
	return false
}

var statusHints = map[ecp.Reason][]string{
	ecp.ReasonCredentials: {"check the user name and the password; several wrong ones may lock the account"},
	ecp.ReasonLocked:      {"the help desk of the home institution can unlock it"},
	ecp.ReasonMFA: {"ask for a push or a passcode with --duo, if the identity provider has Duo for ECP",
		"others offer a second factor to browsers alone"},
	ecp.ReasonDenied:     {"the operators of the identity provider can allow this service"},
	ecp.ReasonAttributes: {"the operators of the identity provider must release attributes to this service"},
}

// judgeCA judges what the online CA said.
func judgeCA(err error, v *verdict) bool {
	switch e := err.(type) {
	case *getcert.DisabledError:
		return v.is(exitServer, "CILogon stopped in May 2025: use another CA (--service-provider), a user certificate (voms-proxy-init), "+
			"or tokens (htgettoken)")
	case *getcert.RefusedError:
		if e.MissingAttributes() {
			return v.is(exitServer, "the login was good, but the identity provider told the CA too little about you: "+
				"ask its operators to release name, mail and eduPersonPrincipalName")
		}
		return v.is(exitServer)
	case *getcert.SessionError, *getcert.AnswerError, *getcert.CertificateError:
		return v.is(exitServer)
	}
	return false
}

// judgeFinding judges the search for an identity provider.
func judgeFinding(err error, v *verdict) bool {
	switch e := err.(type) {
	case *idp.NotFoundError:
		if e.Nearest != "" {
			v.hints = append(v.hints, "-i "+shellQuote(e.Nearest)+"?")
		}
		return v.is(exitUsage, "x509up list-idps shows what can be asked for; a full https:// URL always works")
	case *idp.NoSourceError:
		return v.is(exitUsage, "--idp-list or --metadata says where to look; a full https:// URL needs neither")
	case *idp.InsecureURLError:
		return v.is(exitUsage)
	case *idp.NoECPError:
		return v.is(exitServer, "its operators can enable ECP, or add its endpoint (SOAP binding) to the metadata")
	case *idp.SourceError:
		if !strings.Contains(e.Source, "://") {
			return v.is(exitUsage)
		}
		judgeNetwork(e.Err, v) // for its hints
		return v.is(exitServer)
	case *idp.AmbiguousError:
		hints := make([]string, 0, len(e.Candidates))
		for _, c := range e.Candidates {
			hints = append(hints, "-i "+shellQuote(c.Name))
		}
		return v.is(exitUsage, hints...)
	}
	return false
}

// judgeNetwork judges what the network said, in words that the net package
// does not have.
func judgeNetwork(err error, v *verdict) bool {
	var (
		dns       *net.DNSError
		op        *net.OpError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return v.is(exitServer, "--timeout gives servers more time")
	case errors.As(err, &dns):
		return v.is(exitServer, "check the name of the host and the network")
	case errors.As(err, &authority):
		return v.is(exitServer, "the certificate of the server is from a CA that is not known here; "+
			"--ca-file or SSL_CERT_FILE names a file with its CA")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return v.is(exitServer, "is this machine's clock right?")
	case errors.As(err, &host), errors.As(err, &invalid):
		return v.is(exitServer)
	case errors.Is(err, http.ErrSchemeMismatch):
		return v.is(exitServer, "the server does not speak TLS there: check the port")
	case errors.As(err, &record):
		return v.is(exitServer, "the server does not speak TLS there: check the port")
	case errors.As(err, &op) && op.Op == "remote error": // an alert of TLS
		return v.is(exitServer, "the server refused the connection; if it wants a TLS client certificate, --client-cert names it")
	case errors.As(err, &op):
		return v.is(exitServer, "the server could not be reached: check the host, the port and the network")
	case errors.As(err, &timeout) && timeout.Timeout():
		return v.is(exitServer, "--timeout gives servers more time")
	}
	if e := (*ecp.Error)(nil); errors.As(err, &e) {
		return v.is(exitServer)
	}
	if e := (*getcert.Error)(nil); errors.As(err, &e) {
		return v.is(exitServer)
	}
	return false
}

// shellQuote makes a path fit to be pasted into a shell.
func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
