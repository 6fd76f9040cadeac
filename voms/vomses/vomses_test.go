// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomses_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/vomses"
)

// entry is a line of a vomses file.
func entry(alias, host string, port int, vo string) string {
	return `"` + alias + `" "` + host + `" "` + strconv.Itoa(port) + `" "/DC=org/DC=example/CN=` + host + `" "` + vo + `"`
}

func TestParse(t *testing.T) {
	t.Parallel()
	usual := vomses.Endpoint{Alias: "vo.0", Host: "voms.test.example", Port: 15000, DN: "/C=IT/O=IGI/CN=voms.test.example", VO: "vo.0"}
	const line = `"vo.0" "voms.test.example" "15000" "/C=IT/O=IGI/CN=voms.test.example" "vo.0"`
	with := func(change func(*vomses.Endpoint)) vomses.Endpoint {
		e := usual
		change(&e)
		return e
	}
	for _, c := range []struct {
		name, text string
		want       vomses.Endpoint
		line       int
	}{
		{"five columns", line, usual, 1},
		{"six", line + ` "24"`, with(func(e *vomses.Endpoint) { e.Version = "24" }), 1},
		{"a comment and empty lines before it", "# \"a\" \"b\"\n\n \t\n" + line + "\n", usual, 4},
		{"Windows", "\ufeff# VOs\r\n" + line + "\r\n", usual, 2},
		{"tabs, and none", strings.ReplaceAll(strings.ReplaceAll(line, `" "v`, "\"\t\t\"v"), `" "1`, `""1`), usual, 1},
		{"blanks within, and words between", `  x"vo.0 " , " voms.test.example", " 15000" "/C=IT/O=IGI/CN=voms.test.example" "vo.0"; # ours`, usual, 1},
		{"no alias and no DN", `"" "voms.test.example" "15000" "" "vo.0"`, with(func(e *vomses.Endpoint) { e.Alias, e.DN = "", "" }), 1},
		{"an address", strings.Replace(line, `"voms.test.example"`, `"192.0.2.1"`, 1), with(func(e *vomses.Endpoint) { e.Host = "192.0.2.1" }), 1},
		{"IPv6", strings.Replace(line, `"voms.test.example"`, `"2001:db8::1"`, 1), with(func(e *vomses.Endpoint) { e.Host = "2001:db8::1" }), 1},
		{"IPv6 in brackets", strings.Replace(line, `"voms.test.example"`, `"[2001:db8::1]"`, 1), with(func(e *vomses.Endpoint) { e.Host = "2001:db8::1" }), 1},
		{"a DN of many languages", strings.Replace(line, "IGI", "Ünïversität 物理", 1), with(func(e *vomses.Endpoint) { e.DN = strings.Replace(e.DN, "IGI", "Ünïversität 物理", 1) }), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.want.File, c.want.Line = "f", c.line
			got, findings := vomses.Parse([]byte(c.text), "f")
			if diff := cmp.Diff([]vomses.Endpoint{c.want}, got); diff != "" || len(findings) > 0 {
				t.Errorf("%v\n%s", findings, diff)
			}
		})
	}
}

// TestParseBad: a bad line is told and does no harm to its neighbours.
func TestParseBad(t *testing.T) {
	t.Parallel()
	good := entry("good", "voms.example.org", 15000, "vo")
	for _, c := range []struct{ name, line, want string }{
		{"words", "hello", "f:2: the line has 0 quoted columns, not the five of alias, host, port, server DN and VO"},
		{"four columns", `"a" "b" "1" "d"`, "f:2: the line has 4 quoted columns, not the five of alias, host, port, server DN and VO"},
		{"seven", `"a" "b" "1" "d" "e" "6" "7"`, "f:2: the line has 7 quoted columns, not the five of alias, host, port, server DN and VO"},
		{"a quote is missing", `"a" "b" "1" "d" "e`, "f:2: a quote is not closed"},
		{"no port", `"a" "b" "" "d" "e"`, `f:2: the port "" is no number from 1 to 65535`},
		{"port 0", `"a" "b" "0" "d" "e"`, `f:2: the port "0" is no number from 1 to 65535`},
		{"port too large", `"a" "b" "65536" "d" "e"`, `f:2: the port "65536" is no number from 1 to 65535`},
		{"a quote that is missing shifts the rest", `"a "b" "15000" "d" "e" "f"`, "f:2: a quote is not closed"},
		{"no host", `"a" "" "1" "d" "e"`, `f:2: the host "" is neither a name nor an address`},
		{"a URL", `"a" "https://b" "1" "d" "e"`, `f:2: the host "https://b" is neither a name nor an address`},
		{"host and port", `"a" "b:1" "1" "d" "e"`, `f:2: the host "b:1" is neither a name nor an address`},
		{"no VO", `"a" "b" "1" "d" ""`, `f:2: the VO "" is not made of letters, digits, and _ . - alone`},
		{"a VO of other letters", `"a" "b" "1" "d" "/e"`, `f:2: the VO "/e" is not made of letters, digits, and _ . - alone`},
		{"a terminal sequence", "\"a\x1b[2J\" \"b\" \"1\" \"d\" \"e\"", "f:2: the line has characters that are no text"},
		{"Latin-1", "\"a\" \"b\" \"1\" \"Universit\xe4t\" \"e\"", "f:2: the line has characters that are no text"},
		{"long", `"` + strings.Repeat("a", 5000) + `" "b" "1" "d" "e"`, "f:2: the line has more than 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, findings := vomses.Parse([]byte(good+"\n"+c.line+"\n"+good+"\n"), "f")
			if len(got) != 2 || got[0].Line != 1 || got[1].Line != 3 {
				t.Errorf("%+v", got)
			}
			if len(findings) != 1 || findings[0].String() != c.want {
				t.Errorf("%v, want %s", findings, c.want)
			}
		})
	}
	t.Run("too many to tell", func(t *testing.T) {
		t.Parallel()
		if got, findings := vomses.Parse([]byte(strings.Repeat("x\n", 1000)+good), "f"); len(got) != 1 || len(findings) != 100 {
			t.Errorf("%d and %d", len(got), len(findings))
		}
	})
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		got, findings := vomses.Parse([]byte(strings.Repeat(good+"\n", 20000)), "f")
		if len(got) != 0 || len(findings) != 1 || findings[0].String() != "f: it has more than 1024 KiB" {
			t.Errorf("%d and %v", len(got), findings)
		}
	})
}

// FuzzVomses: whatever a file holds, what comes out can be asked, as far as the text of it goes, and written down is read
// as the same; findings are one line each.
func FuzzVomses(f *testing.F) {
	f.Add(entry("vo", "voms.example.org", 15000, "vo") + ` "24"`)
	f.Add("# comment\n\"\" \"[::1]\" \"1\" \"\" \"a.b-c_d\"\r\n\"x\"\n")
	f.Add("\ufeff\"a\" \"b\" \"c\" \"d\"")
	f.Fuzz(func(t *testing.T, text string) {
		endpoints, findings := vomses.Parse([]byte(text), "f")
		for _, finding := range findings {
			if s := finding.String(); !isLine(s) || len(s) > 5000 {
				t.Errorf("%q", s)
			}
		}
		for _, e := range endpoints {
			if e.Port < 1 || e.Port > 65535 || e.Host == "" || strings.ContainsAny(e.Address(), " \"/@") || e.Line < 1 {
				t.Errorf("%+v", e)
			}
			if len(e.VO) < 250 {
				if _, err := voms.ParseFQAN("/" + e.VO); err != nil {
					t.Error(err)
				}
			}
			again, findings := vomses.Parse([]byte(e.Entry()), "f")
			if diff := cmp.Diff([]vomses.Endpoint{e}, again, cmpopts.IgnoreFields(vomses.Endpoint{}, "Line")); diff != "" && len(e.Entry()) <= 4096 {
				t.Errorf("%q: %v\n%s", e.Entry(), findings, diff)
			}
		}
	})
}

func isLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\x7f' || r == '\ufffd' })
}

func hostsOf(list []vomses.Endpoint) string {
	var hosts []string
	for _, e := range list {
		hosts = append(hosts, e.Host)
	}
	return strings.Join(hosts, " ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	lines := []string{
		entry("cms", "c1", 1, "cms"), entry("cms", "c2", 1, "cms"), entry("cms-iam", "c3", 1, "cms"), entry("old", "o1", 1, "vo.old"),
		entry("", "n1", 1, "nameless"), entry("mixed", "m1", 1, "one"), entry("mixed", "m2", 1, "two"), entry("three", "m3", 1, "four"), entry("three", "m4", 1, "three"),
	}
	endpoints, findings := vomses.Parse([]byte(strings.Join(lines, "\n")), "f")
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	book := vomses.Book{Endpoints: endpoints}
	for _, c := range []struct{ name, key, want string }{
		{"an alias", "cms", "c1 c2"}, {"another of the same VO", "cms-iam", "c3"}, {"a VO under another alias", "vo.old", "o1"},
		{"a VO without an alias", "nameless", "n1"}, {"an alias of two VOs", "mixed", "m1"}, {"one of which is called so", "three", "m4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := book.Find(c.key)
			if hostsOf(got) != c.want || err != nil {
				t.Errorf("%s, %v; want %s", hostsOf(got), err, c.want)
			}
		})
	}
	if _, err := book.Find("x"); err == nil || err.Error() != `vomses: looking up the VO "x": no vomses file names a server of it` {
		t.Errorf("got %v", err)
	}
	for _, key := range []string{"", "CMS", "x"} {
		_, err := book.Find(key)
		e, ok := errors.AsType[*vomses.UnknownVOError](err)
		if !ok || e.VO != key {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"cms", "cms-iam", "mixed", "nameless", "old", "three"}, e.Known); diff != "" {
			t.Error(diff)
		}
	}
	if got := hostsOf(book.Endpoints); got != "c1 c2 c3 o1 n1 m1 m2 m3 m4" {
		t.Errorf("finding has changed the book: %s", got)
	}
}
