// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

const (
	startLimit = 60 * time.Second // a loaded machine; seconds in practice
	stopLimit  = 15 * time.Second
	logLimit   = 16 << 10 // bytes shown of the end of each log
)

//go:embed testdata
var testdata embed.FS

// render writes the template testdata/name, filled in with data, to path, readable by the daemons.
func render(t *testing.T, name string, data any, path string, mode os.FileMode) {
	t.Helper()
	tmpl, err := template.New(filepath.Base(name)).Option("missingkey=error").ParseFS(testdata, "testdata/"+name)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := tmpl.Execute(&text, data); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, []byte(text.String()), mode)
}

// writeFile writes a file that belongs to the account the daemons run under.
func writeFile(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	giveToDaemons(t, path)
}

// tempDir makes a temporary folder that daemons may enter. The one of t.TempDir lies in a folder that is
// closed to every other account.
func tempDir(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("", "x509up-interop-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
	})
	giveToDaemons(t, path)
	return path
}

// makeDir makes a folder for the daemons and returns its path.
func makeDir(t *testing.T, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	giveToDaemons(t, path)
	return path
}

// daemonAccount says under which account daemons run: www-data when we are root, nil (ourselves) otherwise.
func daemonAccount(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	www, err := user.Lookup("www-data")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(www.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(www.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func giveToDaemons(t *testing.T, path string) {
	t.Helper()
	cred := daemonAccount(t)
	if cred == nil {
		return
	}
	if err := os.Chown(path, int(cred.Uid), int(cred.Gid)); err != nil {
		t.Fatal(err)
	}
}

// freeAddress returns an address with a port that nobody listens on. The kernel's own choice (port 0) would
// be from the range that it hands to everyone who asks next; between our closing it and the daemon's binding
// it, that happens. So the port is from below that range.
func freeAddress(t *testing.T, ip string) string {
	t.Helper()
	const first, last, tries = 10_000, 32_767, 100
	for range tries {
		port := first + rand.IntN(last-first+1)
		l, err := net.Listen("tcp4", net.JoinHostPort(ip, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
	t.Fatalf("no free port at %s in %d tries", ip, tries)
	return ""
}

// daemon is a program that runs in the foreground until it is told to stop.
type daemon struct {
	Name    string   // for messages and the file its output goes to
	Dir     string   // its own folder; every *.log in it is shown when the test fails
	Command []string // program and arguments
	Env     []string // of its own, beside PATH and a locale
	Own     bool     // it runs under our own account, and not under that of the daemons
	Ready   func() error
}

// start runs the daemon until the test and its subtests are over.
func (d daemon) start(t *testing.T) {
	t.Helper()
	out, err := os.OpenFile(filepath.Join(d.Dir, d.Name+".out.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()

	cmd := exec.Command(d.Command[0], d.Command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.Dir, out, out
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}, d.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // so that an interrupt at the terminal reaches us first,
		Pdeathsig: syscall.SIGTERM, // and nothing is left over should we be killed
	}
	if !d.Own {
		cmd.SysProcAttr.Credential = daemonAccount(t)
	}
	started, exited := make(chan error, 1), make(chan error, 1)
	go func() {
		// Pdeathsig means the end of the thread that started the process, and threads do end: package ccache reads the
		// kernel's keyrings on one of its own.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			exited <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("starting %s: %v (run interop/install.sh)", d.Name, err)
	}
	t.Cleanup(func() {
		d.stop(t, cmd.Process, exited)
		if t.Failed() {
			d.showLogs(t)
		}
	})
	if err := d.awaitReady(exited); err != nil {
		t.Fatal(err)
	}
}

func (d daemon) awaitReady(exited chan error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(startLimit)
	for {
		notYet := d.Ready()
		if notYet == nil {
			return nil
		}
		select {
		case err := <-exited:
			exited <- err // for stop
			return fmt.Errorf("%s ended while it was starting: %v", d.Name, err)
		case <-deadline:
			return fmt.Errorf("%s is not ready after %v: %v", d.Name, startLimit, notYet)
		case <-tick.C:
		}
	}
}

// stop ends the daemon: politely, then the whole process group, and reports if it had gone before.
func (d daemon) stop(t *testing.T, p *os.Process, exited chan error) {
	t.Helper()
	if err := p.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%s ended before it was told to: %v", d.Name, <-exited)
		return
	}
	select {
	case <-exited:
	case <-time.After(stopLimit):
		t.Errorf("%s did not stop within %v", d.Name, stopLimit)
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
		<-exited
	}
}

func (d daemon) showLogs(t *testing.T) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(d.Dir, "*.log"))
	if err != nil {
		t.Error(err)
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if len(text) > logLimit {
			text = text[len(text)-logLimit:]
		}
		if len(text) > 0 {
			t.Logf("%s of %s:\n%s", filepath.Base(path), d.Name, text)
		}
	}
}

// readLog reads a log, which is empty as long as nothing was written.
func readLog(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// wantLogged expects that a peer has seen what the test is about, and not another fault.
func wantLogged(t *testing.T, peer, log, want string) {
	t.Helper()
	if !strings.Contains(log, want) {
		t.Errorf("%s has not logged %q", peer, want)
	}
}

// loopbackOnly is the library that keeps a server on loopback when it is preloaded.
func loopbackOnly(t *testing.T, dir string) string {
	t.Helper()
	return compile(t, "loopback.c", filepath.Join(dir, "loopback.so"), "-shared", "-fPIC")
}
