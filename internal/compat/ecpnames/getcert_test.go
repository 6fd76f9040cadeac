// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/compat/ecpnames"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

const (
	subject = "/DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251"
	block   = "subject  : " + subject + `
issuer   : /DC=org/DC=example/O=Example Grid/CN=Example Grid CA
type     : end entity credential
strength : 2048 bits
path     : HOME/x509up
timeleft : 11 days, H:MM:SS
text     : -----BEGIN CERTIFICATE-----
…
-----END CERTIFICATE-----
`
	proxyBlock = "subject  : " + subject + "/CN=NUMBER\nissuer   : " + subject + `
type     : RFC 3820 compliant impersonation proxy
strength : 2048 bits
path     : HOME/x509up
timeleft : H:MM:SS
text     : -----BEGIN CERTIFICATE-----
…
-----END CERTIFICATE-----
`
	fetching = "Fetching certificate...\nStoring certificate...\nX.509 credential stored\n"
)

// TestGetCert: a certificate, and what is kept of it. The profile's user name, hours and proxy do not count.
func TestGetCert(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe")
	c, err := credstore.Load(h.path("x509up"))
	if err != nil || proxycert.TypeOf(c.Leaf()).Format != proxycert.FormatEEC {
		t.Fatalf("%v, %v", c, err)
	}
	data, err := os.ReadFile(h.path("x509up"))
	if err != nil || !strings.Contains(string(data), "BEGIN PRIVATE KEY") {
		t.Errorf("the key is not in PKCS #8: %v", err)
	}
	h.want(t, 0, "Validating existing certificate... OK\n"+block, "", "ecp-get-cert", "--user", "jdoe", "-vr")
	h.want(t, 0, "Validating existing certificate... OK\n"+block, "", "ecp-get-cert", "--user", "jdoe", "-v", "-r", "276.5")
	if n := f.Logins(); n != 1 {
		t.Errorf("%d logins", n)
	}
	h.want(t, 0, "Validating existing certificate... failed, will regenerate\n"+fetching+block,
		"x509up: warning: the new credential is valid for 11 days 13 h, and 16 days 16 h are wanted: every call will get a new one\n",
		"ecp-get-cert", "-u", "jdoe", "--verbose", "--reuse=400")
	h.want(t, 0, fetching+block, "", "ecp-get-cert", "-u", "jdoe", "-v", "-r", "0")
	h.want(t, 0, "Validating existing certificate... failed, will regenerate\n"+fetching+proxyBlock, "",
		"ecp-get-cert", "-u", "jdoe", "-pvH", "12", "-r")
	c, err = credstore.Load(h.path("x509up"))
	if err != nil || c.TimeLeft(time.Now()) > 12*time.Hour || len(c.Chain) != 2 {
		t.Errorf("%v, %v", c, err)
	}
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe", "-f", h.path("other"), "-r")
	h.write(t, "garbage", "")
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe", "-f", h.path("garbage"), "-r")
}

// TestLongLife: what the online CA gives to its own keys alone is asked for as the original does.
func TestLongLife(t *testing.T) {
	t.Parallel()
	h, _ := newFed(t, fed.Options{})
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe", "--hours", "1000")
	c, err := credstore.Load(h.path("x509up"))
	if err != nil {
		t.Fatal(err)
	}
	if left := c.TimeLeft(time.Now()); left < 999*time.Hour {
		t.Errorf("%v are left", left)
	}
}

// TestDestroy: the file is gone, and no harm is done where there is none.
func TestDestroy(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.put(t, "x509up", jane(t, now.Add(time.Hour)))
	h.want(t, 0, "Removing credential file 'HOME/x509up'... done\n", "", "ecp-get-cert", "--destroy", "--verbose")
	h.want(t, 0, "Removing credential file 'HOME/x509up'... not found\n", "", "ecp-get-cert", "-Xv")
	h.want(t, 0, "", "", "ecp-get-cert", "-X")
	h.want(t, 0, "", "", "ligo-proxy-init", "-X")
	h.write(t, "notes", "not to be lost\n")
	_, stderr, code := h.run(t, "ecp-get-cert", "-X", "-f", h.path("notes"))
	if _, err := os.Stat(h.path("notes")); err != nil || code != 1 || stderr == "" {
		t.Errorf("what is no credential: exit code %d, %v", code, err)
	}
}

// TestGetCertRefused: exit codes and what is said.
func TestGetCertRefused(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	h.put(t, "x509up", testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}))
	before, _ := os.ReadFile(h.path("x509up"))
	_, stderr, code := h.run(t, "ecp-get-cert", "-u", "nobody")
	if code != 1 || !strings.HasPrefix(stderr, "ecp-get-cert: logging in at 127.0.0.1:PORT: the user name or password was refused") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if after, _ := os.ReadFile(h.path("x509up")); string(after) != string(before) {
		t.Error("the file has changed")
	}
	if n := len(f.Requests()); n != 2 {
		t.Errorf("%d requests: a password must not be sent twice", n)
	}
	h.env["X509UP_SERVICE_PROVIDER"] = ""
	h.want(t, 1, "", `ecp-get-cert: no service provider is named: there is no default one
hint: X509UP_SERVICE_PROVIDER=URL, or service-provider in a profile of ~/.config/x509up/config.toml, names one
hint: CILogon's (ecp.cilogon.org), which this tool was made for, stopped issuing certificates in May 2025
`, "ecp-get-cert", "-u", "jdoe")

	usage := "Usage: ecp-get-cert [options]\n\necp-get-cert: error: "
	h.env["ECP_IDP"] = ""
	h.want(t, 2, "", usage+"the following arguments are required: -i/--identity-provider\n", "ecp-get-cert", "-u", "jdoe")
	h.want(t, 2, "", usage+"argument -H/--hours: invalid int value: '1.5'\n", "ecp-get-cert", "-H", "1.5")
	h.want(t, 2, "", usage+"argument -r/--reuse: invalid float value: 'x'\n", "ecp-get-cert", "--reuse", "x")
	h.want(t, 2, "", usage+"argument -v/--verbose: ignored explicit argument '1'\n", "ecp-get-cert", "--verbose=1")
	h.want(t, 2, "", usage+"ambiguous option: --h could match --help, --hours\n", "ecp-get-cert", "--h", "1")
	h.want(t, 2, "", usage+"unrecognized arguments: jdoe\n", "ecp-get-cert", "jdoe")
	out, _, code := h.run(t, "ecp-get-cert", "--help")
	if code != 0 || !strings.HasPrefix(out, "Usage: ecp-get-cert [options]\n") || !strings.Contains(out, "-r, --reuse [HOURS]\n") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// TestIdP: where the identity provider is named, in the order in which that counts.
func TestIdP(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	list := "'Example University'               : https://127.0.0.1:PORT/idp/profile/SAML2/SOAP/ECP\n" +
		"'Invented Institute of Technology' : https://idp.invalid/idp/profile/SAML2/SOAP/ECP\n"
	for _, tool := range []string{"ecp-get-cert", "ecp-cert-info", "ecp-curl", "ecp-get-cookie"} {
		h.want(t, 0, list, "", tool, "--list-idps")
	}
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe", "-i", f.IdPURL)
	h.env["ECP_IDP"] = "nowhere"
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe", "-i", "EXAMPLE univ")
	h.env["CIGETCERTOPTS"] = "-n --institution='Example University' --hours 12"
	_, stderr, code := h.run(t, "ecp-get-cert", "-u", "jdoe")
	if code != 1 || !strings.Contains(stderr, `looking for identity provider "nowhere"`) {
		t.Errorf("ECP_IDP does not go before CIGETCERTOPTS: %s", stderr)
	}
	h.env["ECP_IDP"] = ""
	h.want(t, 0, "", "", "ecp-get-cert", "-u", "jdoe")
	if n := f.Logins(); n != 3 {
		t.Errorf("%d logins", n)
	}
}

// TestTicket: -k logs in with a ticket, and asks nobody.
func TestTicket(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{Kerberos: true})
	h.env["X509UP_PASSWORD_FILE"], h.env["ECP_IDP"] = "", ""
	h.want(t, 0, "", "", "ecp-get-cert", "-k", "-i", "Example")
	h.want(t, 0, "", "", "ecp-get-cert", "--kerb", "-i", f.KerberosURL, "-u", "somebody")
	h.want(t, 0, "", "", "ligo-proxy-init", "-k", "-i", f.KerberosURL, "-p")
	if n := f.Logins(); n != 3 {
		t.Errorf("%d logins", n)
	}
	h.env["KRB5CCNAME"] = "FILE:" + h.path("none")
	_, stderr, code := h.run(t, "ecp-get-cert", "-k")
	if code != 1 || !strings.Contains(stderr, "there is no credential cache FILE:HOME/none") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestLigoProxyInit: the user is an argument, and the second host is tried where the first cannot be reached, and only there.
func TestLigoProxyInit(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	host := strings.Split(f.IdPURL, "/")[2]
	h.want(t, 0, "", "", "ligo-proxy-init", "jdoe", "-i", host, "-H", "24")
	h.want(t, 0, "", "", "ligo-proxy-init", "-p", "jdoe", "--idp-host="+host)
	c, err := credstore.Load(h.path("x509up"))
	if err != nil || !proxycert.TypeOf(c.Leaf()).IsProxy() {
		t.Errorf("%v, %v", c, err)
	}
	usage := "Usage: ligo-proxy-init [options] username\n\nligo-proxy-init: error: "
	h.want(t, 2, "", usage+"the following arguments are required: username\n", "ligo-proxy-init", "-p")
	h.want(t, 2, "", usage+"unrecognized arguments: einstein\n", "ligo-proxy-init", "albert", "einstein")
	h.want(t, 0, "2.0.0\n0.9.0\n", "", "ligo-proxy-init", "--version")
	sent := len(f.Requests())
	_, stderr, code := h.run(t, "ligo-proxy-init", "nobody", "-i", host)
	if code != 1 || strings.Contains(stderr, "login2") || len(f.Requests()) != sent+2 {
		t.Errorf("exit code %d, %d requests, %s", code, len(f.Requests())-sent, stderr)
	}
}

// TestUnreachable: another host is tried only where the first has seen no password.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	const idp, sp = "logging in at", "asking"
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"no connection", &ecp.Error{Doing: idp, Err: fmt.Errorf("so: %w", dial)}, true},
		{"no such host", &ecp.Error{Doing: idp, Err: &net.DNSError{Name: "login.ligo.org"}}, true},
		{"none to the service provider", &ecp.Error{Doing: sp, Err: dial}, false},
		{"broken off", &ecp.Error{Doing: idp, Err: &net.OpError{Op: "read", Err: errors.New("reset")}}, false},
		{"refused", &ecp.Error{Doing: idp, Err: &ecp.AuthError{Status: 401, Sent: true}}, false},
		{"elsewhere", dial, false},
		{"nothing", nil, false},
	} {
		if got := ecpnames.Unreachable(c.err); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
