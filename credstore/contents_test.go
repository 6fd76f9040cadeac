// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/x509up/x509up/credstore"
)

func TestCheckContents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, contents, reason string }{
		{"empty", "", ""},
		{"certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""},
		{"old name of a certificate", "text\n-----BEGIN X509 CERTIFICATE-----\n", ""},
		{"damaged", "-----BEGIN CERTIFICATE-----\nMII", ""},
		{"no credential", "alias ll='ls -l'\n", "it holds no credential"},
		{"binary", "\x30\x82\x01\x00", "it holds no credential"},
		{"key alone", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "it holds no certificate"},
		{"encrypted key", "-----BEGIN CERTIFICATE-----\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "it holds an encrypted key"},
		{"old encrypted key", "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "it holds an encrypted key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(test.contents), 0o600); err != nil {
				t.Fatal(err)
			}
			err := credstore.CheckContents(path)
			reason := ""
			if e, ok := errors.AsType[*credstore.NotCredentialError](err); ok {
				reason = e.Reason
			} else if err != nil {
				t.Fatal(err)
			}
			if reason != test.reason {
				t.Errorf("got %q, want %q", reason, test.reason)
			}
		})
	}
	if err := credstore.CheckContents(filepath.Join(t.TempDir(), "absent")); err != nil {
		t.Errorf("absent file: %v", err)
	}
}

// What is no file is not opened: a link is told from what it leads to, and a pipe does not pass for an empty file.
func TestCheckContentsOfNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link, loop := filepath.Join(folder, "link"), filepath.Join(folder, "loop")
	for path, to := range map[string]string{link: os.DevNull, loop: "loop"} {
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		if e, ok := errors.AsType[*credstore.SymlinkError](credstore.CheckContents(path)); !ok || e.Path != path {
			t.Errorf("%s: %v", path, credstore.CheckContents(path))
		}
	}
	for _, path := range []string{folder, os.DevNull} {
		if e, ok := errors.AsType[*credstore.NotRegularError](credstore.CheckContents(path)); !ok || e.Path != path {
			t.Errorf("%s: %v", path, credstore.CheckContents(path))
		}
	}
}
