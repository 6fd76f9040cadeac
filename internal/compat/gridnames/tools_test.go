// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/compat/gridnames"
	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

const subject = golden.Subject

// home is a folder with user certificates and their keys, and the CA that they come from.
func home(t *testing.T) string {
	t.Helper()
	h := golden.NewHome(t)
	whole, err := h.Jane.Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	h.Write(t, "whole.pem", whole)
	h.Write(t, "empty", nil)
	h.Write(t, "cas/ca.pem", h.CA.PEM())
	return h.Dir
}

var dots = regexp.MustCompile(`Creating proxy \.+`)

// run runs a line in which @ stands for a folder.
func run(t *testing.T, dir, stdin, line string) golden.Result {
	t.Helper()
	r := golden.RunIn(t, gridnames.Tools(), dir, stdin, line)
	r.Out = dots.ReplaceAllString(r.Out, "Creating proxy ...")
	return r
}

const (
	whose = "Your identity: " + subject + "\n"
	made  = "Creating proxy ... Done\n"
	until = "Your proxy is valid until: Mon Nov 23 11:00:00 2026\n"
	files = " -cert @cert.pem -key @key.pem -out @proxy"
)

// TestInit: what grid-proxy-init prints, and what is in the file then.
func TestInit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line, stdin string
		out               string
		wantType          string
		left              time.Duration
		bits              int // 0: 2048
	}{
		{name: "plain", line: files, out: whose + made + until, left: 12 * time.Hour},
		{name: "quiet", line: "-q" + files, left: 12 * time.Hour},
		{name: "hours", line: "-rfc -hours 24" + files, out: whose + made + "Your proxy is valid until: Mon Nov 23 23:00:00 2026\n", left: 24 * time.Hour},
		{name: "sixty minutes", line: "-q -valid 1:60" + files, left: 2 * time.Hour},
		{name: "the last of two counts", line: "-q -valid 9:00 -hours 3" + files, left: 3 * time.Hour},
		{name: "limited", line: "-q -limited" + files, wantType: "RFC 3820 compliant limited proxy", left: 12 * time.Hour},
		{name: "independent", line: "-q -independent" + files, wantType: "RFC 3820 compliant independent proxy", left: 12 * time.Hour},
		{name: "a policy", line: "-q -pl 1.2.3.4 -policy @policy" + files, wantType: "RFC 3820 compliant restricted proxy", left: 12 * time.Hour},
		{name: "bits", line: "-q -bits 4096" + files, left: 12 * time.Hour, bits: 4096},
		{name: "few bits", line: "-q -bits 1024" + files, left: 12 * time.Hour},
		{name: "what follows dashes does not matter", line: "-q" + files + " -- foo -bar", left: 12 * time.Hour},
		{name: "a passphrase", line: "-pwstdin -cert @cert.pem -key @encrypted.pem -out @proxy", stdin: "secret\n", out: whose + made + until, left: 12 * time.Hour},
		{name: "one file", line: "-cert @whole.pem -key @whole.pem -out @proxy", out: whose + made + until, left: 12 * time.Hour},
		{name: "verified", line: "-verify -certdir @cas" + files, out: whose + made + "Proxy Verify OK\n" + until, left: 12 * time.Hour},
		{name: "a certificate of a curve", line: "-q -cert @ec.pem -key @ec.key -out @proxy", left: 12 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			if c.name == "verified" {
				trusted(t, dir)
			}
			r := run(t, dir, c.stdin, "grid-proxy-init "+c.line)
			if r.Out != c.out || r.Code != 0 {
				t.Fatalf("exit %d, %q, %s", r.Code, r.Out, r.Err)
			}
			got := golden.Stored(t, filepath.Join(dir, "proxy"), "PRIVATE KEY")
			wantType := c.wantType
			if wantType == "" {
				wantType = "RFC 3820 compliant impersonation proxy"
			}
			if kind := proxycert.TypeOf(got.Leaf()).String(); kind != wantType {
				t.Errorf("it is a %s", kind)
			}
			if left := got.TimeLeft(golden.Now); left != c.left {
				t.Errorf("it is valid for %s", left)
			}
			if bits := proxycert.Strength(got.Leaf().PublicKey); bits != max(c.bits, 2048) {
				t.Errorf("its key has %d bits", bits)
			}
		})
	}
}

// trusted makes a CA directory of the folder of CAs.
func trusted(t *testing.T, dir string) {
	t.Helper()
	c, err := credstore.Load(filepath.Join(dir, "cert.pem"))
	if err == nil {
		err = os.Rename(filepath.Join(dir, "cas", "ca.pem"), filepath.Join(dir, "cas", name.Hash(c.Leaf().RawIssuer)+".0"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestInitFromEnvironment: without options the files are those of the environment, then those of the home folder.
func TestInitFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"variables":       "X509_USER_CERT=@cert.pem X509_USER_KEY=@key.pem X509_USER_PROXY=@proxy grid-proxy-init -q",
		"home":            "HOME=@ X509_USER_PROXY=@proxy grid-proxy-init -q",
		"key of the home": "HOME=@ X509_USER_CERT=@cert.pem X509_USER_PROXY=@proxy grid-proxy-init -q",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			if r := run(t, dir, "", line); r != (golden.Result{}) {
				t.Fatalf("%+v", r)
			}
			if got := proxycert.OneLine(golden.Stored(t, filepath.Join(dir, "proxy"), "PRIVATE KEY").Identity()); got != subject {
				t.Errorf("it is that of %s", got)
			}
		})
	}
}

// TestInitLifetime: a proxy lives no longer than its certificate, and says so on stderr, unless it was to live as long.
func TestInitLifetime(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for _, c := range []struct{ valid, out, err string }{
		{"596521:00", whose + made, "\nWarning: your certificate and proxy will expire Sun Dec 31 23:59:59 2079\n which is within the requested lifetime of the proxy\n"},
		{"0:0", whose + made + "Your proxy is valid until: Sun Dec 31 23:59:59 2079\n", ""},
	} {
		end := longer(t, dir, c.valid)
		if end.Out != c.out || end.Err != c.err || end.Code != 0 {
			t.Errorf("%s: %+v", c.valid, end)
		}
	}
}

func longer(t *testing.T, dir, valid string) golden.Result {
	t.Helper()
	return run(t, dir, "", "grid-proxy-init -valid "+valid+files)
}

// TestPathLength: also none at all, which the original forgets.
func TestPathLength(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for text, want := range map[string]int{"0": 0, "0x10": 16, "010": 8} {
		if r := run(t, dir, "", "grid-proxy-init -q -path-length "+text+files); r.Code != 0 {
			t.Fatalf("%+v", r)
		}
		info, _, err := proxycert.InfoOf(golden.Stored(t, filepath.Join(dir, "proxy"), "PRIVATE KEY").Leaf())
		if err != nil || info.PathLength == nil || *info.PathLength != want {
			t.Errorf("%s: %+v, %v", text, info, err)
		}
	}
}

// TestInitFails: the first line of each error is that of the original, and the old proxy stays.
func TestInitFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line, stdin string
		out, err          string
		code              int
	}{
		{"no certificate", "-q -out @proxy", "", "", "Error: Couldn't find valid credentials to generate a proxy.\n", 1},
		{"no folder", "-cert @cert.pem -key @key.pem -out @none/proxy", "", "", "Error: @none is not a valid directory for writing the proxy certificate.\n", 1},
		{"a file for a folder", "-cert @cert.pem -key @key.pem -out @policy/proxy", "", "", "Error: @policy is not a valid directory for writing the proxy certificate.\n", 1},
		{"expired", "-cert @over.pem -key @key.pem -out @proxy", "", whose + made, "\nERROR: Your certificate has expired: Sun Nov 22 22:00:00 2026\n\n\n", 2},
		{"expired, quiet", "-q -cert @over.pem -key @key.pem -out @proxy", "", "", "\nERROR: Your certificate has expired: Sun Nov 22 22:00:00 2026\n\n\n", 2},
		{"wrong passphrase", "-pwstdin -cert @cert.pem -key @encrypted.pem -out @proxy", "wrong\n", whose, "Error: Couldn't read user key: Bad passphrase for key in @encrypted.pem\n", 1},
		{"no passphrase", "-pwstdin -cert @cert.pem -key @encrypted.pem -out @proxy", "", whose, "Failed to read pass-phrase from stdin\nError: Couldn't read user key in @encrypted.pem.\n", 1},
		{"another key", "-cert @cert.pem -key @ec.key -out @proxy", "", whose, "Error: Could not verify the signature of the generated proxy certificate.\nThis is likely due to a non-matching user key and cert.\n", 1},
		{"no key", "-cert @cert.pem -key @cert.pem -out @proxy", "", whose, "Error: Couldn't read user key in @cert.pem.\n", 1},
		{"no certificate in it", "-cert @key.pem -key @key.pem -out @proxy", "", "", "Error: Couldn't read user certificate\ncert file location: @key.pem.\n", 1},
		{"not trusted", "-verify -certdir @.globus" + files, "", whose + made, "Error: Couldn't verify the authenticity of the user's credential to generate a proxy from.\n", 1},
		{"no folder of CAs", "-certdir @none" + files, "", "", "\nERROR: option -certdir : globus_sysconfig: File does not exist: @none is not a valid directory\n", 1},
		{"a policy without a language", "-policy @policy" + files, "", "", "\nERROR: If you specify a policy file you also need to specify a policy language.\n", 1},
		{"no policy", "-pl 1.2.3 -policy @none" + files, "", "", "Error: Couldn't read policy from file: @none\n", 1},
		{"a language that is none", "-pl rights" + files, "", "", "\nERROR: option -pl : value must be an object identifier, such as 1.3.6.1.5.5.7.21.0\n", 1},
		{"legacy", "-old" + files, "", "", "\nERROR: option -old : this is not there yet: ", 1},
		{"draft", "-draft" + files, "", "", "\nERROR: option -draft : this is not there yet: ", 1},
		{"over the certificate", "-cert @whole.pem -key @whole.pem -out @whole.pem", "", "", "Error: Couldn't find a valid location to write the proxy file.\n", 1},
		{"over something else", "-cert @cert.pem -key @key.pem -out @policy", "", "", "Error: The proxy credential could not be written to the output file: @policy.\n", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			old := filepath.Join(dir, "proxy")
			if err := os.WriteFile(old, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			r := run(t, dir, c.stdin, "grid-proxy-init "+c.line)
			if r.Out != c.out || r.Code != c.code || !strings.HasPrefix(r.Err, c.err) {
				t.Errorf("exit %d, %q, %s", r.Code, r.Out, r.Err)
			}
			if info, err := os.Stat(old); err != nil || info.Size() > 0 {
				t.Errorf("the old proxy is %v, %v", info, err)
			}
		})
	}
}

// TestDebug: -debug says which files count.
func TestDebug(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for certDir, want := range map[string]string{"": "(null)", " -certdir @cas": "@cas"} {
		r := run(t, dir, "", "grid-proxy-init -debug -q"+files+certDir)
		if want := "\nUser Cert File: @cert.pem\nUser Key File: @key.pem\n\nTrusted CA Cert Dir: " + want + "\n\nOutput File: @proxy\n"; r.Err != want {
			t.Errorf("said %q", r.Err)
		}
	}
}

// TestDestroy: proxies that are named are destroyed, and what is no proxy is not.
func TestDestroy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line string
		gone       []string
		code       int
	}{
		{"the usual one", "X509_USER_PROXY=@a grid-proxy-destroy", []string{"a"}, 0},
		{"one of several", "X509_USER_PROXY=@a grid-proxy-destroy @b @none", []string{"b"}, 0},
		{"that and the usual one", "X509_USER_PROXY=@a grid-proxy-destroy -default @b", []string{"a", "b"}, 0},
		{"none of them", "X509_USER_PROXY=@a grid-proxy-destroy -dryrun -default @b", nil, 0},
		{"after dashes", "grid-proxy-destroy -- @a", []string{"a"}, 0},
		{"no proxy", "grid-proxy-destroy @policy @b", []string{"b"}, 1},
		{"the key of a certificate", "grid-proxy-destroy @key.pem", nil, 1},
		{"a folder", "grid-proxy-destroy @cas", nil, 1},
		{"the usual one is not there", "X509_USER_PROXY=@none grid-proxy-destroy -default @a", nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			data, err := os.ReadFile(filepath.Join(dir, "whole.pem"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if r := run(t, dir, "", c.line); r.Code != c.code || r.Out != "" || (r.Err == "") != (c.code == 0 && c.gone != nil) {
				t.Errorf("%+v", r)
			}
			for _, name := range []string{"a", "b", "policy", "key.pem", "cas"} {
				_, err := os.Stat(filepath.Join(dir, name))
				if (err != nil) != slices.Contains(c.gone, name) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestDelegated: -all means proxies that servers were given, and no files of other names.
func TestDelegated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"x509up_p1.abc.1": 0o600, "x509up_u0": 0o600, "x509up_u1": 0o600, "x509up_p2": 0o644, "other": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for own, want := range map[string][]string{
		"/elsewhere/x509up_u0":          {"x509up_p1.abc.1", "x509up_u0"},
		filepath.Join(dir, "x509up_u0"): {"x509up_p1.abc.1"},
	} {
		var got []string
		for _, path := range gridnames.Delegated(dir, own) {
			got = append(got, filepath.Base(path))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", own, got)
		}
	}
	if got := gridnames.Delegated(filepath.Join(dir, "none"), ""); got != nil {
		t.Errorf("of no folder: %q", got)
	}
}

// TestUnreadable: a proxy that Globus would not read is none, and the first lines say so as it does.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := home(t)
	if err := os.Chmod(filepath.Join(dir, "whole.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"whole.pem": "Couldn't find a valid proxy.\n       globus_sysconfig: File has bad permissions: Permissions on @whole.pem are too permissive. Maximum allowable permissions are 600\n",
		"cas":       "Couldn't find a valid proxy.\n       globus_sysconfig: File is a directory: File: @cas\n",
		"none":      "Couldn't find a valid proxy.\n       globus_sysconfig: File does not exist: @none is not a valid file\n",
		"cert.pem":  "Couldn't read proxy from: @cert.pem\n       globus_credential: Error reading proxy credential\n",
		"policy":    "Couldn't read proxy from: @policy\n       globus_credential: Error reading proxy credential\n",
		"empty":     "Couldn't read proxy from: @empty\n       globus_credential: Error reading proxy credential\n",
	} {
		for _, exists := range []string{"", " -e"} {
			r := run(t, dir, "", "grid-proxy-info -f @"+file+exists)
			if r.Code != 1 || r.Out != "" || !strings.HasPrefix(r.Err, "\nERROR: "+want) {
				t.Errorf("%s: %+v", file, r)
			}
		}
	}
}

// TestExpired: what is over has no time left, and does not exist for -e.
func TestExpired(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Subject: subject, NotAfter: golden.Now.Add(-time.Second)})
	data, err := c.Marshal(proxycert.PKCS8)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "over"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r := run(t, dir, "", "grid-proxy-info -f @over -timeleft -e"); r.Out != "-1\n" || r.Code != 1 {
		t.Errorf("%+v", r)
	}
	if r := run(t, dir, "", "grid-proxy-info -f @over"); !strings.HasSuffix(r.Out, "\ntimeleft : 0:00:00\n") || r.Code != 0 {
		t.Errorf("%+v", r)
	}
}

// TestText: a whole certificate is shown in words, and never its key.
func TestText(t *testing.T) {
	t.Parallel()
	dir := home(t)
	r := run(t, dir, "", "grid-proxy-info -f @whole.pem -text")
	if r.Code != 0 || !strings.Contains(r.Out, subject) || !strings.Contains(r.Out, "2020-01-01") || strings.Contains(r.Out, "PRIVATE") {
		t.Errorf("%+v", r)
	}
}
