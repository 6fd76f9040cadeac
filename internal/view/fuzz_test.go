// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// escapes are the colours that the view itself writes.
var escapes = regexp.MustCompile(`\x1b\[(3[123])?m`)

// FuzzText: whatever file is shown, every form of it is made of printable lines, and the text is bounded by what is in the
// file.
func FuzzText(f *testing.F) {
	files, err := filepath.Glob("../../proxycert/testdata/vectors/*.pem")
	if err != nil || len(files) < 40 {
		f.Fatalf("%d vectors, %v", len(files), err)
	}
	attributes, err := filepath.Glob("../../voms/testdata/vectors/proxies/*.pem")
	if err != nil || len(attributes) < 20 {
		f.Fatalf("%d vectors with attributes, %v", len(attributes), err)
	}
	for _, file := range append(files, attributes...) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "/tmp/x509up_u1000", int64(1800000000), uint16(80))
	}
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), "\x1b]0;x\x07", int64(0), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, path string, now int64, width uint16) {
		c, err := proxycert.Parse(data)
		if err != nil || len(c.Chain) == 0 {
			return
		}
		at := time.Unix(now%(1<<40), 0).UTC()
		v := view.New(c, view.Facts{Path: path, Mode: 0o666, Now: at, CA: &view.Lookup{Dir: path}})
		style := view.Style{Width: int(width), Colour: width%2 == 0, Names: view.NameForm(width % 2), Letters: width%3 == 0}
		for name, write := range map[string]func(io.Writer) error{
			"block":  func(w io.Writer) error { return v.Write(w, style) },
			"chain":  func(w io.Writer) error { return v.WriteChain(w, style.Names) },
			"text":   func(w io.Writer) error { return v.WriteText(w, style.Names) },
			"stored": func(w io.Writer) error { return v.WriteStored(w, "stored", view.Style{}) },
			"import": func(w io.Writer) error { return view.WriteUserCertificate(w, c, view.Facts{Now: at}, view.Style{}) },
		} {
			var out strings.Builder
			if err := write(&out); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if limit := len(c.Chain)*(80<<10) + 8*len(data); out.Len() > limit {
				t.Errorf("%s: %d bytes of %d certificates", name, out.Len(), len(c.Chain))
			}
			for _, r := range escapes.ReplaceAllString(out.String(), "") {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%s: %q is not printable in %q", name, r, out.String())
				}
			}
		}
		if text, err := json.Marshal(v); err != nil || !json.Valid(text) {
			t.Errorf("JSON: %v", err)
		}
	})
}
