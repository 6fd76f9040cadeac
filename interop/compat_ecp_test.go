// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// manualLine is a line of a tool that Debian has not, and what its manual and those who use it say that it does.
type manualLine struct {
	Line  string
	Has   string   // as compatLine has it
	Env   []string //
	Code  int
	Out   string   // an expression for all of stdout
	Files []string // facts of what was made and removed
}

// manualLines are those of the ecp family that need no server: ecp-get-cert and its kin 0.9.0, cigetcert 1.21, ligo-proxy-init. Scripts
// read the path, the time left, and exit codes.
func manualLines() []manualLine {
	const (
		user    = `/DC=org/DC=example/C=US/O=Example University/CN=Zo.+ M.+ller 12345`
		gone    = compatProxy + ": removed"
		checked = `Checking if ` + compatProxy + ` can be reused \.\.\. `
	)
	return []manualLine{
		{Line: "ecp-cert-info -path", Has: "rfc", Out: compatProxy + `\n`},
		{Line: "ecp-cert-info --path", Env: []string{"X509_USER_PROXY=/srv/f/eec"}, Out: `/srv/f/eec\n`},
		{Line: "ecp-cert-info", Has: "rfc", Out: `subject  : ` + user + `/CN=\d+\nissuer   : ` + user + `\n` +
			`type     : RFC 3820 compliant impersonation proxy\nstrength : 2048 bits\npath     : ` + compatProxy + `\ntimeleft : 11:2\d:\d\d\n`},
		{Line: "ecp-cert-info", Has: "long", Out: `(?s).*\ntimeleft : 7 days, 23:2\d:\d\d\n`},
		{Line: "ecp-cert-info", Has: "expired", Out: `(?s).*\ntimeleft : 0:00:00 \[EXPIRED\]\n`},
		{Line: "ecp-cert-info -t", Has: "rfc", Out: `41\d\d\d\n`},
		{Line: "ecp-cert-info --timeleft", Has: "expired", Out: `0\n`},
		{Line: "ecp-cert-info -type -s", Has: "eec", Out: `end entity credential\n` + user + `\n`},
		{Line: "ecp-cert-info -type", Has: "limited", Out: `RFC 3820 compliant limited proxy\n`},
		{Line: "ecp-cert-info -type", Has: "legacy", Out: `full legacy globus proxy\n`},
		{Line: "ecp-cert-info -type", Has: "legacylimited", Out: `limited legacy globus proxy\n`},
		{Line: "ecp-cert-info -exists", Has: "rfc"},
		{Line: "ecp-cert-info --exists --valid 11:00", Has: "rfc"},
		{Line: "ecp-cert-info --exists --valid 12:00", Has: "rfc", Code: 1},
		{Line: "ecp-cert-info -e", Code: 1},
		{Line: "ecp-cert-info -e", Has: "expired", Code: 1}, // the original says yes: see the differences
		{Line: "ecp-cert-info --exi --val 1:00", Has: "rfc"},
		{Line: "ecp-cert-info --valid x", Has: "rfc", Code: 2},
		{Line: "ecp-cert-info", Code: 1},
		{Line: "ecp-cert-info -V", Out: `0\.9\.0\n`},
		{Line: "ecp-get-cert --destroy", Has: "rfc", Files: []string{gone}},
		{Line: "ecp-get-cert -v -X", Has: "rfc", Out: `Removing credential file '` + compatProxy + `'\.\.\. done\n`, Files: []string{gone}},
		{Line: "ecp-get-cert -v -X", Out: `Removing credential file '` + compatProxy + `'\.\.\. not found\n`},
		{Line: "ecp-get-cert --version", Out: `0\.9\.0\n`},
		{Line: "ecp-get-cert", Code: 2}, // which identity provider?
		{Line: "ecp-get-cert --nonsense", Code: 2},
		{Line: "ecp-get-cookie -X"},
		{Line: "ligo-proxy-init --destroy", Has: "rfc", Files: []string{gone}},
		{Line: "ligo-proxy-init", Code: 2},
		{Line: "cigetcert", Code: 2},
		{Line: "cigetcert -i X --reuseonly", Has: "rfc", Out: checked + `yes\n`},
		{Line: "cigetcert -i X --reuseonly --minhours 12", Has: "rfc", Out: checked + `no\n`, Code: 1},
		{Line: "cigetcert --proxyhours 168 --minhours 10", Has: "readonly", Env: []string{"CIGETCERTOPTS=-i 'Some University'"}, Out: checked + `yes\n`},
		{Line: "cigetcert -n -i X --minhours 12", Has: "readonly", Out: checked + `no\n`, Code: 1},
	}
}

// asManual runs a line under our names.
func (s compatSite) asManual(t *testing.T, m manualLine) {
	t.Helper()
	c := compatLine{Line: m.Line, User: "none", Has: m.Has}
	dir := s.newHome(t, c)
	before, start := contents(t, dir), time.Now()
	r := s.run(t, "ours", dir, m.Line, "", m.Env)
	if r.Code != m.Code || !regexp.MustCompile(`^(?:`+m.Out+`)$`).MatchString(r.Stdout) {
		t.Errorf("exit code %d, want %d; want %q, stdout:\n%s\nstderr:\n%s", r.Code, m.Code, m.Out, r.Stdout, r.Stderr)
	}
	if got, want := s.outcomeOf(t, r, dir, before, start)[allFiles], strings.Join(append(m.Files, ""), "\n"); got != want {
		t.Errorf("files: %s, want %s", got, want)
	}
}
