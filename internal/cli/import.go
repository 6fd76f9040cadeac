// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// importOptions are the options of import.
type importOptions struct {
	passphrase secretOptions
	noEncrypt  bool
	force      bool
	folder     string
}

func newImport(a *app) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:     "import FILE",
		GroupID: "get",
		Short:   "put a user certificate from a browser where grid tools look for it",
		Long: `import reads a user certificate and its private key from a PKCS #12 file, as
browsers and CAs give it (.p12, .pfx), or from PEM, and writes them as
usercert.pem and userkey.pem to ~/.globus. The key is encrypted with the
passphrase of FILE; if FILE has none, with the one that an option gives, or a
new one that is asked for.

A certificate that is there already is not replaced, unless --force is given;
it is then kept beside the new one, with its date behind the name.`,
		Example: `  $ x509up import ~/Downloads/certificate.p12
  $ x509up import --force renewed.p12`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one file is expected, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := exclusiveSecret(cmd.Flags().Changed, "passphrase"); err != nil {
				return err
			}
			return a.importFile(cmd.Context(), o, args[0])
		},
	}
	f := cmd.Flags()
	o.passphrase.addFlags(f, "passphrase", "passphrase of FILE")
	f.BoolVar(&o.noEncrypt, "no-encrypt", false, "leave the private key without a passphrase")
	f.BoolVar(&o.force, "force", false, "replace what is there, and keep a copy of it")
	f.StringVar(&o.folder, "to", "", "write to `FOLDER` (default ~/.globus)")
	a.addTalkFlags(f, true)
	return cmd
}

func (a *app) importFile(ctx context.Context, o importOptions, path string) error {
	folder := o.folder
	if folder == "" {
		home := a.Env("HOME")
		if home == "" {
			return usagef("HOME is not set: --to FOLDER says where to write")
		}
		folder = filepath.Join(home, ".globus")
	}
	// A slip in the name is said first, and a target that is taken before anybody is asked for a passphrase.
	data, err := readBrowserFile(path)
	if err != nil {
		return err
	}
	if err := vacant(folder, o.force); err != nil {
		return err
	}
	if err := credstore.CheckInstall(folder); err != nil {
		return &importTargetError{err}
	}
	c, passphrase, err := a.readImport(ctx, o, path, data)
	if err != nil {
		return err
	}
	key, err := a.importedKey(ctx, o, c, passphrase)
	if err != nil {
		return err
	}
	kept, err := credstore.InstallPair(folder, c.MarshalChain(), key, a.Now())
	for _, old := range kept {
		a.warn("what was there is kept as %s", old)
	}
	if err != nil {
		return &importTargetError{err}
	}
	if end := c.NotAfter(); end.Before(a.Now()) {
		a.warn("what is imported expired at %s: no proxy can be made of it", end.UTC().Format(time.RFC3339))
	}
	if a.quiet {
		return nil
	}
	return a.printImport(c, folder)
}

// vacant refuses a folder with a certificate or a key in it.
func vacant(folder string, force bool) error {
	for _, name := range []string{credstore.CertName, credstore.KeyName} {
		path := filepath.Join(folder, name)
		switch _, err := os.Lstat(path); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return &importTargetError{&credstore.FolderError{Path: folder, Err: pathCause(err)}}
		case !force:
			return &occupiedError{path}
		}
	}
	return nil
}

// pathCause is what is wrong, of an error that also names the path.
func pathCause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// readBrowserFile reads a file that comes from a browser: who may read it is as the browser has it, and is only said.
func readBrowserFile(path string) ([]byte, error) {
	anybody := credstore.Reader{Overrule: func(error) error { return nil }}
	data, err := anybody.ReadKeyFile(path)
	return data, userFile(err)
}

// readImport reads what is in the file of that path, with the passphrase if it has one.
func (a *app) readImport(ctx context.Context, o importOptions, path string, data []byte) (*proxycert.Credential, secret.Text, error) {
	tty := new(lazyTerminal)
	defer tty.close()
	var passphrase secret.Text
	contents, err := pemfile.Read(data, func() (_ string, err error) {
		passphrase, err = a.secret(ctx, o.passphrase, tty, thePassphrase, view.Line("passphrase for "+path+": "))
		return passphrase.Reveal(), err
	})
	if err == nil {
		contents, err = pemfile.Pair(contents)
	}
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, err)
		if _, half := errors.AsType[*pemfile.MissingError](err); half {
			err = &importHalfError{err}
		}
		return nil, secret.Text{}, err
	}
	c := &proxycert.Credential{Chain: contents.Certificates, Key: contents.Key}
	if t := proxycert.TypeOf(c.Leaf()); t.Format != proxycert.FormatEEC {
		return nil, secret.Text{}, &exitError{exitUnfit, fmt.Errorf("%s holds no user certificate, but this: %s", path, t)}
	}
	if info, err := os.Stat(path); err == nil && modesCount && info.Mode().Perm()&0o077 != 0 && passphrase.IsZero() {
		a.warn("others can read the private key in %s: remove it when the import has worked", path)
	}
	return c, passphrase, nil
}

// importedKey writes the key as it will be stored.
func (a *app) importedKey(ctx context.Context, o importOptions, c *proxycert.Credential, passphrase secret.Text) ([]byte, error) {
	if o.noEncrypt {
		return c.MarshalKey(proxycert.PKCS8)
	}
	if passphrase.IsZero() {
		tty := new(lazyTerminal)
		defer tty.close()
		var err error
		if given := o.passphrase; given != (secretOptions{}) && !(given.stdin && a.inIsTerminal()) {
			if passphrase, err = a.secret(ctx, given, tty, theNewPassphrase, ""); err != nil {
				return nil, err
			}
			return pemfile.EncryptKey(c.Key, passphrase.Reveal())
		}
		if passphrase, err = tty.secret(ctx, "new passphrase for the private key: "); err != nil {
			return nil, noTerminal(err, theNewPassphrase)
		}
		again, err := tty.secret(ctx, "the same again: ")
		if err != nil {
			return nil, noTerminal(err, theNewPassphrase)
		}
		if passphrase.IsZero() || !again.Equal(passphrase) {
			return nil, usagef("the two passphrases are empty or not the same; nothing was imported")
		}
	}
	return pemfile.EncryptKey(c.Key, passphrase.Reveal())
}

// printImport shows what a person must know of a new certificate.
func (a *app) printImport(c *proxycert.Credential, folder string) error {
	var b strings.Builder
	b.WriteString(view.Line("imported to "+folder) + "\n")
	if err := view.WriteUserCertificate(&b, c, view.Facts{Now: a.Now(), CA: lookUpCA(a.site(siteOptions{}, "").CAs(), c)}, view.Style{Letters: a.outIsTerminal()}); err != nil {
		return err
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}
