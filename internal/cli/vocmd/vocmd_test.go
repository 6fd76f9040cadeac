// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vocmd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/vocmd"
)

// run runs vo with a home, and with nothing of VOs in the environment but the variables of the test.
func run(t *testing.T, home string, env map[string]string, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := vocmd.New(&console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr, Now: time.Now, Env: func(name string) string {
			if name == "HOME" {
				return home
			}
			return env[name]
		},
	}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// files are a vomses file and an LSC file of a VO.
func files(t *testing.T) (vomses, lsc string) {
	t.Helper()
	folder := t.TempDir()
	vomses, lsc = filepath.Join(folder, "vomses"), filepath.Join(folder, "voms.example.org.lsc")
	for path, data := range map[string]string{
		vomses: `"cms" "voms.example.org" "15000" "/CN=voms.example.org" "cms.example.org"` + "\n",
		lsc:    "/CN=voms.example.org\n/CN=CA\n",
	} {
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return vomses, lsc
}

// TestVO: a VO is added to the user's own folder, known then, and removed.
func TestVO(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	vomses, lsc := files(t)
	own := filepath.Join(home, ".config", "x509up")
	written := []string{filepath.Join(own, "vomses", "cms.example.org"), filepath.Join(own, "vomsdir", "cms.example.org", "voms.example.org.lsc")}
	out, said, err := run(t, home, nil, "add", vomses, lsc)
	if err != nil || said != "" {
		t.Fatalf("said %q, %v", said, err)
	}
	for _, path := range written {
		if _, err := os.Stat(path); err != nil || !strings.Contains(out, path+"\n") {
			t.Errorf("%v, and said is %q", err, out)
		}
	}
	if out, _, err := run(t, home, nil, "list", "--vomses", filepath.Join(own, "vomses")); err != nil || !strings.Contains(out, "cms.example.org") {
		t.Errorf("list: %q, %v", out, err)
	}
	// What is looked at is what a variable names: that the own folder is not is said.
	_, said, err = run(t, home, map[string]string{"X509_VOMSES": vomses}, "add", vomses, lsc)
	if err != nil || !strings.Contains(said, "X509_VOMSES or another variable names vomses files, so that "+filepath.Join(own, "vomses")+" is not looked at") {
		t.Errorf("with a variable: said %q, %v", said, err)
	}
	if out, _, err := run(t, home, nil, "remove", "cms.example.org", "-q"); err != nil || out != "" {
		t.Errorf("remove: %q, %v", out, err)
	}
	for _, path := range written {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

// TestRefused: what is said of slips.
func TestRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	vomses, _ := files(t)
	for _, c := range []struct {
		home string
		args []string
		want string
	}{
		{home, []string{"lisst"}, `there is no command "lisst"`},
		{home, []string{"show"}, "which VO? x509up vo list shows those that are known"},
		{home, []string{"show", "a", "b"}, `the argument "b" is not expected: one VO at a time`},
		{home, []string{"add"}, "add from what? Name a file, a folder or an https:// URL"},
		{home, []string{"add", "http://a.example/card"}, `"http://a.example/card": who speaks for a VO is read from files or by https, nothing else`},
		{home, []string{"add", vomses, "--vo", "atlas"}, fmt.Sprintf("%q", "atlas")},
		{"", []string{"add", vomses}, "there is no folder to write to: HOME is not set"},
	} {
		if out, _, err := run(t, c.home, nil, c.args...); err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%q: %q, %v", c.args, out, err)
		}
	}
}
