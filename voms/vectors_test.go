// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// vector is a proxy that others made, and what libvomsapi made of it.
type vector struct {
	File    string
	Granted []string // vo, fqan and attribute, one on each line
	Refusal string
}

// refusals are the checks that must fail where libvomsapi refuses, by its words. One it refuses because it cannot read what
// voms-api-java 3.3.5 wrote; that can be read here.
var refusals = map[string]voms.Kind{
	"error 17: Cannot find match among allowed hosts.": voms.KindTargets,
	"error 17: Unknown critical extension inside AC.":  voms.KindExtensions,
	"error 17: AC not valid anymore.":                  voms.KindValidity,
	"error 10: AC not present in credentials.":         voms.KindPeers, // none fails
}

func readVectors(t *testing.T) (at time.Time, proxies []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		At      time.Time
		Proxies []vector
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Proxies) < 25 {
		t.Fatalf("only %d proxies", len(manifest.Proxies))
	}
	return manifest.At, manifest.Proxies
}

// TestVectors reads and verifies what the servers and clients of others made, at the time when they made it.
func TestVectors(t *testing.T) {
	t.Parallel()
	at, proxies := readVectors(t)
	cas := &trust.Dir{Path: "testdata/vectors/certificates"}
	for _, v := range proxies {
		t.Run(filepath.Base(v.File), func(t *testing.T) {
			t.Parallel()
			c := readProxy(t, strings.TrimSuffix(filepath.Base(v.File), ".pem"))
			acs, _, err := voms.FromChain(c.Chain)
			if err != nil || len(acs) == 0 {
				t.Fatalf("%d attribute certificates, %v", len(acs), err)
			}
			var granted []string
			for _, ac := range acs {
				granted = append(granted, facts(ac)...)
				report, err := ac.Verify(voms.Options{
					Now: at, Holder: c.EndEntity(), Hosts: []string{"host.example.org"},
					Dirs:        []voms.Dir{{Path: "testdata/vectors/vomsdir"}},
					CheckIssuer: trusting(cas, at),
				})
				checkVerdict(t, v, report, err)
			}
			if diff := cmp.Diff(v.Granted, granted); v.Granted != nil && diff != "" {
				t.Errorf("(-libvomsapi +here):\n%s", diff)
			}
		})
	}
}

// checkVerdict compares a verdict with that of libvomsapi.
func checkVerdict(t *testing.T, v vector, report *voms.Report, err error) {
	t.Helper()
	var failed []string
	for _, c := range report.Checks {
		if c.Result == voms.Failed {
			failed = append(failed, c.Kind.String())
		}
	}
	var want []string
	if kind, ok := refusals[v.Refusal]; ok && kind != voms.KindPeers {
		want = []string{kind.String()}
	} else if !ok && v.Refusal != "" {
		t.Fatalf("the refusal %q is not in the table", v.Refusal)
	}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("checks that failed (-libvomsapi +here): %v\n%s", err, diff)
	}
}

// facts are the lines of the manifest.
func facts(ac *voms.AC) []string {
	lines := []string{"vo " + ac.VO}
	for _, f := range ac.FQANs {
		lines = append(lines, "fqan "+f)
	}
	for _, a := range ac.Attributes {
		lines = append(lines, strings.TrimSpace("attribute "+a.Name+" = "+a.Value+" ("+a.Qualifier+")"))
	}
	return lines
}
