// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/proxycert"
)

func newConsole(env map[string]string) (*console.Console, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return &console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: out, Err: out, Now: time.Now, Env: func(name string) string { return env[name] },
	}}, out
}

// given are the options of a command line.
func given(options ...string) func(string) bool {
	return func(option string) bool { return slices.Contains(options, option) }
}

// TestInitWithoutCobra makes a proxy as others do who read command lines of other tools, and looks at what is printed of it.
func TestInitWithoutCobra(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	cert, proxy := filepath.Join(home, "user.pem"), filepath.Join(home, "proxy.pem")
	data, err := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cert, data, 0o600); err != nil {
		t.Fatal(err)
	}
	con, said := newConsole(map[string]string{"HOME": home})
	o := getcmd.InitOptions{Cert: cert, File: proxy, Valid: "0:30", NewKey: getcmd.KeyOptions{Kind: "ec256"}, LimitPath: true}
	options := given("cert", "file", "valid", "key-type")
	if err := o.Check(options); err != nil {
		t.Fatal(err)
	}
	o.Fill(con.Env, config.Profile{Limited: true, Hours: 5}, options)
	request, err := o.Request(con)
	if err != nil {
		t.Fatal(err)
	}
	source, err := o.Source(con, request.Target)
	if err != nil {
		t.Fatal(err)
	}
	request.Source = source
	result, err := acquire.Run(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	leaf := result.Credential.Leaf()
	if left := time.Until(leaf.NotAfter); left > 30*time.Minute || left < 29*time.Minute {
		t.Errorf("it is valid for %v", left)
	}
	if kind := proxycert.TypeOf(leaf); kind.Policy != proxycert.Limited {
		t.Errorf("it is this: %s", kind)
	}
	if length := request.Proxy.PathLength; length == nil || *length != 0 {
		t.Errorf("path length %v", length)
	}
	if err := getcmd.Report(con, result, proxy, false); err != nil || !strings.HasPrefix(said.String(), "stored "+proxy) {
		t.Errorf("%q, %v", said, err)
	}
	// The same once more, through the command's own function, keeps it.
	said.Reset()
	o.Reuse = "0.1"
	if err := getcmd.Init(t.Context(), con, o); err != nil || !strings.HasPrefix(said.String(), "kept "+proxy) {
		t.Errorf("%q, %v", said, err)
	}
}

// TestInitSource: where a user certificate is looked for.
func TestInitSource(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	con, _ := newConsole(map[string]string{"HOME": home})
	var o getcmd.InitOptions
	if os.Geteuid() != 0 { // for root it may be that of the host
		if _, err := o.Source(con, acquire.Target{}); !isNoUserCert(err) {
			t.Errorf("nothing there: %v", err)
		}
	}
	globus := filepath.Join(home, ".globus")
	if err := os.Mkdir(globus, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, key, wantKey string
	}{
		{"usercred.p12", "", ""},
		{"usercert.pem", "", filepath.Join(globus, "userkey.pem")}, // before the other
		{"usercert.pem", "/other/key.pem", "/other/key.pem"},
	} {
		if err := os.WriteFile(filepath.Join(globus, c.file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := getcmd.InitOptions{Key: c.key}.Source(con, acquire.Target{})
		if err != nil || source.Cert != filepath.Join(globus, c.file) || source.Key != c.wantKey {
			t.Errorf("%s: %+v, %v", c.file, source, err)
		}
	}
	source, err := getcmd.InitOptions{NoRegen: true}.Source(con, acquire.Target{File: "/stored.pem"})
	if err != nil || source.Cert != "/stored.pem" || !source.Extra {
		t.Errorf("noregen: %+v, %v", source, err)
	}
}

func isNoUserCert(err error) bool {
	_, ok := errors.AsType[*files.NoUserCertError](err)
	return ok
}

// TestCheck: options that contradict each other.
func TestCheck(t *testing.T) {
	t.Parallel()
	type checker interface{ Check(func(string) bool) error }
	for _, c := range []struct {
		options checker
		given   []string
		want    string
	}{
		{&getcmd.CertOptions{}, nil, ""},
		{&getcmd.CertOptions{}, []string{"globus", "file"}, "--globus and --file do not go together"},
		{&getcmd.CertOptions{}, []string{"list", "reuse"}, "--list and --reuse do not go together"},
		{&getcmd.CertOptions{}, []string{"file"}, "--file names no file"},
		{&getcmd.CertOptions{}, []string{"password-stdin", "password-file"}, "--password-stdin and --password-file do not go together"},
		{&getcmd.CertOptions{VOMS: getcmd.VOMSOptions{Options: vomsopt.Options{VOs: []string{"cms"}}}}, []string{"proxy"},
			"--voms puts attributes into a proxy, and --proxy=false wants none"},
		{&getcmd.InitOptions{}, nil, ""},
		{&getcmd.InitOptions{}, []string{"valid", "hours"}, "--valid and --hours do not go together"},
		{&getcmd.InitOptions{}, []string{"passphrase-file", "passphrase-command"}, "--passphrase-file and --passphrase-command do not go together"},
		{&getcmd.InitOptions{File: "a", Out: "b"}, []string{"file", "out"}, "--file and --out are the same option, and name two files: a and b"},
		{&getcmd.InitOptions{File: "a", Out: "a"}, []string{"file", "out"}, ""},
		{&getcmd.InitOptions{Key: "k"}, nil, "--key needs --cert"},
		{&getcmd.InitOptions{PathLength: -1}, nil, "--path-length -1 is less than none"},
		{&getcmd.InitOptions{PathLength: 1 << 31}, nil, "--path-length 2147483648 is more than 2147483647"},
	} {
		err := c.options.Check(given(c.given...))
		if err == nil && c.want != "" || err != nil && err.Error() != c.want {
			t.Errorf("%T with %q: %v", c.options, c.given, err)
		}
	}
}

// TestCertRequest: what the options of get-cert ask for, with a profile that says otherwise.
func TestCertRequest(t *testing.T) {
	t.Parallel()
	con, said := newConsole(map[string]string{"HOME": "/home/jane"})
	profile := config.Profile{Proxy: true, Limited: true, Hours: 5, Reuse: 2, File: "/of/profile", KeyType: "ec256"}
	for _, c := range []struct {
		name    string
		options getcmd.CertOptions
		given   []string
		profile config.Profile
		good    func(acquire.Request) bool
	}{
		{"nothing", getcmd.CertOptions{}, nil, config.Profile{}, func(r acquire.Request) bool {
			return r.Proxy == nil && r.Lifetime == 277*time.Hour && r.DefaultLifetime && r.Reuse == 0 && r.VOMS == nil && r.KeyType == proxycert.RSA2048
		}},
		{"profile", getcmd.CertOptions{}, nil, profile, func(r acquire.Request) bool {
			return r.Proxy != nil && r.Proxy.Policy == proxycert.Limited && r.Lifetime == 5*time.Hour && !r.DefaultLifetime &&
				r.Reuse == 2*time.Hour && r.Target.File == "/of/profile" && r.KeyType == proxycert.EC256
		}},
		{"--proxy=false", getcmd.CertOptions{}, []string{"proxy"}, profile, func(r acquire.Request) bool { return r.Proxy == nil }},
		{"--globus", getcmd.CertOptions{Globus: true}, []string{"globus"}, profile, func(r acquire.Request) bool {
			return r.Proxy == nil && r.Target.File == "" && filepath.ToSlash(r.Target.Folder) == "/home/jane/.globus"
		}},
		{"-H", getcmd.CertOptions{Hours: "1"}, []string{"hours"}, profile, func(r acquire.Request) bool { return r.Lifetime == time.Hour }},
	} {
		o := c.options
		o.Fill(con.Env, c.profile, given(c.given...))
		if r, err := o.Request(con); err != nil || !c.good(r) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
	if said.Len() > 0 {
		t.Errorf("said %q", said)
	}
	for name, o := range map[string]getcmd.CertOptions{
		`--key-type "dsa"`:   {NewKey: getcmd.KeyOptions{Kind: "dsa"}},
		`--key-format "der"`: {NewKey: getcmd.KeyOptions{Format: "der"}},
		`--reuse "soon"`:     {Reuse: "soon"},
		`--hours "-1"`:       {Hours: "-1"},
		`--vomslife "1"`:     {VOMS: getcmd.VOMSOptions{Options: vomsopt.Options{VOs: []string{"cms"}}, Life: "1"}},
	} {
		o.Fill(con.Env, config.Profile{}, given("hours", "reuse"))
		if _, err := o.Request(con); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCertSource: what must be there before anybody is asked, and what is made of it.
func TestCertSource(t *testing.T) {
	t.Parallel()
	con, _ := newConsole(nil)
	idp := login.Options{IdentityProvider: "https://idp.example.org/ecp"}
	const sp = "https://ca.example.org/secure/getcert"
	for _, c := range []struct {
		name    string
		options getcmd.CertOptions
		want    string
	}{
		{"no service provider", getcmd.CertOptions{Login: idp}, verdict.ErrNoServiceProvider.Error()},
		{"no identity provider", getcmd.CertOptions{ServiceProvider: sp}, ecp.ErrNoIdP.Error()},
		{"no URL", getcmd.CertOptions{ServiceProvider: "ca", Login: idp}, `--service-provider "ca" is not a URL`},
		{"mode", getcmd.CertOptions{ServiceProvider: sp, Login: idp, Mode: "x"}, `--mode "x": the modes are certreq and pkcs12`},
		{"field", getcmd.CertOptions{ServiceProvider: sp, Login: idp, Fields: []string{"x=y"}}, `--field "x=y": it is FIELD=NAME`},
		{"field without a name", getcmd.CertOptions{ServiceProvider: sp, Login: idp, Fields: []string{"csrf"}}, `--field "csrf": it is FIELD=NAME`},
		{"login", getcmd.CertOptions{ServiceProvider: sp, Mode: "certreq", Login: login.Options{IdentityProvider: "x", Duo: "fax"}}, `--duo "fax"`},
	} {
		if _, err := c.options.Source(con, nil); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	o := getcmd.CertOptions{ServiceProvider: sp, Login: idp, Mode: "pkcs12", Fields: []string{"CSRF=token"}}
	source, err := o.Source(con, nil)
	if err != nil || !source.PKCS12 || source.Client.URL.String() != sp || source.Client.Form.CSRF != "token" || source.Warm == nil {
		t.Errorf("%+v, %v", source, err)
	}
}
