// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
)

// boxMaker is a program of others that asks the VOMS servers of a federation in a box.
type boxMaker struct {
	Name   string
	Args   func(d fed.Dir, u gridUser, requests ...string) []string
	OneVO  bool   // of several it stores the first by the alphabet, see vomsMakers
	Legacy bool   // it asks in the older protocol
	Method string // how it asks, as the journal has it
}

// boxMakers ask in REST, as they would of themselves, and arcproxy in both.
func boxMakers() []boxMaker {
	all := func(name string, values []string) (args []string) {
		for _, value := range values {
			args = append(args, name, value)
		}
		return args
	}
	arcproxy := func(more ...string) func(fed.Dir, gridUser, ...string) []string {
		return func(d fed.Dir, u gridUser, requests ...string) []string {
			return slices.Concat(more, []string{"-C", u.Cert, "-K", u.Key, "-T", d.CertDir, "-P", u.File}, all("-S", requests))
		}
	}
	return []boxMaker{{
		Name: "voms-proxy-init2",
		Args: func(d fed.Dir, u gridUser, requests ...string) []string {
			return append([]string{"-rfc", "-cert", u.Cert, "-key", u.Key, "-vomses", d.Vomses, "-out", u.File}, all("-voms", requests)...)
		},
		Method: "GET",
	}, {
		Name: "voms-proxy-init3",
		Args: func(d fed.Dir, u gridUser, requests ...string) []string {
			return append([]string{"-cert", u.Cert, "-key", u.Key, "-vomses", d.Vomses, "-out", u.File}, all("-voms", requests)...)
		},
		Method: "GET",
	}, {
		Name: "arcproxy", Args: arcproxy(), OneVO: true, Method: "GET",
	}, {
		Name: "arcproxy", Args: arcproxy("--oldcom"), OneVO: true, Legacy: true, Method: "XML",
	}}
}

// boxUser gets a certificate from the online CA of the box, and keeps it as grid users do.
func boxUser(t *testing.T, tool string, d fed.Dir, who fed.User) gridUser {
	t.Helper()
	home := t.TempDir()
	u := gridUser{client: client{Tool: tool, Home: home, File: filepath.Join(home, "x509up_u")}}
	u.Cert, u.Key = filepath.Join(home, "usercert.pem"), filepath.Join(home, "userkey.pem")
	u.env = map[string]string{"PATH": os.Getenv("PATH"), "LC_ALL": "C.UTF-8", "HOME": home}
	for _, v := range d.Environ() {
		name, value, _ := strings.Cut(v, "=")
		u.env[name] = value
	}
	password := filepath.Join(home, "password")
	writeOwn(t, password, []byte(who.Password+"\n"), 0o600)
	u.env["X509UP_USERNAME"], u.env["X509UP_PASSWORD_FILE"], u.env["X509_USER_PROXY"] = who.Username, password, u.File
	u.x509up(t, exitDone, "get-cert")
	c := u.credential(t, u.File)
	u.Pair = keyPair{Cert: c.Leaf(), Key: c.Key}
	writeOwn(t, u.Cert, u.Pair.CertPEM(), 0o644)
	writeOwn(t, u.Key, u.Pair.KeyPEM(t), 0o400)
	return u
}

// boxCases are what to ask for as the first user, and what libvomsapi makes of it.
func boxCases(iam bool) []vomsCase {
	spell := long
	if iam {
		spell = func(fqan string) string { return "fqan " + fqan }
	}
	of := func(vo string, fqans ...string) (facts []string) {
		facts = append(facts, "vo "+vo)
		for _, f := range append(fqans, "", "/analysis", "/analysis/top") {
			if f := spell("/" + vo + f); !slices.Contains(facts, f) {
				facts = append(facts, f)
			}
		}
		if slices.Contains(fqans, "/Role=production") && !iam {
			facts = append(facts, "attribute quota = 1 TB (/"+vo+"/Role=production)")
		}
		if !iam {
			facts = append(facts, "attribute quota = 10 GB (/"+vo+"/analysis)")
		}
		institute, nickname := `attribute institute = Jünger & Söhne = "JS" (`+vo+")", "attribute nickname = jdoe ("+vo+")"
		if iam {
			return append(facts, nickname, institute)
		}
		return append(facts, institute, nickname)
	}
	const first, second = "vo.example.org", "other.example.org"
	return []vomsCase{
		{Name: "groups", Requests: []string{first}, Want: of(first)},
		{Name: "group first", Requests: []string{first + ":/" + first + "/analysis/top"}, Want: of(first, "/analysis/top")},
		{Name: "role", Requests: []string{first + ":/" + first + "/Role=production"}, Want: of(first, "/Role=production")},
		{Name: "two VOs", Requests: []string{first, second + ":/" + second + "/Role=production"},
			Want: append(of(first), of(second, "/Role=production")...)},
	}
}

// TestFedVOMS lets the clients of others ask the VOMS servers of the federation in a box, in both flavours, with a certificate from its
// CA, and libvomsapi judge what they got: what serves our tests serves them as well.
func TestFedVOMS(t *testing.T) {
	tool, check := buildTool(t), newVOMSCheck(t)
	for _, iam := range []bool{false, true} {
		f, d := startBox(t, fed.Options{IAM: iam, RSA: true})
		user := boxUser(t, tool, d, f.Users[0])
		for _, m := range boxMakers() {
			if iam && m.Legacy {
				continue
			}
			for _, c := range boxCases(iam) {
				t.Run(fmt.Sprintf("IAM=%v/%s/%s/%s", iam, m.Name, m.Method, c.Name), func(t *testing.T) {
					u, before := user.fresh(t), len(f.Requests())
					u.run(t, 0, m.Name, m.Args(d, u, c.Requests...)...)
					for _, r := range f.Requests()[before:] {
						if r.Server != "voms" || r.Method != m.Method {
							t.Errorf("it asked %+v, want %s", r, m.Method)
						}
					}
					if n := len(f.Requests()) - before; n != len(c.Requests) {
						t.Errorf("it asked %d times for %d VOs", n, len(c.Requests))
					}
					facts, refusal := check(t, u.File, d.CertDir, d.VOMSDir)
					if refusal != "" {
						t.Fatalf("libvomsapi refuses it: %s", refusal)
					}
					want := c.Want
					if m.OneVO && c.Name == "two VOs" {
						want = want[slices.Index(want, "vo other.example.org"):]
					}
					if diff := cmp.Diff(want, granted(facts)); diff != "" {
						t.Errorf("granted (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// TestFedVOMSRefuses lets them ask as those who get nothing, and expects that they say why, in the words of either flavour.
func TestFedVOMSRefuses(t *testing.T) {
	tool := buildTool(t)
	for _, iam := range []bool{false, true} {
		f, d := startBox(t, fed.Options{IAM: iam, RSA: true})
		for _, c := range []struct {
			name  string
			who   fed.User
			words map[bool]string // by flavour
		}{
			{"stranger", f.Users[3], map[bool]string{false: "User unknown to this VO.", true: "User unknown to this VO: 'CN=Sam Stranger A254,O=Example University,"}},
			// His reason is no XML, which voms-server does not mind and none of them can read. IAM does not tell it.
			{"suspended", f.Users[4], map[bool]string{false: "", true: "is not active."}},
			{"role of others", f.Users[1], map[bool]string{false: "Unable to satisfy B/vo.example.org:production request!",
				true: "User is not authorized to request attribute '/vo.example.org/Role=production' or attribute does not exist."}},
		} {
			user := boxUser(t, tool, d, c.who)
			for _, m := range boxMakers() {
				if iam && m.Legacy {
					continue
				}
				t.Run(fmt.Sprintf("IAM=%v/%s/%s/%s", iam, m.Name, m.Method, c.name), func(t *testing.T) {
					t.Parallel()
					u := user.fresh(t)
					r := u.run(t, 1, m.Name, m.Args(d, u, "vo.example.org:/vo.example.org/Role=production")...)
					words := c.words[iam]
					if iam && m.Name == "voms-proxy-init2" && c.name == "stranger" {
						// It does not read what comes under HTTP 403, asks in the older protocol, and nginx answers with a page.
						words = "Server Answer was incorrectly formatted."
					}
					if said := r.Stdout + r.Stderr; !strings.Contains(said, words) {
						t.Errorf("it does not say %q:\n%s", words, said)
					}
					if _, err := os.Lstat(u.File); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("there is a file: %v", err)
					}
				})
			}
		}
	}
}

func startBox(t *testing.T, o fed.Options) (*fed.Federation, fed.Dir) {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := f.WriteDir(filepath.Join(tempDir(t), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	return f, d
}
