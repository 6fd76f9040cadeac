// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// proxy is a credential to store, and its file form.
func proxy(t testing.TB) (*proxycert.Credential, string) {
	t.Helper()
	c := testca.Issue(t, testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}), testca.Proxy{})
	data, err := c.Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(data)
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	want, data := proxy(t)
	path := filepath.Join(t.TempDir(), "x509up_u1")
	if err := credstore.Save(path, []byte(data)); err != nil {
		t.Fatal(err)
	}
	expect(t, path, data, 0o600)
	got, err := credstore.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.MarshalChain(), got.MarshalChain()); diff != "" || got.Key == nil {
		t.Errorf("key %v, chain (-want +got):\n%s", got.Key != nil, diff)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	c, good := proxy(t)
	key, err := c.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, path string)
		want  func(err error, path string) bool
	}{
		{"good", func(t *testing.T, path string) { write(t, path, good, 0o600) }, isNil},
		{"read-only", func(t *testing.T, path string) { write(t, path, good, 0o400) }, isNil},
		{"a link to a good one", func(t *testing.T, path string) {
			write(t, path+".real", good, 0o600)
			symlink(t, path+".real", path)
		}, isNil},
		{"CRLF", func(t *testing.T, path string) { write(t, path, strings.ReplaceAll(good, "\n", "\r\n"), 0o600) }, isNil},
		{"certificates alone, readable for all", func(t *testing.T, path string) {
			write(t, path, string(c.MarshalChain()), 0o644)
		}, isNil},
		{"certificates alone, writable for all", func(t *testing.T, path string) {
			write(t, path, string(c.MarshalChain()), 0o666)
		}, is(credstore.ModeError{Mode: 0o666, Max: 0o644})},
		{"readable for the group", func(t *testing.T, path string) {
			write(t, path, good, 0o640)
		}, is(credstore.ModeError{Mode: 0o640, Max: 0o600})},
		{"nothing", func(*testing.T, string) {}, func(err error, _ string) bool { return errors.Is(err, fs.ErrNotExist) }},
		{"a link to nothing", func(t *testing.T, path string) { symlink(t, "nothing", path) }, func(err error, _ string) bool {
			return errors.Is(err, fs.ErrNotExist)
		}},
		{"a loop of links", func(t *testing.T, path string) { symlink(t, path, path) }, func(err error, _ string) bool {
			return errors.Is(err, syscall.ELOOP)
		}},
		{"a folder", func(t *testing.T, path string) { mkdir(t, path, 0o700) }, func(err error, path string) bool {
			e, ok := errors.AsType[*credstore.NotRegularError](err)
			return ok && e.Path == path && e.Mode.IsDir()
		}},
		{"a pipe", mkfifo, func(err error, path string) bool {
			e, ok := errors.AsType[*credstore.NotRegularError](err)
			return ok && e.Path == path && e.Mode&fs.ModeNamedPipe != 0
		}},
		{"empty", func(t *testing.T, path string) { write(t, path, "", 0o600) }, as[*proxycert.NoPEMError]},
		{"no PEM", func(t *testing.T, path string) { write(t, path, "hello\n", 0o600) }, as[*proxycert.NoPEMError]},
		{"a key alone", func(t *testing.T, path string) { write(t, path, string(key), 0o600) }, as[*proxycert.NoCertificateError]},
		{"cut short", func(t *testing.T, path string) { write(t, path, good[:len(good)-40], 0o600) }, as[*proxycert.BlockError]},
		{"1 MiB and a byte", func(t *testing.T, path string) {
			write(t, path, good+strings.Repeat("#", proxycert.MaxSize+1-len(good)), 0o600)
		}, as[*proxycert.SizeError]},
		{"1 MiB", func(t *testing.T, path string) {
			write(t, path, good+strings.Repeat("#", proxycert.MaxSize-len(good)), 0o600)
		}, isNil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x509up_u1")
			test.setUp(t, path)
			got, err := credstore.Load(path)
			if !test.want(err, path) {
				t.Errorf("got %v", err)
			}
			if (err == nil) != (got != nil) {
				t.Errorf("a credential: %v, and the error %v", got != nil, err)
			}
			if err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
}

// TestInspect: who looks may see what who uses may not, but no key that others can read.
func TestInspect(t *testing.T) {
	t.Parallel()
	c, withKey := proxy(t)
	public := string(c.MarshalChain())
	for _, test := range []struct {
		name, data string
		mode       fs.FileMode
		want       func(error, string) bool
	}{
		{"with a key", withKey, 0o600, isNil},
		{"with a key, read-only", withKey, 0o400, isNil},
		{"with a key, readable for all", withKey, 0o644, is(credstore.ModeError{Mode: 0o644, Max: 0o600})},
		{"with a key, writable for the group", withKey, 0o620, is(credstore.ModeError{Mode: 0o620, Max: 0o600})},
		{"without", public, 0o644, isNil},
		{"without, writable for all", public, 0o666, isNil},
		{"nothing in it", "", 0o600, as[*proxycert.NoPEMError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x509up_u1")
			write(t, path, test.data, test.mode)
			got, mode, err := credstore.Inspect(path)
			if !test.want(err, path) {
				t.Errorf("got %v", err)
			}
			if (err == nil) != (got != nil) || err == nil && mode != test.mode || err != nil && mode != 0 {
				t.Errorf("a credential: %v, mode %o, and the error %v", got != nil, mode, err)
			}
		})
	}
	if _, _, err := credstore.Inspect(filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func isNil(err error, _ string) bool { return err == nil }

func is(want credstore.ModeError) func(error, string) bool {
	return func(err error, path string) bool {
		want.Path = path
		got, ok := errors.AsType[*credstore.ModeError](err)
		return ok && *got == want
	}
}

func as[E error](err error, _ string) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Files of somebody else are neither read nor replaced, destroyed or locked, even by root. Only root can make such files; the rules
// themselves are in TestRules.
func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	_, data := proxy(t)
	path := filepath.Join(t.TempDir(), "x509up_u1")
	write(t, path, data, 0o600)
	write(t, path+".lock", "", 0o600)
	if !give(t, path) || !give(t, path+".lock") {
		return
	}
	before := inode(t, path)
	_, err := credstore.Load(path)
	expectOwner(t, path, err)
	expectOwner(t, path, credstore.CheckTarget(path))
	expectOwner(t, path, credstore.Save(path, []byte("new")))
	expectOwner(t, path, credstore.Destroy(path))
	_, err = credstore.Lock(t.Context(), path)
	expectOwner(t, path+".lock", err)
	if inode(t, path) != before {
		t.Error("the file was replaced")
	}
	expect(t, path, data, 0o600)
}

// When the disk is full, the old credential stays and no other file is left.
func TestSaveOnFullDisk(t *testing.T) {
	t.Parallel()
	_, data := proxy(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "x509up_u1")
	write(t, path, data, 0o600)
	write(t, filepath.Join(folder, credstore.KeyName), "old key", 0o600)
	write(t, filepath.Join(folder, credstore.CertName), "old certificate", 0o644)
	before := snapshot(t, folder)
	for _, what := range []string{"save", "save-pair"} {
		out, err := exec.CommandContext(t.Context(), os.Args[0], helperArg, what, path).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("file too large")) {
			t.Errorf("%s: %v, %s", what, err, out)
		}
		if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
			t.Errorf("%s changed:\n%s", what, diff)
		}
	}
}

// TestUmask: what the process makes is its owner's to use, even where the umask takes that away.
func TestUmask(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	out, err := exec.CommandContext(t.Context(), os.Args[0], helperArg, "umask", folder).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("%v, %s", err, out)
	}
	for name, want := range map[string]fs.FileMode{
		"saved":                  0o700 | fs.ModeDir,
		"saved/usercert.pem":     0o644,
		"saved/userkey.pem":      0o600,
		"saved/userkey.pem.lock": 0o600,
		"installed":              0o700 | fs.ModeDir,
		"installed/usercert.pem": 0o644,
		"installed/userkey.pem":  0o400,
	} {
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", name, info.Mode(), want)
		}
	}
}

// saveAll does what leaves files in a folder, and says what goes wrong.
func saveAll(folder string) {
	saved := filepath.Join(folder, "saved")
	if err := credstore.SavePair(saved, []byte("cert"), []byte("key")); err != nil {
		fmt.Println(err)
	}
	if _, err := credstore.InstallPair(filepath.Join(folder, "installed"), []byte("cert"), []byte("key"), time.Now()); err != nil {
		fmt.Println(err)
	}
	unlock, err := credstore.Lock(background, filepath.Join(saved, credstore.KeyName))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := unlock(); err != nil {
		fmt.Println(err)
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	c, _ := proxy(t)
	key, err := c.MarshalKey(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), ".globus")
	for _, round := range []string{"into a new folder", "over the old ones"} {
		if err := credstore.CheckPair(folder); err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		if err := credstore.SavePair(folder, c.MarshalChain(), key); err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		want := map[string]string{
			folder: "drwx------",
			filepath.Join(folder, credstore.CertName): "-rw-r--r-- " + string(c.MarshalChain()),
			filepath.Join(folder, credstore.KeyName):  "-rw------- " + string(key),
		}
		if diff := cmp.Diff(want, snapshot(t, folder)); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", round, diff)
		}
		got, err := credstore.LoadPair(folder)
		if err != nil {
			t.Fatalf("%s: %v", round, err)
		}
		if !bytes.Equal(got.MarshalChain(), c.MarshalChain()) || got.Key == nil {
			t.Errorf("%s: another credential came back", round)
		}
	}
}

// Whatever keeps one file of the pair from being written keeps the other as it was.
func TestPairRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, cert, key string)
		want  func(error, string) bool
	}{
		{"a managed key", func(t *testing.T, cert, key string) {
			write(t, cert, "old", 0o644)
			write(t, key, "old", 0o400)
		}, as[*credstore.ManagedError]},
		{"a managed certificate", func(t *testing.T, cert, key string) {
			write(t, cert, "old", 0o444)
			write(t, key, "old", 0o600)
		}, as[*credstore.ManagedError]},
		{"a linked key", func(t *testing.T, cert, key string) { symlink(t, cert, key) }, as[*credstore.SymlinkError]},
		{"a folder for a certificate", func(t *testing.T, cert, key string) {
			mkdir(t, cert, 0o700)
			write(t, key, "old", 0o600)
		}, as[*credstore.NotRegularError]},
		{"an enormous key", func(t *testing.T, cert, key string) {
			write(t, key, strings.Repeat("#", proxycert.MaxSize+1), 0o600)
		}, func(err error, _ string) bool {
			return err != nil && strings.Contains(err.Error(), "too large for a key")
		}},
		{"no folder above", func(t *testing.T, cert, _ string) {
			remove(t, filepath.Dir(cert))
			remove(t, filepath.Dir(filepath.Dir(cert)))
		},
			as[*credstore.FolderError]},
		{"a file for a folder", func(t *testing.T, cert, _ string) {
			remove(t, filepath.Dir(cert))
			write(t, filepath.Dir(cert), "", 0o600)
		}, as[*credstore.FolderError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			above := filepath.Join(t.TempDir(), "home")
			folder := filepath.Join(above, ".globus")
			mkdir(t, above, 0o700)
			mkdir(t, folder, 0o700)
			test.setUp(t, filepath.Join(folder, credstore.CertName), filepath.Join(folder, credstore.KeyName))
			before := snapshot(t, above)
			err := credstore.SavePair(folder, []byte("new"), []byte("new"))
			if !test.want(err, "") {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, snapshot(t, above)); diff != "" {
				t.Errorf("it changed:\n%s", diff)
			}
		})
	}
}

// If the certificate cannot be renamed, after the key was, the key becomes what it was.
func TestPairIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		mode fs.FileMode // of the old key; 0: there is none
	}{{"an old key", 0o600}, {"no old key", 0}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			certPath, keyPath := filepath.Join(folder, credstore.CertName), filepath.Join(folder, credstore.KeyName)
			if test.mode != 0 {
				write(t, keyPath, "old key", test.mode)
			}
			cert, err := atomicfile.Prepare(certPath, []byte("new"), 0o644)
			if err != nil {
				t.Fatal(err)
			}
			symlink(t, "elsewhere", certPath)
			before := snapshot(t, folder)
			key, err := atomicfile.Prepare(keyPath, []byte("new"), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if err := credstore.CommitPair(key, cert, keyPath); !errors.Is(err, atomicfile.ErrSymlink) {
				t.Errorf("got %v", err)
			}
			for name := range before {
				if strings.Contains(name, ".tmp-") {
					delete(before, name)
				}
			}
			if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
				t.Errorf("it changed:\n%s", diff)
			}
		})
	}
}

func TestLoadPairRefuses(t *testing.T) {
	t.Parallel()
	c, _ := proxy(t)
	other, _ := proxy(t)
	key, err := c.MarshalKey(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name              string
		certMode, keyMode fs.FileMode // 0: no file
		cert              []byte
		want              func(error, string) bool
	}{
		{"good", 0o644, 0o400, c.MarshalChain(), isNil},
		{"no certificate", 0, 0o600, nil, func(err error, _ string) bool { return errors.Is(err, fs.ErrNotExist) }},
		{"no key", 0o644, 0, c.MarshalChain(), func(err error, _ string) bool { return errors.Is(err, fs.ErrNotExist) }},
		{"a certificate writable for all", 0o646, 0o600, c.MarshalChain(), as[*credstore.ModeError]},
		{"a key readable for all", 0o644, 0o644, c.MarshalChain(), as[*credstore.ModeError]},
		{"another's certificate", 0o644, 0o600, other.MarshalChain(), as[*proxycert.KeyMismatchError]},
		{"a certificate without a last newline", 0o644, 0o600, bytes.TrimSpace(c.MarshalChain()), isNil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if test.certMode != 0 {
				write(t, filepath.Join(folder, credstore.CertName), string(test.cert), test.certMode)
			}
			if test.keyMode != 0 {
				write(t, filepath.Join(folder, credstore.KeyName), string(key), test.keyMode)
			}
			if _, err := credstore.LoadPair(folder); !test.want(err, "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "x509up_u1")
	secret := strings.Repeat("secret ", 20_000) // more than one stretch of zeros
	write(t, path, secret, 0o600)
	seen, err := os.Open(path) // what was in the file can still be read here when its name is gone
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	if err := credstore.CheckDestroy(path); err != nil {
		t.Error(err)
	}
	if err := credstore.Destroy(path); err != nil {
		t.Fatal(err)
	}
	if len(snapshot(t, folder)) != 1 {
		t.Errorf("left over: %v", snapshot(t, folder))
	}
	left := make([]byte, len(secret)+1)
	if n, _ := seen.Read(left); n != len(secret) || !bytes.Equal(left[:n], make([]byte, n)) {
		t.Errorf("%d bytes are left of %d, not all zeros", n, len(secret))
	}
	if err := credstore.CheckDestroy(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("CheckDestroy, again: %v", err)
	}
	if err := credstore.Destroy(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v", err)
	}
}

// In a folder that is closed the secret goes, though the file stays, and both is said.
func TestDestroyInClosedFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "x509up_u1")
	write(t, path, "secret", 0o666)
	chmod(t, filepath.Dir(folder), 0o755)
	chmod(t, folder, 0o555)
	withoutPrivileges(t, func() {
		err := credstore.Destroy(path)
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "overwritten with zeros, but was not removed") {
			t.Errorf("got %v", err)
		}
	})
	chmod(t, folder, 0o755)
	expect(t, path, "\x00\x00\x00\x00\x00\x00", 0o666)
}

func TestDestroyRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, path string)
		want  func(error, string) bool
	}{
		{"a link", func(t *testing.T, path string) {
			write(t, path+".real", "precious", 0o600)
			symlink(t, path+".real", path)
		}, as[*credstore.SymlinkError]},
		{"a second name", func(t *testing.T, path string) {
			write(t, path+".real", "precious", 0o600)
			if err := os.Link(path+".real", path); err != nil {
				t.Fatal(err)
			}
		}, func(err error, path string) bool {
			e, ok := errors.AsType[*credstore.LinkedError](err)
			return ok && *e == credstore.LinkedError{Path: path, Links: 2}
		}},
		{"a read-only file", func(t *testing.T, path string) { write(t, path, "precious", 0o400) }, as[*credstore.ManagedError]},
		{"a folder", func(t *testing.T, path string) { mkdir(t, path, 0o700) }, as[*credstore.NotRegularError]},
		{"a pipe", mkfifo, as[*credstore.NotRegularError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "x509up_u1")
			test.setUp(t, path)
			before := snapshot(t, folder)
			if err := credstore.CheckDestroy(path); !test.want(err, path) {
				t.Errorf("CheckDestroy: %v", err)
			}
			if err := credstore.Destroy(path); !test.want(err, path) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
				t.Errorf("it changed:\n%s", diff)
			}
		})
	}
}

// helperArg, as first argument, makes this program do what helper says.
const helperArg = "credstore-test-helper"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == helperArg {
		helper(os.Args[2], os.Args[3])
		return
	}
	os.Exit(m.Run())
}

// helper is another process: one on a full disk, one that counts under the lock, or one that holds the lock until it is killed.
func helper(what, path string) {
	switch what {
	case "save":
		limitFileSize()
		fmt.Println(credstore.Save(path, make([]byte, 100_000)))
	case "save-pair":
		limitFileSize()
		fmt.Println(credstore.SavePair(filepath.Dir(path), make([]byte, 100_000), []byte("new key")))
	case "install-pair":
		limitFileSize()
		_, err := credstore.InstallPair(filepath.Dir(path), make([]byte, 100_000), []byte("new key"), time.Now())
		fmt.Println(err)
	case "umask":
		limitModes()
		saveAll(path)
	case "count":
		for range countsPerProcess {
			if err := countUp(path); err != nil {
				fmt.Println(err)
			}
		}
	case "hold":
		_, err := credstore.Lock(background, path)
		fmt.Println(err)
		time.Sleep(time.Minute)
	}
}
