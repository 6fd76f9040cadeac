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

// withEnv is run with variables.
func withEnv(t *testing.T, env map[string]string, args ...string) (out string, err error) {
	t.Helper()
	var stdout bytes.Buffer
	cmd := filecmd.NewInfo(&console.Console{Surroundings: console.Surroundings{
		Out: &stdout, Err: &stdout, Now: func() time.Time { return end }, Env: func(name string) string { return env[name] },
	}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), err
}

// TestInfoKerberos: a code of its own where no ticket would do, that of a slip where something is named that is none, and the files of
// krb5.conf, one included by another, one missing, one broken.
func TestInfoKerberos(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good": "include " + dir + "/part\n", "part": "[libdefaults]\ndefault_realm = A\n", "broken": "[libdefaults\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(names ...string) string {
		for i := range names {
			names[i] = filepath.Join(dir, names[i])
		}
		return strings.Join(names, string(filepath.ListSeparator))
	}
	for _, c := range []struct {
		name, conf, cache string
		args              []string
		code              int
		want              []string
	}{
		{"no cache", at("good"), "FILE:" + at("none"), nil, verdict.ExitRefused,
			[]string{"config   : " + at("good") + "\n", "config   : " + at("part") + ", which is included\n", "realm    : A, by default\n", "hint     : kinit"}},
		{"no cache, quietly", at("good"), "FILE:" + at("none"), []string{"-q"}, verdict.ExitRefused, nil},
		{"no cache, as JSON", at("good"), "FILE:" + at("none"), []string{"--json"}, verdict.ExitRefused, []string{`"caches_by": "KRB5CCNAME",`}},
		{"no name of a cache", at("good"), "FILE:", nil, verdict.ExitUsage, []string{"it is no name of a credential cache"}},
		{"one is missing", at("none", "good"), "FILE:" + at("none"), nil, verdict.ExitRefused, []string{at("none") + ", which is not there\n", at("part")}},
		{"one is broken", at("good", "broken"), "FILE:" + at("none"), nil, verdict.ExitUsage,
			[]string{"config   : " + at("good") + "\n", "config   : " + at("broken") + `: line 1: the name of the section does not end with "]"` + "\n"}},
	} {
		out, err := withEnv(t, map[string]string{"KRB5_CONFIG": c.conf, "KRB5CCNAME": c.cache}, append(c.args, "--kerberos")...)
		if err == nil || verdict.Judge(err).Code != c.code || c.want == nil && out != "" {
			t.Errorf("%s: %v; %s", c.name, err, out)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: there is no %q in\n%s", c.name, want, out)
			}
		}
		if strings.Contains(out, "info --kerberos") {
			t.Errorf("%s: the hint leads in a circle:\n%s", c.name, out)
		}
	}
}

// TestInfoKerberosService: which service, as far as it is known without asking anybody.
func TestInfoKerberosService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf, profiles := filepath.Join(dir, "krb5.conf"), filepath.Join(dir, "config.toml")
	for path, text := range map[string]string{
		conf: "[libdefaults]\ndns_canonicalize_hostname = no\n[domain_realm]\n.example.org = EXAMPLE.ORG\n",
		profiles: "[profile.url]\nidentity-provider = 'https://idp.example.org/ecp'\n[profile.metadata]\nidentity-provider = 'https://idp.example.org/ecp'\n" +
			"metadata = 'https://example.org/metadata'\n[profile.tickets]\nkerberos-url = 'https://krb.example.org/'\nmetadata = 'https://example.org/metadata'\n" +
			"[profile.name]\nidentity-provider = 'Example'\n[profile.spn]\nidentity-provider = 'Example'\nspn = 'HTTP/alias.example.org'\n" +
			"[profile.nonsense]\nspn = 'alias'\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"KRB5_CONFIG": conf, "KRB5CCNAME": filepath.Join(dir, "none"), "X509UP_CONFIG": profiles}
	for profile, want := range map[string]string{
		"url":      "IdP      : https://idp.example.org/ecp\nservice  : HTTP/idp.example.org@EXAMPLE.ORG\n",
		"metadata": "IdP      : https://idp.example.org/ecp\ncaches",
		"tickets":  "IdP      : https://krb.example.org/\nservice  : HTTP/krb.example.org@EXAMPLE.ORG\n",
		"name":     "IdP      : Example\ncaches",
		"spn":      "IdP      : Example\nservice  : HTTP/alias.example.org@EXAMPLE.ORG\n",
	} {
		if out, _ := withEnv(t, env, "--kerberos", "--profile", profile); !strings.Contains(out, "profile  : "+profile+"\n"+want) {
			t.Errorf("%s:\n%s", profile, out)
		}
	}
	if out, err := withEnv(t, env, "--kerberos", "--profile", "nonsense"); out != "" || verdict.Judge(err).Code != verdict.ExitUsage {
		t.Errorf("%v; %s", err, out)
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
