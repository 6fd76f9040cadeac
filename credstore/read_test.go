// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/proxycert"
)

// secretMount has two files as Kubernetes mounts a Secret: for all to read, behind two links.
func secretMount(t *testing.T, cert, key string) string {
	t.Helper()
	folder := t.TempDir()
	version := filepath.Join(folder, "..2026_01_31_12_00_00.123")
	mkdir(t, version, 0o755)
	symlink(t, filepath.Base(version), filepath.Join(folder, "..data"))
	for name, content := range map[string]string{credstore.CertName: cert, credstore.KeyName: key} {
		write(t, filepath.Join(version, name), content, 0o444)
		symlink(t, filepath.Join("..data", name), filepath.Join(folder, name))
	}
	return folder
}

func TestReader(t *testing.T) {
	t.Parallel()
	c, whole := proxy(t)
	key, err := c.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	folder := secretMount(t, string(c.MarshalChain()), string(key))
	lax := filepath.Join(t.TempDir(), "x509up_u1")
	write(t, lax, whole, 0o640)
	keyPath := filepath.Join(folder, credstore.KeyName)
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		read      func(credstore.Reader) error
		objection error
	}{
		"Load":         {func(r credstore.Reader) error { _, err := r.Load(lax); return err }, &credstore.ModeError{Path: lax, Mode: 0o640, Max: 0o600}},
		"Inspect":      {func(r credstore.Reader) error { _, _, err := r.Inspect(lax); return err }, &credstore.ModeError{Path: lax, Mode: 0o640, Max: 0o600}},
		"LoadPair":     {func(r credstore.Reader) error { _, err := r.LoadPair(folder); return err }, &credstore.ModeError{Path: keyPath, Mode: 0o444, Max: 0o600}},
		"ReadKeyFile":  {func(r credstore.Reader) error { _, err := r.ReadKeyFile(keyPath); return err }, &credstore.ModeError{Path: keyPath, Mode: 0o444, Max: 0o600}},
		"ReadCertFile": {func(r credstore.Reader) error { _, err := r.ReadCertFile(keyPath); return err }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.objection, test.read(credstore.Reader{})); diff != "" {
				t.Errorf("the zero value (-want +got):\n%s", diff)
			}
			var asked []error
			if err := test.read(credstore.Reader{Overrule: func(o error) error { asked = append(asked, o); return nil }}); err != nil {
				t.Errorf("overruled: %v", err)
			}
			var want []error
			if test.objection != nil {
				want = []error{test.objection}
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("objections (-want +got):\n%s", diff)
			}
			err := test.read(credstore.Reader{Overrule: func(error) error { return refused }})
			if test.objection != nil && !errors.Is(err, refused) {
				t.Errorf("not overruled: %v", err)
			}
		})
	}
}

// A file of somebody else is read where that is allowed; what is no file never is. Only root can give files away.
func TestReaderOwner(t *testing.T) {
	t.Parallel()
	_, data := proxy(t)
	path := filepath.Join(t.TempDir(), "x509up_u1")
	write(t, path, data, 0o644)
	var asked []error
	r := credstore.Reader{Overrule: func(o error) error { asked = append(asked, o); return nil }}
	want := []error{&credstore.ModeError{Path: path, Mode: 0o644, Max: 0o600}}
	if give(t, path) {
		want = append([]error{&credstore.OwnerError{Path: path, UID: stranger, Want: os.Geteuid()}}, want...)
	}
	if _, err := r.Load(path); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("objections (-want +got):\n%s", diff)
	}
	if _, err := r.Load(t.TempDir()); !as[*credstore.NotRegularError](err, "") {
		t.Errorf("a folder: %v", err)
	}
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := r.Load(socket); !as[*credstore.NotRegularError](err, "") {
		t.Errorf("a socket: %v", err)
	}
}
