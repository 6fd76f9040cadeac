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

func (a *app) newImport() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:     "import FILE",
		GroupID: "get",
		Short:   "put a user certificate from a browser where grid tools look for it",
		Long: `import reads a user certificate and its private key from a PKCS #12 file, as
browsers and CAs give it (.p12, .pfx), or from PEM, and writes them as
usercert.pem and userkey.pem to ~/.globus. The key is encrypted with the
passphrase of FILE, or with a new one that is asked for if FILE has none.

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
			if err := exclusive(cmd.Flags(), "passphrase-stdin", "passphrase-file", "passphrase-command"); err != nil {
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
		target, err := a.globusFolder()
		if err != nil {
			return err
		}
		folder = target.Folder
	}
	if err := vacant(folder, o.force); err != nil {
		return err
	}
	c, passphrase, err := a.readImport(ctx, o, path)
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
	if err != nil || a.quiet {
		return err
	}
	return a.printImport(c, folder)
}

// vacant refuses a folder with a certificate or a key in it.
func vacant(folder string, force bool) error {
	for _, name := range []string{credstore.CertName, credstore.KeyName} {
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) && !force {
			return &occupiedError{path}
		}
	}
	return nil
}

// readImport reads the file, and the passphrase if it has one. The file comes
// from a browser: who may read it is as the browser has it, and is only said.
func (a *app) readImport(ctx context.Context, o importOptions, path string) (*proxycert.Credential, secret.Text, error) {
	anybody := credstore.Reader{Overrule: func(error) error { return nil }}
	data, err := anybody.ReadKeyFile(path)
	if err != nil {
		return nil, secret.Text{}, userFile(err)
	}
	tty := &lazyTerminal{wait: &patience{}}
	defer tty.close()
	var passphrase secret.Text
	contents, err := pemfile.Read(data, func() (string, error) {
		passphrase, err = a.secret(ctx, o.passphrase, tty, thePassphrase, view.Line("passphrase for "+path+": "))
		return passphrase.Reveal(), err
	})
	if err == nil {
		contents, err = pemfile.Pair(contents)
	}
	if err != nil {
		return nil, secret.Text{}, fmt.Errorf("reading %s: %w", path, err)
	}
	c := &proxycert.Credential{Chain: contents.Certificates, Key: contents.Key}
	if c.Key == nil {
		return nil, secret.Text{}, &proxycert.NoKeyError{Cert: c.Leaf()}
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
		tty := &lazyTerminal{wait: &patience{}}
		defer tty.close()
		var err error
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
	b.WriteString("imported to " + folder + "\n")
	if err := view.WriteUserCertificate(&b, c, view.Facts{Now: a.Now(), CA: a.lookUpCA(c)}); err != nil {
		return err
	}
	_, err := io.WriteString(a.Out, b.String())
	return err
}
