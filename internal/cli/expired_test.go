// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestExpired looks at a credential an hour after its end.
func TestExpired(t *testing.T) {
	t.Parallel()
	end := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	ca := testca.New(t, testca.Options{})
	data, err := ca.Issue(t, testca.Leaf{NotBefore: end.Add(-time.Hour), NotAfter: end}).Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x509up.pem")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(now time.Time, args ...string) (string, string, int) {
		var out, errOut bytes.Buffer
		code := cli.Main(t.Context(), append(args, "-f", path), console.Surroundings{
			In: strings.NewReader(""), Out: &out, Err: &errOut, Now: func() time.Time { return now },
			Env: func(string) string { return "" },
		})
		return out.String(), errOut.String(), code
	}

	if _, said, code := at(end.Add(-time.Minute), "info", "--exists"); code != 0 {
		t.Errorf("before its end: exit code %d, %s", code, said)
	}
	out, said, code := at(end.Add(time.Hour), "info")
	if code != 4 || !strings.Contains(out, "it ended 1 h ago") || !strings.Contains(said, "it expired at 2030-01-01T12:00:00Z") {
		t.Errorf("after its end: exit code %d\n%s%s", code, out, said)
	}
	if out, _, _ := at(end.Add(time.Hour), "info", "--timeleft"); out != "0\n" {
		t.Errorf("time left after its end: %q", out)
	}
	if _, _, code := at(end.Add(-time.Minute), "destroy", "--expired"); code != 0 {
		t.Errorf("destroy --expired before its end: exit code %d", code)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("destroyed before its end: %v", err)
	}
	if _, said, code := at(end.Add(time.Hour), "destroy", "--expired"); code != 0 {
		t.Errorf("destroy --expired after its end: exit code %d, %s", code, said)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("not destroyed after its end: %v", err)
	}
}
