// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package filecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// verifyOptions are the options of verify.
type verifyOptions struct {
	file  files.Options
	caDir string
	crl   string
	site  files.SiteOptions
	hosts []string
	json  bool
}

// crlMode reads a value of --crl.
func crlMode(word string) (mode trust.CRLMode, ok bool) {
	switch word {
	case "off":
		return trust.CRLOff, true
	case "warn":
		return trust.CRLWarn, true
	case "require":
		return trust.CRLRequire, true
	}
	return mode, false
}

// NewVerify makes the command verify.
func NewVerify(con *console.Console) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:     "verify",
		GroupID: "look",
		Short:   "tell whether a server would take a credential, and if not, why",
		Long: `verify comes to the verdict that a server of the grid would reach: it checks the
dates, the proxies (RFC 3820), the way from the certificate to a CA of the CA
directory, the signing policies, and the revocation lists. It prints a line for
each check, passed, warning or failed, and exits 4 if one of them failed, or 1
if the CA directory cannot be read. stderr says what mends the first.

The CA directory is the first that is there of ~/.globus/certificates,
/etc/grid-security/certificates, that of the conda environment and those on CVMFS.

Attributes of VOs (VOMS) are verified, too: who signed them, whether the CAs and
an LSC file stand for that server, whose they are, the dates. If only such checks
failed it exits 7: servers take the credential, and ignore its attributes.`,
		Example: `  $ x509up verify
  $ x509up verify -f proxy.pem --ca-dir /etc/grid-security/certificates --crl require`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := o.file.Path(con)
			if err != nil {
				return err
			}
			return verdict.Silent(con, verify(cmd.Context(), con, path, o))
		},
	}
	f := cmd.Flags()
	o.file.AddFlags(f)
	o.file.KeyMode.AddFlags(f)
	f.StringVar(&o.caDir, "ca-dir", "", "the CAs are in `FOLDER` (default $X509_CERT_DIR, else the first of the usual places)")
	f.StringVar(&o.crl, "crl", "warn", "`WHAT` a missing revocation list is: off (do not look), warn or require")
	o.site.AddVOMSDir(f)
	f.StringArrayVar(&o.hosts, "host", nil, "attributes that are for certain servers are verified for the server `NAME` (may be repeated)")
	f.BoolVar(&o.json, "json", false, "print the checks as JSON")
	f.BoolVarP(&con.Quiet, "quiet", "q", false, "say nothing: the exit code is the verdict")
	console.CompleteWords(cmd, "crl", "off", "warn", "require")
	return cmd
}

func verify(ctx context.Context, con *console.Console, path string, o verifyOptions) error {
	mode, ok := crlMode(o.crl)
	if !ok {
		return console.Usagef("--crl %q: it is off, warn or require", o.crl)
	}
	c, err := files.Reader(con, o.file.KeyMode, o.file.Profile).Load(path)
	if err != nil {
		return files.Missing(err, path)
	}
	here := files.Site(con, o.site, o.caDir)
	here.CRL, here.Hosts = mode, o.hosts
	report, err := here.CAs().Verify(c, trust.Options{Now: con.Now(), CRL: mode})
	if report != nil {
		v := view.NewReport(report, path, here.CAs().Path)
		attributes := verifyAttributes(ctx, c, here, v)
		if printErr := printReport(con, v, o.json); printErr != nil {
			return printErr
		}
		err = cmp.Or(err, attributes)
		if n, first := v.Failed(); n > 0 && !noFolder(err) {
			return &failedError{path, n, first.Check, first.VO, err}
		}
	}
	if err != nil {
		return fmt.Errorf("verifying %s: %w", path, err)
	}
	return nil
}

// noFolder tells that the CA directory cannot be read, so that nothing is known of the credential.
func noFolder(err error) bool {
	_, ok := errors.AsType[*trust.DirError](err)
	return ok
}

// failedError says that a credential will not do. What is wrong with it stands in the lines of the checks.
type failedError struct {
	path      string
	failed    int
	first, vo string // the first of the checks that failed
	err       error  // of that
}

func (e *failedError) Error() string {
	what := e.first
	if e.vo != "" {
		what += " of the VO " + e.vo
	}
	if e.failed == 1 {
		return fmt.Sprintf("%s will not do: one check failed: %s", e.path, what)
	}
	return fmt.Sprintf("%s will not do: %d checks failed, the first: %s", e.path, e.failed, what)
}

func (e *failedError) Unwrap() error { return e.err }

// verifyAttributes adds the checks of each attribute certificate to v, and returns the first failure.
func verifyAttributes(ctx context.Context, c *proxycert.Credential, here *site.Site, v *view.Report) error {
	acs, _, unreadable := voms.FromChain(c.Chain)
	var first error
	for _, ac := range acs {
		report, err := here.Verify(ctx, ac, c.EndEntity())
		v.AddAttributes(ac, report)
		first = cmp.Or(first, err)
	}
	if unreadable != nil {
		v.AddUnreadable(unreadable)
		first = cmp.Or(first, unreadable)
	}
	return first
}

func printReport(con *console.Console, v *view.Report, asJSON bool) error {
	switch {
	case con.Quiet:
		return nil
	case asJSON:
		return con.PrintJSON(v)
	}
	return v.Write(con.Out)
}

// lookUpCA asks the CA folder for the issuer at the top of a chain.
func lookUpCA(dir *trust.Dir, c *proxycert.Credential) *view.Lookup {
	found, err := dir.Find(c.Chain[len(c.Chain)-1].RawIssuer)
	return &view.Lookup{Dir: dir.Path, Found: len(found) > 0, Err: err}
}
