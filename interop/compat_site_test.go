// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/compat"
)

// compatSite is what command lines are run in, those of others and ours alike: a machine of its own, as far as they can tell, where the
// user is jane (1000), with a home and a /tmp in which there is nothing but what the line needs, so that the paths and the lifetimes
// that nobody names are tried as well. /srv holds what they have in common:
//
//	/srv/cpp, /srv/java  the programs under their usual names: those of voms-clients in either language
//	/srv/ours            links to x509up under the same names
//	/srv/certificates, /srv/vomsdir, /srv/vomses
//	/srv/f               files: see compatFiles
type compatSite struct {
	vomsSite
	Dir string // what is at /srv
}

// compatUser is who runs the lines.
const compatUser = "1000"

// compatProxy is where everyone looks for a proxy.
const compatProxy = "/tmp/x509up_u" + compatUser

// originals are the programs of others by the name that they are called.
func originals(voms string) map[string]string {
	all := map[string]string{
		"grid-proxy-init": "", "grid-proxy-info": "", "grid-proxy-destroy": "", "grid-cert-info": "", "arcproxy": "", "xrdgsiproxy": "",
	}
	for name := range all {
		all[name] = "/usr/bin/" + name
	}
	for _, name := range []string{"init", "info", "destroy"} {
		all["voms-proxy-"+name] = "/usr/bin/voms-proxy-" + name + voms
	}
	if voms == "2" {
		all["voms-proxy-list"] = "/usr/bin/voms-proxy-init2" // which looks at the name that it is called
	}
	return all
}

func newCompatSite(t *testing.T) compatSite {
	t.Helper()
	s := compatSite{vomsSite: startVOMS(t, newGrid(t)), Dir: t.TempDir()}
	for name, dir := range map[string]string{"certificates": s.CADir, "vomsdir": s.LSC, "vomses": s.Vomses} {
		if err := os.CopyFS(filepath.Join(s.Dir, name), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	passwd := "root:x:0:0:root:/root:/bin/sh\njane:x:" + compatUser + ":" + compatUser + "::/home/jane:/bin/sh\n"
	writeOwn(t, filepath.Join(s.Dir, "passwd"), []byte(passwd), 0o644)
	for dir, voms := range map[string]string{"cpp": "2", "java": "3"} {
		for name, program := range originals(voms) {
			link(t, program, filepath.Join(makeOwn(t, s.Dir, dir), name))
		}
	}
	if err := os.Link(s.Tool, filepath.Join(makeOwn(t, s.Dir, "ours"), "x509up")); err != nil {
		t.Fatal(err)
	}
	for name := range originals("2") {
		if _, ok := compat.Find(name); !ok {
			link(t, "/bin/false", filepath.Join(s.Dir, "ours", name)) // not that of the system
		}
	}
	for _, name := range compat.Names() {
		link(t, "x509up", filepath.Join(s.Dir, "ours", name))
	}
	s.writeFiles(t)
	return s
}

func link(t *testing.T, old, path string) {
	t.Helper()
	if err := os.Symlink(old, path); err != nil {
		t.Fatal(err)
	}
}

// makeOwn makes a folder, if there is none, and returns its path.
func makeOwn(t *testing.T, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// compatScript goes into the site: $1 is its folder, $2 that of the home and of /tmp, $3 the line. What lies in the real
// /tmp is mounted before that is hidden. In the end no right is left that jane would not have.
const compatScript = `set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1" /srv
mount -t tmpfs none /home
mkdir /home/jane
mount --bind "$2/home" /home/jane
mount --bind "$2/tmp" /tmp
cd /home/jane
exec setpriv --inh-caps=-all --ambient-caps=-all -- sh -c "$3"`

// compatLimit is for one line.
const compatLimit = 2 * time.Minute

// run runs a line of a shell in the site, with the programs in /srv/bin, the environment changed as in env (NAME=value), and
// dir/home and dir/tmp in their places.
func (s compatSite) run(t *testing.T, bin, dir, line, stdin string, env []string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/usr/bin/unshare",
		"--user", "--map-user", compatUser, "--map-group", compatUser, "--keep-caps", "--mount",
		"/bin/sh", "-c", compatScript, "sh", s.Dir, dir, line)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // without a terminal, whoever runs the test
	cmd.WaitDelay = compatLimit
	cmd.Env = append([]string{
		"PATH=/srv/" + bin + ":/usr/bin:/bin", "HOME=/home/jane", "LC_ALL=C.UTF-8",
		"X509_CERT_DIR=/srv/certificates", "X509_VOMS_DIR=/srv/vomsdir", "VOMS_USERCONF=/srv/vomses", "X509_VOMSES=/srv/vomses",
		"VOMS_CLIENTS_JAVA_OPTIONS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData",
	}, env...)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", line, err)
	}
	return result{Command: line, Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// newHome makes a home and a /tmp for a line: a folder with "home" and "tmp" in it.
func (s compatSite) newHome(t *testing.T, c compatLine) string {
	t.Helper()
	dir := t.TempDir()
	globus := makeOwn(t, dir, "home", ".globus")
	if err := os.Chmod(makeOwn(t, dir, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	user := c.User
	if user == "" {
		user = "rsa"
	}
	for from, to := range map[string]string{"cert.pem": "usercert.pem", "key.pem": "userkey.pem", "cred.p12": "usercred.p12"} {
		s.copyFile(t, "user-"+user+"-"+from, filepath.Join(globus, to), false)
	}
	if c.Has != "" {
		s.copyFile(t, c.Has, filepath.Join(dir, compatProxy), true)
	}
	return dir
}

// copyFile copies a file of /srv/f with its mode.
func (s compatSite) copyFile(t *testing.T, name, path string, must bool) {
	t.Helper()
	from := filepath.Join(s.Dir, "f", name)
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) && !must {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeOwn(t, path, data, info.Mode().Perm())
}
