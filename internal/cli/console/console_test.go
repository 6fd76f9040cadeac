// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
)

// newConsole has an environment, and what it has said.
func newConsole(env map[string]string) (con *console.Console, out, err *bytes.Buffer) {
	out, err = new(bytes.Buffer), new(bytes.Buffer)
	return &console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader(""), Out: out, Err: err, Now: time.Now, Env: func(name string) string { return env[name] },
	}}, out, err
}

// TestTalk: what is said, by how much is wanted; never what could drive a terminal, and nothing of it on stdout.
func TestTalk(t *testing.T) {
	t.Parallel()
	const doing, warning = "x509up: asking a.example\n", "x509up: warning: old[31m\n"
	for _, c := range []struct {
		name                  string
		verbose, debug, quiet bool
		want                  string
	}{
		{"by itself", false, false, false, warning},
		{"-v", true, false, false, doing + warning},
		{"-d", false, true, false, doing + warning},
		{"-q", false, false, true, ""},
		{"-v -q", true, false, true, doing},
	} {
		con, out, said := newConsole(nil)
		con.Verbose, con.Debug, con.Quiet = c.verbose, c.debug, c.quiet
		con.Tell("asking %s", "a.example")
		con.Warn("%s", "old\x1b[31m")
		if said.String() != c.want || out.Len() > 0 {
			t.Errorf("%s: said %q, and on stdout %q", c.name, said, out)
		}
	}
}

// TestResult: JSON keeps the characters of names, and buffers are no terminal.
func TestResult(t *testing.T) {
	t.Parallel()
	con, out, _ := newConsole(nil)
	if err := con.PrintJSON(map[string]string{"name": "<a&b>"}); err != nil || out.String() != "{\n  \"name\": \"<a&b>\"\n}\n" {
		t.Errorf("%q, %v", out, err)
	}
	out.Reset()
	if err := con.PrintLine("a"); err != nil || out.String() != "a\n" {
		t.Errorf("%q, %v", out, err)
	}
	if con.OutIsTerminal() || con.InIsTerminal() {
		t.Error("a buffer is a terminal")
	}
	if con.Release() == "" {
		t.Error("there is no version")
	}
	if con.Version = "v1"; con.Release() != "v1" {
		t.Errorf("the version is %s", con.Release())
	}
}

// TestProfile: an option goes before the variable; what is wrong is an error of the configuration.
func TestProfile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte("[profile.one]\nusername = \"jane\"\n[profile.two]\nusername = \"john\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	con, _, _ := newConsole(map[string]string{"X509UP_CONFIG": path, "X509UP_PROFILE": "two"})
	for name, want := range map[string]string{"one": "jane", "": "john"} {
		if p, err := con.Profile(name); err != nil || p.Username != want {
			t.Errorf("%q: %q, %v", name, p.Username, err)
		}
	}
	_, err := con.Profile("three")
	if _, ok := errors.AsType[*console.ConfigError](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestCacheDir(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ xdg, home, want string }{
		{"", "", ""},
		{"", "/home/jane", "/home/jane/.cache/x509up"},
		{"/var/cache/jane", "/home/jane", "/var/cache/jane/x509up"},
		{"relative", "/home/jane", "/home/jane/.cache/x509up"}, // XDG: such are not heeded
	} {
		con, _, _ := newConsole(map[string]string{"XDG_CACHE_HOME": c.xdg, "HOME": c.home})
		if got := filepath.ToSlash(con.CacheDir()); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestTimes: what is a time, and what is not.
func TestTimes(t *testing.T) {
	t.Parallel()
	span := func(text string) (time.Duration, error) { return console.ParseSpan("--valid", text) }
	hours := func(text string) (time.Duration, error) { return console.ParseHours("--hours", text) }
	for _, c := range []struct {
		name  string
		parse func(string) (time.Duration, error)
		text  string
		want  time.Duration // 0: refused
	}{
		{"span", span, "12:00", 12 * time.Hour},
		{"span", span, "0:01", time.Minute},
		{"span", span, "168:5", 168*time.Hour + 5*time.Minute},
		{"span", span, "0:00", 0},
		{"span", span, "1:60", 0},
		{"span", span, "12", 0},
		{"span", span, "-1:00", 0},
		{"span", span, "1:00 ", 0},
		{"span", span, "878401:00", 0},
		{"span", span, "9999999:00", 0},
		{"hours", hours, "12", 12 * time.Hour},
		{"hours", hours, "0.5", 30 * time.Minute},
		{"hours", hours, "878400", 878400 * time.Hour},
		{"hours", hours, "878401", 0},
		{"hours", hours, "0.001", 0},
		{"hours", hours, "0", 0},
		{"hours", hours, "-1", 0},
		{"hours", hours, "NaN", 0},
		{"hours", hours, "Inf", 0},
		{"hours", hours, "1h", 0},
	} {
		got, err := c.parse(c.text)
		_, refused := errors.AsType[*console.UsageError](err)
		if got != c.want || refused != (c.want == 0) {
			t.Errorf("%s %q: %v, %v", c.name, c.text, got, err)
		}
	}
	for _, c := range []struct {
		valid, hours string
		want         time.Duration
	}{{"", "", time.Minute}, {"2:00", "", 2 * time.Hour}, {"", "3", 3 * time.Hour}} {
		if got, err := console.ParseLifetime(c.valid, c.hours, time.Minute); got != c.want || err != nil {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

func TestExclusive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given []string
		want  string
	}{
		{nil, ""},
		{[]string{"b"}, ""},
		{[]string{"other", "c"}, ""},
		{[]string{"c", "a"}, "--a and --c do not go together"},
	} {
		err := console.Exclusive(func(option string) bool { return slices.Contains(c.given, option) }, "a", "b", "c")
		if err == nil && c.want != "" || err != nil && err.Error() != c.want {
			t.Errorf("%v: %v", c.given, err)
		}
	}
}

// newCommand is one with options of each kind.
func newCommand(reuse *string) *cobra.Command {
	con, _, _ := newConsole(nil)
	cmd := &cobra.Command{Use: "store", GroupID: "look", SilenceErrors: true, SilenceUsage: true, Args: console.NoArgsButReuse,
		RunE: func(*cobra.Command, []string) error { return nil }}
	f := cmd.Flags()
	f.StringP("file", "f", "", "")
	f.String("voms", "", "")
	f.BoolP("kerberos", "k", false, "")
	f.BoolP("proxy", "p", false, "")
	f.String("crl", "", "")
	f.Int("path-length", 0, "")
	f.Var(new(console.NotEmpty), "password-file", "")
	console.AddReuse(f, reuse, "thing")
	con.AddTalkFlags(f, true)
	console.CompleteWords(cmd, "crl", "off", "warn")
	root := &cobra.Command{Use: "x509up", SilenceErrors: true, SilenceUsage: true}
	root.AddGroup(&cobra.Group{ID: "look"})
	root.SetFlagErrorFunc(console.FlagError)
	tickets := &cobra.Command{Use: "tickets", RunE: cmd.RunE}
	tickets.Flags().Bool("kerberos", false, "")
	web := &cobra.Command{Use: "web", RunE: cmd.RunE}
	web.Flags().Bool("kerberos", false, "")
	web.Flags().String("ca-file", "", "")
	root.AddCommand(cmd, tickets, web)
	return root
}

// TestCommandLines: what is wrong with a command line, and what may have been meant.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	there := filepath.Join(t.TempDir(), "proxy.pem")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		want  error
		reuse string
	}{
		{args: []string{"-v", "-f", "x"}},
		{args: []string{"--reuse"}, reuse: "1"},
		{args: []string{"--reuse=12"}, reuse: "12"},
		{args: []string{"-r=12"}, reuse: "12"},
		{args: []string{"--reuse", "12"}, reuse: "1", want: &console.StrayArgumentError{Option: "reuse", Argument: "12"}},
		{args: []string{"-k", "prefer"}, want: &console.StrayArgumentError{Option: "kerberos", Argument: "prefer"}},
		{args: []string{"-k", "nonsense"}, want: console.Usagef("the argument %q is not expected", "nonsense")},
		{args: []string{there}, want: &console.StrayArgumentError{Option: "file", Argument: there}},
		{args: []string{"/no/such/file"}, want: console.Usagef("the argument %q is not expected", "/no/such/file")},
		{args: []string{"--fiel", "x"}, want: &console.NoOptionError{Name: "--fiel", Nearest: "file"}},
		{args: []string{"--out", "x"}, want: &console.NoOptionError{Name: "--out", Nearest: "file"}},
		{args: []string{"--nonsense"}, want: &console.NoOptionError{Name: "--nonsense"}},
		{args: []string{"-voms", "cms"}, want: &console.NoOptionError{Name: "-voms", Nearest: "voms"}},
		{args: []string{"-kprefer"}, reuse: "1", want: &console.StrayArgumentError{Option: "kerberos", Argument: "prefer"}},
		{args: []string{"-konly"}, want: &console.StrayArgumentError{Option: "kerberos", Argument: "only"}},
		{args: []string{"-rprefer"}, reuse: "1", want: &console.NoOptionError{Name: "-e"}},
		{args: []string{"-k", "jdoe@EXAMPLE.ORG"}, want: &console.StrayArgumentError{Option: "principal", Argument: "jdoe@EXAMPLE.ORG"}},
		{args: []string{"jdoe@EXAMPLE.ORG"}, want: console.Usagef("the argument %q is not expected", "jdoe@EXAMPLE.ORG")},
		{args: []string{"--kerberos=maybe"}, want: console.Usagef("--kerberos takes no value such as %q", "maybe")},
		{args: []string{"--kerberos="}, want: console.Usagef("--kerberos says nothing")},
		{args: []string{"--negotiate"}, want: &console.NoOptionError{Name: "--negotiate", Nearest: "kerberos"}},
		{args: []string{"--password", "x"}, want: &console.NoOptionError{Name: "--password", Nearest: "password-file"}},
		{args: []string{"-x"}, want: &console.NoOptionError{Name: "-x"}},
		{args: []string{"-ü"}, want: &console.NoOptionError{Name: "-ü"}},
		{args: []string{"tickets", "-k"}, want: &console.NoOptionError{Name: "-k", Nearest: "kerberos"}},
		{args: []string{"web", "-k"}, want: &console.NoOptionError{Name: "-k", Nearest: "ca-file"}},
		{args: []string{"--path-length", "two"}, want: console.Usagef("--path-length %q is not a whole number", "two")},
		{args: []string{"--password-file", ""}, want: console.Usagef("--password-file says nothing")},
		{args: []string{"--file"}, want: console.Usagef("flag needs an argument: --file")},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			reuse := ""
			cmd := newCommand(&reuse)
			args := c.args
			if args[0] != "tickets" && args[0] != "web" {
				args = append([]string{"store"}, args...)
			}
			cmd.SetArgs(args)
			err := cmd.Execute()
			if !same(err, c.want) || reuse != c.reuse {
				t.Errorf("%#v, want %#v; reuse %q", err, c.want, reuse)
			}
		})
	}
}

// same compares two errors by type and value.
func same(a, b error) bool {
	switch b := b.(type) {
	case *console.StrayArgumentError:
		e, ok := a.(*console.StrayArgumentError)
		return ok && *e == *b
	case *console.NoOptionError:
		e, ok := a.(*console.NoOptionError)
		return ok && *e == *b
	case *console.UsageError:
		e, ok := a.(*console.UsageError)
		return ok && *e == *b
	}
	return a == b
}

func TestNoCommand(t *testing.T) {
	t.Parallel()
	root := newCommand(new(string))
	e, ok := errors.AsType[*console.NoCommandError](console.NoCommand(root, "stroe"))
	if !ok || *e != (console.NoCommandError{Name: "stroe", Parent: "x509up", Nearest: "store"}) {
		t.Errorf("got %+v", e)
	}
	words, _ := root.Commands()[0].GetFlagCompletionFunc("crl")
	if got, directive := words(nil, nil, ""); !slices.Equal(got, []string{"off", "warn"}) || directive != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("completed by %q, %v", got, directive)
	}
}
