// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/pemfile"
)

// exitFailure is what a keyring that does not answer ends with.
const exitFailure = 1

// TestKeyringLogin: the command stores a password and a passphrase in gnome-keyring, and logs in and makes a proxy with them.
func TestKeyringLogin(t *testing.T) { // it is not parallel: the session bus is that of the process
	f, d := startBox(t, fed.Options{})
	bus := startSessionBus(t)
	u := boxUser(t, buildTool(t), d, fed.User{Username: f.Username, Password: f.Password})
	c := u.client.with("DBUS_SESSION_BUS_ADDRESS", bus.Address).with("X509UP_PASSWORD_FILE", "")
	home := makeDir(t, bus.Dir, "home")
	idp, err := url.Parse(f.IdPURL)
	if err != nil {
		t.Fatal(err)
	}
	account := f.Username + "@" + idp.Host
	t.Run("unlocked", func(t *testing.T) {
		bus.startKeyring(t, home, "correct horse", hasLogin(false))
		t.Run("password", func(t *testing.T) { c.passwordFromKeyring(t, f, account) })
		t.Run("refused", func(t *testing.T) { c.refusedFromKeyring(t, f, account) })
		t.Run("passphrase", func(t *testing.T) { u.passphraseFromKeyring(t, c) })
	})
	t.Run("locked", func(t *testing.T) {
		bus.startKeyring(t, home, "", hasLogin(true))
		c.noPasswordFromKeyring(t, keyringLimit/3, "the keyring is locked")
	})
	t.Run("no program", func(t *testing.T) { c.noPasswordFromKeyring(t, keyringLimit/3, "there is no keyring") })
	t.Run("no bus", func(t *testing.T) {
		c.with("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(bus.Dir, "none")).noPasswordFromKeyring(t, keyringLimit/3, "there is no keyring")
	})
	t.Run("hangs", func(t *testing.T) {
		conn := bus.connect(t)
		if reply, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
			t.Fatalf("%v, %v", reply, err)
		}
		conn.Eavesdrop(make(chan *dbus.Message, 1000)) // and answers nothing
		c.noPasswordFromKeyring(t, keyringLimit, "the keyring has not answered within 3s")
	})
}

// lookUp is what libsecret finds under the name of an item.
func lookUp(t *testing.T, account string) (string, bool) {
	t.Helper()
	return secretTool(t, "", "lookup", "service", keyring.Service, "username", account)
}

func (c client) passwordFromKeyring(t *testing.T, f *fed.Federation, account string) {
	c.x509up(t, exitNoneThere, "keyring", "status", "-u", f.Username)
	c.x509up(t, exitDone, "keyring", "set", "--password-file", filepath.Join(c.Home, "password")).keepsSecret(t, f.Password)
	if out, ok := lookUp(t, account); !ok || out != f.Password {
		t.Errorf("secret-tool reads another password than was stored under %s", account)
	}
	if err := os.Remove(c.File); err != nil {
		t.Fatal(err)
	}
	before := f.Logins()
	c.x509up(t, exitDone, "get-cert", "--keyring", "--proxy", "-d").keepsSecret(t, f.Password)
	c.credential(t, c.File)
	if n := f.Logins() - before; n != 1 {
		t.Errorf("%d logins", n)
	}
}

// posts counts the passwords that the identity provider was sent.
func posts(f *fed.Federation) (n int) {
	for _, r := range f.Requests() {
		if r.Server == "idp" && r.Method == "POST" {
			n++
		}
	}
	return n
}

func (c client) refusedFromKeyring(t *testing.T, f *fed.Federation, account string) {
	before := posts(f)
	store := []string{"store", "--label", "theirs", "service", keyring.Service, "username", account}
	// Libsecret stores with more attributes, and so beside what we have stored.
	c.x509up(t, exitDone, "keyring", "delete")
	if _, ok := secretTool(t, "mistaken", store...); !ok {
		t.Fatal("secret-tool stored nothing")
	}
	c.x509up(t, exitRefused, "get-cert", "--keyring").says(t, "the password in the keyring was refused", "hint: x509up keyring set --idp ")
	note, ok := lookUp(t, "refused:"+account)
	if !ok || strings.Contains(note, "mistaken") {
		t.Errorf("the note is %q", note)
	}
	for range 2 {
		c.x509up(t, exitRefused, "get-cert", "--keyring").says(t, "was refused at 20", "is not tried again")
	}
	c.x509up(t, exitRefused, "keyring", "status", "-q")
	if n := posts(f) - before; n != 1 {
		t.Errorf("the wrong password was sent %d times", n)
	}
	if _, ok := secretTool(t, f.Password, store...); !ok {
		t.Fatal("secret-tool stored nothing")
	}
	c.x509up(t, exitDone, "get-cert", "--keyring")
	c.x509up(t, exitDone, "keyring", "set", "--password-file", filepath.Join(c.Home, "password"))
	if note, ok := lookUp(t, "refused:"+account); ok {
		t.Errorf("the note %q is left", note)
	}
	c.x509up(t, exitDone, "get-cert", "--keyring")
}

func (u gridUser) passphraseFromKeyring(t *testing.T, c client) {
	data, err := pemfile.EncryptKey(u.Pair.Key, "open sesame")
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(c.Home, "encrypted.pem")
	writeOwn(t, key, data, 0o600)
	writeOwn(t, filepath.Join(c.Home, "passphrase"), []byte("open sesame\n"), 0o600)
	c.x509up(t, exitRefused, "keyring", "set", "--key", key, "--password-file", filepath.Join(c.Home, "password"))
	c.x509up(t, exitDone, "keyring", "set", "--key", "encrypted.pem", "--password-file", "passphrase")
	if out, ok := lookUp(t, "key:"+key); !ok || out != "open sesame" {
		t.Errorf("secret-tool reads %q", out)
	}
	c.x509up(t, exitUsage, "init", "--cert", u.Cert, "--key", key)
	c.x509up(t, exitDone, "init", "--cert", u.Cert, "--key", key, "--keyring")
	c.credential(t, c.File)
	c.x509up(t, exitDone, "keyring", "delete", "--key", key)
	if out, ok := lookUp(t, "key:"+key); ok {
		t.Errorf("%q is left", out)
	}
	c.x509up(t, exitNoneThere, "init", "--cert", u.Cert, "--key", key, "--keyring")
}

// noPasswordFromKeyring expects a login to fail for want of a keyring, and in time.
func (c client) noPasswordFromKeyring(t *testing.T, limit time.Duration, why string) {
	t.Helper()
	begin := time.Now()
	r := c.x509up(t, exitFailure, "get-cert", "--keyring")
	took := time.Since(begin)
	r.says(t, why, "and there is no terminal", "hint: ")
	if took > limit+500*time.Millisecond {
		t.Errorf("it took %v, more than %v and a login", took, limit)
	}
	c.x509up(t, exitFailure, "keyring", "status").says(t, why)
}
