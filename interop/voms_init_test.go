// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
)

// vomsArgs are the arguments of x509up init that ask for attributes.
func vomsArgs(requests []string, more ...string) []string {
	args := []string{"init"}
	for _, request := range requests {
		args = append(args, "--voms", request)
	}
	return append(args, more...)
}

// ownVOMSCase is a case with options of ours.
type ownVOMSCase struct {
	vomsCase
	Args []string
	Life time.Duration // of the attributes; 0: 12 hours
	Says string        // on stderr; nothing else may be there
	Kind string        // of proxy; "": impersonation
}

// ownVOMSCases are vomsCases, which all clients have, and what only some can do.
func ownVOMSCases() (cases []ownVOMSCase) {
	for _, c := range vomsCases() {
		cases = append(cases, ownVOMSCase{vomsCase: c})
	}
	add := func(name string, requests, want []string, args ...string) *ownVOMSCase {
		cases = append(cases, ownVOMSCase{vomsCase: vomsCase{Name: name, User: vomsMember, Requests: requests, Want: want}, Args: args})
		return &cases[len(cases)-1]
	}
	const vo, sub, admin, production, x = "/test.vo", "/test.vo/group/sub", "/test.vo/Role=VO-Admin", "/test.vo/Role=production", "/test.vo/group/sub/Role=x"
	// facts are those of the FQANs, the user's groups besides, and the attributes of the roles.
	facts := func(attributes []string, fqans ...string) []string {
		facts := []string{"vo test.vo"}
		for _, f := range fqans {
			facts = append(facts, long(f))
		}
		return append(facts, attributesOf("test.vo", attributes...)...)
	}
	const quota, site = "attribute quota = 1 TB (/test.vo/Role=VO-Admin)", "attribute site = Nœud (/test.vo/group/sub/Role=x)"
	one := []string{"test.vo"}
	add("role without its group", []string{"test.vo:/Role=production"}, facts(nil, production, vo, "/test.vo/group", sub))
	add("VO before a role", []string{"test.vo:/test.vo", "test.vo:" + admin}, facts([]string{quota}, vo, admin, "/test.vo/group", sub))
	add("--order", one, facts(nil, sub, "/test.vo/group", vo), "--order", sub)
	add("--order of two", []string{"test.vo:" + x, "test.vo:" + production}, facts([]string{site}, production, x, "/test.vo/group", sub, vo),
		"--order", production, "--order", x)
	add("all", []string{"test.vo:all"}, facts([]string{quota, site}, vo, admin, production, "/test.vo/group", sub, x))
	add("short life", one, facts(nil, vo, "/test.vo/group", sub), "--vomslife", "1:30").Life = 90 * time.Minute
	add("long life", one, facts(nil, vo, "/test.vo/group", sub), "--vomslife", "30:00").set(24*time.Hour,
		`warning: the attributes of the VO "test.vo" are valid for 24 h, not for 30 h as asked`)
	add("limited", one, facts(nil, vo, "/test.vo/group", sub), "--limited").Kind = limited
	for _, keyType := range proxycert.KeyTypes()[1:] { // the first is the default
		add("key "+keyType, one, facts(nil, vo, "/test.vo/group", sub), "--key-type", keyType)
	}
	return cases
}

func (c *ownVOMSCase) set(life time.Duration, says string) { c.Life, c.Says = life, says }

// carries expects that the user's proxy has these attributes, that libvomsapi and we take it, and that all read the same in it.
func (s vomsSite) carries(t *testing.T, check vomsCheck, u gridUser, want []string, life time.Duration) {
	t.Helper()
	facts, refusal := check(t, u.File, s.CADir, s.LSC)
	if refusal != "" {
		t.Fatalf("libvomsapi refuses it: %s", refusal)
	}
	if diff := cmp.Diff(want, granted(facts)); diff != "" {
		t.Errorf("granted (-want +got):\n%s", diff)
	}
	for _, ac := range u.attributesReadByAll(t, 0) {
		if d := (life - time.Duration(ac.TimeLeft)*time.Second).Abs(); d > time.Minute {
			t.Errorf("the attributes of %s have %d s left, want %v", ac.VO, ac.TimeLeft, life)
		}
		prints(t, u.x509up(t, exitDone, "verify"), "(?m)^passed: VO "+ac.VO+": signature$", "(?m)^passed: VO "+ac.VO+`: LSC file \(`)
	}
	doubts := strings.Join(u.verified(t, u.File), "\n")
	if outlives := life >= s.Test.MaxLife; outlives != strings.Contains(doubts, "it is valid longer than the server's certificate") || !outlives && doubts != "" {
		t.Errorf("verify warns: %q", doubts)
	}
	u.verifiedByOpenSSL(t, u.File)
}

// TestInitVOMS runs init --voms before a real voms-server. All its parts share one.
func TestInitVOMS(t *testing.T) {
	s, check := startVOMS(t, newGrid(t)), newVOMSCheck(t)
	for name, part := range map[string]func(*testing.T, vomsSite, vomsCheck){
		"granted": grantsAll, "below": grantsBelow, "refused": refusesAll, "LSC file": mendsLSC, "files of others": readsOthers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, s, check)
		})
	}
}

// grantsAll asks with certificates of both kinds of key, for all that can be asked.
func grantsAll(t *testing.T, s vomsSite, check vomsCheck) {
	users := s.users(t, vomsMember, vomsPlain, vomsBusy)
	for _, c := range ownVOMSCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			u := users[c.User].fresh(t)
			r := u.x509up(t, exitDone, vomsArgs(c.Requests, c.Args...)...)
			if c.Says == "" && r.Stderr != "" || !strings.Contains(r.Stderr, c.Says) || strings.Count(r.Stderr, "\n") > 1 {
				t.Errorf("%s says %q, want %q", r.Command, r.Stderr, c.Says)
			}
			life := 12 * time.Hour
			if c.Life > 0 {
				life = c.Life
			}
			s.carries(t, check, u, c.Want, life)
			want := fullProxy
			if c.Kind != "" {
				want = c.Kind
			}
			if facts := u.ownFacts(t, u.File); facts.Type != want {
				t.Errorf("it is a %s", facts.Type)
			}
		})
	}
	t.Run("EC user certificate", func(t *testing.T) {
		t.Parallel()
		u := s.userWithKey(t, proxycert.EC256, vomsMember)
		u.x509up(t, exitDone, vomsArgs([]string{"test.vo"})...)
		s.carries(t, check, u, vomsCases()[1].Want, 12*time.Hour)
	})
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		u := users[vomsMember].fresh(t)
		r := u.x509up(t, exitDone, vomsArgs([]string{"test.vo"}, "--list")...)
		want := "/test.vo\n/test.vo/Role=VO-Admin\n/test.vo/Role=production\n/test.vo/group\n/test.vo/group/sub\n/test.vo/group/sub/Role=x\n"
		if diff := cmp.Diff(want, r.Stdout); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		u.hasNothing(t)
	})
	t.Run("reuse", func(t *testing.T) {
		t.Parallel()
		u := users[vomsMember].fresh(t)
		args := vomsArgs([]string{"test.vo:/test.vo/group"}, "--reuse=6")
		for i, word := range []string{"stored ", "kept "} {
			if r := u.x509up(t, exitDone, args...); !strings.HasPrefix(r.Stdout, word) {
				t.Errorf("run %d of %s: %s", i, r.Command, r.Stdout)
			}
		}
		other := vomsArgs([]string{"test.vo:/test.vo/group/sub"}, "--reuse=6")
		if r := u.x509up(t, exitDone, other...); !strings.HasPrefix(r.Stdout, "stored ") {
			t.Errorf("%s: %s", r.Command, r.Stdout)
		}
	})
}

// users makes several, by their names.
func (s vomsSite) users(t *testing.T, names ...string) map[string]gridUser {
	t.Helper()
	users := map[string]gridUser{}
	for _, name := range names {
		users[name] = s.user(t, name)
	}
	return users
}

// userWithKey is user with another type of key.
func (s vomsSite) userWithKey(t *testing.T, keyType proxycert.KeyType, commonName string) gridUser {
	t.Helper()
	u := s.newUserNamed(t, keyType, vomsName(commonName))
	u.client = u.with("X509_VOMS_DIR", s.LSC).with("X509_VOMSES", s.Vomses)
	return u
}

func (u gridUser) hasNothing(t *testing.T) {
	t.Helper()
	if _, err := os.Lstat(u.File); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

// grantsBelow puts attributes below proxies that are there: ours, and those of others; one has attributes.
func grantsBelow(t *testing.T, s vomsSite, check vomsCheck) {
	user := s.user(t, vomsMember)
	want := vomsCases()[2].Want
	below := func(t *testing.T, u gridUser, says ...string) {
		t.Helper()
		theirs := u.credential(t, u.File)
		r := u.x509up(t, exitDone, vomsArgs([]string{"test.vo:/test.vo/group/sub"}, "--noregen")...)
		r.says(t, says...)
		if len(says) == 0 && r.Stderr != "" {
			t.Errorf("%s says %q", r.Command, r.Stderr)
		}
		if ours := u.credential(t, u.File); len(ours.Chain) != len(theirs.Chain)+1 || !ours.Chain[1].Equal(theirs.Leaf()) {
			t.Errorf("%d certificates, want one above the %d that were there", len(ours.Chain), len(theirs.Chain))
		}
	}
	t.Run("x509up", func(t *testing.T) {
		t.Parallel()
		u := user.fresh(t)
		u.x509up(t, exitDone, "init")
		below(t, u)
		s.carries(t, check, u, want, 12*time.Hour)
	})
	for _, m := range vomsMakers() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			u := user.fresh(t)
			u.run(t, 0, m.Name, m.Args(s, u)...)
			below(t, u)
			s.carries(t, check, u, want, 12*time.Hour)
		})
	}
	t.Run("another VO", func(t *testing.T) {
		t.Parallel()
		u, m := user.fresh(t), vomsMakers()[0]
		u.run(t, 0, m.Name, m.Args(s, u, "other.vo")...)
		below(t, u, `warning: the proxy had attributes of the VO "other.vo", which the new one has not: ask for both`)
		if acs := u.attributesReadByAll(t, 1); len(acs) != 1 || acs[0].VO != "test.vo" {
			t.Errorf("%+v", acs)
		}
	})
}

// vomsRefusal is a request that gets nothing.
type vomsRefusal struct {
	name, user string
	args       []string
	code       int
	says       []string
}

// vomsRefusals are all that this site can refuse. Empty is a folder without files, dead a vomses file with two servers: one is not there,
// the other does not answer.
func vomsRefusals(empty, dead string) []vomsRefusal {
	one, two := vomsArgs([]string{"test.vo"}), vomsArgs([]string{"test.vo", "other.vo:/other.vo/Role=production"})
	return []vomsRefusal{
		{"stranger", vomsStranger, one, exitVOMS, []string{"the certificate is not one of a member of the VO",
			"hint: the VO knows no member " + vomsIdentity(vomsStranger) + " with a certificate of /DC=org/DC=example/O=Interop/CN=Online CA"}},
		{"suspended", vomsSuspended, one, exitVOMS, []string{"the acceptable use policy is not signed", vomsReason, "hint: sign it on the pages of the VO"}},
		{"suspended, in no XML", vomsMarkup, one, exitVOMS, []string{"the membership is suspended", vomsMarkupReason, "hint: the administrators of the VO know why"}},
		{"unknown role", vomsMember, vomsArgs([]string{"test.vo:/test.vo/Role=none"}), exitVOMS,
			[]string{"a group or role that was asked for is not the user's, or does not exist", "hint: x509up init --voms test.vo --list"}},
		{"role of others", vomsPlain, vomsArgs([]string{"test.vo:/test.vo/Role=production"}), exitVOMS, []string{"is not the user's, or does not exist"}},
		{"group of others", vomsPlain, vomsArgs([]string{"test.vo:/test.vo/group"}), exitVOMS, []string{"is not the user's, or does not exist"}},
		{"one of two", vomsPlain, two, exitVOMS, []string{`getting attributes of the VO "other.vo"`, "is not the user's, or does not exist"}},
		{"unknown VO", vomsMember, vomsArgs([]string{"test.vp"}), exitVOMS, []string{"no vomses file names a server of it", "hint: --voms test.vo?"}},
		{"group of another VO", vomsMember, vomsArgs([]string{"test.vo:/other.vo"}), exitUsage, []string{`/other.vo is no attribute of the VO "test.vo"`}},
		{"no LSC file", vomsMember, append(one, "--vomsdir", empty), exitVOMS, []string{"there is no " + empty + "/test.vo/localhost.lsc", "should hold:"}},
		{"no server", vomsMember, append(vomsArgs([]string{"dead"}), "--vomses", dead), exitServer, []string{"connection refused", "hint: x509up vo check dead"}},
		{"black hole", vomsMember, append(vomsArgs([]string{"silent"}), "--vomses", dead, "--timeout", "500ms"), exitServer,
			[]string{"localhost:", "500ms", "hint: --timeout gives servers more time"}},
	}
}

// refusesAll expects the reason, a hint, and the file as it was: none, or one that was there.
func refusesAll(t *testing.T, s vomsSite, _ vomsCheck) {
	dead := filepath.Join(t.TempDir(), "dead.vomses")
	silent := vomsServer{VO: "silent", Host: "localhost", Port: blackHole(t)}
	writeOwn(t, dead, []byte(`"dead" "localhost" "1" "/CN=dead" "dead"`+"\n"+silent.vomsesLine()), 0o644)
	users := s.users(t, vomsMember, vomsPlain, vomsStranger, vomsSuspended, vomsMarkup)
	for _, c := range vomsRefusals(t.TempDir(), dead) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := users[c.user].fresh(t)
			u.x509up(t, c.code, c.args...).says(t, c.says...)
			u.hasNothing(t)
			u.x509up(t, exitDone, "init")
			before := readOwn(t, u.File)
			u.x509up(t, c.code, c.args...).says(t, c.says...)
			if !bytes.Equal(before, readOwn(t, u.File)) {
				t.Error("the file that was there is another one now")
			}
		})
	}
	t.Run("one of two is enough", func(t *testing.T) {
		t.Parallel()
		u := users[vomsPlain].fresh(t)
		args := vomsArgs([]string{"test.vo:/test.vo/Role=production", "other.vo"}, "--ignore-warnings")
		u.x509up(t, exitDone, args...).says(t, `warning: getting attributes of the VO "test.vo": `)
		if acs := u.attributesReadByAll(t, 0); len(acs) != 1 || acs[0].VO != "other.vo" {
			t.Errorf("%+v", acs)
		}
	})
}

func readOwn(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mendsLSC writes what a hint says to the file that it names, and expects that this mends it, for us and for libvomsapi.
func mendsLSC(t *testing.T, s vomsSite, check vomsCheck) {
	user := s.user(t, vomsPlain)
	for _, c := range []struct{ name, before string }{
		{"missing", ""},
		{"of another server", "/DC=org/CN=Another\n/DC=org/CN=CA\n"},
		{"the wrong way round", "/DC=org/DC=example/O=Interop/CN=Online CA\n" + vomsIdentity("localhost") + "\n"},
		{"of the server alone", vomsIdentity("localhost") + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := user.fresh(t)
			vomsdir := t.TempDir()
			u.client = u.with("X509_VOMS_DIR", vomsdir)
			path := filepath.Join(vomsdir, "test.vo", "localhost.lsc")
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if c.before != "" {
				writeOwn(t, path, []byte(c.before), 0o644)
			}
			r := u.x509up(t, exitVOMS, vomsArgs([]string{"test.vo"})...)
			u.hasNothing(t)
			hint := regexp.MustCompile(`(?m)^hint: .* (/\S+) should hold:\n((?:  .*\n)+)`).FindStringSubmatch(r.Stderr)
			if hint == nil || hint[1] != path {
				t.Fatalf("no hint for %s in\n%s", path, r.Stderr)
			}
			var text strings.Builder
			for line := range strings.Lines(hint[2]) {
				text.WriteString(strings.TrimPrefix(line, "  "))
			}
			writeOwn(t, path, []byte(text.String()), 0o644)
			u.x509up(t, exitDone, vomsArgs([]string{"test.vo"})...)
			if _, refusal := check(t, u.File, s.CADir, vomsdir); refusal != "" {
				t.Errorf("libvomsapi refuses it: %s", refusal)
			}
			u.verified(t, u.File)
		})
	}
}

// readsOthers: what the clients of others fetched is read by us as by their own programs, and verified.
func readsOthers(t *testing.T, s vomsSite, _ vomsCheck) {
	user := s.user(t, vomsMember)
	for _, m := range vomsMakers() {
		for _, c := range vomsCases() {
			if !slices.Contains([]string{"role in a group and another", "two VOs"}, c.Name) {
				continue
			}
			t.Run(m.Name+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				u := user.fresh(t)
				u.run(t, 0, m.Name, m.Args(s, u, c.Requests...)...)
				for _, ac := range u.attributesReadByAll(t, 0) {
					prints(t, u.x509up(t, exitDone, "verify"), "(?m)^passed: VO "+ac.VO+": signature$", "(?m)^passed: VO "+ac.VO+`: LSC file \(`)
					u.x509up(t, exitDone, "info", "--acexists", ac.VO, "--valid", "11:00")
				}
				u.verified(t, u.File)
				u.printsAsVOMS(t)
				u.x509up(t, exitVOMS, "info", "--acexists", "no.vo")
			})
		}
	}
}
