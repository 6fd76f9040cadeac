// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

// keyringLimit is what a keyring may cost that is locked, absent or silent.
const keyringLimit = 3500 * time.Millisecond

// sessionBus is a dbus-daemon, which is the session bus of the test's process as well.
type sessionBus struct {
	Dir     string
	Address string
}

func startSessionBus(t *testing.T) sessionBus {
	t.Helper()
	dir := tempDir(t)
	socket := filepath.Join(dir, "bus")
	b := sessionBus{Dir: dir, Address: "unix:path=" + socket}
	conf := filepath.Join(dir, "session.conf")
	render(t, "dbus/session.conf", map[string]string{"Socket": socket}, conf, 0o644)
	daemon{
		Name: "dbus-daemon", Dir: dir, Command: []string{"dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + conf},
		Ready: func() error {
			conn, err := net.Dial("unix", socket)
			if err == nil {
				conn.Close()
			}
			return err
		},
	}.start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", b.Address)
	return b
}

// connect is a connection of its own, which ends with the test.
func (b sessionBus) connect(t *testing.T) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// startKeyring starts gnome-keyring on the bus, with its files below home, and returns the path of its log. With a password, its
// login keyring is unlocked, and made if there is none.
func (b sessionBus) startKeyring(t *testing.T, home, password string, ready func(*dbus.Conn) error) string {
	t.Helper()
	dir := makeDir(t, b.Dir, strings.ReplaceAll(t.Name(), "/", "_"))
	input, unlock := os.DevNull, ""
	if password != "" {
		input, unlock = filepath.Join(dir, "password"), "--unlock"
		writeFile(t, input, []byte(password), 0o600)
	}
	conn := b.connect(t)
	daemon{
		Name: "gnome-keyring", Dir: dir,
		Command: []string{"sh", "-c", `umask 077; exec env HOME="$1" XDG_DATA_HOME="$1" XDG_RUNTIME_DIR="$2" DBUS_SESSION_BUS_ADDRESS="$3" \
			gnome-keyring-daemon --foreground --components=secrets --control-directory="$2" $4 <"$5"`,
			"sh", home, dir, b.Address, unlock, input},
		Ready: func() error { return ready(conn) },
	}.start(t)
	return filepath.Join(dir, "gnome-keyring.out.log")
}

// hasLogin is ready when there is a login keyring, locked or not.
func hasLogin(locked bool) func(*dbus.Conn) error {
	return func(conn *dbus.Conn) error {
		v, err := conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets/collection/login").GetProperty("org.freedesktop.Secret.Collection.Locked")
		if err == nil && v.Value() != locked {
			err = fmt.Errorf("locked is %v", v)
		}
		return err
	}
}

// hasCollections is ready when the service knows what it has.
func hasCollections(conn *dbus.Conn) error {
	_, err := conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").GetProperty("org.freedesktop.Secret.Service.Collections")
	return err
}

// secretTool runs libsecret's tool, which finds the bus as we do, and returns what it prints; ok tells whether its exit code is 0.
func secretTool(t *testing.T, input string, args ...string) (out string, ok bool) {
	t.Helper()
	cmd := exec.Command("secret-tool", args...)
	cmd.Stdin = strings.NewReader(input)
	text, err := cmd.Output()
	if _, refused := errors.AsType[*exec.ExitError](err); err != nil && !refused {
		t.Fatalf("secret-tool: %v (run interop/install.sh)", err)
	}
	return string(text), err == nil
}

// TestKeyring: gnome-keyring 42.1 keeps what we store, and libsecret's secret-tool 0.20.5 sees the same.
func TestKeyring(t *testing.T) { // it is not parallel: the session bus is that of the process
	bus := startSessionBus(t)
	home := makeDir(t, bus.Dir, "home")
	t.Run("round trip", func(t *testing.T) {
		bus.startKeyring(t, home, "correct horse", hasLogin(false))
		t.Run("password", func(t *testing.T) {
			roundTrip(t, keyring.Item{Account: "jdoe", Server: "IdP.example.org:8443"}, "jdoe@idp.example.org:8443")
		})
		t.Run("passphrase", func(t *testing.T) {
			roundTrip(t, keyring.Item{Kind: keyring.Passphrase, Account: "/home/jdoe/.globus/userkey.pem"}, "key:/home/jdoe/.globus/userkey.pem")
		})
		t.Run("stored by others", othersSecret)
		if err := (keyring.Keyring{}).Set(t.Context(), forLater, secret.New("kept")); err != nil {
			t.Error(err)
		}
	})
	t.Run("stored before", func(t *testing.T) {
		bus.startKeyring(t, home, "correct horse", hasLogin(false))
		if text, err := (keyring.Keyring{}).Get(t.Context(), forLater); err != nil || text.Reveal() != "kept" {
			t.Errorf("%q, %v", text.Reveal(), err)
		}
	})
	t.Run("locked", func(t *testing.T) {
		log := bus.startKeyring(t, home, "", hasLogin(true))
		refuses[*keyring.LockedError](t, keyringLimit/3)
		// It looks for somebody who could show a window when it is asked to unlock, and complains when there is nobody.
		const complaint = "couldn't create system prompt"
		if strings.Contains(readLog(t, log), complaint) {
			t.Error("a window was to be opened")
		}
		// secret-tool does have it opened, so that we would see it.
		if out, ok := secretTool(t, "", "lookup", "service", keyring.Service, "username", "jdoe@later.example.org"); ok || out != "" {
			t.Errorf("secret-tool reads %q", out)
		}
		wantLogged(t, "gnome-keyring", readLog(t, log), complaint)
	})
	t.Run("no keyring yet", func(t *testing.T) {
		bus.startKeyring(t, makeDir(t, bus.Dir, "empty"), "", hasCollections)
		refuses[*keyring.AbsentError](t, keyringLimit/3)
	})
	t.Run("no program", func(t *testing.T) {
		refuses[*keyring.AbsentError](t, keyringLimit/3)
	})
	t.Run("hangs", func(t *testing.T) {
		conn := bus.connect(t)
		asked := make(chan *dbus.Message, 1000)
		if reply, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
			t.Fatalf("%v, %v", reply, err)
		}
		conn.Eavesdrop(asked) // and answers nothing
		refuses[*keyring.TimeoutError](t, keyringLimit)
		if len(asked) == 0 {
			t.Error("nobody asked it")
		}
	})
	t.Run("no bus", func(t *testing.T) {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(bus.Dir, "none"))
		refuses[*keyring.AbsentError](t, keyringLimit/3)
	})
	t.Run("a bus that hangs", func(t *testing.T) {
		socket := filepath.Join(bus.Dir, "silent")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+socket)
		refuses[*keyring.TimeoutError](t, keyringLimit)
	})
}

var forLater = keyring.Item{Account: "jdoe", Server: "later.example.org"}

// roundTrip stores, replaces, reads and deletes a secret, and asks secret-tool each time.
func roundTrip(t *testing.T, item keyring.Item, username string) {
	var k keyring.Keyring
	attributes := []string{"service", keyring.Service, "username", username}
	lookUp := slices.Concat([]string{"lookup"}, attributes)
	if _, err := k.Get(t.Context(), item); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("before: %v", err)
	}
	for _, text := range []string{"first", "pass word", "\"'`$(true)\\ %s", "Ünïcode 密码", " blanks ", "line\n", strings.Repeat("x", 2000)} {
		if err := k.Set(t.Context(), item, secret.New(text)); err != nil {
			t.Fatal(err)
		}
		got, err := k.Get(t.Context(), item)
		if err != nil || got.Reveal() != text {
			t.Errorf("stored %q, read %q, %v", text, got.Reveal(), err)
		}
		if out, ok := secretTool(t, "", lookUp...); !ok || out != text {
			t.Errorf("stored %q, secret-tool reads %q", text, out)
		}
	}
	if out, _ := secretTool(t, "", slices.Concat([]string{"search", "--all"}, attributes)...); strings.Count(out, "secret = ") != 1 {
		t.Errorf("it is there %d times", strings.Count(out, "secret = "))
	}
	if err := k.Delete(t.Context(), item); err != nil {
		t.Error(err)
	}
	if out, ok := secretTool(t, "", lookUp...); ok || out != "" {
		t.Errorf("secret-tool still reads %q", out)
	}
	if err := k.Delete(t.Context(), item); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

// othersSecret: what secret-tool stored is found, replaced and deleted. It has one more attribute, xdg:schema, so that the service takes
// it for another secret than ours.
func othersSecret(t *testing.T) {
	var k keyring.Keyring
	item := keyring.Item{Account: "others", Server: "idp.example.org"}
	attributes := []string{"service", keyring.Service, "username", "others@idp.example.org"}
	store := slices.Concat([]string{"store", "--label=x509up"}, attributes)
	if _, ok := secretTool(t, "theirs", store...); !ok {
		t.Fatal("secret-tool stored nothing")
	}
	if text, err := k.Get(t.Context(), item); err != nil || text.Reveal() != "theirs" {
		t.Errorf("%q, %v", text.Reveal(), err)
	}
	if err := k.Set(t.Context(), item, secret.New("ours")); err != nil {
		t.Fatal(err)
	}
	if text, err := k.Get(t.Context(), item); err != nil || text.Reveal() != "ours" {
		t.Errorf("%q, %v", text.Reveal(), err)
	}
	if _, ok := secretTool(t, "theirs", store...); !ok {
		t.Fatal("secret-tool stored nothing")
	}
	if err := k.Delete(t.Context(), item); err != nil {
		t.Error(err)
	}
	if out, ok := secretTool(t, "", slices.Concat([]string{"lookup"}, attributes)...); ok || out != "" {
		t.Errorf("%q is left", out)
	}
}

// refuses expects an error of a kind from each of three calls at once, within a time, and that nothing of the secret is in it.
func refuses[E error](t *testing.T, limit time.Duration) {
	t.Helper()
	const text = "hunter2"
	var k keyring.Keyring
	var calls sync.WaitGroup
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := k.Get(t.Context(), forLater); return err },
		"Set":    func() error { return k.Set(t.Context(), forLater, secret.New(text)) },
		"Delete": func() error { return k.Delete(t.Context(), forLater) },
	} {
		calls.Go(func() {
			begin := time.Now()
			err := call()
			took := time.Since(begin)
			if _, ok := errors.AsType[E](err); !ok || strings.Contains(err.Error(), text) {
				t.Errorf("%s: %T %v", name, err, err)
			}
			if took > limit {
				t.Errorf("%s took %v, more than %v", name, took, limit)
			}
		})
	}
	calls.Wait()
}
