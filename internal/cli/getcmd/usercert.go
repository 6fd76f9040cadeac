// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"cmp"
	"context"
	"os"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// Source finds the user certificate, or says with a NoUserCertError that there is none. Stored is where proxies are.
func (o InitOptions) Source(con *console.Console, stored acquire.Target) (*acquire.User, error) {
	p := passphrases{con: con, o: o}
	source := &acquire.User{Files: stored.Files, Passphrase: p.ask, Again: p.again}
	var err error
	if o.NoRegen {
		source.Cert, source.Extra = stored.File, true
	} else {
		source.Cert, source.Key, err = files.FindUserCertificate(con, o.Cert, o.Key)
	}
	if err == nil && !o.NoRegen && !o.VOMS.List && holdsUserKey(stored, cmp.Or(source.Key, source.Cert)) {
		err = console.Usagef("--file and the user certificate are the same file, %s: the proxy would take the place of its key, which could not be had again", stored.File)
	}
	return source, err
}

// holdsUserKey says whether a user certificate and its key lie where the proxy will. That a proxy of a proxy takes its place is what people want
// who set X509_USER_CERT and X509_USER_KEY to where proxies are.
func holdsUserKey(stored acquire.Target, key string) bool {
	there, err := os.Stat(stored.File)
	other, otherErr := os.Stat(key)
	if err != nil || otherErr != nil || !os.SameFile(there, other) {
		return false
	}
	c, err := stored.Files.Load(stored.File)
	return err == nil && proxycert.TypeOf(c.Leaf()).Format == proxycert.FormatEEC
}

// passphrases are those of one run of init.
type passphrases struct {
	con   *console.Console
	o     InitOptions
	kept  bool   // the last one came from the keyring
	wrong string // the file for which that of the keyring is wrong
}

// ask gets the passphrase of a file from where the options say.
func (p *passphrases) ask(ctx context.Context, file string) (string, error) {
	tty := new(ask.Terminal)
	defer tty.Close()
	prompt := view.Line("passphrase for " + file + ": ")
	if p.o.Keyring != console.Yes {
		text, err := ask.Secret(ctx, p.con, p.o.Passphrase, tty, ask.ThePassphrase, prompt)
		return text.Reveal(), err
	}
	item, err := ask.PassphraseItem(file)
	if err != nil {
		return "", err
	}
	var wrong error
	if p.wrong == file {
		wrong = &ask.WrongError{Item: item}
	}
	text, kept, err := ask.KeptSecret(ctx, p.con, p.o.Passphrase, item, wrong, tty, ask.ThePassphrase, prompt)
	p.kept = kept
	return text.Reveal(), err
}

// again lets the terminal be asked when the keyring's passphrase is wrong: no server counts that.
func (p *passphrases) again(file string) bool {
	again := p.kept
	p.kept, p.wrong = false, file
	return again
}
