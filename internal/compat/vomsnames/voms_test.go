// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/voms"
)

// newMember is the home of a member of the VOs of a federation in a box, as HOME/user.pem.
func newMember(t *testing.T, o fed.Options) *home {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	h := &home{dir: t.TempDir(), now: time.Now().Truncate(time.Second)}
	dir, err := f.WriteDir(h.path("fed"))
	if err != nil {
		t.Fatal(err)
	}
	h.env = map[string]string{}
	for _, v := range dir.Environ() {
		name, value, _ := strings.Cut(v, "=")
		h.env[name] = value
	}
	var said bytes.Buffer
	s := console.Surroundings{In: strings.NewReader(""), Out: &said, Err: &said, Env: func(name string) string { return h.env[name] }, Now: time.Now}
	if code := cli.Main(t.Context(), []string{"get-cert", "--ca-file", h.path("fed/ca.pem"), "--file", h.path("user.pem")}, s); code != 0 {
		t.Fatal(said.String())
	}
	maps.Copy(h.env, map[string]string{
		"HOME": h.dir, "X509_USER_CERT": h.path("user.pem"), "X509_USER_PROXY": h.path("proxy.pem"), "VOMS_USERCONF": h.env["X509_VOMSES"],
		"XDG_CACHE_HOME": h.path("cache"),
	})
	return h
}

// server is what is printed of the server of a VO, in which the port is not known before.
func (h *home) server(t *testing.T, vo string) string {
	t.Helper()
	data, err := os.ReadFile(h.path("fed/vomses/" + vo))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Split(string(data), `"`)
	return fmt.Sprintf("%s:%s [%s] \"%s\"", fields[3], fields[5], fields[7], vo)
}

const member = "Your identity: /DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251\n"

// attributes are the FQANs in a proxy, by VO.
func (h *home) attributes(t *testing.T, name string) string {
	t.Helper()
	c, err := credstore.Load(h.path(name))
	if err != nil {
		return ""
	}
	acs, _, err := voms.FromChain(c.Chain)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, ac := range acs {
		list = append(list, ac.VO+" "+ac.FQANs[0])
	}
	return strings.Join(list, ", ")
}

// TestVOMS: what is printed of servers, and what is in the proxy. VO and OTHER stand for what is said of a server.
func TestVOMS(t *testing.T) {
	t.Parallel()
	const (
		vo, other = "vo.example.org", "other.example.org"
		asked     = member + "Creating temporary proxy  Done\nContacting  VO Done\n"
		failed    = member + "Creating temporary proxy  Done\nContacting  VO Failed\n"
		incapable = "\n\nNone of the contacted servers for vo.example.org were capable\nof returning a valid AC for the user.\n"
		group     = "/vo.example.org/Role=NULL/Capability=NULL"
	)
	for _, c := range []struct {
		name   string
		fault  fed.Fault
		tool   string
		args   string
		out    string // without the lines of the proxy
		proxy  bool   // they follow
		said   string // what stderr begins with
		code   int
		stored string
	}{
		{"a VO", "", "", "-voms vo.example.org", asked, true, "", 0, vo + " " + group},
		{"equals", "", "", "--voms=vo.example.org -rfc", asked, true, "", 0, vo + " " + group},
		{"a role", "", "", "-voms vo.example.org:/vo.example.org/Role=production -verify", asked, true, "", 0, vo + " /vo.example.org/Role=production/Capability=NULL"},
		{"two VOs", "", "", "-voms other.example.org -voms vo.example.org", member +
			"Creating temporary proxy  Done\nContacting  OTHER Done\nCreating temporary proxy  Done\nContacting  VO Done\n", true, "", 0,
			other + " /other.example.org/Role=NULL/Capability=NULL, " + vo + " " + group},
		{"too long", "", "", "-voms vo.example.org -vomslife 999:00", asked, true, "\nWarning: localhost:", 0, vo + " " + group},
		{"too long, ignored", "", "", "-voms vo.example.org -vomslife 999:00 -ignorewarn", asked, true, "", 0, vo + " " + group},
		{"too long, an error", "", "", "-voms vo.example.org -vomslife 999:00 -failonwarn", asked, false, "\nWarning: localhost:", 1, ""},
		{"quiet", "", "", "-q -voms vo.example.org", "", false, "", 0, vo + " " + group},
		{"no such role", "", "", "-voms vo.example.org:/vo.example.org/Role=none", failed, false, "\nError: vo.example.org: Unable to satisfy", 1, ""},
		{"unknown VO", "", "", "-voms none", member, false, "VOMS Server for none not known!\n", 1, ""},
		{"suspended", fed.VOMSSuspended, "", "-voms vo.example.org", failed, false, "\nError: User is currently suspended! Suspension reason: " +
			"User membership has been suspended after a security incident." + incapable, 1, ""},
		{"not a member", fed.VOMSUnknownUser, "", "-voms vo.example.org", failed, false, "\nError: vo.example.org: User unknown to this VO." + incapable, 1, ""},
		{"no LSC file", fed.VOMSLSCMissing, "", "-voms vo.example.org", asked, true, "Error: verification failed.\n", 1, vo + " " + group},
		{"no LSC file, not looked for", fed.VOMSLSCMissing, "", "-voms vo.example.org -dont-verify-ac", asked, true, "", 0, vo + " " + group},
		{"older protocol", fed.VOMSLegacyOnly, "", "-voms vo.example.org", asked, true, "", 0, vo + " " + group},

		{"a list", "", "voms-proxy-list", "-voms vo.example.org -q", "Available attributes:\n" + group + "\n", false, "", 0, ""},
		{"a list of init", "", "", "-list -voms vo.example.org", asked + "Available attributes:\n" + group + "\n", false, "", 0, ""},
		{"a list of who is none", fed.VOMSUnknownUser, "voms-proxy-list", "-voms vo.example.org", failed, false, "\nError: vo.example.org: User unknown", 1, ""},

		{"version 3", "", "voms-proxy-init3", "-vomses HOME/fed/vomses -voms vo.example.org",
			"Contacting VO...\nRemote VOMS server contacted succesfully.\n\n\nCreated proxy in HOME/proxy.pem.\n\nYour proxy is valid until ", false, "", 0, vo + " " + group},
		{"version 3, refused", fed.VOMSUnknownUser, "voms-proxy-init3", "-vomses HOME/fed/vomses -voms vo.example.org",
			"Contacting VO...\nRemote VOMS server contacted succesfully.\n\n", false, "VOMS server localhost:", 1, ""},
		{"version 3, one of two", fed.VOMSUnknownUser, "voms-proxy-init3", "-vomses HOME/fed/vomses -voms vo.example.org -voms other.example.org",
			"Contacting VO...\nRemote VOMS server contacted succesfully.\n\nContacting OTHER...\n", false, "VOMS server localhost:", 0,
			other + " /other.example.org/Role=NULL/Capability=NULL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var faults []fed.Fault
			if c.fault != "" {
				faults = append(faults, c.fault)
			}
			h := newMember(t, fed.Options{Faults: faults})
			if c.tool == "" {
				c.tool = "voms-proxy-init"
			}
			out, said, code := h.run(t, c.tool, strings.Fields(c.args)...)
			want := strings.NewReplacer("VO ", h.server(t, vo)+" ", "VO.", h.server(t, vo)+".", "OTHER", h.server(t, other)).Replace(c.out)
			if c.proxy {
				want += "Creating proxy  Done\n\nYour proxy is valid until " + h.now.Add(12*time.Hour).Format(time.ANSIC) + "\n"
			}
			if strings.HasSuffix(c.args, " -verify") {
				want += "verify OK\n"
			}
			if c.tool == "voms-proxy-init3" || strings.HasSuffix(want, group+"\n") {
				out = out[:min(len(out), len(want))] // a date with a zone, or other attributes
			}
			if diff := cmp.Diff(want, out); diff != "" || !strings.HasPrefix(said, c.said) || c.said == "" && said != "" || code != c.code {
				t.Errorf("exit code %d, want %d: said %q (-want +got):\n%s", code, c.code, said, diff)
			}
			if got := h.attributes(t, "proxy.pem"); got != c.stored {
				t.Errorf("stored %q, want %q", got, c.stored)
			}
		})
	}
}

// TestVOMSes: -vomses, -userconf and VOMS_USERCONF say where the servers are; the variables of other clients do not.
func TestVOMSes(t *testing.T) {
	t.Parallel()
	h := newMember(t, fed.Options{})
	places := h.env["VOMS_USERCONF"]
	for _, c := range []struct {
		args, env string
		code      int
	}{
		{"-vomses " + places, "", 0},
		{"-userconf " + places, "", 0},
		{"-vomses HOME/none", places, 0},
		{"", places, 0},
		{"", "", 1},
	} {
		h.env["VOMS_USERCONF"] = c.env
		if _, said, code := h.run(t, "voms-proxy-init", append(strings.Fields(c.args), "-voms", "vo.example.org", "-q")...); code != c.code {
			t.Errorf("%q, %q: exit code %d, said %q", c.args, c.env, code, said)
		}
	}
}
