// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/x509up/x509up/proxycert"
)

// Profile is a set of settings. A field that no file sets is the zero value.
type Profile struct {
	Name string // "" for the empty profile

	IdentityProvider  string
	Username          string
	ServiceProvider   string // URL
	IdPList           string // URL or path
	Metadata          string // URL or path
	PasswordCommand   string // for a shell
	PasswordFile      string
	CAFile            string
	Duo               string        // auto, push, phone, sms or passcode
	Timeout           time.Duration // for a whole run
	File              string        // where the credential is stored
	Hours             float64       // lifetime
	Proxy             bool
	Limited           bool
	KeyType           string
	KeyFormat         string
	Mode              string   // certreq or pkcs12
	Reuse             float64  // hours that must be left; 0: get a new credential
	Fields            []string // FIELD=NAME
	Cert              string   // the user certificate
	Key               string   // its private key
	PassphraseFile    string   // of that key
	PassphraseCommand string   // for a shell
	AllowKeyMode      bool     // whoever else can read the key

	Kerberos    string // only, prefer, or "" for no tickets
	KerberosURL string // the identity provider's endpoint for tickets
	Realm       string // of Kerberos; the profile is found by it, see ByRealm
	Keytab      string // path
	Principal   string // which of several in ticket caches and keytab
	SPN         string // the service's name in Kerberos, where it is not HTTP/host
	Keyring     bool   // password and passphrase are looked for in the system's keyring

	VOMS     []string // VO or VO:FQAN; a proxy with their attributes is made
	Order    []string // FQANs
	Targets  []string // hosts
	VOMSLife string   // H:MM
	Vomses   []string // paths
	VOMSDir  string   // path
}

// Key is a setting that a profile may have.
type Key struct {
	Name string
	// Expects says what the value must be, as a phrase for people.
	Expects string

	set func(*Profile, value) error
}

// value is a TOML value with what is needed to understand it.
type value struct {
	data any // string, int64, float64, bool, []any, …
	home string
}

// errKind says that a value is not of the kind that its key expects.
var errKind = errors.New("another kind of value is expected")

// maxHours is a hundred years.
const maxHours = 100 * 366 * 24

// Keys returns what a profile may set, in the order in which a manual lists it.
func Keys() []Key {
	return []Key{
		text("identity-provider", func(p *Profile) *string { return &p.IdentityProvider }),
		text("username", func(p *Profile) *string { return &p.Username }),
		address("service-provider", "an https:// URL", false, func(p *Profile) *string { return &p.ServiceProvider }),
		address("idp-list", "an https:// URL or a path", true, func(p *Profile) *string { return &p.IdPList }),
		address("metadata", "an https:// URL or a path", true, func(p *Profile) *string { return &p.Metadata }),
		text("password-command", func(p *Profile) *string { return &p.PasswordCommand }),
		path("password-file", func(p *Profile) *string { return &p.PasswordFile }),
		path("ca-file", func(p *Profile) *string { return &p.CAFile }),
		word("duo", []string{"auto", "push", "phone", "sms", "passcode"}, func(p *Profile) *string { return &p.Duo }),
		{"timeout", `a time in quotes, such as "90s" or "3m"`, func(p *Profile, v value) (err error) {
			p.Timeout, err = v.duration()
			return err
		}},
		path("file", func(p *Profile) *string { return &p.File }),
		{"hours", "a number of hours, such as 12", func(p *Profile, v value) (err error) {
			if p.Hours, err = v.hours(); err == nil && p.Hours == 0 {
				return errKind
			}
			return err
		}},
		yesNo("proxy", func(p *Profile) *bool { return &p.Proxy }),
		yesNo("limited", func(p *Profile) *bool { return &p.Limited }),
		word("key-type", proxycert.KeyTypes(), func(p *Profile) *string { return &p.KeyType }),
		word("key-format", []string{"pkcs1", "pkcs8"}, func(p *Profile) *string { return &p.KeyFormat }),
		word("mode", []string{"certreq", "pkcs12"}, func(p *Profile) *string { return &p.Mode }),
		{"reuse", "a number of hours, such as 12, or true or false", setReuse},
		path("cert", func(p *Profile) *string { return &p.Cert }),
		path("key", func(p *Profile) *string { return &p.Key }),
		path("passphrase-file", func(p *Profile) *string { return &p.PassphraseFile }),
		text("passphrase-command", func(p *Profile) *string { return &p.PassphraseCommand }),
		yesNo("allow-key-mode", func(p *Profile) *bool { return &p.AllowKeyMode }),
		list("field", `a list of FIELD=NAME in quotes, such as ["certreq=csr"]`, value.text, func(p *Profile) *[]string { return &p.Fields }),
		{"kerberos", `"only", "prefer", or true (as "only") or false`, setKerberos},
		address("kerberos-url", "an https:// URL", false, func(p *Profile) *string { return &p.KerberosURL }),
		{"realm", `the name of a realm in quotes, such as "EXAMPLE.ORG"`, setRealm},
		path("keytab", func(p *Profile) *string { return &p.Keytab }),
		text("principal", func(p *Profile) *string { return &p.Principal }),
		text("spn", func(p *Profile) *string { return &p.SPN }),
		yesNo("keyring", func(p *Profile) *bool { return &p.Keyring }),
		list("voms", `a list of VOs in quotes, such as ["cms", "dteam:/dteam/Role=pilot"]`, value.text, func(p *Profile) *[]string { return &p.VOMS }),
		list("order", `a list of FQANs in quotes, such as ["/cms/Role=production"]`, value.text, func(p *Profile) *[]string { return &p.Order }),
		list("target", `a list of hosts in quotes, such as ["se.example.org"]`, value.text, func(p *Profile) *[]string { return &p.Targets }),
		text("vomslife", func(p *Profile) *string { return &p.VOMSLife }),
		list("vomses", `a list of absolute paths, or of such that begin with ~/`, value.path, func(p *Profile) *[]string { return &p.Vomses }),
		path("vomsdir", func(p *Profile) *string { return &p.VOMSDir }),
	}
}

func setReuse(p *Profile, v value) (err error) {
	switch v.data {
	case true:
		p.Reuse = 1 // as --reuse without a number
	case false:
		p.Reuse = 0
	default:
		p.Reuse, err = v.hours()
	}
	return err
}

func setKerberos(p *Profile, v value) error {
	switch v.data {
	case "only", true: // as --kerberos without a value
		p.Kerberos = "only"
	case "prefer":
		p.Kerberos = "prefer"
	case false:
		p.Kerberos = ""
	default:
		return errKind
	}
	return nil
}

func setRealm(p *Profile, v value) (err error) {
	if p.Realm, err = v.text(); err == nil && strings.ContainsAny(p.Realm, "@:") {
		return errKind
	}
	return err
}

func text(name string, field func(*Profile) *string) Key {
	return Key{name, "text in quotes", func(p *Profile, v value) (err error) {
		*field(p), err = v.text()
		return err
	}}
}

func list(name, expects string, read func(value) (string, error), field func(*Profile) *[]string) Key {
	return Key{name, expects, func(p *Profile, v value) (err error) {
		*field(p), err = v.each(read)
		return err
	}}
}

func word(name string, words []string, field func(*Profile) *string) Key {
	last := len(words) - 1
	return Key{name, strings.Join(words[:last], ", ") + " or " + words[last], func(p *Profile, v value) error {
		s, err := v.text()
		if err == nil && !slices.Contains(words, s) {
			return errKind
		}
		*field(p) = s
		return err
	}}
}

func yesNo(name string, field func(*Profile) *bool) Key {
	return Key{name, "true or false", func(p *Profile, v value) error {
		b, ok := v.data.(bool)
		if !ok {
			return errKind
		}
		*field(p) = b
		return nil
	}}
}

// path makes a key for a file. A relative path would mean another file in every folder, so there are none.
func path(name string, field func(*Profile) *string) Key {
	return Key{name, "an absolute path, or one that begins with ~/", func(p *Profile, v value) (err error) {
		*field(p), err = v.path()
		return err
	}}
}

func address(name, expects string, orPath bool, field func(*Profile) *string) Key {
	return Key{name, expects, func(p *Profile, v value) error {
		s, err := v.text()
		if err != nil {
			return err
		}
		if orPath && !strings.Contains(s, "://") {
			*field(p), err = v.path()
			return err
		}
		// http is for tests on loopback; who uses the address knows whether it may be.
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return errKind
		}
		*field(p) = s
		return nil
	}}
}

func (v value) text() (string, error) {
	s, ok := v.data.(string)
	if !ok || s == "" || strings.ContainsFunc(s, unicode.IsControl) {
		return "", errKind
	}
	return s, nil
}

// each reads a list. A text alone is a list of one.
func (v value) each(read func(value) (string, error)) ([]string, error) {
	list, ok := v.data.([]any)
	if !ok {
		list = []any{v.data}
	}
	texts := make([]string, len(list))
	for i := range list {
		var err error
		if texts[i], err = read(value{data: list[i], home: v.home}); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func (v value) path() (string, error) {
	s, err := v.text()
	if err != nil {
		return "", err
	}
	if below, ok := strings.CutPrefix(s, "~/"); ok && v.home != "" {
		return filepath.Join(v.home, below), nil
	}
	if !filepath.IsAbs(s) {
		return "", errKind
	}
	return s, nil
}

func (v value) hours() (float64, error) {
	var h float64
	switch n := v.data.(type) {
	case int64:
		h = float64(n)
	case float64:
		h = n
	default:
		return 0, errKind
	}
	if !(h >= 0 && h <= maxHours) { // NaN is no number of hours either
		return 0, errKind
	}
	return h, nil
}

func (v value) duration() (time.Duration, error) {
	s, err := v.text()
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errKind
	}
	return d, nil
}

// String says what the value is, in words for people.
func (v value) String() string {
	switch d := v.data.(type) {
	case string:
		switch {
		case d == "":
			return "empty text"
		case len(d) > 80 || strings.ContainsFunc(d, unicode.IsControl):
			return "this text"
		}
		return strconv.Quote(d)
	case bool, int64, float64:
		return fmt.Sprint(d)
	case time.Time:
		return "a date"
	case []any:
		return "this list"
	}
	return "a table"
}
