// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/ownfile"
)

const everything = `
default-profile = "campus"

[profile.campus]
identity-provider = "https://idp.example.org/idp/profile/SAML2/SOAP/ECP"
username          = "jdoe"
service-provider  = "https://ca.example.org/secure/getcert"
idp-list          = "https://lists.example.org/idps.txt"
metadata          = "~/metadata.xml"
password-command  = "pass show campus | head -n 1"
password-file     = "/run/secrets/campus"
ca-file           = "~/ca.pem"
duo               = "push"
timeout           = "90s"
file              = "~/private/x509"
hours             = 12
proxy             = true
limited           = false
key-type          = "ec256"
key-format        = "pkcs8"
cert              = "~/.globus/robot.pem"
key               = "/run/secrets/robot/userkey.pem"
passphrase-file   = "/run/secrets/robot/passphrase"
passphrase-command = "pass show robot"
allow-key-mode    = true
mode              = "pkcs12"
reuse             = 0.5
field             = ["certreq=csr", "submit=action"]
kerberos          = "prefer"
kerberos-url      = "https://idp.example.org/idp-krb/profile/SAML2/SOAP/ECP"
realm             = "EXAMPLE.ORG"
keytab            = "~/robot.keytab"
principal         = "robot/ci@EXAMPLE.ORG"
spn               = "HTTP/alias.example.org@EXAMPLE.ORG"
keyring           = true
voms              = ["cms", "dteam:/dteam/Role=pilot"]
order             = ["/cms/Role=production"]
target            = ["se.example.org"]
vomslife          = "24:00"
vomses            = ["~/vomses", "/etc/vomses"]
vomsdir           = "~/vomsdir"
`

func TestEveryKey(t *testing.T) {
	t.Parallel()
	got, err := load(t, everything).Profile("")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Profile{
		Name:              "campus",
		IdentityProvider:  "https://idp.example.org/idp/profile/SAML2/SOAP/ECP",
		Username:          "jdoe",
		ServiceProvider:   "https://ca.example.org/secure/getcert",
		IdPList:           "https://lists.example.org/idps.txt",
		Metadata:          "/home/jdoe/metadata.xml",
		PasswordCommand:   "pass show campus | head -n 1",
		PasswordFile:      "/run/secrets/campus",
		CAFile:            "/home/jdoe/ca.pem",
		Duo:               "push",
		Timeout:           90 * time.Second,
		File:              "/home/jdoe/private/x509",
		Hours:             12,
		Proxy:             true,
		KeyType:           "ec256",
		KeyFormat:         "pkcs8",
		Cert:              "/home/jdoe/.globus/robot.pem",
		Key:               "/run/secrets/robot/userkey.pem",
		PassphraseFile:    "/run/secrets/robot/passphrase",
		PassphraseCommand: "pass show robot",
		AllowKeyMode:      true,
		Mode:              "pkcs12",
		Reuse:             0.5,
		Fields:            []string{"certreq=csr", "submit=action"},
		Kerberos:          "prefer",
		KerberosURL:       "https://idp.example.org/idp-krb/profile/SAML2/SOAP/ECP",
		Realm:             "EXAMPLE.ORG",
		Keytab:            "/home/jdoe/robot.keytab",
		Principal:         "robot/ci@EXAMPLE.ORG",
		SPN:               "HTTP/alias.example.org@EXAMPLE.ORG",
		Keyring:           true,
		VOMS:              []string{"cms", "dteam:/dteam/Role=pilot"},
		Order:             []string{"/cms/Role=production"},
		Targets:           []string{"se.example.org"},
		VOMSLife:          "24:00",
		Vomses:            []string{"/home/jdoe/vomses", "/etc/vomses"},
		VOMSDir:           "/home/jdoe/vomsdir",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, key := range config.Keys() {
		if !strings.Contains(everything, "\n"+key.Name+" ") {
			t.Errorf("the test leaves out %s", key.Name)
		}
		if key.Expects == "" {
			t.Errorf("%s does not say what it expects", key.Name)
		}
	}
}

func TestShapesOfTOML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		want       config.Profile
	}{
		{"dotted keys", "profile.a.username = 'jdoe'\nprofile.a.hours = 2", config.Profile{Name: "a", Username: "jdoe", Hours: 2}},
		{"an inline table", "profile.a = { username = 'jdoe', reuse = true }", config.Profile{Name: "a", Username: "jdoe", Reuse: 1}},
		{"a table of tables", "[profile]\na = { reuse = false }", config.Profile{Name: "a"}},
		{"a quoted name", "[profile.\"a\"]\nreuse = 12", config.Profile{Name: "a", Reuse: 12}},
		{"an empty profile", "[profile.a]", config.Profile{Name: "a"}},
		{"one VO without a list", "[profile.a]\nvoms = 'cms'", config.Profile{Name: "a", VOMS: []string{"cms"}}},
		{"tickets alone", "[profile.a]\nkerberos = 'only'", config.Profile{Name: "a", Kerberos: "only"}},
		{"tickets", "[profile.a]\nkerberos = true", config.Profile{Name: "a", Kerberos: "only"}},
		{"no tickets", "[profile.a]\nkerberos = false", config.Profile{Name: "a"}},
		{"CRLF and a comment", "# mine\r\n[profile.a]\r\nproxy = true\r\n", config.Profile{Name: "a", Proxy: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := load(t, tt.file).Profile("a")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The user's key wins, key by key; what the user does not set stays as the site has it.
func TestUserWinsOverSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := config.Paths{
		System: write(t, dir, "system.toml", `
			default-profile = "site"
			[profile.site]
			service-provider = "https://ca.example.org/"
			hours = 24
			proxy = true
			kerberos = "only"
			[profile.other]`),
		User: write(t, dir, "user.toml", `
			default-profile = "mine"
			[profile.site]
			hours = 12
			proxy = false
			kerberos = false
			[profile.mine]`),
	}
	c, err := p.Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.DefaultProfile != "mine" {
		t.Errorf("default profile %q", c.DefaultProfile)
	}
	if diff := cmp.Diff([]string{"mine", "other", "site"}, c.Names()); diff != "" {
		t.Error(diff)
	}
	got, err := c.Profile("site")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Profile{Name: "site", ServiceProvider: "https://ca.example.org/", Hours: 12}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"a slip in a key", "[profile.a]\n\nidentity-provder = 'x'", `F:3: there is no key "identity-provder"; the nearest is "identity-provider"`},
		{"an underscore", "[profile.a]\nkey_type = 'ec256'", `F:2: there is no key "key_type"; the nearest is "key-type"`},
		{"a slip in password-command", "[profile.a]\npasword-command = 'x'", `F:2: there is no key "pasword-command"; the nearest is "password-command"`},
		{"a key like nothing", "[profile.a]\ncolour = 'x'", `F:2: there is no key "colour"`},
		{"a key outside profiles", "username = 'jdoe'", `F:1: there is no key "username"`},
		{"a slip outside profiles", "\ndefault_profile = 'a'", `F:2: there is no key "default_profile"; the nearest is "default-profile"`},
		{"profiles in the plural", "[profiles.a]\nhours = 1", `F:1: there is no key "profiles"; the nearest is "profile"`},
		{"a plural with dots", "profiles.a.hours = 1", `F:1: there is no key "profiles"; the nearest is "profile"`},
		{"the first of several slips", "[profile.a]\nhours = 1\nzz = 1\naa = 2", `F:3: there is no key "zz"`},
		{"a key in a table that should be a value", "[profile.a.file]\npath = 'x'", `F:1: file must be an absolute path, or one that begins with ~/, not a table`},
		{"profile is a text", "profile = 'a'", `F:1: profile must be a table [profile…], not "a"`},
		{"a profile is a text", "[profile]\na = 'b'", `F:2: profile.a must be a table [profile.a…], not "b"`},
		{"a list of profiles", "[[profile]]\nname = 'b'", `F:1: profile must be a table [profile…], not a table`},
		{"a profile without a name", "[profile.\"\"]\nhours = 1", `F:1: "" cannot be the name of a profile`},
		{"a profile with a control character", "[profile.\"a\\u001b\"]\nhours = 1", `F:1: "a\x1b" cannot be the name of a profile`},
		{"the default is a number", "default-profile = 1", `F:1: default-profile must be the name of a profile in quotes, not 1`},

		{"text is a number", "[profile.a]\nusername = 12", `F:2: username must be text in quotes, not 12`},
		{"text is empty", "[profile.a]\nusername = ''", `F:2: username must be text in quotes, not empty text`},
		{"text is a date", "[profile.a]\nusername = 2026-01-01", `F:2: username must be text in quotes, not a date`},
		{"text has a control character", "[profile.a]\nusername = \"\\u001b[2J\"", `F:2: username must be text in quotes, not this text`},
		{"a yes", "[profile.a]\nproxy = 'yes'", `F:2: proxy must be true or false, not "yes"`},
		{"hours in quotes", "[profile.a]\nhours = '12'", `F:2: hours must be a number of hours, such as 12, not "12"`},
		{"negative hours", "[profile.a]\nhours = -1", `F:2: hours must be a number of hours, such as 12, not -1`},
		{"no hours", "[profile.a]\nhours = 0", `F:2: hours must be a number of hours, such as 12, not 0`},
		{"infinite hours", "[profile.a]\nhours = inf", `F:2: hours must be a number of hours, such as 12, not +Inf`},
		{"hours that are no number", "[profile.a]\nhours = nan", `F:2: hours must be a number of hours, such as 12, not NaN`},
		{"reuse is a text", "[profile.a]\nreuse = 'yes'", `F:2: reuse must be a number of hours, such as 12, or true or false, not "yes"`},
		{"time without a unit", "[profile.a]\ntimeout = 90", `F:2: timeout must be a time in quotes, such as "90s" or "3m", not 90`},
		{"time below zero", "[profile.a]\ntimeout = '-1s'", `F:2: timeout must be a time in quotes, such as "90s" or "3m", not "-1s"`},
		{"an unknown type of key", "[profile.a]\nkey-type = 'rsa1024'", `F:2: key-type must be rsa2048, rsa3072, rsa4096, ec256 or ec384, not "rsa1024"`},
		{"an unknown mode", "[profile.a]\nmode = 'p12'", `F:2: mode must be certreq or pkcs12, not "p12"`},
		{"a choice of tickets", "[profile.a]\nkerberos = 'yes'", `F:2: kerberos must be "only", "prefer", or true (as "only") or false, not "yes"`},
		{"a number of tickets", "[profile.a]\nkerberos = 1", `F:2: kerberos must be "only", "prefer", or true (as "only") or false, not 1`},
		{"an endpoint that is no URL", "[profile.a]\nkerberos-url = '/ecp'", `F:2: kerberos-url must be an https:// URL, not "/ecp"`},
		{"a principal for a realm", "[profile.a]\nrealm = 'jdoe@EXAMPLE.ORG'", `F:2: realm must be the name of a realm in quotes, such as "EXAMPLE.ORG", not "jdoe@EXAMPLE.ORG"`},
		{"an empty realm", "[profile.a]\nrealm = ''", `F:2: realm must be the name of a realm in quotes, such as "EXAMPLE.ORG", not empty text`},
		{"a relative keytab", "[profile.a]\nkeytab = 'FILE:/k'", `F:2: keytab must be an absolute path, or one that begins with ~/, not "FILE:/k"`},
		{"a keyring by name", "[profile.a]\nkeyring = 'gnome'", `F:2: keyring must be true or false, not "gnome"`},
		{"a slip in kerberos-url", "[profile.a]\nkerberos-uri = 'x'", `F:2: there is no key "kerberos-uri"; the nearest is "kerberos-url"`},
		{"a relative path", "[profile.a]\nfile = 'x509'", `F:2: file must be an absolute path, or one that begins with ~/, not "x509"`},
		{"another user's home", "[profile.a]\nfile = '~jdoe/x509'", `F:2: file must be an absolute path, or one that begins with ~/, not "~jdoe/x509"`},
		{"no URL", "[profile.a]\nservice-provider = 'ca.example.org'", `F:2: service-provider must be an https:// URL, not "ca.example.org"`},
		{"another scheme", "[profile.a]\nidp-list = 'ftp://example.org/l'", `F:2: idp-list must be an https:// URL or a path, not "ftp://example.org/l"`},
		{"a number for a list", "[profile.a]\nfield = 1", `F:2: field must be a list of FIELD=NAME in quotes, such as ["certreq=csr"], not 1`},
		{"a relative path in a list", "[profile.a]\nvomses = ['vomses']", "F:2: vomses must be a list of absolute paths, or of such that begin with ~/, not this list"},
		{"a list of numbers", "[profile.a]\nfield = [1]", `F:2: field must be a list of FIELD=NAME in quotes, such as ["certreq=csr"], not this list`},

		{"text without quotes", "[profile.a]\nusername = jdoe", `F:2: it is not TOML: expected value but found "jdoe" instead`},
		{"the same key twice", "[profile.a]\nhours = 1\nhours = 2", `F:3: it is not TOML: Key 'profile.a.hours' has already been defined.`},
		{"a control character", "[profile.a]\nusername = \x1b", `F:2: it is not TOML: TOML files cannot contain control characters: '0x1b'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, t.TempDir(), "config.toml", tt.file)
			_, err := config.Paths{User: path, Home: "/home/jdoe"}.Load()
			e, ok := errors.AsType[*config.FileError](err)
			if !ok {
				t.Fatalf("err = %v, want a FileError", err)
			}
			want := "config: reading " + strings.Replace(tt.want, "F", path, 1)
			if got := err.Error(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if e.Path != path || strings.Contains(tt.want, "nearest") != (e.Nearest != "") {
				t.Errorf("fields: %+v", e)
			}
		})
	}
}

func TestPasswordsAreRefusedAndNotQuoted(t *testing.T) {
	t.Parallel()
	const own = "a password does not belong in the configuration file; password-command and password-file say where it is"
	tests := []struct{ name, file, want string }{
		{"password", "[profile.a]\npassword = 'hunter2'", `F:2: "password": ` + own},
		{"outside profiles", "password = 'hunter2'", `F:1: "password": ` + own},
		{"passphrase", "[profile.a]\npassphrase = 'hunter2'", `F:2: "passphrase": ` + own},
		{"idp-password", "[profile.a]\nidp-password = 'hunter2'", `F:2: "idp-password": ` + own},
		{"without quotes", "[profile.a]\npassword = hunter2", `F:2: it is not TOML; text needs quotes`},
		{"an open quote", "[profile.a]\npassword = \"hunter2\nhours = 1", `F:2: it is not TOML; text needs quotes`},
		{"in the place of the file", "[profile.a]\npassword-file = 'hunter2'", `F:2: password-file must be an absolute path, or one that begins with ~/, not what is there`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, t.TempDir(), "config.toml", tt.file)
			_, err := config.Paths{User: path}.Load()
			if err == nil {
				t.Fatal("no error")
			}
			if got, want := err.Error(), "config: reading "+strings.Replace(tt.want, "F", path, 1); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Error("the password is quoted")
			}
			if e, ok := errors.AsType[*config.PasswordError](err); ok != strings.Contains(tt.want, own) || ok && e.Key == "" {
				t.Errorf("PasswordError: %v, %+v", ok, e)
			}
		})
	}
}

func TestUnknownProfile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, profile string
		want                *config.UnknownProfileError
		text                string
	}{
		{"another name", "[profile.b]\n[profile.a]", "c", &config.UnknownProfileError{Name: "c", Known: []string{"a", "b"}},
			`config: looking for profile "c": there are only a, b`},
		{"the default", "default-profile = 'c'\n[profile.a]", "", &config.UnknownProfileError{Name: "c", Known: []string{"a"}},
			`config: looking for profile "c": there are only a`},
		{"no profiles", "", "c", &config.UnknownProfileError{Name: "c"}, `config: looking for profile "c": no configuration file has profiles`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.file).Profile(tt.profile)
			got, ok := errors.AsType[*config.UnknownProfileError](err)
			if !ok {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err.Error() != tt.text {
				t.Errorf("%s\n%s", err, diff)
			}
		})
	}
}

func TestByRealm(t *testing.T) {
	t.Parallel()
	const two = "[profile.a]\nrealm = 'A.EXAMPLE'\n[profile.b]\nrealm = 'B.EXAMPLE'\n[profile.none]\n"
	const same = "[profile.z]\nrealm = 'A.EXAMPLE'\n[profile.a]\nrealm = 'A.EXAMPLE'\n[profile.other]\n"
	tests := []struct {
		name, file, realm string
		want              string // the profile
		err               *config.AmbiguousRealmError
	}{
		{"one", two, "B.EXAMPLE", "b", nil},
		{"none", two, "C.EXAMPLE", "", nil},
		{"a realm below", two, "SUB.A.EXAMPLE", "", nil},
		{"no realm", two, "", "", nil},
		{"no profiles", "", "A.EXAMPLE", "", nil},
		{"in small letters", two, "a.example", "a", nil},
		{"both cases", "[profile.a]\nrealm = 'a.example'\n[profile.b]\nrealm = 'A.EXAMPLE'", "A.EXAMPLE", "b", nil},
		{"several", same, "A.EXAMPLE", "", &config.AmbiguousRealmError{Realm: "A.EXAMPLE", Profiles: []string{"a", "z"}}},
		{"several, one is the default", "default-profile = 'z'\n" + same, "A.EXAMPLE", "z", nil},
		{"several, and another is the default", "default-profile = 'other'\n" + same, "A.EXAMPLE", "", &config.AmbiguousRealmError{Realm: "A.EXAMPLE", Profiles: []string{"a", "z"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, tt.file)
			if got, want := c.HasRealms(), strings.Contains(tt.file, "realm = "); got != want {
				t.Errorf("it has realms: %v, want %v", got, want)
			}
			p, ok, err := c.ByRealm(tt.realm)
			if p.Name != tt.want || ok != (tt.want != "") || (err == nil) != (tt.err == nil) {
				t.Fatalf("%+v, %v, %v", p, ok, err)
			}
			if tt.err == nil {
				return
			}
			if diff := cmp.Diff(error(tt.err), err); diff != "" || err.Error() != "config: looking for the profile of the realm A.EXAMPLE: there are several: a, z" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestNoFilesNoProfile(t *testing.T) {
	t.Parallel()
	c, err := config.Paths{System: filepath.Join(t.TempDir(), "none"), User: ""}.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Profile("")
	if diff := cmp.Diff(config.Profile{}, p); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestNamedFileMustExist(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	_, err := config.Load(env(map[string]string{"X509UP_CONFIG": path}))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("err = %v", err)
	}
}

func TestLoadNamedFile(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "my.toml", "[profile.a]\nfile = '~/x509'")
	c, err := config.Load(env(map[string]string{"X509UP_CONFIG": path, "HOME": "/home/jdoe"}))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := c.Profile("a"); err != nil || p.File != "/home/jdoe/x509" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestFileOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "config.toml", everything)
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	_, err := config.Paths{System: path}.Load()
	e, ok := errors.AsType[*ownfile.ModeError](err)
	if !ok || e.Path != path {
		t.Fatalf("err = %v, want a ModeError", err)
	}
	if want := "config: reading the configuration: others may write " + path + " (mode 0664)"; err.Error() != want {
		t.Errorf("got %s\nwant %s", err, want)
	}
}

func TestPathsOf(t *testing.T) {
	t.Parallel()
	const system = "/etc/x509up/config.toml"
	tests := []struct {
		name string
		env  map[string]string
		want config.Paths
	}{
		{"home", map[string]string{"HOME": "/home/jdoe"}, config.Paths{System: system, User: "/home/jdoe/.config/x509up/config.toml", Home: "/home/jdoe"}},
		{"XDG", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, config.Paths{System: system, User: "/x/x509up/config.toml", Home: "/h"}},
		{"a relative XDG folder is ignored", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "x"}, config.Paths{System: system, User: "/h/.config/x509up/config.toml", Home: "/h"}},
		{"no home", nil, config.Paths{System: system}},
		{"a named file", map[string]string{"HOME": "/h", "X509UP_CONFIG": "my.toml"}, config.Paths{System: system, User: "my.toml", Required: true, Home: "/h"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, config.PathsOf(env(tt.env))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a file holds, there is a configuration or an error of this package, in words without control characters, that
// names the file; and a profile that came out keeps its promises.
func FuzzLoad(f *testing.F) {
	f.Add(everything)
	f.Add("profile.a = { username = 'jdoe', reuse = true }")
	f.Add("[profile.a]\npassword = hunter2")
	f.Add("default-profile = 1\n[[profile]]")
	f.Add("a.b.c = [[[{}]]]")
	f.Fuzz(func(t *testing.T, content string) {
		path := write(t, t.TempDir(), "config.toml", content)
		c, err := config.Paths{User: path, Home: "/home/jdoe"}.Load()
		if err != nil {
			if !strings.Contains(err.Error(), path) || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error reads %q", err)
			}
			return
		}
		for _, name := range c.Names() {
			p, err := c.Profile(name)
			if err != nil || p.Name != name {
				t.Errorf("profile %q: %+v, %v", name, p, err)
			}
			if p.File != "" && !filepath.IsAbs(p.File) || p.Hours < 0 || p.Timeout < 0 || strings.ContainsAny(p.Username, "\n\r\x1b") {
				t.Errorf("profile %+v", p)
			}
		}
	})
}

func env(m map[string]string) config.Env { return func(name string) string { return m[name] } }

func load(t *testing.T, content string) *config.Config {
	t.Helper()
	c, err := config.Paths{User: write(t, t.TempDir(), "config.toml", content), Home: "/home/jdoe"}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
