// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/arcnames"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
)

// TestArcVOMS: what is printed of the servers of VOs, and which attributes are in the proxy then.
func TestArcVOMS(t *testing.T) {
	t.Parallel()
	f, err := fed.Start(fed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	at := t.TempDir() + "/"
	dir, err := f.WriteDir(at + "fed")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"XDG_CACHE_HOME": at + "cache", "HOME": at}
	for _, v := range dir.Environ() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	run := func(main func(console.Surroundings) int) (out, said string, code int) {
		var stdout, stderr bytes.Buffer
		code = main(console.Surroundings{
			In: strings.NewReader(""), Out: &stdout, Err: &stderr, Env: func(name string) string { return env[name] }, Now: time.Now, NewKey: testca.NewKey,
		})
		return stdout.String(), stderr.String(), code
	}
	if _, said, code := run(func(s console.Surroundings) int {
		return cli.Main(t.Context(), []string{"get-cert", "--ca-file", at + "fed/ca.pem", "--file", at + "user.pem"}, s)
	}); code != 0 {
		t.Fatal(said)
	}
	arcproxy := func(args ...string) (string, string, int) {
		return run(func(s console.Surroundings) int {
			return arcnames.Tools()[0].Run(t.Context(), &console.Console{Surroundings: s}, "arcproxy", args)
		})
	}
	vomsDir := env["X509_VOMS_DIR"]
	caDir := env["X509_CERT_DIR"]
	delete(env, "X509_VOMS_DIR")
	delete(env, "X509_CERT_DIR")
	port := regexp.MustCompile(`port: \d+`)
	const (
		who  = "Your identity: /DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251\n"
		asks = "Contacting VOMS server (named vo.example.org): localhost on port: N\n"
		done = "Proxy generation succeeded\nYour proxy is valid until: "
	)
	for _, c := range []struct {
		name, voms, order string
		out, err          string
		code              int
		attributes        string // the first of them, and for how long
	}{
		{name: "a VO", voms: "vo.example.org", out: who + asks + done, attributes: "/vo.example.org"},
		{name: "a role", voms: "vo.example.org:/Role=production", out: who + asks + done, attributes: "/vo.example.org/Role=production"},
		{name: "an order", voms: "vo.example.org:all", order: "/other.example.org,/vo.example.org:production", out: who + asks + done, attributes: "/vo.example.org/Role=production"},
		{name: "a list", voms: "vo.example.org:list", out: who + asks + "The attribute information from VOMS server: vo.example.org is list as following:\n/vo.example.org/"},
		{name: "a role that nobody has", voms: "vo.example.org:/Role=none", out: who + asks, err: "Proxy generation failed: Failed to retrieve VOMS information.\n", code: 1},
	} {
		os.Remove(at + "proxy")
		args := []string{"-C", at + "user.pem", "-K", at + "user.pem", "-P", at + "proxy", "-T", caDir, "-s", vomsDir, "-S", c.voms, "-c", "validityPeriod=5h", "-c", "vomsACvalidityPeriod=1h"}
		if c.order != "" {
			args = append(args, "-o", c.order)
		}
		out, said, code := arcproxy(args...)
		if out = port.ReplaceAllString(out, "port: N"); !strings.HasPrefix(out, c.out) || code != c.code || !strings.HasPrefix(said, c.err) {
			t.Errorf("%s: exit %d, %q, %s", c.name, code, out, said)
		}
		out, _, code = arcproxy("-P", at+"proxy", "-T", caDir, "-I")
		if c.attributes == "" {
			if code != 1 {
				t.Errorf("%s: there is a proxy", c.name)
			}
			continue
		}
		if !strings.Contains(out, "\nattribute : "+c.attributes+"\n") || strings.Contains(out, "AC is invalid") || code != 0 {
			t.Errorf("%s: %s", c.name, out)
		}
		if first := out[strings.Index(out, "\nattribute : ")+1:]; !strings.HasPrefix(first, "attribute : "+c.attributes+"\n") {
			t.Errorf("%s: first %s", c.name, first)
		}
		if out, _, _ := arcproxy("-P", at+"proxy", "-i", "vomsACvalidityPeriod", "-i", "vomsVO"); out != "3600\nvo.example.org\n" {
			t.Errorf("%s: the attributes are %q", c.name, out)
		}
	}
}
