// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pagecmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/pagecmd"
	"github.com/x509up/x509up/internal/cli/verdict"
)

func run(t *testing.T, make func(*console.Console) *cobra.Command, args ...string) (out string, err error) {
	t.Helper()
	var stdout bytes.Buffer
	cmd := make(&console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: &stdout, Err: new(bytes.Buffer), Now: time.Now, Env: func(string) string { return "" },
	}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), err
}

// TestListIdPs: those that have the words, in order of their names.
func TestListIdPs(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "idps.txt")
	data := "https://two.example.org/ecp University of Two\nhttps://one.example.org/ecp university of One\nhttps://lab.example.org/ecp Lab\n"
	if err := os.WriteFile(list, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run(t, pagecmd.NewListIdPs, "--idp-list", list, "UNIVERSITY", "of")
	want := "NAME               URL\nuniversity of One  https://one.example.org/ecp\nUniversity of Two  https://two.example.org/ecp\n"
	if out != want || err != nil {
		t.Errorf("%s%v", out, err)
	}
	if _, err := run(t, pagecmd.NewListIdPs); err != verdict.ErrNoList {
		t.Errorf("without a list: %v", err)
	}
}

// TestRefused: slips are told before anything is sent, those of curl with curl's exit codes.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(*console.Console) *cobra.Command
		args []string
		code int
		want string
	}{
		{"no URL", pagecmd.NewCurl, nil, 2, "one URL is expected, not 0"},
		{"two URLs", pagecmd.NewGetCookie, []string{"a", "b"}, 2, "one URL is expected, not 2"},
		{"http", pagecmd.NewCurl, []string{"http://a.example/"}, 3, "is not https"},
		{"http for get-cookie", pagecmd.NewGetCookie, []string{"http://a.example/"}, 6, "is not https"},
		{"two passwords", pagecmd.NewCurl, []string{"--password-stdin", "--password-file", "f", "https://a.example/"}, 2, "do not go together"},
		{"time", pagecmd.NewCurl, []string{"--timeout", "-1s", "https://a.example/"}, 2, "--timeout -1s is less than nothing"},
		{"a folder for cookies", pagecmd.NewCurl, []string{"-c", t.TempDir(), "https://a.example/"}, 1, ""},
		{"data that are not there", pagecmd.NewCurl, []string{"-d", "@/no/such/file", "https://a.example/"}, 26, "/no/such/file"},
	} {
		out, err := run(t, c.make, c.args...)
		if err == nil || out != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", c.name, out, err)
			continue
		}
		if got := verdict.Judge(err).Code; got != c.code {
			t.Errorf("%s: exit code %d, want %d: %v", c.name, got, c.code, err)
		}
		if e, ok := errors.AsType[*verdict.ExitError](err); ok && e.Err == nil {
			t.Errorf("%s: nothing is said", c.name)
		}
	}
}
