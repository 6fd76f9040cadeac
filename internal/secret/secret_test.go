// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/secret"
)

const marker = "correct horse"

// holder has the two kinds of field that fmt treats differently.
type holder struct {
	Shown  secret.Text
	hidden secret.Text
}

func TestNothingFormatsTheCharacters(t *testing.T) {
	t.Parallel()
	text := secret.New(marker)
	values := map[string]any{
		"value":             text,
		"pointer":           &text,
		"struct":            holder{text, text},
		"pointer to struct": &holder{text, text},
		"slice":             []secret.Text{text},
		"map":               map[string]holder{"a": {text, text}},
		"key of a map":      map[secret.Text]int{text: 1},
		"error":             fmt.Errorf("login with %v: %w", text, errors.New("refused")),
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T %[1]v", "%10.3s", "%p", "%!"} {
				assertHidden(t, verb, fmt.Sprintf(verb, value))
			}
			assertHidden(t, "Sprint", fmt.Sprint(value))
			js, err := json.Marshal(map[string]any{"it": fmt.Sprint(value)})
			if err != nil {
				t.Fatal(err)
			}
			assertHidden(t, "json of text", string(js))
		})
	}
}

func TestEncodersWriteRedacted(t *testing.T) {
	t.Parallel()
	text := secret.New(marker)
	out := map[string]string{}

	js, err := json.Marshal(holder{Shown: text, hidden: text})
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(js)

	x, err := xml.Marshal(struct {
		XMLName xml.Name    `xml:"login"`
		Attr    secret.Text `xml:"password,attr"`
		Text    secret.Text
	}{Attr: text, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	out["xml"] = string(x)

	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("login", "password", text)
		out[name] = b.String()
	}

	var b bytes.Buffer
	if err := template.Must(template.New("").Parse("{{.}} {{.Shown}}")).Execute(&b, holder{Shown: text}); err != nil {
		t.Fatal(err)
	}
	out["template"] = b.String()

	for name, got := range out {
		assertHidden(t, name, got)
		if !strings.Contains(got, secret.Redacted) {
			t.Errorf("%s: %q does not say %q", name, got, secret.Redacted)
		}
	}
}

func TestStringsAreExact(t *testing.T) {
	t.Parallel()
	for _, text := range []secret.Text{secret.New(marker), {}} {
		for name, got := range map[string]string{
			"String":   text.String(),
			"GoString": text.GoString(),
			"LogValue": text.LogValue().String(),
			"%v":       fmt.Sprintf("%v", text),
		} {
			if got != secret.Redacted {
				t.Errorf("%s = %q, want %q", name, got, secret.Redacted)
			}
		}
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", marker, "mü\x00\n"} {
		text := secret.New(s)
		if got := text.Reveal(); got != s {
			t.Errorf("Reveal() = %q, want %q", got, s)
		}
		if got := text.IsZero(); got != (s == "") {
			t.Errorf("IsZero() of %q = %v", s, got)
		}
	}
	var zero secret.Text
	if !zero.IsZero() || zero.Reveal() != "" {
		t.Error("the zero value is not the empty text")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "aa", false},
	}
	for _, tt := range tests {
		if got := secret.New(tt.a).Equal(secret.New(tt.b)); got != tt.want {
			t.Errorf("New(%q).Equal(New(%q)) = %v", tt.a, tt.b, got)
		}
	}
}

func assertHidden(t *testing.T, how, got string) {
	t.Helper()
	for _, form := range []string{marker, marker[:4], hex.EncodeToString([]byte(marker)), fmt.Sprintf("%X", marker), fmt.Sprintf("% x", marker)} {
		if strings.Contains(got, form) {
			t.Errorf("%s: %q shows %q", how, got, form)
		}
	}
}
