// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenInfo: what is shown of one and the same credential, of which the tests of proxycert say who made it.
func TestGoldenInfo(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../proxycert/testdata/vectors/good-grid-rfc.pem")
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, nil)
	h.write(t, "x509up.pem", string(data))
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	h.now = func() time.Time { return c.NotAfter().Add(-90 * time.Minute) }
	for _, name := range []string{"info.json", "info.txt"} {
		args := []string{"info"}
		if name == "info.json" {
			args = append(args, "--json")
		}
		out, stderr, code := h.run(t, args...)
		if code != 0 {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
		out = strings.ReplaceAll(out, h.dir, "/home/jdoe")
		golden := "testdata/golden/" + name
		if *update {
			if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The schema, version 1: a name may be added, none taken away or given another type.
var (
	credentialSchema = map[string]string{
		"version": "number", "path": "string", "subject": "string", "issuer": "string", "identity": "string", "type": "string",
		"subject_rfc4514": "string", "issuer_rfc4514": "string", "identity_rfc4514": "string", "ca": "string", "ca_rfc4514": "string",
		"strength": "number", "not_before": "time", "not_after": "time", "time_left": "number", "valid": "bool",
		"has_key": "bool", "certificates": "list",
	}
	certificateSchema = map[string]string{
		"subject": "string", "issuer": "string", "serial": "string", "type": "string", "key": "string", "signature": "string",
		"subject_rfc4514": "string", "issuer_rfc4514": "string", "sha256": "string",
		"not_before": "time", "not_after": "time", "time_left": "number",
	}
	// certificateOptions are what only some certificates have.
	certificateOptions = map[string]string{
		"key_usage": "list", "ext_key_usage": "list", "subject_alt_names": "list", "proxy_policy": "string", "path_length": "number",
		"unknown_critical": "list",
	}
)

func with(schema map[string]string, more ...string) map[string]string {
	schema = maps.Clone(schema)
	for i := 0; i < len(more); i += 2 {
		schema[more[i]] = more[i+1]
	}
	return schema
}

// TestJSON holds the schema of what commands print for programs.
func TestJSON(t *testing.T) {
	t.Parallel()
	h := newHome(t, start(t, fed.Options{}))
	for _, c := range []struct {
		args   string
		code   int
		schema map[string]string
	}{
		{"get-cert --proxy --json --key-type ec256", 0, with(credentialSchema, "reused", "bool")},
		{"get-cert --proxy --json --key-type ec256 --reuse", 0, with(credentialSchema, "reused", "bool")},
		{"get-cert --json --key-type ec256 -H 2000", 0, with(credentialSchema, "reused", "bool", "warnings", "list")},
		{"info --json", 0, with(credentialSchema, "mode", "string")},
	} {
		out, stderr, code := h.run(t, strings.Fields(c.args)...)
		if code != c.code {
			t.Fatalf("%s: exit code %d: %s", c.args, code, stderr)
		}
		checkSchema(t, c.args, out, c.schema)
	}
}

// checkSchema compares names and types, of the certificates as well.
func checkSchema(t *testing.T, what, text string, want map[string]string) {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%s: %v in %s", what, err, text)
	}
	if diff := cmp.Diff(want, typesOf(document)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	if document["version"] != 1.0 {
		t.Errorf("%s: version %v", what, document["version"])
	}
	certificates, _ := document["certificates"].([]any)
	if len(certificates) == 0 {
		t.Errorf("%s: no certificates", what)
	}
	for _, c := range certificates {
		got := typesOf(c.(map[string]any))
		maps.DeleteFunc(got, func(name, kind string) bool { return certificateOptions[name] == kind })
		if diff := cmp.Diff(certificateSchema, got); diff != "" {
			t.Errorf("%s, certificates (-want +got):\n%s", what, diff)
		}
	}
}

func typesOf(object map[string]any) map[string]string {
	types := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch v := object[name].(type) {
		case string:
			types[name] = "string"
			if at, err := time.Parse(time.RFC3339, v); err == nil && at.Location() == time.UTC {
				types[name] = "time"
			}
		case float64:
			types[name] = "number"
		case bool:
			types[name] = "bool"
		case []any:
			types[name] = "list"
		default:
			types[name] = fmt.Sprintf("%T", v)
		}
	}
	return types
}

// TestExpiredJSON: programs are told that a credential is over, and why it does not do.
func TestExpiredJSON(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	data, err := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotAfter: end}).Marshal(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, nil)
	h.write(t, "x509up.pem", string(data))
	h.now = func() time.Time { return end.Add(26 * time.Hour) }
	out, _, code := h.run(t, "info", "--json")
	if code != 4 || !strings.Contains(out, `"time_left": 0,`) || !strings.Contains(out, `"valid": false,`) ||
		!strings.Contains(out, "it expired at 2026-03-01T12:00:00Z") {
		t.Errorf("exit code %d: %s", code, out)
	}
	checkSchema(t, "expired", out, with(credentialSchema, "problem", "string", "mode", "string"))
	h.now = func() time.Time { return end }
	if _, stderr, code := h.run(t, "info"); code != 0 {
		t.Errorf("in its last second: exit code %d: %s", code, stderr)
	}
}
