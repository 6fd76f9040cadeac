// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package filecmd

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
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// importOptions are the options of import.
type importOptions struct {
	passphrase ask.SecretOptions
	noEncrypt  bool
	force      bool
	folder     string
}

// NewImport makes the command import.
func NewImport(con *console.Console) *cobra.Command {
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
				return console.Usagef("one file is expected, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := ask.ExclusiveSecret(cmd.Flags().Changed, "passphrase"); err != nil {
				return err
			}
			return importFile(cmd.Context(), con, o, args[0])
		},
	}
	f := cmd.Flags()
	o.passphrase.AddFlags(f, "passphrase", "passphrase of FILE")
	f.BoolVar(&o.noEncrypt, "no-encrypt", false, "leave the private key without a passphrase")
	f.BoolVar(&o.force, "force", false, "replace what is there, and keep a copy of it")
	f.StringVar(&o.folder, "to", "", "write to `FOLDER` (default ~/.globus)")
	con.AddTalkFlags(f, true)
	return cmd
}

func importFile(ctx context.Context, con *console.Console, o importOptions, path string) error {
	folder := o.folder
	if folder == "" {
		home := con.Env("HOME")
		if home == "" {
			return console.Usagef("HOME is not set: --to FOLDER says where to write")
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
		return &verdict.ImportTargetError{Err: err}
	}
	c, passphrase, err := readImport(ctx, con, o, path, data)
	if err != nil {
		return err
	}
	key, err := importedKey(ctx, con, o, c, passphrase)
	if err != nil {
		return err
	}
	kept, err := credstore.InstallPair(folder, c.MarshalChain(), key, con.Now())
	for _, old := range kept {
		con.Warn("what was there is kept as %s", old)
	}
	if err != nil {
		return &verdict.ImportTargetError{Err: err}
	}
	if end := c.NotAfter(); end.Before(con.Now()) {
		con.Warn("what is imported expired at %s: no proxy can be made of it", end.UTC().Format(time.RFC3339))
	}
	if con.Quiet {
		return nil
	}
	return printImport(con, c, folder)
}

// vacant refuses a folder with a certificate or a key in it.
func vacant(folder string, force bool) error {
	for _, name := range []string{credstore.CertName, credstore.KeyName} {
		path := filepath.Join(folder, name)
		switch _, err := os.Lstat(path); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return &verdict.ImportTargetError{Err: &credstore.FolderError{Path: folder, Err: pathCause(err)}}
		case !force:
			return &verdict.OccupiedError{Path: path}
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
	return data, files.UserFile(err)
}

// readImport reads what is in the file of that path, with the passphrase if it has one.
func readImport(ctx context.Context, con *console.Console, o importOptions, path string, data []byte) (*proxycert.Credential, secret.Text, error) {
	tty := new(ask.Terminal)
	defer tty.Close()
	var passphrase secret.Text
	contents, err := pemfile.Read(data, func() (_ string, err error) {
		passphrase, err = ask.Secret(ctx, con, o.passphrase, tty, ask.ThePassphrase, view.Line("passphrase for "+path+": "))
		return passphrase.Reveal(), err
	})
	if err == nil {
		contents, err = pemfile.Pair(contents)
	}
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, err)
		if _, half := errors.AsType[*pemfile.MissingError](err); half {
			err = &verdict.ImportHalfError{Err: err}
		}
		return nil, secret.Text{}, err
	}
	c := &proxycert.Credential{Chain: contents.Certificates, Key: contents.Key}
	if t := proxycert.TypeOf(c.Leaf()); t.Format != proxycert.FormatEEC {
		return nil, secret.Text{}, &verdict.ExitError{Code: verdict.ExitUnfit, Err: fmt.Errorf("%s holds no user certificate, but this: %s", path, t)}
	}
	if info, err := os.Stat(path); err == nil && files.ModesCount && info.Mode().Perm()&0o077 != 0 && passphrase.IsZero() {
		con.Warn("others can read the private key in %s: remove it when the import has worked", path)
	}
	return c, passphrase, nil
}

// importedKey writes the key as it will be stored.
func importedKey(ctx context.Context, con *console.Console, o importOptions, c *proxycert.Credential, passphrase secret.Text) ([]byte, error) {
	if o.noEncrypt {
		return c.MarshalKey(proxycert.PKCS8)
	}
	if passphrase.IsZero() {
		tty := new(ask.Terminal)
		defer tty.Close()
		var err error
		if given := o.passphrase; given != (ask.SecretOptions{}) && !(given.Stdin && con.InIsTerminal()) {
			if passphrase, err = ask.Secret(ctx, con, given, tty, ask.TheNewPassphrase, ""); err != nil {
				return nil, err
			}
			return pemfile.EncryptKey(c.Key, passphrase.Reveal())
		}
		if passphrase, err = tty.Secret(ctx, "new passphrase for the private key: "); err != nil {
			return nil, ask.NoTerminal(err, ask.TheNewPassphrase)
		}
		again, err := tty.Secret(ctx, "the same again: ")
		if err != nil {
			return nil, ask.NoTerminal(err, ask.TheNewPassphrase)
		}
		if passphrase.IsZero() || !again.Equal(passphrase) {
			return nil, console.Usagef("the two passphrases are empty or not the same; nothing was imported")
		}
	}
	return pemfile.EncryptKey(c.Key, passphrase.Reveal())
}

// printImport shows what a person must know of a new certificate.
func printImport(con *console.Console, c *proxycert.Credential, folder string) error {
	var b strings.Builder
	b.WriteString(view.Line("imported to "+folder) + "\n")
	if err := view.WriteUserCertificate(&b, c, view.Facts{Now: con.Now(), CA: lookUpCA(files.Site(con, files.SiteOptions{}, "").CAs(), c)}, view.Style{Letters: con.OutIsTerminal()}); err != nil {
		return err
	}
	_, err := io.WriteString(con.Out, b.String())
	return err
}
