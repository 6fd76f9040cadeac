// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/contact"
)

// storedAC is an attribute certificate of a stored proxy: the VO, its FQANs, and what else is said.
type storedAC struct {
	vo, fqans string
	change    func(*aa.Template)
}

// proxyWith is a proxy of the grid's user with these attributes.
func (g *grid) proxyWith(user *proxycert.Credential, acs ...storedAC) *proxycert.Credential {
	g.t.Helper()
	var list [][]byte
	for _, a := range acs {
		template := aa.Template{
			Holder: user.Leaf(), VO: a.vo, Host: "voms." + a.vo, FQANs: strings.Split(a.fqans, ","),
			NotBefore: now, NotAfter: now.Add(9 * time.Hour),
		}
		if a.change != nil {
			a.change(&template)
		}
		authority := g.vos[a.vo].authority
		der, err := aa.Create(nil, template, authority.Leaf(), authority.Key)
		if err != nil {
			g.t.Fatal(err)
		}
		list = append(list, der)
	}
	var extensions []pkix.Extension
	if len(list) > 0 {
		extension, err := voms.Extension(list...)
		if err != nil {
			g.t.Fatal(err)
		}
		extensions = append(extensions, extension)
	}
	proxy, err := proxycert.New(user, proxycert.Options{Now: now, KeyType: proxycert.EC256, Lifetime: 10 * time.Hour, Extensions: extensions})
	if err != nil {
		g.t.Fatal(err)
	}
	return proxy
}

// TestReuseOfAttributes: the attributes in the file, those asked for, and why they do not do ("" if they do).
func TestReuseOfAttributes(t *testing.T) {
	t.Parallel()
	cms := func(fqans string) []storedAC { return []storedAC{{"cms", fqans, nil}} }
	bent := func(change func(*aa.Template)) []storedAC { return []storedAC{{"cms", "/cms", change}} }
	both := []storedAC{{"cms", "/cms", nil}, {"dteam", "/dteam", nil}}
	order := func(names ...string) func(*acquire.VOMS) {
		return func(v *acquire.VOMS) {
			for _, name := range names {
				v.Order = append(v.Order, fqan(t, name))
			}
		}
	}
	group := func(v *acquire.VOMS) { v.Wants[0].FQANs = []voms.FQAN{{}, {Role: "production"}} }
	targets := func(hosts ...string) func(*acquire.VOMS) { return func(v *acquire.VOMS) { v.Targets = hosts } }
	const long = "/Role=NULL/Capability=NULL"
	for _, c := range []struct {
		name  string
		have  []storedAC
		wants string
		also  func(*acquire.VOMS)
		want  string
	}{
		{"the VO", cms("/cms"), "cms", nil, ""},
		{"the VO, in the long form", cms("/cms" + long), "cms", nil, ""},
		{"the VO with the groups of every member", cms("/cms,/cms/all,/cms/it"), "cms", nil, ""},
		{"the VO before a role", cms("/cms,/cms/Role=production"), "cms", group, ""},
		{"a role before the VO", cms("/cms/Role=production,/cms"), "cms", group, "its primary attribute is /cms/Role=production, and /cms is wanted"},
		{"by its alias", []storedAC{{"dteam", "/dteam", nil}}, "d", nil, ""},
		{"another VO by its alias", cms("/cms"), "d", nil, `it has attributes of the VO "cms" where those of "d" are wanted`},
		{"a role", cms("/cms/Role=a,/cms"), "cms:/cms/Role=a", nil, ""},
		{"a role, in the long form", cms("/cms/Role=a/Capability=NULL,/cms" + long), "cms:/cms/Role=a", nil, ""},
		{"two in order", cms("/cms/Role=a,/cms/it,/cms"), "cms:/cms/Role=a,/cms/it", nil, ""},
		{"one that is asked for twice", cms("/cms/Role=a,/cms/it,/cms"), "cms:/cms/Role=a,/cms/Role=a,/cms/it", nil, ""},
		{"two VOs", both, "cms dteam", nil, ""},
		{"targets in another order", bent(func(a *aa.Template) { a.Targets = []string{"se1", "SE2"} }), "cms", targets("se2", "se1"), ""},
		{"an order of groups", cms("/cms/it,/cms"), "cms", order("/cms/it"), ""},
		{"an order of roles", cms("/cms/Role=b,/cms/Role=a,/cms"), "cms:/cms/Role=a,/cms/Role=b", order("/cms/Role=b"), ""},
		{"an order, and the rest as the server likes", cms("/cms/Role=c,/cms,/cms/Role=b,/cms/Role=a"), "cms:/cms/Role=a,/cms/Role=b,/cms/Role=c",
			order("/cms/Role=c"), ""},
		{"an order of what is not asked for, and of others", cms("/cms"), "cms", order("/cms/Role=b", "/dteam"), ""},
		{"none and none", nil, "", nil, ""},

		{"none", nil, "cms", nil, `it has no attributes of the VO "cms"`},
		{"not wanted", cms("/cms"), "", nil, `it has attributes of the VO "cms", which are not asked for`},
		{"another VO", []storedAC{{"dteam", "/dteam", nil}}, "cms", nil, `it has attributes of the VO "dteam" where those of "cms" are wanted`},
		{"a role of another VO", cms("/cms/Role=a"), "dteam:/dteam/Role=a", nil, `it has attributes of the VO "cms" where those of "dteam" are wanted`},
		{"one VO too many", both, "cms", nil, `it has attributes of the VO "dteam", which are not asked for`},
		{"one VO too few", cms("/cms"), "cms dteam", nil, `it has no attributes of the VO "dteam"`},
		{"VOs in another order", both, "dteam cms", nil, `it has attributes of the VO "cms" where those of "dteam" are wanted`},
		{"a role that is not there", cms("/cms"), "cms:/cms/Role=a", nil, "/cms/Role=a is not among its attributes"},
		{"a role that is not asked for", cms("/cms,/cms/Role=a"), "cms", nil, "/cms/Role=a is among its attributes, and is not asked for"},
		{"a role as the primary one", cms("/cms/Role=a,/cms"), "cms", nil, "its primary attribute is /cms/Role=a, and /cms is wanted"},
		{"a role as the second", cms("/cms,/cms/Role=a"), "cms:/cms/Role=a", nil, "its primary attribute is /cms, and /cms/Role=a is wanted"},
		{"in another order", cms("/cms/Role=a,/cms,/cms/it"), "cms:/cms/Role=a,/cms/it", nil,
			"its attributes are in another order: /cms stands where /cms/it is wanted"},
		{"without what the order does not name", cms("/cms/Role=b,/cms"), "cms:/cms/Role=a,/cms/Role=b", order("/cms/Role=b"), "/cms/Role=a is not among its attributes"},
		{"everything", cms("/cms,/cms/Role=a"), "cms:all", nil, `nobody can tell whether it has all attributes of the VO "cms" that there are`},
		{"for a host", bent(func(a *aa.Template) { a.Targets = []string{"se1"} }), "cms", nil, `it is for the hosts ["se1"], and [] are wanted`},
		{"for any host", cms("/cms"), "cms", targets("se1"), `it is for the hosts [], and ["se1"] are wanted`},
		{"short", bent(func(a *aa.Template) { a.NotAfter = now.Add(59 * time.Minute) }), "cms", nil, "it has 59 min left, and 1 h are wanted"},
		{"not yet valid", bent(func(a *aa.Template) { a.NotBefore = now.Add(time.Hour) }), "cms", nil, "it is only valid from 2030-01-01T13:00:00Z"},
		{"of another holder", bent(func(a *aa.Template) { a.Holder = testca.New(t, testca.Options{}).Cert }), "cms", nil, "it was given to another certificate"},
		{"of another holder, unchecked", bent(func(a *aa.Template) { a.Holder = testca.New(t, testca.Options{}).Cert }), "cms",
			func(v *acquire.VOMS) { v.Verify = nil }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms", "dteam")
			dteam := g.vos["dteam"]
			g.vos["d"] = &vo{name: "dteam", endpoint: contact.Endpoint{Alias: "d", Host: dteam.endpoint.Host, Port: dteam.endpoint.Port, VO: "dteam"}}
			r := g.request(strings.Fields(c.wants)...)
			if c.also != nil {
				c.also(r.VOMS)
			}
			r.Reuse = time.Hour
			put(t, r.Target.File, g.proxyWith(g.user.ca.Issue(t, testca.Leaf{}), c.have...), 0o600)
			expectReuse(t, g.user, r, c.want)
		})
	}
}

// TestBrokenAttributes: what cannot be read will not do.
func TestBrokenAttributes(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	proxy, err := proxycert.New(g.user.ca.Issue(t, testca.Leaf{}), proxycert.Options{Now: now, KeyType: proxycert.EC256, Extensions: []pkix.Extension{
		{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}, Value: []byte{5, 0}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := g.request("cms")
	r.Reuse = time.Hour
	put(t, r.Target.File, proxy, 0o600)
	expectReuse(t, g.user, r, "its attributes cannot be read")
}

// TestKeptAttributes: what was stored is kept by the same request, which asks nobody.
func TestKeptAttributes(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "dteam")
	r := g.request("cms:/cms/Role=a", "dteam")
	r.Reuse = time.Hour
	for i, reused := range []bool{false, true} {
		result, err := acquire.Run(t.Context(), r)
		if err != nil || result.Reused != reused || len(result.Warnings) > 0 {
			t.Errorf("call %d: reused %v, %v, %q", i, result.Reused, err, result.Warnings)
		}
	}
	if n := len(g.vos["cms"].questions()); n != 1 {
		t.Errorf("%d questions", n)
	}
}

// TestLongProxy: one that outlives its attributes by days is kept as long as these have the time that is wanted.
func TestLongProxy(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	after := time.Duration(0)
	g.vos["cms"].change = func(a *aa.Template) { a.NotAfter = now.Add(after + 12*time.Hour) }
	r := g.request("cms")
	r.Lifetime, r.DefaultLifetime, r.Reuse = 277*time.Hour, true, time.Hour
	r.Now = func() time.Time { return now.Add(after) }
	for _, tt := range []struct {
		after  time.Duration
		reused bool
	}{{0, false}, {10 * time.Hour, true}, {11*time.Hour + time.Minute, false}, {21 * time.Hour, true}} {
		after = tt.after
		result, err := acquire.Run(t.Context(), r)
		if err != nil || result.Reused != tt.reused || len(result.Warnings) > 0 {
			t.Errorf("after %v: reused %v, %v, %q", tt.after, result.Reused, err, result.Warnings)
		}
	}
	if left := load(t, r.Target.File).TimeLeft(now); left < 276*time.Hour {
		t.Errorf("the proxy itself lives for %v", left)
	}
}

// TestNeverKept: what the next call will not keep is said.
func TestNeverKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ask    string
		change func(*aa.Template)
		want   string
	}{
		{"cms:all", nil, `nobody can tell whether it has all attributes of the VO "cms" that there are: every call will get a new one`},
		{"cms", func(a *aa.Template) { a.NotAfter = now.Add(50 * time.Minute) },
			"the new credential is valid for 50 min, and 1 h are wanted: every call will get a new one"},
	} {
		g := newGrid(t, "cms")
		g.vos["cms"].change = tt.change
		r := g.request(tt.ask)
		r.Reuse, r.DefaultLifetime = time.Hour, true
		result, err := acquire.Run(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{tt.want}, result.Warnings); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.ask, diff)
		}
	}
}

// lister is a server of the older protocol, which alone has lists.
func lister(t *testing.T, g *grid, v *vo, body string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{gridtls.Certificate(v.authority)}, Time: clock, ClientAuth: tls.RequireAnyClientCert,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	v.endpoint.Port = l.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 4096)
			n, _ := conn.Read(request)
			if !strings.Contains(string(request[:n]), "<command>N</command>") {
				t.Errorf("asked %q", request[:n])
			}
			_, _ = conn.Write([]byte(`<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>` + body + `</vomsans>`))
			conn.Close()
		}
	}()
}

// TestList asks what could be asked for; nothing is stored.
func TestList(t *testing.T) {
	t.Parallel()
	list := "<bitstr>" + base64.StdEncoding.EncodeToString([]byte("/cms\n/cms/Role=a\n")) + "</bitstr>"
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		g := newGrid(t, "cms")
		lister(t, g, g.vos["cms"], list)
		r := g.request("cms")
		got, warnings, err := acquire.List(t.Context(), r)
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		if diff := cmp.Diff([]acquire.Listing{{VO: "cms", FQANs: []string{"/cms", "/cms/Role=a"}}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if files := snapshot(t, strings.TrimSuffix(r.Target.File, "/x509up")); len(files) > 0 {
			t.Errorf("files: %v", files)
		}
	})
	t.Run("one fails", func(t *testing.T) {
		t.Parallel()
		g := newGrid(t, "cms", "dteam")
		lister(t, g, g.vos["cms"], list)
		g.vos["dteam"].endpoint.Port = 1
		r := g.request("cms", "dteam")
		if _, _, err := acquire.List(t.Context(), r); err == nil || !strings.Contains(err.Error(), `of the VO "dteam"`) {
			t.Errorf("got %v", err)
		}
		r.VOMS.KeepFailing = true
		got, warnings, err := acquire.List(t.Context(), r)
		if err != nil || len(got) != 1 || len(warnings) != 1 || !strings.Contains(warnings[0], `of the VO "dteam"`) {
			t.Errorf("got %v, %q, %v", got, warnings, err)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		g := newGrid(t)
		if _, _, err := acquire.List(t.Context(), g.request("cms")); err == nil || g.user.obtained.Load() > 0 {
			t.Errorf("got %v, asked the source %d times", err, g.user.obtained.Load())
		}
	})
	t.Run("no certificate", func(t *testing.T) {
		t.Parallel()
		g := newGrid(t, "cms")
		g.user.err = context.DeadlineExceeded
		if _, _, err := acquire.List(t.Context(), g.request("cms")); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
}
