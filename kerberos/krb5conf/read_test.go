// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

// folder makes files, by their names within it. "@" stands for the folder.
func folder(t *testing.T, files map[string]string) func(name string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "@", root)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
}

// TestRead has what the library of MIT Kerberos 1.20.1 said of the same files, where it is not said otherwise.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		list  string
		want  string // of [a] x, or [a] R x
	}{
		{"one", map[string]string{"f": "[a]\nx = 1\n"}, "f", "1"},
		{"two", map[string]string{"f": "[a]\nx = 1\n", "g": "[a]\nx = 2\n"}, "f g", "1 2"},
		{"one twice", map[string]string{"f": "[a]\nx = 1\n"}, "f f", "1 1"},
		{"one is not there", map[string]string{"g": "[a]\nx = 2\n"}, "f g", "2"},
		{"final section", map[string]string{"f": "[a]*\nx = 1\n", "g": "[a]\nx = 2\n"}, "f g", "1"},
		{"final section without it", map[string]string{"f": "[a]*\ny = 1\n", "g": "[a]\nx = 2\n"}, "f g", ""},
		{"final relation", map[string]string{"f": "[a]\nx* = 1\n", "g": "[a]\nx = 2\n"}, "f g", "1 2"},
		{"final name", map[string]string{"f": "[a]\nR* = {\nx = 1\n}\n", "g": "[a]\nR = {\nx = 2\n}\nx = 3\n"}, "f g", "3 1"},
		{"final brace", map[string]string{"f": "[a]\nR = {\nx = 1\n}*\n", "g": "[a]\nR = {\nx = 2\n}\nx = 3\n"}, "f g", "3 1"},
		{"final brace apart", map[string]string{"f": "[a]\nR = {\nx = 1\n} *\n", "g": "[a]\nR = {\nx = 2\n}\n"}, "f g", "1 2"},
		{"include first", map[string]string{"f": "include @/g\n[a]\nx = 1\n", "g": "[a]\nx = 2\n"}, "f", "2 1"},
		{"include within", map[string]string{"f": "[a]\nR = {\nx = 1\ninclude @/g\nx = 3\n}\n", "g": "x = 9\n[a]\nR = {\nx = 2\n"}, "f", "1 2 3"},
		{"include before the brace", map[string]string{"f": "[a]\nR =\ninclude @/g\n{\nx = 1\n}\n", "g": "[a]\nR = {\nx = 2\n"}, "f", "2 1"},
		{"final in an include", map[string]string{"f": "include @/g\n[a]\nx = 1\n", "g": "[a]*\nx = 2\n"}, "f", "2 1"},
		{"blanks around the name", map[string]string{"f": "include \t @/g\r\n", "g": "[a]\nx = 2\n"}, "f", "2"},
		{"blanks after the name (MIT: not found)", map[string]string{"f": "include @/g  \n", "g": "[a]\nx = 2\n"}, "f", "2"},
		{"include a folder", map[string]string{"f": "include @/d\n[a]\nx = 1\n", "d/g": "[a]\nx = 2\n"}, "f", "1"},
		{"includedir", map[string]string{
			"f":   "includedir @/d\n[a]\nx = last\n",
			"d/b": "[a]\nx = b\n", "d/Z": "[a]\nx = Z\n", "d/a": "[a]\nx = a\n", "d/g-_1": "[a]\nx = g\n",
			"d/c.conf": "[a]\nx = c\n", "d/h+.conf": "[a]\nx = h\n",
			"d/.hidden.conf": "[a]\nx = hidden\n", "d/c.conf~": "[a]\nx = backup\n", "d/e.rpmsave": "[a]\nx = saved\n", "d/ü": "[a]\nx = letter\n",
			"d/sub/x": "[a]\nx = sub\n",
		}, "f", "Z a b c g h last"},
		{"a folder in the list", map[string]string{"d/b": "[a]\nx = b\n", "d/a": "[a]*\nx = a\n", "d/c~": "nonsense", "f": "[a]\nx = f\n"}, "d f", "a b"},
		{"the same file in two", map[string]string{"f": "include @/g\ninclude @/g\n", "g": "[a]\nx = 1\n"}, "f", "1 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := folder(t, c.files)
			var list []string
			for _, name := range strings.Fields(c.list) {
				list = append(list, at(name))
			}
			config, err := krb5conf.Read(list...)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(append(config.Values("a", "x"), config.Values("a", "R", "x")...), " ")
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	many := map[string]string{"f": "includedir @/d\n"}
	for i := range 1100 {
		many[fmt.Sprintf("d/%d", i)] = ""
	}
	chain := map[string]string{"f": "include @/0\n"}
	for i := range 20 {
		chain[fmt.Sprint(i)] = fmt.Sprintf("[a]\ninclude @/%d\n", i+1)
	}
	large := map[string]string{"f": strings.Repeat("include @/g\n", 20), "g": strings.Repeat("#", 1<<20)}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // without the folder
		is    error
	}{
		{"not there", nil, `reading "/f": no such file or directory`, fs.ErrNotExist},
		{"nonsense", map[string]string{"f": "[a]\nx\n"}, `reading "/f": line 2: the line is not of the form "name = value"`, nil},
		{"nonsense in the second", map[string]string{"f": "", "g": "[a\n"}, `reading "/g": line 1: the name of the section does not end with "]"`, nil},
		{"nonsense in the included", map[string]string{"f": "\ninclude @/h\n", "h": "[a]\n\n}\n"}, `reading "/h": line 3: a brace closes what was not opened`, nil},
		{"included is not there", map[string]string{"f": "\ninclude @/h\n"}, `reading "/f": line 2: including "/h": no such file or directory`, fs.ErrNotExist},
		{"included has no name", map[string]string{"f": "include\n"}, `reading "/f": line 1: including "": no such file or directory`, fs.ErrNotExist},
		{"folder is not there", map[string]string{"f": "includedir @/d/\n"}, `reading "/f": line 1: including "/d/": no such file or directory`, fs.ErrNotExist},
		{"folder is a file", map[string]string{"f": "includedir @/f\n"}, `reading "/f": line 1: including "/f": not a directory`, nil},
		{"itself", map[string]string{"f": "[a]\ninclude @/f\n"}, `reading "/f": line 2: including "/f": it includes itself`, nil},
		{"one another", map[string]string{"f": "include @/h\n", "h": "include @/f\n"}, `reading "/h": line 1: including "/f": it includes itself`, nil},
		{"its folder", map[string]string{"f": "includedir @/d\n", "d/x": "\nincludedir @/d\n"}, `reading "/d/x": line 2: including "/d": x: it includes itself`, nil},
		{"a long chain", chain, `reading "/8": line 2: including "/9": files include one another more than 10 deep`, nil},
		{"many files", many, `reading "/f": line 1: including "/d": 93: there are more than 1024 files`, nil},
		{"too large", map[string]string{"f": strings.Repeat("#", 1<<20+1)}, `reading "/f": it has more than 1024 KiB`, nil},
		{"too large together", large, `reading "/f": line 8: including "/g": the files have more than 8192 KiB together`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := folder(t, c.files)
			config, err := krb5conf.Read(at("f"), at("g"))
			if err == nil {
				t.Fatalf("%v", config)
			}
			if got := strings.ReplaceAll(err.Error(), at(""), ""); got != "krb5conf: "+c.want {
				t.Errorf("%s\nwant krb5conf: %s", got, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if e, ok := errors.AsType[*krb5conf.SyntaxError](err); ok != strings.Contains(c.want, "line ") {
				t.Errorf("%v", e)
			}
		})
	}
}

// TestReadNull: KRB5_CONFIG=/dev/null is how people have none.
func TestReadNull(t *testing.T) {
	t.Parallel()
	config, err := krb5conf.Read(os.DevNull)
	if err != nil || config.DefaultRealm() != "" {
		t.Errorf("%v, %v", config, err)
	}
	if config, err = krb5conf.Read(); err != nil || config.UDPLimit() != 1465 {
		t.Errorf("%v, %v", config, err)
	}
}

// TestReadStock reads the files of a machine as its packages bring them.
func TestReadStock(t *testing.T) {
	t.Parallel()
	at := folder(t, map[string]string{
		"krb5.conf":                      stock,
		"krb5.conf.d/crypto-policies":    "[libdefaults]\npermitted_enctypes = aes256-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 aes128-cts-hmac-sha1-96\n",
		"krb5.conf.d/kcm_default_ccache": "# The daemon of SSSD\n[libdefaults]\n    default_ccache_name = KCM:\n",
		"krb5.conf.d/site.conf":          "[realms]\n EXAMPLE.ORG = {\n  kdc = kdc1.example.org\n  kdc = kdc2.example.org:750\n  auth_to_local_names = {\n   a = b\n  }\n }\n[domain_realm]\n .example.org = EXAMPLE.ORG\n",
		"krb5.conf.d/site.conf.rpmnew":   "nonsense",
	})
	config, err := krb5conf.Read(at("krb5.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kdc1.example.org", "kdc2.example.org:750"}, config.KDCs("EXAMPLE.ORG")); diff != "" {
		t.Error(diff)
	}
	if got := config.DefaultCCache(); got != "KCM:" {
		t.Errorf("%s: the folder stands first, so that it counts", got)
	}
	if got := fmt.Sprint(config.EncTypes()); got != "[aes256-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 aes128-cts-hmac-sha1-96]" {
		t.Error(got)
	}
	if config.Canonicalize() != krb5conf.Fallback || config.RDNS() || !config.LookupKDC() || config.LookupRealm() {
		t.Errorf("%v %v %v %v", config.Canonicalize(), config.RDNS(), config.LookupKDC(), config.LookupRealm())
	}
	if got, ok := config.QualifyShortname(); got != "" || !ok {
		t.Errorf("%q %v", got, ok)
	}
	if got := config.RealmOf("www.example.org"); got != "EXAMPLE.ORG" {
		t.Error(got)
	}
}

// TestFiles: each file that was read is told, where it comes in.
func TestFiles(t *testing.T) {
	t.Parallel()
	at := folder(t, map[string]string{"f": "include @/g\nincludedir @/d\n[a]\nx = 1\n", "g": "[a]\nx = 2\n", "d/b": "", "d/a": "include @/g\n", "d/c~": "", "h": ""})
	config, err := krb5conf.Read(at("none"), at("f"), at("h"), os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{at("f"), at("g"), at("d/a"), at("g"), at("d/b"), at("h"), os.DevNull}
	if diff := cmp.Diff(want, config.Files()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	config.Files()[0] = ""
	if config.Files()[0] != want[0] || (*krb5conf.Config)(nil).Files() != nil || new(krb5conf.Config).Files() != nil {
		t.Error("it is not a copy, or there are files of nothing")
	}
}
