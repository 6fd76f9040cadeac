// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// hostileCommands are all that read a credential or a key, with FILE for the file. The order is that of the codes below.
var hostileCommands = []string{
	"info -f FILE", "info --exists -f FILE", "info --json -f FILE", "verify --ca-dir CAS -f FILE",
	"init --key-type ec256 --cert FILE -f NEW", "init --key-type ec256 --cert CERT --key FILE -f NEW",
	"init --key-type ec256 --noregen -f FILE", "import --no-encrypt --to NEW FILE",
	"destroy -f FILE",
	// Nobody answers there: what cannot be stored is to be said before anybody is asked.
	"get-cert --reuse --key-type ec256 -u jdoe --password-file PW -i https://127.0.0.1:1/ --service-provider https://127.0.0.1:1/ -f FILE",
}

// hostile is a file, and how the commands end with it.
type hostile struct {
	name  string
	make  func(t *testing.T, m *material, path string)
	codes string
}

// material is what the files are made of.
type material struct {
	good, key, chain, expired, otherKey []byte
	ca                                  *testca.CA
	cert                                *proxycert.Credential
}

func content(data func(*material) []byte) func(*testing.T, *material, string) {
	return func(t *testing.T, m *material, path string) {
		t.Helper()
		if err := os.WriteFile(path, data(m), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func special(create func(path string) error) func(*testing.T, *material, string) {
	return func(t *testing.T, _ *material, path string) {
		t.Helper()
		if err := create(path); err != nil {
			t.Fatal(err)
		}
	}
}

var hostiles = []hostile{
	//                                                             info exists json verify cert key noregen import destroy get-cert
	{"good", content(func(m *material) []byte { return m.good }), "0 0 0 0 0 0 0 0 0 0"},
	{"expired", content(func(m *material) []byte { return m.expired }), "4 4 4 4 4 4 4 0 0 6"},
	{"the key first", content(func(m *material) []byte { return append(bytes.Clone(m.key), m.chain...) }), "0 0 0 0 0 0 0 0 0 0"},
	{"CRLF", content(func(m *material) []byte { return bytes.ReplaceAll(m.good, []byte("\n"), []byte("\r\n")) }), "0 0 0 0 0 0 0 0 0 0"},
	{"a byte order mark", content(func(m *material) []byte { return append([]byte("\xef\xbb\xbf"), m.good...) }), "0 0 0 0 0 0 0 0 0 0"},
	{"UTF-16", content(func(m *material) []byte { return utf16File(m.good) }), "4 4 4 4 0 0 4 0 4 4"},
	{"DER", content(func(m *material) []byte { return m.cert.Leaf().Raw }), "4 4 4 4 4 4 4 4 4 4"},
	{"cut in the first line", content(func(m *material) []byte { return m.good[:9] }), "4 4 4 4 4 4 4 4 4 4"},
	{"cut in the certificate", content(func(m *material) []byte { return m.good[:len(m.chain)/2] }), "4 4 4 4 4 4 4 4 0 6"},
	{"cut before the end of the certificate", content(func(m *material) []byte { return m.good[:len(m.chain)-5] }), "4 4 4 4 4 4 4 4 0 6"},
	{"cut before the key", content(func(m *material) []byte { return m.good[:len(m.chain)] }), "0 0 0 0 4 4 4 4 4 6"},
	{"cut in the key", content(func(m *material) []byte { return m.good[:len(m.chain)+80] }), "4 4 4 4 4 4 4 4 0 6"},
	{"cut before the end", content(func(m *material) []byte { return m.good[:len(m.good)-10] }), "4 4 4 4 4 4 4 4 0 6"},
	{"empty", content(func(*material) []byte { return nil }), "4 4 4 4 4 4 4 4 0 6"},
	{"noise", content(noise), "4 4 4 4 4 4 4 4 4 4"},
	{"zeros", content(func(*material) []byte { return make([]byte, 1<<20) }), "4 4 4 4 4 4 4 4 4 4"},
	{"one long line", content(func(*material) []byte { return bytes.Repeat([]byte("A"), 1<<20) }), "4 4 4 4 4 4 4 4 4 4"},
	{"1 MB of the same", content(func(m *material) []byte { return bytes.Repeat(m.good, 1<<20/len(m.good)) }), "4 4 4 4 4 4 4 4 0 6"},
	{"10,000 certificates", content(func(m *material) []byte { return bytes.Repeat(m.chain, 10_000) }), "4 4 4 4 4 4 4 4 0 6"},
	{"begins without end", content(func(*material) []byte { return bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), 30_000) }), "4 4 4 4 4 4 4 4 0 6"},
	{"the key of another", content(func(m *material) []byte { return append(bytes.Clone(m.chain), m.otherKey...) }), "4 4 4 4 4 4 4 4 0 6"},
	{"a key alone", content(func(m *material) []byte { return m.key }), "4 4 4 4 4 0 4 4 4 4"},
	{"certificates alone", content(func(m *material) []byte { return m.chain }), "0 0 0 0 4 4 4 4 4 6"},
	{"a folder", special(func(path string) error { return os.Mkdir(path, 0o700) }), "4 4 4 4 4 4 4 4 4 4"},
	{"a pipe", special(func(path string) error { return unix.Mkfifo(path, 0o600) }), "4 4 4 4 4 4 4 4 4 4"},
	{"a socket", func(t *testing.T, _ *material, path string) {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}, "4 4 4 4 4 4 4 4 4 4"},
	{"a link to itself", special(func(path string) error { return os.Symlink(filepath.Base(path), path) }), "4 4 4 4 4 4 4 4 4 4"},
	{"a link to nothing", special(func(path string) error { return os.Symlink("nothing", path) }), "3 3 3 3 3 3 4 3 4 4"},
	{"a link to /dev/zero", special(func(path string) error { return os.Symlink("/dev/zero", path) }), "4 4 4 4 4 4 4 4 4 4"},
	{"not for you", func(t *testing.T, m *material, path string) {
		content(func(m *material) []byte { return m.good })(t, m, path)
		if os.Geteuid() == 0 { // whom no mode keeps from reading
			if err := os.Chown(path, 54321, -1); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}, notForMe()},
	{"one that grows", func(t *testing.T, m *material, path string) {
		content(func(m *material) []byte { return m.good })(t, m, path)
		grow(t, path)
	}, "4 4 4 4 4 4 4 4 0 6"},
}

// notForMe: root reads what has any mode, and import takes a file as others have left it.
func notForMe() string {
	if os.Geteuid() == 0 {
		return "4 4 4 4 4 4 4 0 4 4"
	}
	return "4 4 4 4 4 4 4 4 4 4"
}

func noise(*material) []byte {
	data := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

func utf16File(text []byte) []byte {
	data := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(text))) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}

// grow makes a file large, and goes on writing to it.
func grow(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	more := bytes.Repeat([]byte("more and more\n"), 1<<13)
	for range 12 {
		if _, err := f.Write(more); err != nil {
			t.Fatal(err)
		}
	}
	stop, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-done; f.Close() })
	go func() {
		defer close(done)
		for range 500 {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				_, _ = f.Write(more) // to whatever has become of it
			}
		}
	}()
}

func newMaterial(t *testing.T) *material {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	m := &material{ca: ca, cert: ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Jane Doe"})}
	bytesOf := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	m.chain = m.cert.MarshalChain()
	m.key = bytesOf(m.cert.MarshalKey(proxycert.PKCS8))
	m.good = bytesOf(m.cert.Marshal(proxycert.PKCS8))
	m.otherKey = bytesOf(ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=John Roe"}).MarshalKey(proxycert.PKCS8))
	past := time.Now().Add(-24 * time.Hour)
	m.expired = bytesOf(ca.Issue(t, testca.Leaf{NotBefore: past.Add(-time.Hour), NotAfter: past}).Marshal(proxycert.PKCS8))
	return m
}

// TestHostileFiles: whatever a file holds or is, each command ends by the table of exit codes, says in one line which file it
// is about and in another what to do, and leaves all files as they were if it failed.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	m := newMaterial(t)
	for _, file := range hostiles {
		t.Run(file.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, command := range hostileCommands {
				got = append(got, fmt.Sprint(runHostile(t, m, file, command)))
			}
			if codes := strings.Join(got, " "); codes != file.codes {
				t.Errorf("exit codes %s, want %s", codes, file.codes)
			}
		})
	}
}

// patienceWithFiles is many times what any of the commands takes, for machines with other work to do.
const patienceWithFiles = 5 * time.Second

// runHostile runs a command with a file in a folder of its own, and checks what it says and leaves.
func runHostile(t *testing.T, m *material, file hostile, command string) int {
	t.Helper()
	h := newHome(t, nil)
	path := h.path("hostile")
	file.make(t, m, path)
	if err := os.Mkdir(h.path("cas"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write(t, "cas/ca.pem", string(m.ca.PEM()))
	r := strings.NewReplacer("FILE", path, "NEW", h.path("new"), "CAS", h.path("cas"),
		"CERT", h.write(t, "cert.pem", string(m.chain)), "PW", h.write(t, "pw", "secret\n"))
	before := leftBehind(t, h.dir)
	begin := time.Now()
	out, said, code := h.run(t, strings.Fields(r.Replace(command))...)
	if took := time.Since(begin); took > patienceWithFiles {
		t.Errorf("%s: it took %v", command, took)
	}
	if code == 0 {
		return code
	}
	if diff := cmp.Diff(before, leftBehind(t, h.dir)); diff != "" && file.name != "one that grows" {
		t.Errorf("%s: it ended with %d, and changed (-before +after):\n%s", command, code, diff)
	}
	if code == 6 {
		return code // nobody answered, and the file would have been replaced
	}
	if strings.HasPrefix(command, "info --exists") {
		if out+said != "" {
			t.Errorf("%s: it said %q", command, out+said)
		}
		return code
	}
	lines, hints := 0, 0
	for line := range strings.Lines(said) {
		switch {
		case strings.HasPrefix(line, "hint: "):
			hints++
		case strings.HasPrefix(line, "x509up: warning: "):
		case !strings.Contains(line, path), len(line) > 500:
			t.Errorf("%s: it does not name the file, or says too much: %.600s", command, line)
		default:
			lines++
		}
	}
	if lines != 1 || hints == 0 {
		t.Errorf("%s: %d lines, %d hints: %s", command, lines, hints, said)
	}
	return code
}

// leftBehind is what is in a folder, but for locks.
func leftBehind(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, ".lock") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil && !os.IsPermission(err) {
				return err
			}
			found[path] += " " + string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
