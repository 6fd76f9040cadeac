// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"

	"github.com/x509up/x509up/internal/nearest"
	"github.com/x509up/x509up/internal/ownfile"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 64 << 10

// Paths are the configuration files. "" stands for none.
type Paths struct {
	System string // for all users
	User   string
	// Required tells that User has been named and must exist.
	Required bool
	// Home is what ~ stands for in the files.
	Home string
}

// PathsOf returns the files that an environment stands for.
func PathsOf(env Env) Paths {
	p := platformPaths(env)
	p.Home = env("HOME")
	if named := env("X509UP_CONFIG"); named != "" {
		p.User, p.Required = named, true
	}
	return p
}

// Config is the content of the configuration files. The zero value is that of no file.
type Config struct {
	// DefaultProfile is the name of the profile that is taken when none is named; "" if there is none.
	DefaultProfile string

	profiles map[string]Profile
}

// Load reads the files of [PathsOf] env.
func Load(env Env) (*Config, error) { return PathsOf(env).Load() }

// Load reads the files. Those that do not exist count as empty. Errors are a [*FileError], a [*PasswordError], or wrap those of
// package ownfile.
func (p Paths) Load() (*Config, error) {
	c := &Config{profiles: map[string]Profile{}}
	for _, path := range []string{p.System, p.User} {
		if path == "" {
			continue
		}
		data, err := ownfile.Read(path, maxFile)
		if errors.Is(err, fs.ErrNotExist) && !(p.Required && path == p.User) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("config: reading the configuration: %w", err)
		}
		if err := (&file{path: path, home: p.Home, config: c}).read(string(data)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Names returns the names of all profiles, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.profiles)) }

// Profile returns the profile of this name. "" is the default profile, or the empty profile if there is no default. The
// error is an [*UnknownProfileError].
func (c *Config) Profile(name string) (Profile, error) {
	name = First(name, c.DefaultProfile)
	if name == "" {
		return Profile{}, nil
	}
	p, ok := c.profiles[name]
	if !ok {
		return Profile{}, &UnknownProfileError{Name: name, Known: c.Names()}
	}
	return p, nil
}

// HasRealms tells whether any profile is for a realm, so that a ticket is worth looking for.
func (c *Config) HasRealms() bool {
	for _, p := range c.profiles {
		if p.Realm != "" {
			return true
		}
	}
	return false
}

// ByRealm returns the profile for a realm of Kerberos, which has the key realm; ok tells whether there is one. Of several, the default
// profile is taken. The error is an [*AmbiguousRealmError]. Realms are case-sensitive (RFC 4120 §6.1), but people write them as they like:
// case counts only where there are profiles for both.
func (c *Config) ByRealm(realm string) (p Profile, ok bool, err error) {
	var names, loosely []string
	for _, name := range c.Names() {
		switch of := c.profiles[name].Realm; {
		case of == "":
		case of == realm:
			names = append(names, name)
		case strings.EqualFold(of, realm):
			loosely = append(loosely, name)
		}
	}
	if len(names) == 0 {
		names = loosely
	}
	switch {
	case len(names) == 0:
		return Profile{}, false, nil
	case slices.Contains(names, c.DefaultProfile):
		return c.profiles[c.DefaultProfile], true, nil
	case len(names) > 1:
		return Profile{}, false, &AmbiguousRealmError{Realm: realm, Profiles: names}
	}
	return c.profiles[names[0]], true, nil
}

// file is a file that is being read into a configuration.
type file struct {
	path, home string
	config     *Config
	source     string
	meta       toml.MetaData
}

func (f *file) read(source string) error {
	f.source = source
	var top map[string]toml.Primitive
	var err error
	if f.meta, err = toml.Decode(source, &top); err != nil {
		return f.syntax(err)
	}
	for _, name := range f.inOrder(top) {
		switch name {
		case "default-profile":
			v := f.value(top[name])
			if f.config.DefaultProfile, err = v.text(); err != nil {
				return f.wrong(top[name], name, "the name of a profile in quotes", v)
			}
		case "profile":
			if err := f.readProfiles(top[name]); err != nil {
				return err
			}
		default:
			return f.unknown(top[name], name, []string{"default-profile", "profile"})
		}
	}
	return nil
}

func (f *file) readProfiles(tables toml.Primitive) error {
	profiles, err := f.table(tables, "profile")
	if err != nil {
		return err
	}
	for _, name := range f.inOrder(profiles, "profile") {
		if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return f.errorAt(profiles[name], "profile", fmt.Sprintf("%q cannot be the name of a profile", name))
		}
		settings, err := f.table(profiles[name], "profile."+name)
		if err != nil {
			return err
		}
		p := f.config.profiles[name]
		p.Name = name
		if err := f.readProfile(&p, settings); err != nil {
			return err
		}
		f.config.profiles[name] = p
	}
	return nil
}

func (f *file) readProfile(p *Profile, settings map[string]toml.Primitive) error {
	keys := Keys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	for _, name := range f.inOrder(settings, "profile", p.Name) {
		i := slices.Index(names, name)
		if i < 0 {
			return f.unknown(settings[name], name, names)
		}
		v := f.value(settings[name])
		if err := keys[i].set(p, v); err != nil {
			return f.wrong(settings[name], name, keys[i].Expects, v)
		}
	}
	return nil
}

// table reads a table, and refuses everything else in its place.
func (f *file) table(p toml.Primitive, name string) (map[string]toml.Primitive, error) {
	v := f.value(p)
	if _, ok := v.data.(map[string]any); !ok {
		return nil, f.wrong(p, name, "a table ["+name+"…]", v)
	}
	var entries map[string]toml.Primitive
	if err := f.meta.PrimitiveDecode(p, &entries); err != nil {
		return nil, f.syntax(err)
	}
	return entries, nil
}

func (f *file) value(p toml.Primitive) value {
	var data any
	_ = f.meta.PrimitiveDecode(p, &data) // any value fits
	return value{data: data, home: f.home}
}

func (f *file) unknown(p toml.Primitive, name string, known []string) error {
	e := f.errorAt(p, name, fmt.Sprintf("there is no key %q", name))
	e.Nearest = nearest.Of(name, known)
	switch {
	case e.Nearest != "":
		e.Reason += fmt.Sprintf("; the nearest is %q", e.Nearest)
	case isPassword(name):
		return &PasswordError{Path: f.path, Line: e.Line, Key: name}
	}
	return e
}

func (f *file) wrong(p toml.Primitive, name, expects string, v value) error {
	is := v.String()
	if isPassword(name) {
		is = "what is there" // people do put the password itself in its place
	}
	return f.errorAt(p, name, fmt.Sprintf("%s must be %s, not %s", name, expects, is))
}

func (f *file) errorAt(p toml.Primitive, key, reason string) *FileError {
	return &FileError{Path: f.path, Line: f.line(p), Key: key, Reason: reason}
}

// syntax translates an error of the TOML parser, whose text may quote what is in the file.
func (f *file) syntax(err error) error {
	e, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return &FileError{Path: f.path, Reason: "it is not TOML"}
	}
	line := e.Position.Line
	lines := strings.Split(f.source, "\n")
	if line < 1 || line > len(lines) || isPassword(lines[line-1]) || isPassword(e.LastKey) {
		return &FileError{Path: f.path, Line: line, Key: e.LastKey, Reason: "it is not TOML; text needs quotes"}
	}
	return &FileError{Path: f.path, Line: line, Key: e.LastKey, Reason: "it is not TOML: " + printable(e.Message)}
}

// nowhere makes the parser say where a value stands: only errors carry positions.
type nowhere struct{}

func (*nowhere) UnmarshalTOML(any) error { return errKind }

// line returns the line of a value. A table that has no header of its own, as a in [a.b], is where its content begins.
func (f *file) line(p toml.Primitive) int {
	for range maxDepth {
		e, _ := errors.AsType[toml.ParseError](f.meta.PrimitiveDecode(p, new(nowhere)))
		if e.Position.Line > 0 {
			return e.Position.Line
		}
		var content map[string]toml.Primitive
		if f.meta.PrimitiveDecode(p, &content) != nil || len(content) == 0 {
			return 0
		}
		p = content[slices.Min(slices.Collect(maps.Keys(content)))]
	}
	return 0
}

// maxDepth is the number of parts of the longest key that means something: profile.NAME.KEY.
const maxDepth = 3

// inOrder returns the names in a table in the order of the file, so that the first of several slips is reported. The
// table is the one at prefix.
func (f *file) inOrder(table map[string]toml.Primitive, prefix ...string) []string {
	left := maps.Clone(table)
	names := make([]string, 0, len(table))
	for _, key := range f.meta.Keys() {
		if len(key) <= len(prefix) || !slices.Equal(key[:len(prefix)], prefix) {
			continue
		}
		name := key[len(prefix)]
		if _, ok := left[name]; ok {
			delete(left, name)
			names = append(names, name)
		}
	}
	return names
}

// isPassword reports whether a text looks like the name of a secret.
func isPassword(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"pass", "secret", "token"}, func(s string) bool { return strings.Contains(text, s) })
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// below returns the configuration file in a folder of configurations; "" if the folder is not known.
func below(folder string) string {
	if !filepath.IsAbs(folder) {
		return ""
	}
	return filepath.Join(folder, "x509up", "config.toml")
}
