// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/config"
)

func TestFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		values []string
		want   string
	}{
		{nil, ""}, {[]string{"", ""}, ""}, {[]string{"flag", "env"}, "flag"}, {[]string{"", "env", "profile"}, "env"},
	}
	for _, tt := range tests {
		if got := config.First(tt.values...); got != tt.want {
			t.Errorf("First(%q) = %q, want %q", tt.values, got, tt.want)
		}
	}
}

func TestOSReadsTheEnvironment(t *testing.T) { // not parallel: it changes the environment
	t.Setenv("X509UP_PROFILE", "from the environment")
	if got := config.OS()("X509UP_PROFILE"); got != "from the environment" {
		t.Errorf("got %q", got)
	}
}

func TestOSKnowsTheTableAlone(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, want := recover(), "config: X509UP_IDP is not in the table of environment variables"; got != want {
			t.Errorf("recovered %v, want %q", got, want)
		}
	}()
	config.OS()("X509UP_IDP")
}

func TestVariablesAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range config.Variables() {
		if v.Name == "" || v.Meaning == "" || v.Expects == "" || seen[v.Name] {
			t.Errorf("%+v lacks something or is there twice", v)
		}
		if strings.HasSuffix(v.Meaning, ".") || strings.Contains(v.Meaning, "\n") {
			t.Errorf("%s: the meaning %q is not a phrase", v.Name, v.Meaning)
		}
		if own := strings.HasPrefix(v.Name, "X509UP_"); own && v.SharedWith != "" || !own && v.SharedWith == "" {
			t.Errorf("%s: SharedWith is %q", v.Name, v.SharedWith)
		}
		seen[v.Name] = true
	}
}

// The sources of the whole module are read: the environment is looked at in this package alone, what is looked up is in
// the table, and the table holds nothing that nobody looks up.
func TestTableAndSourcesAgree(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	lookups := map[string]string{} // name of a variable → a place where it is looked up
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		inspect(t, path, filepath.ToSlash(name), lookups)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range config.Variables() {
		if _, ok := lookups[v.Name]; !ok && !v.ByRuntime {
			t.Errorf("%s is in the table, but nothing looks it up", v.Name)
		}
		delete(lookups, v.Name)
	}
	for name, place := range lookups {
		t.Errorf("%s looks up %s, which is not in the table", place, name)
	}
}

func inspect(t *testing.T, path, name string, lookups map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		pkg, function := called(call)
		reads := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "UserHomeDir", "UserConfigDir", "UserCacheDir"}
		if pkg == "os" && slices.Contains(reads, function) && !strings.HasPrefix(name, "internal/config/") {
			t.Errorf("%s calls os.%s", files.Position(call.Pos()), function)
		}
		if (function == "env" || function == "Env") && len(call.Args) == 1 {
			if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				variable, _ := strconv.Unquote(lit.Value)
				lookups[variable] = files.Position(call.Pos()).String()
			}
		}
		return true
	})
}

// called returns what a call calls: "os", "Getenv" for os.Getenv(…), "a", "Env" for a.Env(…), "", "env" for env(…).
func called(call *ast.CallExpr) (qualifier, name string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return "", f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			qualifier = x.Name
		}
		return qualifier, f.Sel.Name
	}
	return "", ""
}
