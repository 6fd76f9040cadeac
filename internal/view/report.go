// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"io"
	"strings"

	"github.com/x509up/x509up/trust"
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
}

// NewReport is the view of a report on the credential in path by the CA folder dir.
func NewReport(report *trust.Report, path, dir string) *Report {
	v := &Report{Version: Version, Path: path, CADir: dir, Valid: report.Err() == nil, Checks: []Check{}}
	for _, c := range report.Checks {
		v.Checks = append(v.Checks, Check{c.Result.String(), Line(Plain(c.String()))})
	}
	return v
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
