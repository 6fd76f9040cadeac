// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

// fake is a session bus with a Secret Service, as far as go-keyring speaks to it. Interop tests have the real ones.
type fake struct {
	mu     sync.Mutex
	items  map[string]string // by the attribute username
	called []string          // methods of the service, in their order
	fakeOptions
}

type fakeOptions struct {
	collections any                          // of the property; nil: the login collection
	alias       dbus.ObjectPath              // of the default collection; "" is none
	locked      any                          // of the property; nil: false
	fails       map[string]string            // error by method, or by interface and method
	silent      string                       // the method that gets no answer
	greeting    func(net.Conn) (finish bool) // in the place of the authentication
}

const path = "/org/freedesktop/secrets"

// startBus starts the fake and makes it the session bus of this process. Tests that use it are not parallel: go-keyring keeps one
// connection for all.
func startBus(t *testing.T, o fakeOptions) *fake {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "bus")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+socket)
	f := &fake{items: map[string]string{}, fakeOptions: o}
	var open sync.WaitGroup
	var conns []net.Conn
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			conns = append(conns, conn)
			f.mu.Unlock()
			open.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() {
		// Go-keyring's connection is one for the process: the next bus must find it closed.
		var kept *dbus.Conn
		if o.greeting == nil {
			if kept, err = dbus.SessionBus(); err != nil {
				t.Error(err)
			}
		}
		l.Close()
		f.mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		f.mu.Unlock()
		open.Wait()
		if kept != nil {
			<-kept.Context().Done()
		}
	})
	return f
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	if f.greeting != nil && f.greeting(conn) {
		return
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer := "ERROR\r\n" // NEGOTIATE_UNIX_FD
		switch words := strings.Fields(strings.Trim(line, "\x00")); {
		case len(words) == 1 && words[0] == "AUTH":
			answer = "REJECTED EXTERNAL\r\n"
		case words[0] == "AUTH":
			answer = "OK 1234\r\n"
		case words[0] == "BEGIN":
			f.converse(in, conn)
			return
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func (f *fake) converse(in io.Reader, out io.Writer) {
	for {
		m, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		if m.Type != dbus.TypeMethodCall {
			continue
		}
		reply := f.answer(m)
		if reply == nil {
			continue
		}
		reply.Headers[dbus.FieldReplySerial] = dbus.MakeVariant(m.Serial())
		if len(reply.Body) > 0 {
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(reply.Body...))
		}
		if reply.EncodeTo(out, binary.LittleEndian) != nil {
			return
		}
	}
}

func (f *fake) answer(m *dbus.Message) *dbus.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	method := m.Headers[dbus.FieldMember].Value().(string)
	if method != "Hello" && method != "AddMatch" {
		f.called = append(f.called, method)
	}
	if method == f.silent {
		return nil
	}
	if name, ok := f.fails[method]; ok {
		return &dbus.Message{Type: dbus.TypeError, Headers: map[dbus.HeaderField]dbus.Variant{dbus.FieldErrorName: dbus.MakeVariant(name)},
			Body: []any{"it is said to be so"}}
	}
	return &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{}, Body: f.result(method, m)}
}

func (f *fake) result(method string, m *dbus.Message) []any {
	object, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	none := dbus.ObjectPath("/")
	switch method {
	case "Hello":
		return []any{":1.1"}
	case "Get":
		return []any{dbus.MakeVariant(f.property(m.Body[1].(string)))}
	case "ReadAlias":
		if f.alias == "" {
			return []any{none}
		}
		return []any{f.alias}
	case "OpenSession":
		return []any{dbus.MakeVariant(""), dbus.ObjectPath(path + "/session/1")}
	case "Unlock":
		return []any{m.Body[0], none}
	case "SearchItems":
		found := []dbus.ObjectPath{}
		if name := m.Body[0].(map[string]string)["username"]; f.items[name] != "" {
			found = append(found, objectOf(name))
		}
		return []any{found}
	case "CreateItem":
		attributes := m.Body[0].(map[string]dbus.Variant)["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
		f.items[attributes["username"]] = string(m.Body[1].([]any)[2].([]byte))
		return []any{objectOf(attributes["username"]), none}
	case "GetSecret":
		for name, text := range f.items {
			if object == objectOf(name) {
				return []any{struct {
					Session           dbus.ObjectPath
					Parameters, Value []byte
					ContentType       string
				}{path + "/session/1", []byte{}, []byte(text), "text/plain"}}
			}
		}
	case "Delete":
		for name := range f.items {
			if object == objectOf(name) {
				delete(f.items, name)
			}
		}
		return []any{none}
	}
	return nil
}

func (f *fake) property(name string) any {
	value := map[string]any{"Collections": f.collections, "Locked": f.locked}[name]
	switch {
	case value != nil:
		return value
	case name == "Locked":
		return false
	}
	return []dbus.ObjectPath{path + "/collection/login"}
}

// objectOf is the path of an item. Paths have few characters that may be in them.
func objectOf(account string) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf("%s/item/%x", path, account))
}

// kept is what the keyring has, by account.
func (f *fake) kept() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.items)
}

func (f *fake) calls() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.called, " ")
}

func TestSecretService(t *testing.T) {
	f := startBus(t, fakeOptions{})
	var k keyring.Keyring
	if _, err := k.Get(t.Context(), password); !isA[*keyring.NotFoundError](err) {
		t.Errorf("from an empty keyring: %v", err)
	}
	if err := k.Delete(t.Context(), password); !isA[*keyring.NotFoundError](err) {
		t.Errorf("deleted from an empty keyring: %v", err)
	}
	if err := k.Set(t.Context(), password, secret.New(hunter)); err != nil {
		t.Fatal(err)
	}
	if got := f.kept()["jdoe@idp.example.org"]; got != hunter {
		t.Errorf("it keeps %q", got)
	}
	text, err := k.Get(t.Context(), password)
	if err != nil || text.Reveal() != hunter {
		t.Errorf("%q, %v", text.Reveal(), err)
	}
	if _, err := k.Get(t.Context(), passphrase); !isA[*keyring.NotFoundError](err) {
		t.Errorf("another item: %v", err)
	}
	if err := k.Delete(t.Context(), password); err != nil || len(f.kept()) != 0 {
		t.Errorf("%v, %v", f.kept(), err)
	}
}

// TestNoWindow: go-keyring, which would have the keyring unlocked, is not asked when that is locked or not there.
func TestNoWindow(t *testing.T) {
	const login = "Get Get" // Collections, Locked
	unknown := map[string]string{"Get": "org.freedesktop.DBus.Error.ServiceUnknown"}
	tests := []struct {
		name   string
		fake   fakeOptions
		is     func(error) bool
		want   string
		called string
	}{
		{"locked", fakeOptions{locked: true}, isA[*keyring.LockedError], "the keyring is locked", login},
		{"the default one is locked", fakeOptions{locked: true, collections: []dbus.ObjectPath{path + "/collection/other"}, alias: path + "/collection/other"},
			isA[*keyring.LockedError], "the keyring is locked", "Get ReadAlias Get"},
		{"no service", fakeOptions{fails: unknown}, isA[*keyring.AbsentError],
			"there is no keyring: no program of this session keeps secrets: it is said to be so", "Get"},
		{"no keyring", fakeOptions{collections: []dbus.ObjectPath{}}, isA[*keyring.AbsentError],
			"there is no keyring: the program that keeps secrets has none yet", "Get ReadAlias"},
		{"another fault", fakeOptions{fails: map[string]string{"Get": "org.example.Broken"}}, isA[*keyring.FailedError],
			"it is said to be so (org.example.Broken)", "Get"},
		{"no list of collections", fakeOptions{collections: "many"}, isA[*keyring.FailedError], "the keyring's Collections is of type s", "Get"},
		{"neither locked nor open", fakeOptions{locked: "perhaps"}, isA[*keyring.FailedError], "the keyring's Locked is of type s", login},
		{"a bus that lets nobody in", fakeOptions{greeting: says("REJECTED KERBEROS_V4\r\n")}, isA[*keyring.AbsentError],
			"there is no keyring: no session bus of D-Bus: dbus: authentication failed", ""},
		{"no bus but something else", fakeOptions{greeting: says("220 ready\r\n")}, isA[*keyring.AbsentError],
			"there is no keyring: no session bus of D-Bus: dbus: authentication protocol error", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := startBus(t, tt.fake)
			_, err := keyring.Keyring{}.Get(t.Context(), password)
			if err == nil || !tt.is(err) || !strings.HasSuffix(err.Error(), "idp.example.org: "+tt.want) {
				t.Errorf("got  %T %v\nwant %s", err, err, tt.want)
			}
			if got := f.calls(); got != tt.called {
				t.Errorf("called %s, want %s", got, tt.called)
			}
			if err := (keyring.Keyring{}).Set(t.Context(), password, secret.New(hunter)); err == nil || !tt.is(err) || len(f.kept()) > 0 {
				t.Errorf("Set: %T %v", err, err)
			}
			if err := (keyring.Keyring{}).Delete(t.Context(), password); err == nil || !tt.is(err) {
				t.Errorf("Delete: %T %v", err, err)
			}
		})
	}
}

// says is a greeting of somebody who is no bus.
func says(text string) func(net.Conn) bool {
	return func(conn net.Conn) bool {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
		return true
	}
}

// TestLockedMeanwhile: the service itself says that it is locked, after we have asked.
func TestLockedMeanwhile(t *testing.T) {
	startBus(t, fakeOptions{fails: map[string]string{"CreateItem": "org.freedesktop.Secret.Error.IsLocked"}})
	if err := (keyring.Keyring{}).Set(t.Context(), password, secret.New(hunter)); !isA[*keyring.LockedError](err) {
		t.Errorf("%T %v", err, err)
	}
}

// TestDefaultCollection: not every keyring has one of the name login.
func TestDefaultCollection(t *testing.T) {
	f := startBus(t, fakeOptions{collections: []dbus.ObjectPath{path + "/collection/other"}, alias: path + "/collection/other"})
	if err := (keyring.Keyring{}).Set(t.Context(), passphrase, secret.New(hunter)); err != nil || f.kept()["key:"+passphrase.Account] != hunter {
		t.Errorf("%v, %v", f.kept(), err)
	}
}

// TestSilence: whoever falls silent, and when, costs no more than the timeout.
func TestSilence(t *testing.T) {
	const timeout = 100 * time.Millisecond
	tests := map[string]fakeOptions{"the bus": {greeting: says("")}}
	for _, method := range []string{"Get", "Unlock", "OpenSession", "CreateItem"} {
		tests[method] = fakeOptions{silent: method}
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			startBus(t, o)
			begin := time.Now()
			err := keyring.Keyring{Timeout: timeout}.Set(t.Context(), password, secret.New(hunter))
			if e, ok := errors.AsType[*keyring.TimeoutError](err); !ok || e.After != timeout || e.Item != password {
				t.Errorf("%T %v", err, err)
			}
			if took := time.Since(begin); took < timeout || took > 20*timeout {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestNoSessionBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	_, err := keyring.Keyring{}.Get(t.Context(), password)
	e, ok := errors.AsType[*keyring.AbsentError](err)
	if !ok || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), ": there is no keyring: no session bus of D-Bus: dial unix ") {
		t.Errorf("%+v %v", e, err)
	}
}
