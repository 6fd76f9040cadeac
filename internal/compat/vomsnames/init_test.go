// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	vectors "github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// now is when proxies are made; the certificates of testca are valid then.
var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.Local)

const identity = "Your identity: /DC=org/DC=example/CN=Jane Doe\n"

// home is a folder with a user certificate and its CA, and an environment.
type home struct {
	dir string
	env map[string]string
	in  string
	now time.Time

	user *proxycert.Credential
}

func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{dir: t.TempDir(), now: now}
	ca := testca.New(t, testca.Options{})
	h.user = ca.Issue(t, testca.Leaf{RSA: true})
	key, err := h.user.MarshalKey(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, ".globus/usercert.pem", h.user.MarshalChain(), 0o644)
	h.write(t, ".globus/userkey.pem", key, 0o600)
	h.write(t, "certificates/ca.pem", ca.PEM(), 0o644)
	h.env = map[string]string{
		"HOME": h.dir, "X509_CERT_DIR": h.path("certificates"), "X509_USER_PROXY": h.path("proxy.pem"), "XDG_CACHE_HOME": h.path("cache"),
	}
	return h
}

// encrypt writes the key with the passphrase "secret", and types another one.
func (h *home) encrypt(t testing.TB, typed string) {
	t.Helper()
	h.write(t, "encrypted.pem", vectors.EncryptedKey(), 0o600) // of testca's key for leaves
	h.in = typed
}

func (h *home) path(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

func (h *home) write(t testing.TB, name string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), data, mode); err != nil {
		t.Fatal(err)
	}
}

// run runs a program here; HOME in arguments is the folder.
func (h *home) run(t testing.TB, name string, args ...string) (out, said string, code int) {
	t.Helper()
	var expanded []string
	for _, arg := range args {
		expanded = append(expanded, strings.ReplaceAll(arg, "HOME", h.dir))
	}
	out, said, code = run(t, console.Surroundings{
		In: strings.NewReader(h.in), Env: func(name string) string { return h.env[name] }, Now: func() time.Time { return h.now },
	}, name, expanded...)
	return strings.ReplaceAll(out, h.dir, "HOME"), strings.ReplaceAll(said, h.dir, "HOME"), code
}

// until is the last line of a run that went well.
func until(life time.Duration) string {
	return "Creating proxy  Done\n\nYour proxy is valid until " + now.Add(life).Format(time.ANSIC) + "\n"
}

// TestInit: what version 2 prints, and what is in the file.
func TestInit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		out  string
		life time.Duration
		want func(*proxycert.Info) // changes what is expected of an inherit-all proxy
	}{
		{"", identity + until(12*time.Hour), 12 * time.Hour, nil},
		{"-rfc -valid 192:00", identity + until(192*time.Hour), 192 * time.Hour, nil},
		{"--valid=0:10 --verify", identity + until(10*time.Minute) + "verify OK\n", 10 * time.Minute, nil},
		{"-hours 24 -q", "", 24 * time.Hour, nil},
		{"-r -quiet -verify", "verify OK\n", 12 * time.Hour, nil},
		{"--hours=140", identity + until(140*time.Hour), 140 * time.Hour, nil},
		{"-hours 5 -valid 1:00", identity + until(time.Hour), time.Hour, nil},
		{"-valid 1:00 -valid 2:00", identity + until(2*time.Hour), 2 * time.Hour, nil},
		{"-valid 9999:0", identity + until(9999*time.Hour), 9999 * time.Hour, nil},
		{"-limited", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) { i.Policy = proxycert.Limited }},
		{"-path-length 3", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) { i.PathLength = new(3) }},
		{"-path_length=0", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) { i.PathLength = new(0) }},
		{"-policy HOME/policy.txt", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) {
			i.Policy, i.PolicyText = "1.3.6.1.4.1.3536.1.1.1.8", []byte("may read")
		}},
		{"-policy HOME/policy.txt -pl 1.2.3.4", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) {
			i.Policy, i.PolicyText = "1.2.3.4", []byte("may read")
		}},
		{"-policy HOME/policy.txt -policy-language INDEPENDENT_PROXY", identity + until(12*time.Hour), 12 * time.Hour, func(i *proxycert.Info) {
			i.Policy = proxycert.Independent
		}},
		{"-cert HOME/.globus/usercert.pem -key HOME/.globus/userkey.pem -globus 24 -confile x", identity + until(12*time.Hour), 12 * time.Hour, nil},
		{"-conf HOME/options", identity + until(3*time.Hour), 3 * time.Hour, nil},
		{"-proxyver 4 -dont-verify-ac -timeout 5 -vomses HOME/none", identity + until(12*time.Hour), 12 * time.Hour, nil},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.write(t, "policy.txt", []byte("may read"), 0o644)
			h.write(t, "options", []byte("# so\n--valid=3:00 -rfc\n"), 0o644)
			out, said, code := h.run(t, "voms-proxy-init", strings.Fields(c.args)...)
			if out != c.out || said != "" || code != 0 {
				t.Fatalf("exit code %d, said %q, printed %s", code, said, cmp.Diff(c.out, out))
			}
			want := &proxycert.Info{Policy: proxycert.InheritAll}
			if c.want != nil {
				c.want(want)
			}
			proxy, err := credstore.Load(h.path("proxy.pem"))
			if err != nil {
				t.Fatal(err)
			}
			info, format, err := proxycert.InfoOf(proxy.Leaf())
			if diff := cmp.Diff(want, info); diff != "" || format != proxycert.FormatRFC || err != nil {
				t.Errorf("%v, %v (-want +got):\n%s", format, err, diff)
			}
			if got := proxy.Leaf().NotAfter.Sub(now); got != c.life {
				t.Errorf("it is valid for %v", got)
			}
			checkBlocks(t, h.path("proxy.pem"))
		})
	}
}

// checkBlocks: proxy, key, user certificate, for their owner alone.
func checkBlocks(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		types = append(types, block.Type)
	}
	if !slices.Equal(types, []string{"CERTIFICATE", "RSA PRIVATE KEY", "CERTIFICATE"}) {
		t.Errorf("it holds %q", types)
	}
	if stat, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && stat.Mode() != 0o600 {
		t.Errorf("%v, %v", stat.Mode(), err)
	}
}

// TestInitRefused: exit codes, and on stdout and stderr the words of version 2, or of version 3. Nothing is stored.
func TestInitRefused(t *testing.T) {
	t.Parallel()
	const noCredential = "\nERROR: Couldn't find valid credentials to generate a proxy.\nUse --debug for further information.\n"
	for _, c := range []struct {
		name, args string
		code       int
		out, said  string // said: what stderr begins with
		change     func(*testing.T, *home)
	}{
		{"voms-proxy-init", "-valid 5", 1, "", "-valid argument must be in the format: h:m\n", nil},
		{"voms-proxy-init", "-vomslife x", 1, "", "-vomslife argument must be in the format: h:m\n", nil},
		{"voms-proxy-init", "-valid 1:70", 1, "", "specified minutes must be in the range 0-59\n", nil},
		{"voms-proxy-init", "-valid -1:00", 1, "", "specified hours must be positive\n", nil},
		{"voms-proxy-init", "-hours 0", 1, "", "voms-proxy-init: a proxy that is valid for no time", nil},
		{"voms-proxy-init", "-bits 700", 1, "", "Error: number of bits in key must be one of 512, 1024, 2048, 4096.\n", nil},
		{"voms-proxy-init", "-proxyver 7", 1, "", "Error: proxyver must be 2, 3 or 4\n", nil},
		{"voms-proxy-init", "-old", 1, "", "voms-proxy-init: proxies of the kinds before RFC 3820 are not made", nil},
		{"voms-proxy-init", "-pl 1.2.3", 1, "", "Error: if you specify a policy language you also need to specify a policy file\n", nil},
		{"voms-proxy-init", "-policy HOME/none -pl 1.2.3", 1, identity, "voms-proxy-init: open ", nil},
		{"voms-proxy-init", "-list", 1, "", "Exactly ONE voms server must be specified!\n\n", nil},
		{"voms-proxy-list", "-voms a -voms b", 1, "", "Exactly ONE voms server must be specified!\n\n", nil},
		{"voms-proxy-list", "-voms a -valid 1:00", 1, "", "voms-proxy-list: unrecognized option '-valid'\n", nil},
		{"voms-proxy-init", "-include x", 1, "", "voms-proxy-init: option '-include' is known, but not there yet: ", nil},
		{"voms-proxy-init", "-nonsense", 1, "", "voms-proxy-init: unrecognized option '-nonsense'\n", nil},
		{"voms-proxy-init2", "-vomsdir x", 1, "", "voms-proxy-init2: unrecognized option '-vomsdir'\n", nil},
		{"voms-proxy-init", "-q x", 1, "", "Found non option element x in command line.\n", nil},
		{"voms-proxy-init", "-certdir HOME/none", 3, "", "unable to access trusted certificates in:x509_cert_dir=HOME/none\n", nil},
		{"voms-proxy-init", "-cert HOME/none", 1, "", "Unable to find user certificate or key: HOME/none\n", nil},
		{"voms-proxy-init", "-key HOME/none", 1, "", "Unable to find user certificate or key: HOME/none\n", nil},
		{"voms-proxy-init", "", 1, "", "Unable to find user certificate or key: HOME/.globus/usercred.p12\n", withoutGlobus},
		{"voms-proxy-init3", "", 1, "", "No credentials found!\n", withoutGlobus},
		{"voms-proxy-init", "-noregen", 1, "", "Unable to find user certificate or key: HOME/proxy.pem\n", nil},
		{"voms-proxy-init", "-voms nope:/nope/Role=x", 1, identity, "VOMS Server for nope:/nope/Role=x not known!\n", nil},
		{"voms-proxy-init", "-pwstdin -key HOME/encrypted.pem", 3, "", "wrong pass phrase\n", func(t *testing.T, h *home) { h.encrypt(t, "bad\n") }},
		{"voms-proxy-init", "-pwstdin -key HOME/encrypted.pem", 3, "", "Failed to read pass-phrase from stdin\n", func(t *testing.T, h *home) { h.encrypt(t, "") }},
		{"voms-proxy-init", "-cert HOME/empty.pem", 3, "", "voms-proxy-init: ", func(t *testing.T, h *home) { h.write(t, "empty.pem", nil, 0o600) }},
		{"voms-proxy-init", "", 1, identity, "\nERROR: Your certificate expired ", func(_ *testing.T, h *home) { h.now = now.AddDate(60, 0, 0) }},
		{"voms-proxy-init", "-out HOME/none/proxy.pem", 1, identity + "Creating proxy ", "\nERROR: Cannot write proxy to: HOME/none/proxy.pem\n", nil},
		{"voms-proxy-init3", "-valid 5", 1, "", "Illegal format for lifetime property.\n", nil},
		{"voms-proxy-init3", "-bits 700", 1, "", "Unsupported key size:700\n", nil},
		{"voms-proxy-init3", "-certdir HOME/none -voms nope", 1, "", "Invalid trust anchors location: 'HOME/none' (file not found)\n", nil},
		{"voms-proxy-init3", "-voms nope", 1, "", "VOMS server for VO nope is not known! Check your vomses configuration.\n", nil},
		{"voms-proxy-init3", "-pwstdin -cert HOME/.globus/usercert.pem -key HOME/encrypted.pem", 1, "", "Error decrypting private key: ", func(t *testing.T, h *home) { h.encrypt(t, "bad\n") }},
		{"voms-proxy-init", "", 1, "", noCredential, func(t *testing.T, h *home) {
			if runtime.GOOS != "windows" {
				h.chmod(t, ".globus/userkey.pem", 0o644)
			} else {
				h.env["HOME"] = ""
			}
		}},
	} {
		t.Run(c.name+" "+c.args, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			if c.change != nil {
				c.change(t, h)
			}
			if c.said == noCredential && runtime.GOOS == "windows" {
				c.said, c.code = "ERROR: Couldn't find valid credentials", 3
			}
			out, said, code := h.run(t, c.name, strings.Fields(c.args)...)
			if out != c.out || !strings.HasPrefix(said, c.said) || code != c.code {
				t.Errorf("exit code %d, want %d: said %q, printed %q", code, c.code, said, out)
			}
			if _, err := os.Stat(h.path("proxy.pem")); err == nil {
				t.Error("a proxy was stored")
			}
		})
	}
}

// withoutGlobus leaves a user who has no certificate.
func withoutGlobus(t *testing.T, h *home) {
	t.Helper()
	if err := os.RemoveAll(h.path(".globus")); err != nil {
		t.Fatal(err)
	}
}

func (h *home) chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(h.path(name), mode); err != nil {
		t.Fatal(err)
	}
}

// TestPassphrase: from stdin with -pwstdin, and without it where there is no terminal.
func TestPassphrase(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.encrypt(t, "secret\nmore\n")
	if out, said, code := h.run(t, "voms-proxy-init", "-pwstdin", "-key", "HOME/encrypted.pem"); code != 0 || out != identity+until(12*time.Hour) || said != "" {
		t.Errorf("exit code %d, said %q, printed %q", code, said, out)
	}
}

// TestNoRegen: a proxy of the proxy that is there, or that -cert names; of what lives for less the end is told.
func TestNoRegen(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	if _, said, code := h.run(t, "voms-proxy-init", "-valid", "2:00"); code != 0 {
		t.Fatal(said)
	}
	first, err := credstore.Load(h.path("proxy.pem"))
	if err != nil {
		t.Fatal(err)
	}
	short := "\nWarning: your certificate and proxy will expire " + now.Add(2*time.Hour).Format(time.ANSIC) +
		"\nwhich is within the requested lifetime of the proxy\n"
	for _, c := range []struct{ args, out, said string }{
		{"-noregen -out HOME/second.pem -valid 1:00", until(time.Hour), ""},
		{"-n -cert HOME/proxy.pem -out HOME/third.pem -valid 1:00", until(time.Hour), ""},
		{"-noregen -out HOME/fourth.pem", "Creating proxy  Done\n\n", short},
		{"-noregen -out HOME/fourth.pem -ignorewarn", "Creating proxy  Done\n\n", ""},
		{"-noregen -out HOME/fourth.pem -q", "", ""},
	} {
		out, said, code := h.run(t, "voms-proxy-init", strings.Fields(c.args)...)
		mine := "Your identity: " + proxycert.OneLine(first.Leaf().RawSubject) + "\n"
		if c.out == "" {
			mine = ""
		}
		if out != mine+c.out || said != c.said || code != 0 {
			t.Errorf("%s: exit code %d, said %q, printed %q", c.args, code, said, out)
		}
	}
	for _, name := range []string{"second.pem", "third.pem", "fourth.pem"} {
		if c, err := credstore.Load(h.path(name)); err != nil || len(c.Chain) != 3 || !c.Chain[1].Equal(first.Leaf()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDebug: which files are used.
func TestDebug(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	want := "Files being used:\n CA certificate file: none\n Trusted certificates directory : HOME/certificates\n Proxy certificate file : HOME/proxy.pem\n" +
		" User certificate file: HOME/.globus/usercert.pem\n User key file: HOME/.globus/userkey.pem\nOutput to HOME/proxy.pem\n" + identity + until(12*time.Hour)
	if out, said, code := h.run(t, "voms-proxy-init", "-debug", "-quiet"); filepath.ToSlash(out) != want || code != 0 {
		t.Errorf("exit code %d, said %q, %s", code, said, cmp.Diff(want, out))
	}
}

// TestUntrusted: the proxy of a certificate whose CA is not known is stored, and the exit code says that it is no good; where there is
// no folder of CAs, that is only said.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write(t, "others/README", nil, 0o644)
	out, said, code := h.run(t, "voms-proxy-init", "-certdir", "HOME/others")
	if out != identity+until(12*time.Hour) || !strings.HasPrefix(said, "Error: Certificate verification failed.\n") || code != 1 {
		t.Errorf("exit code %d, said %q, printed %q", code, said, out)
	}
	if _, err := credstore.Load(h.path("proxy.pem")); err != nil {
		t.Error(err)
	}
}

// TestWeakKeys: keys that servers no longer take are not made, which is said.
func TestWeakKeys(t *testing.T) {
	t.Parallel()
	for bits, want := range map[string]int{"512": 2048, "1024": 2048, "2048": 2048, "0": 2048} {
		h := newHome(t)
		_, said, code := h.run(t, "voms-proxy-init", "-bits", bits)
		c, err := credstore.Load(h.path("proxy.pem"))
		if err != nil || code != 0 || proxycert.Strength(c.Leaf().PublicKey) != want {
			t.Errorf("%s: exit code %d, %v", bits, code, err)
		}
		if weak := bits == "512" || bits == "1024"; weak != strings.Contains(said, "a key of "+bits+" bits is too weak") {
			t.Errorf("%s: said %q", bits, said)
		}
	}
}

// TestHelp: every option is in the help, which says which are not there yet.
func TestHelp(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"voms-proxy-init": {"-voms <VO[:FQAN]>", "-include <FILE>", "(not there yet)"}, "voms-proxy-info": {"-exists, -e", "-actimeleft"},
		"voms-proxy-destroy": {"-dryrun", "-dry "}, "voms-proxy-list": {"-timeout"},
	} {
		for _, option := range []string{"-help", "--usage"} {
			out, said, code := run(t, console.Surroundings{}, name, option, "-nonsense")
			for _, w := range want {
				if !strings.Contains(said, w) || out != "" || code != 0 {
					t.Errorf("%s %s: exit code %d, no %q: %s", name, option, code, w, said)
				}
			}
		}
		out, _, code := run(t, console.Surroundings{Version: "v1"}, name, "-version")
		if want := name + "\nVersion: 2.1.1\nCompiled: x509up v1\n"; out != want || code != 0 {
			t.Errorf("%s: %q, %d", name, out, code)
		}
		out, _, code = run(t, console.Surroundings{Version: "v1"}, name+"3", "-version")
		if want := name + " v. 3.3.8 (x509up v1)\n"; out != want || code != 0 {
			t.Errorf("%s3: %q, %d", name, out, code)
		}
		if out, _, code = run(t, console.Surroundings{}, name+"3", "-help"); !strings.HasPrefix(out, "usage: "+name+" [options]\n") || code != 0 {
			t.Errorf("%s3: %q, %d", name, out, code)
		}
	}
}
