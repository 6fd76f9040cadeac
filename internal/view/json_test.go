// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/internal/view/tickets"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/internal/vo/health"
)

// TestDocumented compares docs/json.md with the JSON: each field with its type, and whether it may be left out; and its
// example with what info prints of that credential.
func TestDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for heading, value := range map[string]any{
		"## A credential\n":              view.Credential{},
		"### A certificate\n":            view.Certificate{},
		"### An attribute certificate\n": view.Attributes{},
		"### A generic attribute\n":      view.GenericAttribute{},
		"## VOs\n":                       vo.List{},
		"### A VO\n":                     vo.Entry{},
		"### A server\n":                 vo.Server{},
		"### One VO\n":                   vo.Shown{},
		"### An LSC file\n":              vo.File{},
		"### The health of a VO\n":       health.Report{},
		"### The health of a server\n":   health.Checked{},
		"## A verdict\n":                 view.Report{},
		"### A check\n":                  view.Check{},
		"## Tickets\n":                   tickets.Kerberos{},
		"### A file of krb5.conf\n":      tickets.ConfigFile{},
		"### A cache or a keytab\n":      tickets.Source{},
		"### A ticket\n":                 tickets.Ticket{},
		"### A key\n":                    tickets.Key{},
	} {
		_, section, ok := strings.Cut(text, "\n"+heading)
		if !ok {
			t.Fatalf("there is no heading %q", heading)
		}
		section, _, _ = strings.Cut(section, "\n#")
		if diff := cmp.Diff(fieldsOf(reflect.TypeOf(value)), fieldsIn(section)); diff != "" {
			t.Errorf("%s (-code +docs/json.md):\n%s", heading, diff)
		}
	}
	_, example, _ := strings.Cut(text, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	printed, err := os.ReadFile("../cli/testdata/golden/info.json") // which a test there compares with what is printed
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(printed), example); diff != "" {
		t.Errorf("the example (-printed +docs/json.md):\n%s", diff)
	}
}

// fieldsOf are the fields of a struct in JSON: "string", or "string, always".
func fieldsOf(t reflect.Type) map[string]string {
	fields := map[string]string{}
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		kind := map[string]string{"string": "string", "int": "number", "int64": "number", "bool": "bool", "*bool": "bool",
			"*int": "number", "time.Time": "time", "*time.Time": "time"}[f.Type.String()]
		switch f.Type.Kind() {
		case reflect.Slice:
			kind = "list"
		case reflect.String:
			kind = "string"
		}
		if rest != "omitempty" {
			kind += ", always"
		}
		fields[name] = kind
	}
	return fields
}

var (
	row  = regexp.MustCompile(`(?m)^\| (.*?) \| (\w+) \| (yes)? ?\| `)
	name = regexp.MustCompile("`(\\w+)`")
)

func fieldsIn(section string) map[string]string {
	fields := map[string]string{}
	for _, line := range row.FindAllStringSubmatch(section, -1) {
		kind := line[2]
		if line[3] != "" {
			kind += ", always"
		}
		for _, n := range name.FindAllStringSubmatch(line[1], -1) {
			fields[n[1]] = kind
		}
	}
	return fields
}
