// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package filecmd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/filecmd"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// run runs a command as the root would, at a time.
func run(t *testing.T, make func(*console.Console) *cobra.Command, now time.Time, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := make(&console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr, Now: func() time.Time { return now }, Env: func(string) string { return "" },
	}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// end is that of the credential of the tests.
var end = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// credential writes one without attributes, and returns its path.
func credential(t *testing.T) string {
	t.Helper()
	data, err := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotBefore: end.Add(-time.Hour), NotAfter: end}).Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x509up.pem")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInfo: what is said is an error of a type, or a code alone where nothing is to be said.
func TestInfo(t *testing.T) {
	t.Parallel()
	path := credential(t)
	before, after := end.Add(-30*time.Minute), end.Add(time.Minute)
	code := func(n int) error { return &verdict.ExitError{Code: n} }
	for _, c := range []struct {
		args []string
		now  time.Time
		out  string
		want error // of this type; a code alone is compared
	}{
		{[]string{"--timeleft"}, before, "1800\n", nil},
		{[]string{"--path", "--timeleft"}, before, path + "\n1800\n", nil},
		{[]string{"--timeleft"}, after, "0\n", &files.UnusableError{}},
		{[]string{"--timeleft", "--valid", "0:31"}, before, "1800\n", &files.UnusableError{}},
		{[]string{"--exists", "--valid", "0:31"}, before, "", code(verdict.ExitUnfit)},
		{[]string{"--exists"}, before, "", nil},
		{[]string{"-q"}, after, "", code(verdict.ExitUnfit)},
		{[]string{"--vo"}, before, "", &verdict.NoAttributesError{}},
		{[]string{"--acexists", "cms"}, before, "", code(verdict.ExitVOMS)},
		{[]string{"--json", "--exists"}, before, "", &console.UsageError{}},
		{[]string{"--dn-format", "x"}, before, "", &console.UsageError{}},
	} {
		out, said, err := run(t, filecmd.NewInfo, c.now, append(c.args, "-f", path)...)
		same := fmt.Sprintf("%T", err) == fmt.Sprintf("%T", c.want)
		if e, ok := c.want.(*verdict.ExitError); ok && same {
			same = *err.(*verdict.ExitError) == *e
		}
		if out != c.out || said != "" || !same {
			t.Errorf("%q: %q, said %q, %#v", c.args, out, said, err)
		}
	}
	_, _, err := run(t, filecmd.NewInfo, before, "-f", path+".none")
	if _, ok := errors.AsType[*files.NoCredentialError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestVerify: a credential whose CA nobody knows will not do, and the lines say why.
func TestVerify(t *testing.T) {
	t.Parallel()
	path, now := credential(t), end.Add(-time.Minute)
	out, _, err := run(t, filecmd.NewVerify, now, "-f", path, "--ca-dir", t.TempDir())
	if err == nil || !strings.HasPrefix(err.Error(), path+" will not do: ") || !strings.Contains(out, "failed") {
		t.Errorf("%s%v", out, err)
	}
	if got := verdict.Judge(err).Code; got != verdict.ExitUnfit {
		t.Errorf("exit code %d", got)
	}
	out, _, err = run(t, filecmd.NewVerify, now, "-f", path, "--ca-dir", t.TempDir(), "-q")
	if e, ok := errors.AsType[*verdict.ExitError](err); out != "" || !ok || e.Err != nil || e.Code != verdict.ExitUnfit {
		t.Errorf("-q: %q, %v", out, err)
	}
	if _, _, err := run(t, filecmd.NewVerify, now, "-f", path, "--crl", "maybe"); err == nil || err.Error() != `--crl "maybe": it is off, warn or require` {
		t.Errorf("got %v", err)
	}
}

// TestDestroy: it is gone, or said what would be; and there is nothing twice.
func TestDestroy(t *testing.T) {
	t.Parallel()
	path, now := credential(t), end.Add(-time.Minute)
	if out, _, err := run(t, filecmd.NewDestroy, now, "-f", path, "--expired", "-v"); out != "" || err != nil {
		t.Errorf("--expired: %q, %v", out, err)
	}
	if out, _, err := run(t, filecmd.NewDestroy, now, "-f", path, "--dry-run"); out != "would destroy "+path+"\n" || err != nil {
		t.Errorf("--dry-run: %q, %v", out, err)
	}
	if out, _, err := run(t, filecmd.NewDestroy, now, "-f", path); out != "destroyed "+path+"\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	_, _, err := run(t, filecmd.NewDestroy, now, "-f", path)
	if e, ok := errors.AsType[*verdict.ExitError](err); !ok || e.Code != verdict.ExitNoCredential || len(verdict.Judge(err).Hints) > 0 {
		t.Errorf("the second time: %v", err)
	}
}

// TestImport: the pair is installed, once; what cannot be installed is said before anybody is asked anything.
func TestImport(t *testing.T) {
	t.Parallel()
	path, folder, now := credential(t), t.TempDir(), end.Add(-time.Minute)
	out, _, err := run(t, filecmd.NewImport, now, path, "--no-encrypt", "--to", folder)
	if err != nil || !strings.HasPrefix(out, "imported to "+folder+"\n") {
		t.Fatalf("%q, %v", out, err)
	}
	if data, err := os.ReadFile(filepath.Join(folder, "userkey.pem")); err != nil || !strings.Contains(string(data), "BEGIN PRIVATE KEY") {
		t.Errorf("%v", err)
	}
	_, _, err = run(t, filecmd.NewImport, now, path, "--to", folder)
	if _, ok := errors.AsType[*verdict.OccupiedError](err); !ok {
		t.Errorf("a second time: %v", err)
	}
	_, _, err = run(t, filecmd.NewImport, now, path, "--no-encrypt", "--to", path)
	if _, ok := errors.AsType[*verdict.ImportTargetError](err); !ok {
		t.Errorf("into a file: %v", err)
	}
	_, said, err := run(t, filecmd.NewImport, end.Add(time.Hour), path, "--no-encrypt", "--to", folder, "--force")
	if err != nil || !strings.Contains(said, "is kept as") || !strings.Contains(said, "expired at 2030-01-01T12:00:00Z") {
		t.Errorf("what is over: said %q, %v", said, err)
	}
	half := filepath.Join(t.TempDir(), "half.pem")
	c, err := credstore.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, c.MarshalChain(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = run(t, filecmd.NewImport, now, half, "--to", t.TempDir())
	if _, ok := errors.AsType[*verdict.ImportHalfError](err); !ok {
		t.Errorf("a half: %v", err)
	}
	for _, args := range [][]string{{}, {"a", "b"}} {
		if _, _, err := run(t, filecmd.NewImport, now, args...); err == nil || err.Error() != fmt.Sprintf("one file is expected, not %d", len(args)) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
