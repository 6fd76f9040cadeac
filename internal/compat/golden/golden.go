// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package golden holds tools against what the originals said. Only tests import it.
//
// A file has for each command line what the original did at Now, in TZ=UTC and
// without a terminal:
//
//	$ X509_USER_PROXY=@proxy.pem grid-proxy-info -path
//	| @proxy.pem
//	= 0
//
// Lines with "|" are stdout, with "!" stderr, and "=" is the exit code. An at sign
// stands for the folder that the files lie in, with its slash. Make.sh runs the
// originals (those of Debian 12) on all command lines of a file, and writes it anew.
package golden

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
)

// Now is the time at which the originals were run.
var Now = time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)

// Result is what a command line did.
type Result struct {
	Out, Err string
	Code     int
}

// Run runs one of the tools at Now. The first arguments may be variables of its environment, NAME=value. There is no other, and stdin is empty unless given.
func Run(t testing.TB, tools []tool.Tool, stdin string, line ...string) Result {
	t.Helper()
	env := map[string]string{}
	for len(line) > 1 && strings.Contains(line[0], "=") {
		name, value, _ := strings.Cut(line[0], "=")
		env[name], line = value, line[1:]
	}
	i := slices.IndexFunc(tools, func(x tool.Tool) bool { return x.Name == line[0] })
	if i < 0 {
		t.Fatalf("there is no tool %q", line[0])
	}
	var out, err bytes.Buffer
	con := &console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(stdin), Out: &out, Err: &err, Now: func() time.Time { return Now }, Env: func(name string) string { return env[name] }, NewKey: testca.NewKey,
	}}
	code := tools[i].Run(t.Context(), con, line[0], line[1:])
	return Result{out.String(), err.String(), code}
}

// EncryptedKey is testca.RSA(1) with the passphrase "secret", as PEM. It is made once: that takes half a million rounds.
func EncryptedKey() []byte { return encryptedKey() }

var encryptedKey = sync.OnceValue(func() []byte {
	block, err := pemfile.EncryptKey(testca.RSA(1), "secret")
	if err != nil {
		panic(err)
	}
	return block
})

// Check runs all command lines of a file, in a folder. Stderr counts only with stderr. Of those in except the result is another one, for the reason
// that is given there.
func Check(t *testing.T, tools []tool.Tool, file, folder string, stderr bool, except map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split("\n"+string(data), "\n$ ")[1:]
	if len(cases) == 0 {
		t.Fatalf("%s is empty", file)
	}
	for _, c := range cases {
		line, rest, _ := strings.Cut(c, "\n")
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := Run(t, tools, "", strings.Fields(strings.ReplaceAll(line, "@", folder+"/"))...)
			diff := cmp.Diff(lines(rest, stderr), lines(got.format(folder), stderr))
			reason, accepted := except[line]
			switch {
			case accepted && diff == "":
				t.Errorf("the original does the same, and should not: %s", reason)
			case !accepted && diff != "":
				t.Errorf("the original, and this (+):\n%s\n%s", diff, got.Err)
			}
		})
	}
}

// format writes a result as it is in a file.
func (r Result) format(folder string) string {
	var b strings.Builder
	for _, stream := range []struct{ mark, text string }{{"| ", r.Out}, {"! ", r.Err}} {
		for l := range strings.Lines(strings.ReplaceAll(strings.ReplaceAll(stream.text, folder+"/", "@"), folder, "@")) {
			b.WriteString(stream.mark + strings.TrimSuffix(l, "\n") + "\n")
		}
	}
	return b.String() + fmt.Sprintf("= %d\n", r.Code)
}

// lines are those of a file that count. Some originals write names in Latin 1; here all names are written as Globus does.
func lines(text string, stderr bool) []string {
	var list []string
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\n "); l != "" && (stderr || !strings.HasPrefix(l, "!")) {
			list = append(list, asGlobus(l))
		}
	}
	return list
}

// Vectors is a folder with the credentials that the tools in use have made, which nobody else can read, and a folder "certificates" with the CA of
// VOMS servers.
func Vectors(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	n := 0
	for _, from := range []string{"../../../proxycert/testdata/vectors/*.pem", "../../../voms/testdata/vectors/proxies/*.pem"} {
		paths, err := filepath.Glob(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	if n < 50 {
		t.Fatalf("there are only %d vectors", n)
	}
	if err := os.CopyFS(filepath.Join(folder, "certificates"), os.DirFS("../../../voms/testdata/vectors/certificates")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// asGlobus writes a line of Latin 1 with the escapes of UTF-8; one of UTF-8 stays as it is.
func asGlobus(line string) string {
	if utf8.ValidString(line) {
		return line
	}
	var b strings.Builder
	for i := range len(line) {
		if line[i] < utf8.RuneSelf {
			b.WriteByte(line[i])
			continue
		}
		for _, c := range []byte(string(rune(line[i]))) {
			fmt.Fprintf(&b, `\x%02X`, c)
		}
	}
	return b.String()
}
