// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/fed"
)

// outcome is what a command line did.
type outcome struct {
	out, err string
	code     int
	file     string // what is in the credential file; empty if there is none
	f        *fed.Federation
	h        *home
}

// keyTest shows what a key of a profile does: with it, and in its place when it is left out.
type keyTest struct {
	// value is the key's value in TOML.
	value func(f *fed.Federation, h *home) string
	// with and without judge the outcome with and without the key; "" is good.
	with, without func(outcome) string
	// more are further keys, which replace those that are there anyway; {HOME} stands for the home.
	more map[string]string
	// twice runs the command a second time; the outcome is that.
	twice bool
}

func text(s string) func(*fed.Federation, *home) string {
	return func(*fed.Federation, *home) string { return s }
}

// works wants a certificate.
func works(o outcome) string {
	if o.code != 0 || o.file == "" {
		return fmt.Sprintf("it ended with %d and %q", o.code, o.err)
	}
	return ""
}

// has wants these texts in the output and the file.
func has(texts ...string) func(outcome) string {
	return func(o outcome) string {
		for _, s := range texts {
			if !strings.Contains(o.out+o.err+o.file, s) {
				return fmt.Sprintf("there is no %q in %s%s", s, o.out, o.err)
			}
		}
		return ""
	}
}

// hasOne wants one of these texts.
func hasOne(texts ...string) func(outcome) string {
	return func(o outcome) string {
		for _, s := range texts {
			if has(s)(o) == "" {
				return ""
			}
		}
		return fmt.Sprintf("there is none of %q in %s%s", texts, o.out, o.err)
	}
}

// lacks wants a certificate, and none of these texts.
func lacks(texts ...string) func(outcome) string {
	return func(o outcome) string {
		for _, s := range texts {
			if has(s)(o) == "" {
				return fmt.Sprintf("there is %q in %s%s", s, o.out, o.err)
			}
		}
		return works(o)
	}
}

// vomsFiles are those of the keys about VOs that have these names, as further keys.
func vomsFiles(names ...string) map[string]string {
	all := map[string]string{
		"voms":   `["vo.example.org", "vo.example.org:/Role=production"]`,
		"vomses": `["{HOME}/fed/vomses"]`, "vomsdir": "{HOME}/fed/vomsdir",
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	return all
}

// ends wants an exit code and a text.
func ends(code int, text string) func(outcome) string {
	return func(o outcome) string {
		if o.code != code {
			return fmt.Sprintf("it ended with %d, not %d: %s", o.code, code, o.err)
		}
		return has(text)(o)
	}
}

var keyTests = map[string]keyTest{
	"identity-provider": {value: func(f *fed.Federation, _ *home) string { return f.IdPURL },
		with: works, without: ends(2, "no identity provider is given")},
	"username": {value: func(f *fed.Federation, _ *home) string { return f.Username },
		with: works, without: ends(2, "asking for the user name")},
	"service-provider": {value: func(f *fed.Federation, _ *home) string { return f.SPURL },
		with: works, without: ends(2, "no service provider is named")},
	"idp-list": {value: func(_ *fed.Federation, h *home) string { return h.path("fed/idps.txt") },
		more: map[string]string{"identity-provider": "Example"}, with: works, without: ends(2, "no list")},
	"metadata": {value: func(_ *fed.Federation, h *home) string { return h.path("fed/metadata.xml") },
		more: map[string]string{"identity-provider": "Example"}, with: works, without: ends(2, "no list")},
	"password-file": {value: func(_ *fed.Federation, h *home) string { return h.path("fed/password") },
		with: works, without: ends(2, "asking for the password")},
	"password-command": {value: func(_ *fed.Federation, h *home) string { return "cat " + h.path("fed/password") },
		more: map[string]string{"password-file": ""}, with: works, without: ends(2, "asking for the password")},
	"ca-file": {value: func(_ *fed.Federation, h *home) string { return h.path("fed/ca.pem") },
		with: works, without: ends(6, "unknown authority")},
	"duo": {value: text("passcode"), with: ends(2, "asking for the Duo passcode"), without: works},
	"timeout": {value: text("1ns"),
		with: ends(6, "no answer within 1ns"), without: works},
	"file": {value: func(_ *fed.Federation, h *home) string { return h.path("elsewhere.pem") },
		with: func(o outcome) string {
			data, err := os.ReadFile(o.h.path("elsewhere.pem"))
			if err != nil || o.file != "" || len(data) == 0 {
				return fmt.Sprintf("it was not stored there: %v, %s", err, o.err)
			}
			return ""
		}, without: works},
	"hours": {value: text("2"), with: has("valid for 2 h,"), without: has("valid for 11 days")},
	"proxy": {value: text("true"),
		with: has("RFC 3820 compliant impersonation proxy"), without: has("end entity credential")},
	"limited": {value: text("true"),
		with: has("RFC 3820 compliant limited proxy"), without: has("end entity credential")},
	"key-type":   {value: text("ec256"), with: has("256 bits"), without: has("2048 bits")},
	"key-format": {value: text("pkcs8"), more: map[string]string{"key-type": ""}, with: has("BEGIN PRIVATE KEY"), without: has("BEGIN RSA PRIVATE KEY")},
	"mode":       {value: text("pkcs12"), with: has("the server makes the private key"), without: has("256 bits")},
	"reuse":      {value: text("1"), twice: true, with: has("kept "), without: has("stored ")},
	"voms": {value: text(`["vo.example.org"]`), more: vomsFiles("vomses", "vomsdir"),
		with: has("in the VO vo.example.org as /vo.example.org\n"), without: has("end entity credential")},
	"order": {value: text(`["/vo.example.org/analysis"]`), more: vomsFiles("voms", "vomses", "vomsdir"),
		with: has("as /vo.example.org/analysis\n"), without: has("as /vo.example.org\n")},
	"target": {value: text(`["se.example.org"]`), more: vomsFiles("voms", "vomses", "vomsdir"),
		with: has("target : se.example.org"), without: lacks("se.example.org")},
	"vomslife": {value: text("2:00"), more: vomsFiles("voms", "vomses", "vomsdir"),
		with: hasOne("valid for 2 h,", "valid for 1 h 59 min,"), without: lacks("valid for 2 h,", "valid for 1 h 59 min,")},
	"vomses": {value: text(`["{HOME}/fed/vomses"]`), more: vomsFiles("voms", "vomsdir"),
		with: works, without: ends(7, "no vomses file names a server of it")},
	"vomsdir": {value: text("{HOME}/fed/vomsdir"), more: vomsFiles("voms", "vomses"),
		with: works, without: ends(7, "looking for the LSC file of the VO")},
	"field": {value: text(`["certreq=csr"]`), with: ends(6, "it refused"), without: works},
}

// scriptKeys are for init alone, or want more than a federation and files, and have their tests in these scripts.
var scriptKeys = map[string]string{
	"cert": "init", "key": "init", "passphrase-file": "init", "passphrase-command": "init", "allow-key-mode": "keymode",
	"kerberos": "kerberos_profile", "kerberos-url": "kerberos_profile", "realm": "kerberos_profile", "keytab": "kerberos_profile",
	"principal": "kerberos_profile", "spn": "kerberos_profile",
	"keyring": "keyring_login",
}

// TestProfileKeys: every key that a profile may have does something for get-cert, or has its test in a script.
func TestProfileKeys(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, key := range config.Keys() {
		known[key.Name] = true
		if script := scriptKeys[key.Name]; script != "" {
			text, err := os.ReadFile("testdata/" + script + ".txtar")
			if err != nil || !strings.Contains(string(text), "'"+key.Name+" = ") {
				t.Errorf("%s is not in %s.txtar: %v", key.Name, script, err)
			}
			continue
		}
		c, ok := keyTests[key.Name]
		if !ok {
			t.Errorf("%s has no test", key.Name)
			continue
		}
		t.Run(key.Name, func(t *testing.T) {
			t.Parallel()
			f := start(t, fed.Options{})
			if complaint := c.with(c.run(t, f, key.Name, true)); complaint != "" {
				t.Errorf("with it: %s", complaint)
			}
			if complaint := c.without(c.run(t, f, key.Name, false)); complaint != "" {
				t.Errorf("without it: %s", complaint)
			}
		})
	}
	for name := range keyTests {
		if !known[name] {
			t.Errorf("there is no key %s", name)
		}
	}
}

// run runs get-cert with a profile that has, or lacks, the key, and with nothing in the environment that would say it.
func (c keyTest) run(t *testing.T, f *fed.Federation, key string, with bool) outcome {
	t.Helper()
	h := newHome(t, f)
	file := h.env["X509_USER_PROXY"]
	h.env = map[string]string{"HOME": h.dir, "X509UP_CONFIG": h.path("config.toml"), "X509_USER_PROXY": file,
		"X509_CERT_DIR": h.path("fed/certificates")}
	if key == "file" && with {
		delete(h.env, "X509_USER_PROXY")
	}
	settings := map[string]string{}
	for _, base := range []string{"identity-provider", "username", "service-provider", "password-file", "ca-file", "key-type"} {
		settings[base] = keyTests[base].value(f, h)
	}
	for name, value := range c.more {
		settings[name] = value
	}
	delete(settings, key)
	if with {
		settings[key] = c.value(f, h)
	}
	config := "[profile.test]\n"
	for name, value := range settings {
		value = strings.ReplaceAll(value, "{HOME}", h.dir)
		switch {
		case value == "":
			continue
		case name != "hours" && name != "reuse" && value != "true" && !strings.HasPrefix(value, "["):
			quoted, _ := json.Marshal(value)
			value = string(quoted)
		}
		config += name + " = " + value + "\n"
	}
	h.write(t, "config.toml", config)
	args := []string{"get-cert", "--profile", "test", "-v"}
	if c.twice {
		h.run(t, args...)
	}
	o := outcome{f: f, h: h}
	o.out, o.err, o.code = h.run(t, args...)
	if data, err := os.ReadFile(file); err == nil {
		o.file = string(data)
		info, _, _ := h.run(t, "info", "-f", file)
		o.out += info
	}
	return o
}

// TestOptionsWin: what the command line says goes before a variable, and a variable before the profile.
func TestOptionsWin(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	for _, c := range []struct {
		name, profile string
		args          []string // {HOME} stands for the home
		want          func(outcome) string
	}{
		{"timeout", `timeout = "1ns"`, []string{"--timeout", "3m"}, works},
		{"hours", "hours = 2", []string{"-H", "5"}, has("valid for 5 h,")},
		{"proxy", "proxy = true", []string{"--proxy=false"}, has("end entity credential")},
		{"limited", "limited = true", []string{"--proxy=false"}, has("end entity credential")},
		{"limited alone", "proxy = true\nlimited = true", []string{"--limited=false"}, has("impersonation proxy")},
		{"key-type", `key-type = "rsa4096"`, []string{"--key-type", "ec256"}, has("256 bits")},
		{"mode", `mode = "pkcs12"`, []string{"--mode", "certreq"}, has("256 bits")},
		{"field", `field = ["certreq=csr"]`, []string{"--field", "certreq=certreq"}, works},
		{"username", `username = "nobody"`, []string{"-u", f.Username}, works},
		{"identity-provider", `identity-provider = "https://127.0.0.1:1/"`, []string{"-i", f.IdPURL}, works},
		{"service-provider", `service-provider = "https://127.0.0.1:1/"`, []string{"--service-provider", f.SPURL}, works},
		{"password-file", `password-file = "/nowhere"`, []string{"--password-file", "{HOME}/fed/password"}, works},
		{"password-command over password-file", `password-file = "/nowhere"`, []string{"--password-command", "cat {HOME}/fed/password"}, works},
		{"ca-file", `ca-file = "/nowhere"`, []string{"--ca-file", "{HOME}/fed/ca.pem"}, works},
		{"file", `file = "/nowhere/x509up.pem"`, []string{"-f", "{HOME}/x509up.pem"}, works},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, f)
			base := map[string]string{
				"-u": f.Username, "-i": f.IdPURL, "--service-provider": f.SPURL, "--password-file": h.path("fed/password"),
				"--ca-file": h.path("fed/ca.pem"), "--key-type": "ec256", "-f": h.path("x509up.pem"),
			}
			args := []string{"get-cert", "--profile", "test"}
			for _, word := range c.args {
				delete(base, word)
				if word == "--password-command" {
					delete(base, "--password-file")
				}
				args = append(args, strings.ReplaceAll(word, "{HOME}", h.dir))
			}
			for option, value := range base {
				args = append(args, option, value)
			}
			h.env = map[string]string{"HOME": h.dir, "X509UP_CONFIG": h.write(t, "config.toml", "[profile.test]\n"+c.profile+"\n")}
			o := outcome{f: f, h: h}
			o.out, o.err, o.code = h.run(t, args...)
			if data, err := os.ReadFile(h.path("x509up.pem")); err == nil {
				o.file = string(data)
				info, _, _ := h.run(t, "info", "-f", h.path("x509up.pem"))
				o.out += info
			}
			if complaint := c.want(o); complaint != "" {
				t.Error(complaint)
			}
		})
	}
}
