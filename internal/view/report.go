// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"io"
	"strings"

	"github.com/x509up/x509up/internal/view/certtext"
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
	Result string `json:"result"` // passed, warning or failed: how Text begins
	Text   string `json:"text"`
	VO     string `json:"vo,omitempty"` // whose attributes it is about
}

// NewReport is the view of a report on the credential in path by the CA folder dir.
func NewReport(report *trust.Report, path, dir string) *Report {
	v := &Report{Version: Version, Path: path, CADir: dir, Valid: report.Err() == nil, Checks: []Check{}}
	for _, c := range report.Checks {
		v.Checks = append(v.Checks, Check{Result: c.Result.String(), Text: Line(Plain(c.String()))})
	}
	return v
}

// AddAttributes adds the checks of an attribute certificate.
func (v *Report) AddAttributes(ac *voms.AC, report *voms.Report) {
	name := certtext.Escape(cmp.Or(ac.VO, ac.Authority))
	for _, c := range report.Checks {
		text := strings.TrimPrefix(c.String(), c.Result.String()+": ")
		if c.Err != nil {
			text = c.Kind.String() + ": " + problem(ac, c.Err)
		}
		v.Checks = append(v.Checks, Check{c.Result.String(), c.Result.String() + ": VO " + name + ": " + Line(text), name})
		v.Valid = v.Valid && c.Result != voms.Failed
	}
}

// AddUnreadable adds that there are attributes that cannot be read.
func (v *Report) AddUnreadable(err error) {
	v.Checks = append(v.Checks, Check{Result: voms.Failed.String(), Text: "failed: attributes of VOs: " + Line(Plain(err.Error()))})
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
