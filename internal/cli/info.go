// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/proxycert"
)

// view is what is shown of a credential: the JSON schema, version 1. Fields may
// be added to a version; their meaning does not change.
type view struct {
	Version      int               `json:"version"`
	Path         string            `json:"path"`
	Subject      string            `json:"subject"`
	Issuer       string            `json:"issuer"`
	Identity     string            `json:"identity"`
	Type         string            `json:"type"`
	Strength     int               `json:"strength"` // bits of the leaf's key
	NotBefore    time.Time         `json:"not_before"`
	NotAfter     time.Time         `json:"not_after"` // of the shortest part
	TimeLeft     int64             `json:"time_left"` // seconds, of the shortest part; 0 when over
	Valid        bool              `json:"valid"`     // now, as far as the file itself can tell
	Problem      string            `json:"problem,omitempty"`
	HasKey       bool              `json:"has_key"` // the file holds the private key, too
	Certificates []certificateView `json:"certificates"`
	Reused       *bool             `json:"reused,omitempty"`
	Warnings     []string          `json:"warnings,omitempty"`

	left time.Duration
}

type certificateView struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"` // decimal
	Type      string    `json:"type"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
}

func newView(c *proxycert.Credential, path string, now time.Time) view {
	leaf, left := c.Leaf(), c.TimeLeft(now)
	v := view{
		Version: 1, Path: path,
		Subject: proxycert.OneLine(leaf.RawSubject), Issuer: proxycert.OneLine(leaf.RawIssuer),
		Identity: proxycert.OneLine(c.Identity()), Type: proxycert.TypeOf(leaf).String(),
		Strength:  proxycert.Strength(leaf.PublicKey),
		NotBefore: c.NotBefore().UTC(), NotAfter: c.NotAfter().UTC(),
		TimeLeft: max(0, int64(left/time.Second)), left: left, HasKey: c.Key != nil,
	}
	if err := c.Check(now); err != nil {
		v.Problem = plain(err)
	}
	v.Valid = v.Problem == ""
	for _, cert := range c.Chain {
		v.Certificates = append(v.Certificates, viewCertificate(cert))
	}
	return v
}

func viewCertificate(cert *x509.Certificate) certificateView {
	return certificateView{
		Subject: proxycert.OneLine(cert.RawSubject), Issuer: proxycert.OneLine(cert.RawIssuer),
		Serial: cert.SerialNumber.String(), Type: proxycert.TypeOf(cert).String(),
		Key:       fmt.Sprintf("%s %d", cert.PublicKeyAlgorithm, proxycert.Strength(cert.PublicKey)),
		Signature: cert.SignatureAlgorithm.String(),
		NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC(),
	}
}

func (a *app) newInfo() *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:     "info",
		GroupID: "look",
		Short:   "show what a credential file holds",
		Long: `info shows whose credential a file holds, what kind it is, and how long its
shortest part is valid. It exits 3 when there is no file, and 4 when what is
there cannot be used now, or not for as long as --valid or --hours ask.

Options such as --subject print single values for scripts, one to a line, in the
order of this help. --exists prints nothing and speaks by the exit code.`,
		Example: `  $ x509up info
  $ x509up info -f ~/proxy.pem --json
  $ x509up info --exists --valid 6:00 || x509up get-cert --proxy
  $ x509up info --identity --timeleft`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags()); err != nil {
				return err
			}
			path, err := a.credentialFile(o.file)
			if err != nil {
				return err
			}
			return a.info(path, o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "print nothing: the exit code says whether it can be used")
	return cmd
}

// infoOptions are the options of info.
type infoOptions struct {
	file         fileOptions
	json         bool
	exists       bool
	valid, hours string
	fields       [len(infoFields)]bool
}

// infoFields are the single values that info prints.
var infoFields = [...]struct {
	name, usage string
	value       func(view) string
}{
	{"subject", "print the subject", func(v view) string { return v.Subject }},
	{"issuer", "print the issuer", func(v view) string { return v.Issuer }},
	{"identity", "print whom the proxies act for", func(v view) string { return v.Identity }},
	{"type", "print the kind, in the words of grid-proxy-info", func(v view) string { return v.Type }},
	{"strength", "print the bits of the key", func(v view) string { return strconv.Itoa(v.Strength) }},
	{"path", "print the path of the file", func(v view) string { return v.Path }},
	{"timeleft", "print the seconds that are left, 0 when it is over", func(v view) string { return strconv.FormatInt(v.TimeLeft, 10) }},
}

func (o *infoOptions) addFlags(f *pflag.FlagSet) {
	o.file.addFlags(f)
	f.SortFlags = false // the order is that of the lines
	for i, field := range infoFields {
		f.BoolVar(&o.fields[i], field.name, false, field.usage)
	}
	f.BoolVar(&o.exists, "exists", false, "print nothing: the exit code says whether it can be used")
	f.StringVar(&o.valid, "valid", "", "it must be valid for `H:MM` more")
	f.StringVarP(&o.hours, "hours", "H", "", "it must be valid for `HOURS` more")
	f.BoolVar(&o.json, "json", false, "print everything as JSON")
}

func (o *infoOptions) check(given *pflag.FlagSet) error {
	if err := exclusive(given, "valid", "hours"); err != nil {
		return err
	}
	for _, field := range infoFields {
		if err := exclusive(given, "json", field.name); err != nil {
			return err
		}
		if err := exclusive(given, "exists", field.name); err != nil {
			return err
		}
	}
	return exclusive(given, "json", "exists")
}

func (a *app) info(path string, o infoOptions) error {
	want, err := parseLifetime(o.valid, o.hours, 0)
	if err != nil {
		return err
	}
	c, err := credstore.Load(path)
	if err != nil {
		return missing(err, path)
	}
	v := newView(c, path, a.Now())
	if err := a.printInfo(v, o); err != nil {
		return err
	}
	switch {
	case !v.Valid:
		return &unusableError{path, v.Problem}
	case v.left < want:
		return &unusableError{path, fmt.Sprintf("it is valid for %s more, and %s are wanted",
			span.String(v.left), span.String(want))}
	}
	return nil
}

func (a *app) printInfo(v view, o infoOptions) error {
	switch {
	case o.exists || a.quiet:
		return nil
	case o.json:
		return a.printJSON(v)
	case o.fields == [len(infoFields)]bool{}:
		return printView(a.Out, v)
	}
	for i, field := range infoFields {
		if o.fields[i] {
			if _, err := fmt.Fprintln(a.Out, field.value(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxName bounds a name on a terminal. CAs set none.
const maxName = 1000

func short(name string) string {
	if len(name) > maxName {
		return name[:maxName] + "…"
	}
	return name
}

// missing gives what is in the way of reading a credential its exit code.
func missing(err error, path string) error {
	if errors.Is(err, fs.ErrPermission) {
		return &unusableError{path, "it may not be read by you"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &noCredentialError{path}
	}
	return err
}

// printView prints a view for people, in the words of grid-proxy-info.
func printView(out io.Writer, v view) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	row := func(label, format string, args ...any) { fmt.Fprintf(w, label+"\t: "+format+"\n", args...) }
	row("subject", "%s", short(v.Subject))
	row("issuer", "%s", short(v.Issuer))
	row("identity", "%s", short(v.Identity))
	row("type", "%s", v.Type)
	row("strength", "%d bits", v.Strength)
	if !v.HasKey {
		row("key", "none in this file")
	}
	row("path", "%s", v.Path)
	row("timeleft", "%s", timeLeft(v))
	if len(v.Certificates) > 1 {
		for i, c := range v.Certificates {
			row(fmt.Sprintf("chain %d", i), "%s, %s, until %s", short(c.Subject), c.Key, c.NotAfter.Format(time.RFC3339))
		}
	}
	return w.Flush()
}

func timeLeft(v view) string {
	end := v.NotAfter.Local().Format("2006-01-02 15:04:05 MST")
	if v.left <= 0 {
		return "0, it ended " + span.String(-v.left) + " ago, at " + end
	}
	return span.String(v.left) + ", until " + end
}
