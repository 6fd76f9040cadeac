// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestClosed: what the permissions of a file or a folder keep one from is said so, and no new credential is advised. Root,
// for whom they do not count, touches files as somebody else meanwhile.
func TestClosed(t *testing.T) {
	t.Parallel()
	const stranger = 54321
	h := newHome(t, nil)
	m := newMaterial(t)
	dir := h.path("closed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h.write(t, "closed/file.pem", string(m.good))
	h.write(t, "open.pem", string(m.good))
	if err := os.WriteFile(h.path("cert.pem"), m.chain, 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(dir, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	} else if err := os.Chown(h.path("open.pem"), stranger, -1); err != nil {
		t.Fatal(err)
	}
	for top := h.dir; strings.HasPrefix(top, os.TempDir()+"/"); top = top[:strings.LastIndexByte(top, '/')] {
		if err := os.Chmod(top, 0o711); err != nil { // so that the stranger gets as far as that
			t.Fatal(err)
		}
	}
	if err := os.Chmod(h.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	const closed = "hint: the permissions of the file, or of a folder above it, keep you out: its owner can let you in\n"
	for _, c := range []struct {
		args string
		code int
		hint string
	}{
		{"info -f FILE", 4, closed},
		{"verify -f FILE", 4, closed},
		{"destroy -f FILE", 4, closed},
		{"init --cert FILE", 4, closed},
		{"init --cert CERT --key FILE", 4, closed},
		{"import FILE", 4, closed},
		{"import --to CLOSED/new --no-encrypt OPEN", 1, "hint: --to FOLDER names another place\n"},
		{"import --to CLOSED --force --no-encrypt OPEN", 1, "hint: --to FOLDER names another place\n"},
		{"get-cert -i https://127.0.0.1:1/ --service-provider https://127.0.0.1:1/ --ca-file FILE", 1, closed},
		{"vo list --vomses FILE", 0, ""},
	} {
		args := strings.Fields(strings.NewReplacer("FILE", dir+"/file.pem", "CLOSED", dir, "OPEN", h.path("open.pem"), "CERT", h.path("cert.pem")).Replace(c.args))
		var said string
		var code int
		as(t, stranger, func() { _, said, code = h.run(t, args...) })
		if code != c.code || !strings.Contains(said, "permission denied") || !strings.HasSuffix(said, c.hint) {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, code, c.code, said)
		}
	}
}

// as runs do as one for whom the permissions of files count. Only this thread becomes it.
func as(t *testing.T, uid int, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	become := func(uid int) {
		if err := unix.Setfsuid(uid); err != nil {
			t.Fatal(err)
		}
		if now, _ := unix.SetfsuidRetUid(-1); now != uid {
			t.Fatalf("touching files as user %d, not %d", now, uid)
		}
	}
	become(uid)
	defer become(0)
	do()
}
