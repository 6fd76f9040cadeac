// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// Report is what is shown of a verdict: the JSON of verify, version 1.
type Report struct {
	Version int     `json:"version"`
	Path    string  `json:"path"`
	CADir   string  `json:"ca_dir"`
	Valid   bool    `json:"valid"` // no check failed
	Checks  []Check `json:"checks"`
}

// Check is one check of a Report.
type Check struct {
	Check          string `json:"check"`  // what is looked at, in a word or two
	Result         string `json:"result"` // passed, warning or failed: how Text begins
	Text           string `json:"text"`
	Subject        string `json:"subject,omitempty"` // of the certificate that it is about
	SubjectRFC4514 string `json:"subject_rfc4514,omitempty"`
	File           string `json:"file,omitempty"` // the path of the one that decided
	Hint           string `json:"hint,omitempty"` // what mends it
	VO             string `json:"vo,omitempty"`   // whose attributes it is about
}

// NewReport is the view of a report on the credential in path by the CA folder dir.
func NewReport(report *trust.Report, path, dir string) *Report {
	v := &Report{Version: Version, Path: path, CADir: dir, Valid: report.Err() == nil, Checks: []Check{}}
	known := names{}
	for _, c := range report.Checks {
		check := Check{Check: c.Kind.String(), Result: c.Result.String(), Text: Line(checkText(c)), Hint: Hint(c.Err)}
		if c.Cert != nil {
			check.Subject, check.SubjectRFC4514 = known.of(c.Cert.RawSubject)
		}
		if check.File = c.File; c.File != "" && !filepath.IsAbs(c.File) {
			check.File = filepath.Join(dir, c.File)
		}
		v.Checks = append(v.Checks, check)
	}
	return v
}

// checkText is the line of a check. What an error says of the check that failed, the line says already.
func checkText(c trust.Check) string {
	text := WithoutRooms(c.String())
	if c.Err == nil || c.Cert == nil {
		return text
	}
	about := fmt.Sprintf("\"%s\": ", proxycert.OneLine(c.Cert.RawSubject))
	begin := c.Result.String() + ": " + c.Kind.String()
	for _, doing := range []string{"checking the " + c.Kind.String() + " for ", "verifying ", "checking "} {
		if rest, ok := strings.CutPrefix(text, begin+": "+doing+about); ok {
			return begin + " of " + about + rest
		}
	}
	return text
}

// Hint is what an error knows of what would mend it; empty for one that knows nothing. Lines after the first are those of a
// file that should be there.
func Hint(err error) string {
	if m, ok := errors.AsType[trust.Mender](err); ok { // packages voms and trust agree on it
		lines := strings.Split(m.Mend(), "\n")
		for i := range lines {
			lines[i] = Line(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// Failed counts the checks that failed, and returns the first of them.
func (v *Report) Failed() (n int, first Check) {
	for _, c := range v.Checks {
		if c.Result != trust.Failed.String() {
			continue
		}
		if n++; n == 1 {
			first = c
		}
	}
	return n, first
}

// AddAttributes adds the checks of an attribute certificate.
func (v *Report) AddAttributes(ac *voms.AC, report *voms.Report) {
	name := certtext.Escape(cmp.Or(ac.VO, ac.Authority))
	for _, c := range report.Checks {
		text := strings.TrimPrefix(c.String(), c.Result.String()+": ")
		if c.Err != nil {
			text = c.Kind.String() + ": " + problem(ac, c.Err)
		}
		v.Checks = append(v.Checks, Check{
			Check: c.Kind.String(), Result: c.Result.String(), Text: c.Result.String() + ": VO " + name + ": " + Line(text),
			File: c.File, Hint: Hint(c.Err), VO: name,
		})
		v.Valid = v.Valid && c.Result != voms.Failed
	}
}

// AddUnreadable adds that there are attributes that cannot be read.
func (v *Report) AddUnreadable(err error) {
	const kind = "attributes of VOs"
	v.Checks = append(v.Checks, Check{Check: kind, Result: voms.Failed.String(), Text: "failed: " + kind + ": " + Line(WithoutRooms(err.Error()))})
	v.Valid = false
}

// Write writes a line for each check.
func (v *Report) Write(w io.Writer) error {
	var b strings.Builder
	for _, c := range v.Checks {
		b.WriteString(c.Text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
