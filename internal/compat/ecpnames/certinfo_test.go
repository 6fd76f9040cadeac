// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames_test

import (
	"os"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestCertInfo: the lines that ecp-cert-info of ciecplib 0.9.0 prints.
func TestCertInfo(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	person := jane(t, now.Add(11*24*time.Hour+12*time.Hour+59*time.Minute+58*time.Second))
	h.put(t, "x509up", person)
	h.put(t, "proxy", testca.Issue(t, person, testca.Proxy{}))
	h.put(t, "limited", testca.Issue(t, person, testca.Proxy{Policy: proxycert.Limited}))
	h.put(t, "hour", jane(t, now.Add(time.Hour)))
	h.put(t, "day", jane(t, now.Add(24*time.Hour+5*time.Second)))
	h.put(t, "expired", jane(t, now.Add(-time.Second)))
	lax := h.put(t, "lax", person)
	if err := os.Chmod(lax, 0o644); err != nil {
		t.Fatal(err)
	}
	const block = `subject  : /DC=org/DC=example/CN=Jane Doe
issuer   : /DC=org/DC=example/CN=Test CA
type     : end entity credential
strength : 2048 bits
path     : HOME/x509up
timeleft : 11 days, 12:59:58
`
	missing := "ecp-cert-info: there is no credential: HOME/none does not exist\nhint: x509up get-cert and x509up init make one\n"
	usage := "Usage: ecp-cert-info [options]\n\necp-cert-info: error: "
	for _, c := range []struct {
		args        []string
		code        int
		out, stderr string
	}{
		{nil, 0, block, ""},
		{[]string{"--verbose"}, 0, block + "text     : -----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n", ""},
		{[]string{"-path"}, 0, "HOME/x509up\n", ""},
		{[]string{"--path", "--file=HOME/proxy"}, 0, "HOME/proxy\n", ""},
		{[]string{"-t"}, 0, "997198\n", ""},
		{[]string{"-timeleft", "-subject", "--issuer", "-s"}, 0,
			"997198\n/DC=org/DC=example/CN=Jane Doe\n/DC=org/DC=example/CN=Test CA\n/DC=org/DC=example/CN=Jane Doe\n", ""},
		{[]string{"-st"}, 0, "/DC=org/DC=example/CN=Jane Doe\n997198\n", ""},
		{[]string{"-type", "-f", "HOME/proxy"}, 0, "RFC 3820 compliant impersonation proxy\n", ""},
		{[]string{"--ty", "-fHOME/limited"}, 0, "RFC 3820 compliant limited proxy\n", ""},
		{[]string{"-type", "-f", "HOME/lax"}, 0, "end entity credential\n", ""},
		{[]string{"-t", "-f", "HOME/expired"}, 0, "0\n", ""},
		{[]string{"-t", "-valid", "277:00", "-f", "HOME/hour"}, 1, "3600\n",
			"ecp-cert-info: the credential in HOME/hour is not valid for 11 days, 13:00:00\n"},
		{[]string{"-t", "-v", "1:00", "-f", "HOME/hour"}, 0, "3600\n", ""},

		{[]string{"-e"}, 0, "", ""},
		{[]string{"-exists", "--valid", "276:59"}, 0, "", ""},
		{[]string{"--exist", "-v", "277:00"}, 1, "", ""},
		{[]string{"--exists", "-f", "HOME/expired"}, 1, "", ""},
		{[]string{"--exists", "-f", "HOME/none"}, 1, "", ""},
		{[]string{"-f", "HOME/none"}, 1, "", missing},

		{[]string{"-v", "12"}, 2, "", usage + "argument -v/--valid: invalid time value: '12'\n"},
		{[]string{"--p"}, 0, "HOME/x509up\n", ""},
		{[]string{"--is", "--t"}, 2, "", usage + "ambiguous option: --t could match --type, --timeleft\n"},
		{[]string{"-V", "--nonsense"}, 0, "0.9.0\n", ""},
		{[]string{"--nonsense", "x"}, 2, "", usage + "unrecognized arguments: --nonsense x\n"},
		{[]string{"file"}, 2, "", usage + "unrecognized arguments: file\n"},
		{[]string{"-f"}, 2, "", usage + "argument -f/--file: expected one argument\n"},
	} {
		args := []string{"ecp-cert-info"}
		for _, a := range c.args {
			args = append(args, h.expand(a))
		}
		h.want(t, c.code, c.out, c.stderr, args...)
	}
	for file, left := range map[string]string{"hour": "1:00:00", "day": "1 day, 0:00:05", "expired": "0:00:00 [EXPIRED]"} {
		out, _, code := h.run(t, "ecp-cert-info", "-f", h.path(file))
		if last := out[len(out)-len(left)-1:]; last != left+"\n" || code != 0 {
			t.Errorf("%s: %s", file, out)
		}
	}
}
