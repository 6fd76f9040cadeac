// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/trust"
)

const closed = "the permissions of the file, or of a folder above it, keep you out: its owner can let you in"

// TestJudge: the exit code, and the beginnings of the hints.
func TestJudge(t *testing.T) {
	t.Parallel()
	denied := &fs.PathError{Op: "open", Path: "/a", Err: fs.ErrPermission}
	none := &fs.PathError{Op: "open", Path: "/a", Err: fs.ErrNotExist}
	mode := func(max fs.FileMode) error { return &credstore.ModeError{Path: "/a b", Max: max} }
	folder := &credstore.FolderError{Path: "/a", Err: denied}
	for _, c := range []struct {
		name  string
		err   error
		code  int
		hints []string
	}{
		{"anything", errors.New("x"), verdict.ExitFailure, nil},
		{"a closed file", denied, verdict.ExitFailure, []string{closed}},
		{"a signal", console.ErrInterrupted, verdict.ExitInterrupted, nil},
		{"the context's end", fmt.Errorf("asking: %w", context.Canceled), verdict.ExitInterrupted, nil},

		{"usage", console.Usagef("x"), verdict.ExitUsage, nil},
		{"configuration", &console.ConfigError{Err: errors.New("x")}, verdict.ExitUsage, nil},
		{"a stray argument", &console.StrayArgumentError{Option: "file", Argument: "a b"}, verdict.ExitUsage, []string{"--file='a b'?"}},
		{"no command", &console.NoCommandError{Name: "x", Parent: "x509up"}, verdict.ExitUsage, []string{"x509up --help lists the commands"}},
		{"no such command", &console.NoCommandError{Name: "ifno", Parent: "x509up", Nearest: "info"}, verdict.ExitUsage, []string{"x509up info?"}},
		{"no profiles", &console.ConfigError{Err: &config.UnknownProfileError{Name: "x"}}, verdict.ExitUsage, []string{"profiles stand in ~/.config/x509up/config.toml, or in the file that X509UP_CONFIG names"}},
		{"no such profile", &console.ConfigError{Err: &config.UnknownProfileError{Name: "x", Known: []string{"y"}}}, verdict.ExitUsage, nil},
		{"no option", &console.NoOptionError{Name: "--x"}, verdict.ExitUsage, nil},
		{"no such option", &console.NoOptionError{Name: "--fiel", Nearest: "file"}, verdict.ExitUsage, []string{"--file?"}},
		{"no service provider", verdict.ErrNoServiceProvider, verdict.ExitUsage, []string{"--service-provider URL", "CILogon's"}},
		{"no list", verdict.ErrNoList, verdict.ExitUsage, []string{"--idp-list or --metadata"}},
		{"no identity provider", ecp.ErrNoIdP, verdict.ExitUsage, []string{"--identity-provider NAME|URL"}},

		{"no terminal", &ask.NoTerminalError{What: ask.TheUserName}, verdict.ExitUsage, []string{"-u NAME or X509UP_USERNAME"}},
		{"no secret", &ask.SecretError{Doing: "x", Err: errors.New("y")}, verdict.ExitFailure, nil},
		{"no file with a secret", &ask.SecretError{Doing: "x", Err: none}, verdict.ExitNoCredential, []string{"check the name of the file"}},
		{"a closed file with a secret", &ask.SecretError{Doing: "x", Err: denied}, verdict.ExitUnfit, []string{closed}},
		{"an open file with a secret", &ask.SecretError{Doing: "x", Err: &files.LaxModeError{Path: "/a b", Mode: 0o644}}, verdict.ExitFailure, []string{"chmod 600 '/a b'"}},
		{"a wrong passphrase", pemfile.ErrPassphrase, verdict.ExitRefused, []string{"the passphrase is that of the key file"}},

		{"no credential", &files.NoCredentialError{Path: "/a"}, verdict.ExitNoCredential, []string{"x509up get-cert and x509up init make one"}},
		{"an unusable one", &files.UnusableError{Path: "/a"}, verdict.ExitUnfit, []string{"x509up get-cert and x509up init make a new one"}},
		{"no file of the user", &files.UserFileError{Err: none}, verdict.ExitNoCredential, []string{"check the name of the file"}},
		{"a closed file of the user", &files.UserFileError{Err: denied}, verdict.ExitUnfit, []string{closed}},
		{"a lax mode", &files.RefusedError{Err: mode(0o600), Path: "/a b"}, verdict.ExitUnfit, []string{"chmod 600 '/a b'"}},
		{"others may write", &files.RefusedError{Err: mode(0o644), Path: "/a"}, verdict.ExitUnfit, []string{"chmod go-w /a"}},
		{"a mount", &files.RefusedError{Err: mode(0o600), Mounted: true}, verdict.ExitUnfit, []string{"it seems to be mounted"}},
		{"a certificate for a key", &files.RefusedError{Err: mode(0o600), Keyless: true}, verdict.ExitUnfit, []string{"it holds no private key: --key"}},
		{"another owner", &files.RefusedError{Err: &credstore.OwnerError{Path: "/a"}}, verdict.ExitUnfit, []string{"--allow-key-mode reads it all the same"}},

		{"no user certificate", &files.NoUserCertError{}, verdict.ExitNoCredential, []string{"--cert FILE names it"}},
		{"a certificate to destroy", &verdict.KeylessError{Path: "/a"}, verdict.ExitUnfit, []string{"-f FILE names another file"}},
		{"occupied", &verdict.OccupiedError{Path: "/a"}, verdict.ExitUnfit, []string{"--force replaces it"}},
		{"half of an import", &verdict.ImportHalfError{Err: &pemfile.MissingError{}}, verdict.ExitUnfit, []string{"import takes one file"}},
		{"the folder of an import", &verdict.ImportTargetError{Err: folder}, verdict.ExitFailure, []string{"--to FOLDER"}},
		{"the file of an import", &verdict.ImportTargetError{Err: &credstore.SymlinkError{Path: "/a"}}, verdict.ExitUnfit, []string{"--to FOLDER"}},
		{"the disk of an import", &verdict.ImportTargetError{Err: syscall.ENOSPC}, verdict.ExitFailure, []string{"the disk or the quota is full"}},
		{"a folder of proxies", folder, verdict.ExitFailure, []string{"choose another file with -f"}},

		{"a wrong password", fmt.Errorf("getcert: %w", &ecp.AuthError{}), verdict.ExitRefused, []string{"check the user name and the password"}},
		{"a CA that has closed", &getcert.DisabledError{}, verdict.ExitServer, []string{"CILogon stopped in May 2025"}},
		{"no such identity provider", &idp.NotFoundError{Nearest: "Example U"}, verdict.ExitUsage, []string{"-i 'Example U'?", "x509up list-idps shows"}},
		{"no CA directory", &trust.DirError{Path: "/a", Err: denied}, verdict.ExitFailure, []string{closed}},

		{"a slow server", context.DeadlineExceeded, verdict.ExitServer, []string{"--timeout gives servers more time"}},
		{"no host", &net.DNSError{IsNotFound: true}, verdict.ExitServer, []string{"check the name of the host"}},
		{"nobody there", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, verdict.ExitServer, []string{"the server could not be reached"}},
		{"a server's CA", x509.UnknownAuthorityError{}, verdict.ExitServer, []string{"the certificate of the server is from a CA"}},

		{"several VOs", &verdict.SeveralVOsError{}, verdict.ExitUsage, []string{"--vo NAME adds one of them"}},
		{"no attributes", &verdict.NoAttributesError{}, verdict.ExitVOMS, []string{"x509up init --voms VO gets them"}},
		{"no VOMS server", &verdict.NoServerError{}, verdict.ExitVOMS, []string{"its members have no VOMS attributes"}},
		{"a download", &verdict.DownloadError{Err: &net.DNSError{IsNotFound: true}}, verdict.ExitServer, []string{"check the name of the host"}},

		{"a code of its own", &verdict.ExitError{Code: 22, Err: &net.DNSError{IsNotFound: true}}, 22, []string{"check the name of the host"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := verdict.Judge(c.err)
			ok := got.Code == c.code && len(got.Hints) == len(c.hints)
			for i := range got.Hints {
				ok = ok && strings.HasPrefix(got.Hints[i], c.hints[i])
			}
			if !ok {
				t.Errorf("got %d, %q, want %d, %q", got.Code, got.Hints, c.code, c.hints)
			}
		})
	}
}

// TestTexts: what the commands say themselves.
func TestTexts(t *testing.T) {
	t.Parallel()
	names := strings.Fields(strings.Repeat("vo ", 12))
	for want, err := range map[string]error{
		"there is no user certificate: looked for /a, /b":                &files.NoUserCertError{Tried: []string{"/a", "/b"}},
		"/a holds certificates and no private key; it is not touched":    &verdict.KeylessError{Path: "/a"},
		"/a is there already; it is not replaced":                        &verdict.OccupiedError{Path: "/a"},
		"there are 12 VOs: " + strings.Repeat("vo, ", 10) + "…":          &verdict.SeveralVOsError{VOs: names},
		"there are 2 VOs: vo, vo":                                        &verdict.SeveralVOsError{VOs: names[:2]},
		`the VO "cms" has no VOMS server: it is run with another system`: &verdict.NoServerError{VO: "cms"},
		"/a has no attributes of any VO":                                 &verdict.NoAttributesError{Path: "/a"},
		"/a has no attributes of any VO that can be read: x":             &verdict.NoAttributesError{Path: "/a", Problem: "x"},
		"getting https://a.example/: x":                                  &verdict.DownloadError{URL: "https://a.example/", Err: errors.New(`Get "https://a.example/": x`)},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
}

// TestTell: a line, without the names of packages and what drives terminals, and a line for each hint, or for each line of one.
func TestTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"nothing", nil, 0, ""},
		{"the code alone", fmt.Errorf("x: %w", &verdict.ExitError{Code: 7}), 7, ""},
		{"no hint", errors.New("ecp: logging in: refused\x1b[31m\nby us"), 1, "x509up init: logging in: refused[31m by us\n"},
		{"hints", verdict.ErrNoList, 2, "x509up init: there is no list of identity providers\n" +
			"hint: --idp-list or --metadata names one, or idp-list or metadata in a profile\n"},
		{"a code of its own", &verdict.ExitError{Code: 3, Err: errors.New("nothing there")}, 3, "x509up init: nothing there\n"},
		{"a hint of several lines", mender{}, 4, "x509up init: it is wrong\nhint: write\none\ntwo\n"},
	} {
		var said bytes.Buffer
		code := verdict.Tell(&said, "x509up init", c.err)
		if diff := cmp.Diff(c.want, said.String()); diff != "" || code != c.code {
			t.Errorf("%s: exit code %d (-want +got):\n%s", c.name, code, diff)
		}
	}
}

// mender is an error of package trust that says which lines are missing.
type mender struct{}

func (mender) Error() string { return "trust: it is wrong" }

func (mender) Mend() string { return "write\none\ntwo\n" }

// TestSilent: answers are but exit codes with -q; what is no answer is said all the same.
func TestSilent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		silent bool
	}{
		{"no credential", &files.NoCredentialError{}, true},
		{"an unusable one", &files.UnusableError{}, true},
		{"no attributes", &verdict.NoAttributesError{}, true},
		{"a slip", console.Usagef("x"), false},
		{"no CA directory", &trust.DirError{Err: fs.ErrNotExist}, false},
	} {
		got := verdict.Silent(&console.Console{Quiet: true}, c.err)
		e, quiet := errors.AsType[*verdict.ExitError](got)
		if quiet != c.silent || quiet && (e.Err != nil || e.Code != verdict.Judge(c.err).Code) || !quiet && got != c.err {
			t.Errorf("%s: %#v", c.name, got)
		}
		if got := verdict.Silent(new(console.Console), c.err); got != c.err {
			t.Errorf("%s, without -q: %#v", c.name, got)
		}
	}
	if err := verdict.Silent(&console.Console{Quiet: true}, nil); err != nil {
		t.Errorf("got %v", err)
	}
}
