// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cigetcert_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/ecpnames/cigetcert"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/proxycert"
)

// home is where cigetcert is run, with a federation.
type home struct {
	dir string
	env map[string]string
	fed *fed.Federation
}

func newHome(t *testing.T, o fed.Options) *home {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	h := &home{dir: t.TempDir(), env: map[string]string{}, fed: f}
	files, err := f.WriteDir(h.path("fed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range files.Environ() {
		name, value, _ := strings.Cut(v, "=")
		h.env[name] = value
	}
	h.env["HOME"], h.env["X509_USER_PROXY"], h.env["ECP_IDP"] = h.dir, h.path("x509up"), ""
	h.env["CIGETCERTOPTS"] = fmt.Sprintf("--cafile '%s' --idplisturl 'file://%s' -u jdoe", files.CA, files.List)
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func (h *home) run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = cigetcert.Tool().Run(t.Context(), &console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: &out, Err: &err, Version: "v0.0.0-test", Now: func() time.Time { return time.Now().UTC() },
		Env: func(name string) string { return h.env[name] },
	}}, "cigetcert", args)
	return h.plain(out.String()), h.plain(err.String()), code
}

// plain takes out what differs from run to run.
func (h *home) plain(text string) string {
	text = strings.ReplaceAll(text, h.dir, "HOME")
	for pattern, with := range map[string]string{
		`(127\.0\.0\.1|localhost):[0-9]+`:                              "$1:PORT",
		`[A-Z][a-z]{2} [A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8} [0-9]{4}\b`: "CTIME",
		`/CN=[0-9]{6,}`: "/CN=NUMBER",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
	}
	return text
}

// want compares one run with what is expected.
func (h *home) want(t *testing.T, code int, stdout, stderr string, args ...string) {
	t.Helper()
	out, err, got := h.run(t, args...)
	if got != code || out != stdout || err != stderr {
		t.Errorf("%q\nexit code %d, want %d\nstdout\n%s\nwant\n%s\nstderr\n%s\nwant\n%s", args, got, code, out, stdout, err, stderr)
	}
}

func (h *home) load(t *testing.T, name string) *proxycert.Credential {
	t.Helper()
	c, err := credstore.Load(h.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The lines of progress.
const (
	fetched = "Authorizing ...... authorized\nFetching certificate ..... fetched\n"
	stored  = fetched + "Storing certificate in HOME/x509up\nYour certificate is valid until: CTIME\n"
	proxied = fetched + "Generating proxy ... generated\nStoring proxy in HOME/x509up\nYour proxy is valid until: CTIME\n"
	again   = "Checking if HOME/x509up can be reused ... "
)

// TestProgress: the lines that scripts read, and the credential that they speak of.
func TestProgress(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{})
	const institution = "-iExample University"
	h.want(t, 0, stored, "", institution)
	if left := h.load(t, "x509up").TimeLeft(time.Now()); left < 167*time.Hour || left > 169*time.Hour {
		t.Errorf("%v are left", left)
	}
	h.want(t, 0, again+"yes\n", "", institution)
	h.want(t, 0, "", "", institution, "--quiet")
	h.want(t, 0, again+"no\n"+proxied, "", institution, "--proxy", "--minhours=170", "--hours", "200")
	c := h.load(t, "x509up")
	if !proxycert.TypeOf(c.Leaf()).IsProxy() || len(c.Chain) != 2 {
		t.Errorf("it is %v", proxycert.TypeOf(c.Leaf()))
	}
	h.want(t, 0, again+"yes\n", "", institution, "--proxyhours", "12") // of any kind
	if err := os.Remove(h.path("x509up")); err != nil {
		t.Fatal(err)
	}
	h.want(t, 0, proxied+"subject  : /DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251/CN=NUMBER\n"+
		"issuer   : /DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251\n", "", institution, "-v", "--proxyhours", "12")
	c = h.load(t, "x509up")
	if left := c.TimeLeft(time.Now()); left > 12*time.Hour {
		t.Errorf("%v are left of the proxy", left)
	}
	if left := time.Until(c.EndEntity().NotAfter); left < 167*time.Hour {
		t.Errorf("%v are left of the certificate", left)
	}
	h.want(t, 0, "", "", institution, "-qo", h.path("half"), "--hours=12.5")
	if c = h.load(t, "half"); !proxycert.TypeOf(c.Leaf()).IsProxy() {
		t.Error("no proxy is made for half an hour")
	}
	if n := h.fed.Logins(); n != 4 {
		t.Errorf("%d logins", n)
	}
}

// TestReuseOnly: a file that may not be written is somebody's, and is left alone.
func TestReuseOnly(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{})
	h.want(t, 0, stored, "", "-i", "Example University")
	const refused = "cigetcert: HOME/x509up will not do for more than 500 hours, and is not to be replaced\n"
	h.want(t, 0, again+"yes\n", "", "-i", "Example University", "--reuseonly")
	h.want(t, 1, again+"no\n", refused, "-i", "Example University", "--reuseonly", "--minhours=500")
	if err := os.Chmod(h.path("x509up"), 0o400); err != nil {
		t.Fatal(err)
	}
	h.want(t, 0, again+"yes\n", "", "-i", "Example University")
	h.want(t, 1, again+"no\n", refused, "-i", "Example University", "--minhours=500")
	h.want(t, 1, "", "", "-i", "Example University", "--minhours=500", "-q")
	if n := h.fed.Logins(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// TestRefused: exit codes and what is said.
func TestRefused(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{})
	h.want(t, 1, "Authorizing .....\n", `cigetcert: logging in at 127.0.0.1:PORT: the user name or password was refused (“The user name or the password was wrong.”)
hint: check the user name and the password; several wrong ones may lock the account
`, "-i", "Example University", "-u", "nobody")
	h.want(t, 1, "", "", "-i", "Example University", "-u", "nobody", "-q")
	h.want(t, 1, "", "cigetcert: no institution is called 'Example' (--listinstitutions lists them)\n", "-i", "Example")
	h.want(t, 1, "", "cigetcert: several institutions are called .*: Example University, Invented Institute of Technology\n", "-i", ".*")
	h.want(t, 0, stored, "", "-i", "Example Uni.*")
	usage := "Usage: cigetcert [options]\n\ncigetcert: error: "
	for _, c := range []struct {
		want string
		args []string
	}{
		{"no institution is given: -i/--institution names it", nil},
		{"no such option: --nonsense", []string{"--nonsense"}},
		{"no such option: -x", []string{"-vx"}},
		{"-i option requires 1 argument", []string{"-i"}},
		{"--proxy option does not take a value", []string{"--proxy=1"}},
		{"ambiguous option: --no (--nokerberos, --noprompt, --noreuseonly?)", []string{"--no"}},
		{"option --minhours: invalid float value: 'x'", []string{"--minh", "x"}},
		{"the argument 'x' is not expected", []string{"x"}},
		{"--hours must be more than 0 and less than 277.78", []string{"-i", "X", "--hours", "278"}},
		{"--proxyhours must be more than 0 and not more than --hours", []string{"-i", "X", "--proxyhours", "169"}},
		{"--myproxyserver is known, but not there yet: get the credential without it, and store it there with myproxy-init",
			[]string{"-i", "X", "--myproxyserver", "myproxy.example.org"}},
		{"--optserver 'http://a.example/' is not a host or an https URL", []string{"-s", "http://a.example/"}},
	} {
		h.want(t, 2, "", usage+c.want+"\n", c.args...)
	}
	h.env["X509UP_SERVICE_PROVIDER"] = ""
	_, stderr, code := h.run(t, "-i", "Example University", "-o", h.path("other"))
	if code != 1 || !strings.HasPrefix(stderr, "cigetcert: no service provider is named") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	h.want(t, 0, strings.ReplaceAll(stored, "x509up", "other"), "", "-i", "Example University", "-o", h.path("other"), "--spurl", h.fed.SPURL)
	h.env["CIGETCERTOPTS"] = "-i 'X"
	h.want(t, 2, "", usage+"CIGETCERTOPTS: a quotation has no end\n")
}

// TestList: each name once, without the mark for tickets.
func TestList(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{Kerberos: true})
	h.want(t, 0, "Example University\nInvented Institute of Technology\n", "", "--listinstitutions")
	h.want(t, 0, "cigetcert 1.21\n", "", "--version")
	out, _, code := h.run(t, "-h")
	if code != 0 || !strings.HasPrefix(out, "Usage: cigetcert [options]\n") || !strings.Contains(out, "  -s, --optserver HOST|URL\n") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// TestTickets: they are taken by themselves where the list has an endpoint for them, and a password where none will do.
func TestTickets(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{Kerberos: true})
	password := h.env["X509UP_PASSWORD_FILE"]
	h.env["X509UP_PASSWORD_FILE"] = ""
	get := func(args ...string) (string, int) {
		t.Helper()
		_, stderr, code := h.run(t, append([]string{"-i", "Example University", "-o", h.path("out"), "--minhours", "1000"}, args...)...)
		if n := strings.Index(stderr, "x509up: warning: the new credential"); n >= 0 { // it is valid for fewer than those hours
			stderr = stderr[:n]
		}
		return stderr, code
	}
	for _, args := range [][]string{nil, {"-k"}, {"-n"}, {"--noprompt", "-u", "nobody"}} {
		if stderr, code := get(args...); stderr != "" || code != 0 {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
	}
	h.env["KRB5CCNAME"] = "FILE:" + h.path("none")
	if stderr, code := get("-n"); code != 1 || !strings.Contains(stderr, "there is no credential cache") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	h.env["X509UP_PASSWORD_FILE"] = password
	if stderr, code := get(); code != 0 || !strings.Contains(stderr, "warning: no ticket will do") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if stderr, code := get("--nokerberos"); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if n := h.fed.Logins(); n != 6 {
		t.Errorf("%d logins", n)
	}
}

// TestOptServer: its options go before those of the variable, and these before the command line.
func TestOptServer(t *testing.T) {
	t.Parallel()
	h := newHome(t, fed.Options{})
	paths := make(chan string, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		if r.URL.Path != "/cigetcertopts.txt" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "# what everybody here needs\n-i 'Example University' # and no other\n--proxyhours 10 -u nobody --hours 20\n")
	}))
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	// One file has the CAs of both servers.
	both := append(h.fed.CACertPEM, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})...)
	if err := os.WriteFile(h.path("both.pem"), both, 0o600); err != nil {
		t.Fatal(err)
	}
	h.env["CIGETCERTOPTS"] += " --cafile " + h.path("both.pem")
	host := strings.TrimPrefix(server.URL, "https://")
	h.want(t, 0, proxied, "", "--hours=30", "-s", host)
	if left := time.Until(h.load(t, "x509up").EndEntity().NotAfter); left < 29*time.Hour || left > 31*time.Hour {
		t.Errorf("%v are left of the certificate", left)
	}
	if left := h.load(t, "x509up").TimeLeft(time.Now()); left > 10*time.Hour {
		t.Errorf("%v are left of the proxy", left)
	}
	if path := <-paths; path != "/cigetcertopts.txt" {
		t.Errorf("it was asked for %s", path)
	}
	h.want(t, 1, "", "cigetcert: getting https://127.0.0.1:PORT/other: the server answered with status 404\n", "-s", server.URL+"/other")
}

// TestInstitution: what CIGETCERTOPTS says of the identity provider, for other tools.
func TestInstitution(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "",
		"-i 'Example University'":               "Example University",
		`-n --instit="A \"B\" C" --minhours 12`: `A "B" C`,
		`-iA\ B`:                                "A B",
		"-i 'no end":                            "",
		"-i A --nonsense":                       "A",
		"--myproxyserver x":                     "",
	} {
		if got := cigetcert.Institution(text); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
