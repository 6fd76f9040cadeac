// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package x509up_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/view"
)

const module = "github.com/x509up/x509up"

// pkg is what the go command knows of a package of the module. Names are
// without the module's path: "ecp", "internal/cli".
type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// libraries are the public packages, and what they may import of the project
// beside each other: tools that know as little of their surroundings as they do.
var libraries = map[string][]string{
	"ecp":       {"internal/challenge", "internal/printable"},
	"getcert":   {"ecp", "internal/bundle", "internal/pemfile", "internal/printable"},
	"proxycert": {"internal/bundle", "internal/dn", "internal/name"},
	"credstore": {"proxycert", "internal/atomicfile", "internal/ownfile"},
	"kerberos":  {"internal/challenge", "internal/printable"},
	"voms":      {"proxycert", "internal/name", "internal/printable"},
	"trust":     {"proxycert", "internal/name"},
	"myproxy":   {"proxycert"},
}

// viewed are the rooms whose values internal/view shows.
var viewed = []string{"internal/view", "internal/span", "proxycert", "credstore", "trust", "voms", "kerberos"}

// stands says on which rooms of the command line others of them stand. Each command stands on all of these, and on no other
// command.
var stands = map[string][]string{
	"internal/cli/console": {},
	"internal/cli/files":   {"internal/cli/console"},
	"internal/cli/ask":     {"internal/cli/console", "internal/cli/files"},
	"internal/cli/login":   {"internal/cli/console", "internal/cli/files", "internal/cli/ask"},
	"internal/cli/verdict": {"internal/cli/console", "internal/cli/files", "internal/cli/ask", "internal/cli/verdict/mender"},

	"internal/cli/verdict/mender": {},
}

// thirdParty says where a module may be imported, outside tests. Etree comes
// with goxmldsig, whose trees it makes; ecp forwards bytes and needs none.
var thirdParty = map[string][]string{
	"github.com/spf13/cobra":             {"internal/cli", "man"},
	"github.com/spf13/pflag":             {"internal/cli"},
	"github.com/beevik/etree":            {"internal/fed"},
	"github.com/russellhaering/":         {"internal/fed"},
	"github.com/jcmturner/":              {"kerberos", "internal/fed"},
	"github.com/zalando/go-keyring":      {"internal/keyring"},
	"github.com/godbus/dbus":             {"internal/keyring"},
	"github.com/BurntSushi/toml":         {"internal/config"},
	"github.com/gofrs/flock":             {"credstore"},
	"software.sslmate.com/src/go-pkcs12": {"internal/pemfile", "internal/fed"},
	"github.com/rogpeppe/":               {},
	"github.com/google/go-cmp":           {"internal/compat/golden"},
	"golang.org/x/":                      {""},
}

func TestImports(t *testing.T) {
	t.Parallel()
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("only %d packages were found", len(packages))
	}
	for _, p := range packages {
		for _, imported := range p.Imports {
			if reason := forbidden(p.ImportPath, imported); reason != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, reason)
			}
		}
	}
}

// forbidden says why importer may not import imported; empty if it may.
func forbidden(importer, imported string) string {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		return forbiddenOwn(importer, own)
	}
	if !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return forbiddenStandard(importer, imported)
	}
	for prefix, rooms := range thirdParty {
		if !strings.HasPrefix(imported, prefix) {
			continue
		}
		if slices.ContainsFunc(rooms, func(room string) bool { return inRoom(importer, room) }) {
			return ""
		}
		return "it belongs in " + strings.Join(rooms, ", ") + " alone"
	}
	return "it is not among the modules that were decided on"
}

func forbiddenOwn(importer, imported string) string {
	for _, nobody := range []string{"cmd", "man", "interop", "bench"} {
		if inRoom(imported, nobody) && !inRoom(importer, nobody) {
			return "nothing imports " + nobody
		}
	}
	for library, allowed := range libraries {
		if !inRoom(importer, library) {
			continue
		}
		if inRoom(imported, library) || slices.ContainsFunc(allowed, func(a string) bool { return inRoom(imported, a) }) {
			return ""
		}
		return "a library meets others at standard types"
	}
	if inRoom(importer, "internal/cli") && inRoom(imported, "internal/cli") {
		return forbiddenCommand(importer, imported)
	}
	switch {
	case inRoom(importer, "cmd/x509up") && imported != "internal/cli":
		return "main knows the command line alone"
	case inRoom(importer, "internal/acquire") && (inRoom(imported, "internal/cli") || inRoom(imported, "internal/compat")):
		return "the pipeline does not know its callers"
	case inRoom(importer, "internal/view") && !slices.ContainsFunc(viewed, func(room string) bool { return inRoom(imported, room) }):
		return "what is shown is made of values, and of no command"
	case inRoom(imported, "internal/cli") && !inRoom(importer, "cmd") && !inRoom(importer, "internal/compat") && !inRoom(importer, "man"):
		return "the command line is above all other rooms"
	case inRoom(importer, "internal/compat") && imported == "internal/cli":
		return "the list of commands is above the names of others"
	case inRoom(imported, "internal/compat") && !inRoom(importer, "internal/compat") && importer != "internal/cli" && importer != "man":
		return "only the command line answers to the names of others"
	case importer != "internal/compat" && inRoom(importer, "internal/compat") && inRoom(imported, "internal/compat") &&
		!inRoom(imported, family(importer)) && !slices.Contains([]string{"internal/compat/argv", "internal/compat/tool", "internal/compat/prompt"}, imported):
		return "families of old names know nothing of each other"
	case inRoom(imported, "internal/compat/golden"):
		return "it compares outputs for tests alone"
	case inRoom(imported, "internal/testca") && !inRoom(importer, "internal/testca") && !inRoom(importer, "internal/compat/golden"):
		return "it makes certificates for tests alone"
	case inRoom(imported, "internal/fed") && !inRoom(importer, "cmd/x509up-fed") && !inRoom(importer, "internal/fed"):
		return "it is for tests and for x509up-fed"
	}
	return ""
}

// family is the room of a family of old names that a package is in, or below.
func family(importer string) string {
	return strings.Join(strings.SplitN(importer, "/", 4)[:3], "/")
}

// forbiddenCommand keeps the direction within the command line: the list of commands, commands, what they share.
func forbiddenCommand(importer, imported string) string {
	if importer == "internal/cli" {
		return ""
	}
	if imported == "internal/cli" {
		return "the command line is above all other rooms"
	}
	allowed, shared := stands[importer]
	if !shared {
		allowed = slices.Collect(maps.Keys(stands))
	}
	if slices.Contains(allowed, imported) {
		return ""
	}
	return "commands know of no other commands, and what they share knows of none"
}

// forbiddenStandard keeps the libraries ignorant of terminal, log and flags.
func forbiddenStandard(importer, imported string) string {
	for library := range libraries {
		if inRoom(importer, library) && slices.Contains([]string{"log", "log/slog", "flag", "os/exec", "os/user", "os/signal"}, imported) {
			return "a library does not log, run programs or ask who is there"
		}
	}
	if inRoom(importer, "internal/view") && slices.Contains([]string{"os", "log", "log/slog", "flag", "net", "net/http"}, imported) {
		return "it knows no terminal, environment or file: what it needs of them is given to it"
	}
	return ""
}

func inRoom(name, room string) bool {
	return room == "" || name == room || strings.HasPrefix(name, room+"/")
}

// TestRulesCanFail makes sure that the rules above refuse what they are for.
func TestRulesCanFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ importer, imported string }{
		{"ecp", module + "/proxycert"},
		{"ecp", "log"},
		{"voms", module + "/ecp"},
		{"voms/contact", module + "/trust"},
		{"internal/acquire", module + "/internal/cli"},
		{"internal/config", "github.com/spf13/cobra"},
		{"internal/cli", "github.com/beevik/etree"},
		{"internal/cli", module + "/internal/testca"},
		{"internal/view", module + "/internal/cli"},
		{"internal/view", module + "/internal/config"},
		{"internal/view", "os"},
		{"cmd/x509up", module + "/ecp"},
		{"internal/cli", module + "/cmd/x509up"},
		{"internal/cli/getcmd", module + "/internal/cli"},
		{"internal/cli/getcmd", module + "/internal/cli/filecmd"},
		{"internal/cli/verdict", module + "/internal/cli/getcmd"},
		{"internal/cli/console", module + "/internal/cli/ask"},
		{"internal/cli/console", module + "/internal/compat"},
		{"internal/compat/vomsnames", module + "/internal/cli"},
		{"internal/compat/vomsnames", module + "/internal/compat/gridnames"},
		{"internal/compat", "github.com/spf13/cobra"},
		{"internal/site", module + "/internal/cli/console"},
		{"ecp", "example.org/unknown"},
	} {
		if forbidden(c.importer, c.imported) == "" {
			t.Errorf("%s may import %s", c.importer, c.imported)
		}
	}
	for _, c := range []struct{ importer, imported string }{
		{"getcert", module + "/ecp"},
		{"voms/contact", module + "/voms"},
		{"ecp", "golang.org/x/net/publicsuffix"},
		{"internal/cli", "github.com/spf13/cobra"},
		{"internal/cli", module + "/internal/acquire"},
		{"internal/cli", module + "/internal/cli/getcmd"},
		{"internal/cli/getcmd", module + "/internal/cli/verdict"},
		{"internal/cli/login", module + "/internal/cli/ask"},
		{"internal/view", module + "/trust"},
	} {
		if reason := forbidden(c.importer, c.imported); reason != "" {
			t.Errorf("%s may not import %s: %s", c.importer, c.imported, reason)
		}
	}
}

// list returns the packages of the module as they are built, without tests.
func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		packages = append(packages, p)
	}
}

// calls are functions that only some rooms may call.
var calls = map[string][]string{
	"os.Getenv":    {"internal/config"},
	"os.LookupEnv": {"internal/config"},
	"os.Environ":   {"internal/config"},
	"os.Exit":      {"cmd"},
	"log.Fatal":    {},
	"fmt.Print":    {},
	"fmt.Printf":   {},
	"fmt.Println":  {},
}

// TestCalls reads the source, without tests, for calls in the wrong room, init
// functions and package variables that are assigned to.
func TestCalls(t *testing.T) {
	t.Parallel()
	sources(t, func(room, file string, parsed *ast.File) {
		for _, complaint := range complaints(room, parsed) {
			t.Errorf("%s: %s", file, complaint)
		}
	})
}

// TestCallsCanFail makes sure that the source is looked at as the rules say.
func TestCallsCanFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		want   int
	}{
		{"var word = regexp.MustCompile(`x`)", 1},
		{"var word = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`x`) })", 0},
		{"func init() {}", 1},
		{"var n int\nfunc f() { n = 1 }", 1},
		{"func f() { n := 1; n = 2; _ = n }", 0},
		{`func f() string { return os.Getenv("HOME") }`, 1},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\n"+c.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := complaints("internal/a", file); len(got) != c.want {
			t.Errorf("%s: %q", c.source, got)
		}
	}
}

// sources calls look with each file of Go that is no test, and the folder that it is in.
func sources(t *testing.T, look func(room, file string, parsed *ast.File)) {
	t.Helper()
	read := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "interop") {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		read++
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		look(path.Dir(filepath.ToSlash(file)), file, parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 30 {
		t.Fatalf("only %d files were read", read)
	}
}

func complaints(room string, file *ast.File) []string {
	var found []string
	globals := map[string]bool{}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				found = append(found, "init has effects before main begins")
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						globals[name.Name] = true
					}
					for _, value := range spec.(*ast.ValueSpec).Values {
						if compiles(value) {
							found = append(found, "an expression is compiled before main begins: sync.OnceValue does it when it is needed")
						}
					}
				}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || x.Obj != nil {
				return true
			}
			if rooms, ruled := calls[x.Name+"."+n.Sel.Name]; ruled &&
				!slices.ContainsFunc(rooms, func(r string) bool { return inRoom(room, r) }) {
				found = append(found, x.Name+"."+n.Sel.Name+" is called in the wrong room")
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok && n.Tok != token.DEFINE && globals[name.Name] && isGlobal(file, name) {
					found = append(found, "package variable "+name.Name+" is assigned to")
				}
			}
		}
		return true
	})
	return found
}

// compiles tells whether a value calls regexp.MustCompile itself.
func compiles(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	return ok && function.Sel.Name == "MustCompile"
}

// TestRoomsInMessages: people are shown no names of packages, with which the texts of errors begin.
func TestRoomsInMessages(t *testing.T) {
	t.Parallel()
	begins := 0
	sources(t, func(room, file string, parsed *ast.File) {
		if inRoom(room, "cmd") || inRoom(room, "internal/fed") || inRoom(room, "internal/testca") {
			return // nobody is shown their errors but their own users
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil || !strings.HasPrefix(text, parsed.Name.Name+": ") {
				return true
			}
			begins++
			if got := view.WithoutRooms("reading: " + text); got != "reading: "+strings.TrimPrefix(text, parsed.Name.Name+": ") {
				t.Errorf("%s: %q is shown as %q: view.WithoutRooms does not know the room", file, text, got)
			}
			return true
		})
	})
	if begins < 100 {
		t.Errorf("only %d texts were found", begins)
	}
}

// TestRoomsInContributing: the table of CONTRIBUTING.md has every room, and none that is not there. What is below a room of
// internal, or in the internal of another, needs no line.
func TestRoomsInContributing(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		folder := ""
		for i, name := range strings.Split(cells[1], "`") {
			if i%2 == 0 {
				continue
			}
			if !strings.Contains(name, "/") {
				name = folder + "/" + name // "`internal/term`, `secret`"
			}
			name = strings.TrimSuffix(name, "/")
			folder = path.Dir(name)
			told[name] = true
		}
	}
	for _, p := range list(t) {
		room, _, _ := strings.Cut(p.ImportPath, "/internal/")
		if parts := strings.Split(room, "/"); parts[0] == "internal" {
			room = strings.Join(parts[:2], "/")
		}
		if room != "" && room != module && !told[room] {
			t.Errorf("%s has no line in the table", room)
		}
	}
	for room := range told {
		if info, err := os.Stat(filepath.FromSlash(room)); err != nil || !info.IsDir() {
			t.Errorf("the table has %s, which is not there", room)
		}
	}
}

// isGlobal tells a package variable from a local one of the same name.
func isGlobal(file *ast.File, name *ast.Ident) bool {
	return name.Obj == nil || file.Scope != nil && file.Scope.Lookup(name.Name) == name.Obj
}
