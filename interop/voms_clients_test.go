// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vomsMaker is a program of others that asks VOMS servers.
type vomsMaker struct {
	Name string
	Args func(s vomsSite, u gridUser, requests ...string) []string // to store in u.File what the --voms requests give

	OneVO   bool              // it loses all but one
	Refusal map[string]string // its words for why a user gets nothing
}

// vomsMakers are all there are. The first asks in REST, and again in the legacy protocol when that fails, as it does
// with Debian's server; the others have to be told.
func vomsMakers() []vomsMaker {
	flags := func(name string, values []string) (args []string) {
		for _, value := range values {
			args = append(args, name, value)
		}
		return args
	}
	const unknown, suspended = "User unknown to this VO", "User is currently suspended!\nSuspension reason: " + vomsReason
	return []vomsMaker{{
		Name: "voms-proxy-init2", // voms-clients 2.1.0~rc3, C++
		Args: func(s vomsSite, u gridUser, requests ...string) []string {
			return append([]string{"-rfc", "-cert", u.Cert, "-key", u.Key, "-vomses", s.Vomses, "-out", u.File}, flags("-voms", requests)...)
		},
		Refusal: map[string]string{
			vomsStranger: unknown, vomsSuspended: suspended,
			vomsMarkup: "Server Answer was incorrectly formatted.", // the message that is no XML
		},
	}, {
		Name: "voms-proxy-init3", // voms-clients-java 3.3.2
		Args: func(s vomsSite, u gridUser, requests ...string) []string {
			return append([]string{"--enable_legacy_protocol", "-cert", u.Cert, "-key", u.Key, "-vomses", s.Vomses, "-out", u.File}, flags("-voms", requests)...)
		},
		Refusal: map[string]string{
			vomsStranger: unknown, vomsSuspended: suspended,
			vomsMarkup: `The reference to entity "T" must end with the ';' delimiter.`,
		},
	}, {
		Name: "arcproxy", // NorduGrid 6.17
		Args: func(s vomsSite, u gridUser, requests ...string) []string {
			return append([]string{"--oldcom", "-C", u.Cert, "-K", u.Key, "-T", s.CADir, "-P", u.File}, flags("-S", requests)...)
		},
		// It asks in the order of the alphabet, stores the first answer and says that all is well.
		OneVO: true,
		Refusal: map[string]string{
			vomsStranger: unknown, vomsSuspended: suspended,
			vomsMarkup: "Response is not recognized as XML",
		},
	}}
}

// long is an FQAN as the server issues it.
func long(fqan string) string {
	if strings.Contains(fqan, "/Role=") {
		return "fqan " + fqan + "/Capability=NULL"
	}
	return "fqan " + fqan + "/Role=NULL/Capability=NULL"
}

// attributesOf are the generic attributes of vomsMember in a VO, but for those of roles.
func attributesOf(vo string, more ...string) []string {
	return append(more,
		"attribute quota = 20 GB (/"+vo+"/group/sub)",
		"attribute quota = 10 GB (/"+vo+"/group)",
		`attribute nickname = zoë = "Z" (1) (`+vo+")", // of the user himself: qualified by the VO, without a slash
	)
}

// vomsCases are requests and what the server grants: all groups of the user, whichever is asked for, and the roles
// that are. What was asked for comes first; the rest is in no order that one could rely on, but always in the same.
func vomsCases() []vomsCase {
	var busy []string
	for _, n := range hundred() {
		busy = append(busy, long("/test.vo/many-"+n))
	}
	return []vomsCase{{
		Name: "one FQAN", User: vomsPlain, Requests: []string{"test.vo"},
		Want: []string{"vo test.vo", long("/test.vo")},
	}, {
		Name: "groups", User: vomsMember, Requests: []string{"test.vo"},
		Want: slices.Concat([]string{"vo test.vo", long("/test.vo"), long("/test.vo/group"), long("/test.vo/group/sub")}, attributesOf("test.vo")),
	}, {
		Name: "group first", User: vomsMember, Requests: []string{"test.vo:/test.vo/group/sub"},
		Want: slices.Concat([]string{"vo test.vo", long("/test.vo/group/sub"), long("/test.vo/group"), long("/test.vo")}, attributesOf("test.vo")),
	}, {
		Name: "role", User: vomsMember, Requests: []string{"test.vo:/test.vo/Role=VO-Admin"},
		Want: slices.Concat(
			[]string{"vo test.vo", long("/test.vo/Role=VO-Admin"), long("/test.vo"), long("/test.vo/group"), long("/test.vo/group/sub")},
			attributesOf("test.vo", "attribute quota = 1 TB (/test.vo/Role=VO-Admin)"),
		),
	}, {
		Name: "role in a group and another", User: vomsMember, Requests: []string{"test.vo:/test.vo/group/sub/Role=x", "test.vo:/test.vo/Role=production"},
		Want: slices.Concat(
			[]string{"vo test.vo", long("/test.vo/group/sub/Role=x"), long("/test.vo/Role=production"), long("/test.vo/group"), long("/test.vo/group/sub"), long("/test.vo")},
			attributesOf("test.vo", "attribute site = Nœud (/test.vo/group/sub/Role=x)"),
		),
	}, {
		Name: "101 FQANs", User: vomsBusy, Requests: []string{"test.vo"},
		Want: append([]string{"vo test.vo", long("/test.vo")}, busy...),
	}, {
		Name: "two VOs", User: vomsMember, Requests: []string{"test.vo:/test.vo/group", "other.vo:/other.vo/Role=production"},
		Want: slices.Concat(
			[]string{"vo test.vo", long("/test.vo/group"), long("/test.vo"), long("/test.vo/group/sub")}, attributesOf("test.vo"),
			[]string{"vo other.vo", long("/other.vo/Role=production"), long("/other.vo"), long("/other.vo/group"), long("/other.vo/group/sub")}, attributesOf("other.vo"),
		),
	}}
}

type vomsCase struct {
	Name, User string
	Requests   []string
	Want       []string // VO, FQANs and attributes
}

// hundred are the numbers in the names of the groups of vomsBusy.
func hundred() (numbers []string) {
	for n := 1001; n <= 1100; n++ {
		numbers = append(numbers, string([]byte{'0' + byte(n/100%10), '0' + byte(n/10%10), '0' + byte(n%10)}))
	}
	return numbers
}

// granted are the facts of vomscheck that say what was granted.
func granted(facts []string) (kept []string) {
	for _, fact := range facts {
		fact, _, _ = strings.Cut(fact, " by ") // the grantor of a generic attribute
		if kind, _, _ := strings.Cut(fact, " "); kind == "vo" || kind == "fqan" || kind == "attribute" {
			kept = append(kept, fact)
		}
	}
	return kept
}

// TestVOMSServer lets everyone ask the server, and libvomsapi judge what they got.
func TestVOMSServer(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	check := newVOMSCheck(t)
	users := map[string]gridUser{}
	for _, name := range []string{vomsMember, vomsPlain, vomsBusy} {
		users[name] = s.user(t, name)
	}
	for _, m := range vomsMakers() {
		for _, c := range vomsCases() {
			t.Run(m.Name+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				u := users[c.User].fresh(t)
				u.run(t, 0, m.Name, m.Args(s, u, c.Requests...)...)
				facts, refusal := check(t, u.File, s.CADir, s.LSC)
				if refusal != "" {
					t.Fatalf("libvomsapi refuses it: %s", refusal)
				}
				want := c.Want
				if m.OneVO && c.Name == "two VOs" {
					want = want[slices.Index(want, "vo other.vo"):]
				}
				if diff := cmp.Diff(want, granted(facts)); diff != "" {
					t.Errorf("granted (-want +got):\n%s", diff)
				}
				u.shownBy(t, "voms-proxy-info2", want)
				if m.Name == "voms-proxy-init3" {
					u.shownBy(t, "voms-proxy-info3", want)
				}
			})
		}
	}
}

// shownBy expects that a program prints the FQANs of what was granted, in that order.
func (u gridUser) shownBy(t *testing.T, info string, granted []string) {
	t.Helper()
	var fqans []string
	for _, fact := range granted {
		if fqan, ok := strings.CutPrefix(fact, "fqan "); ok {
			fqans = append(fqans, fqan)
		}
	}
	got := strings.Fields(u.run(t, 0, info, "-fqan", "-file", u.File).Stdout)
	if diff := cmp.Diff(fqans, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", info, diff)
	}
}

// TestVOMSServerRefuses expects of everyone that a user who gets no attributes gets no file either, and is told why.
func TestVOMSServerRefuses(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	for _, name := range []string{vomsStranger, vomsSuspended, vomsMarkup} {
		user := s.user(t, name)
		for _, m := range vomsMakers() {
			t.Run(m.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				u := user.fresh(t)
				r := u.run(t, 1, m.Name, m.Args(s, u, "test.vo")...)
				if said := r.Stdout + r.Stderr; !strings.Contains(said, m.Refusal[name]) {
					t.Errorf("it does not say %q:\n%s", m.Refusal[name], said)
				}
				if _, err := os.Lstat(u.File); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("there is a file: %v", err)
				}
			})
		}
	}
}

// TestVOMSCheck expects that the program that judges can refuse: an AC of another time, of a server that no LSC file
// names, of a CA that is not known, and a proxy that has none.
func TestVOMSCheck(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	check := newVOMSCheck(t)
	init2 := vomsMakers()[0]
	u := s.user(t, vomsPlain)
	plain := u.fresh(t)
	u.run(t, 0, init2.Name, init2.Args(s, u, "test.vo")...)
	plain.run(t, 0, init2.Name, init2.Args(s, plain)...)
	for _, c := range []struct {
		name, file, certdir, vomsdir string
		want                         string
	}{
		{"good", u.File, s.CADir, s.LSC, ""},
		{"no LSC file", u.File, s.CADir, t.TempDir(), "Cannot verify AC signature!"},
		{"no CA", u.File, t.TempDir(), s.LSC, "Cannot verify AC signature!"},
		{"no AC", plain.File, s.CADir, s.LSC, "VOMS extension not found!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, refusal := check(t, c.file, c.certdir, c.vomsdir)
			if !strings.Contains(refusal, c.want) || (c.want == "") != (refusal == "") || (refusal == "") != (len(facts) > 0) {
				t.Errorf("refusal %q, want %q; facts %q", refusal, c.want, facts)
			}
		})
	}
	const afterAC = 13 * time.Hour // while all certificates are valid
	if _, refusal := check(t, u.File, s.CADir, s.LSC, time.Now().Add(afterAC)); !strings.Contains(refusal, "AC not valid anymore.") {
		t.Errorf("%v from now: refusal %q", afterAC, refusal)
	}
}
