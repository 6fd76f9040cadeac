// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms"
)

// ownAC is what x509up says of an attribute certificate.
type ownAC struct {
	VO         string   `json:"vo"`
	Holder     string   `json:"holder"`
	Issuer     string   `json:"issuer"`
	URI        string   `json:"uri"`
	FQANs      []string `json:"fqans"`
	Attributes []struct {
		Name, Value, Qualifier string
	} `json:"attributes"`
	TimeLeft int64 `json:"time_left"` // seconds
	Valid    bool  `json:"valid"`
}

// ownACs are what x509up info says of the user's proxy.
func (u gridUser) ownACs(t *testing.T) []ownAC {
	t.Helper()
	var facts struct {
		ACs []ownAC `json:"attribute_certificates"`
	}
	r := u.x509up(t, exitDone, "info", "--json")
	if err := json.Unmarshal([]byte(r.Stdout), &facts); err != nil {
		t.Fatalf("%s: %v", r.Command, err)
	}
	for _, ac := range facts.ACs {
		if !ac.Valid {
			t.Errorf("%s: not valid:\n%s", r.Command, r.Stdout)
		}
	}
	if len(facts.ACs) == 0 {
		t.Fatalf("%s: no attributes:\n%s", r.Command, r.Stdout)
	}
	return facts.ACs
}

// acLines are the lines that a program prints of an attribute certificate, "label : value", but for the time that is left.
type acLines struct {
	Lines []string
	Left  time.Duration
}

// acReader is a program of others that shows attribute certificates.
type acReader struct {
	reader
	Lines func(ac ownAC) []string // what it prints, if it agrees with us
	Above bool                    // it goes on to those of proxies further up, which servers do not see
}

// acReaders are those of readers that can.
func acReaders() []acReader {
	vomsLines := func(ac ownAC) []string {
		lines := []string{"VO : " + ac.VO, "subject : " + ac.Holder, "issuer : " + ac.Issuer}
		for _, fqan := range ac.FQANs {
			lines = append(lines, "attribute : "+fqan)
		}
		for _, a := range ac.Attributes {
			lines = append(lines, "attribute : "+a.Name+" = "+a.Value+" ("+a.Qualifier+")")
		}
		return append(lines, "uri : "+ac.URI)
	}
	arcLines := func(ac ownAC) []string {
		lines := []string{"VO : " + ac.VO, "subject : " + ac.Holder, "issuer : " + ac.Issuer, "uri : " + ac.URI}
		for _, text := range ac.FQANs {
			if fqan, err := voms.ParseFQAN(text); err == nil {
				text = fqan.String()
			}
			lines = append(lines, "attribute : "+text)
		}
		for _, a := range ac.Attributes {
			lines = append(lines, "tag : /"+strings.TrimPrefix(a.Qualifier, "/")+":"+a.Name+"="+a.Value)
		}
		return lines
	}
	var list []acReader
	for _, r := range readers() {
		switch r.Name {
		case "voms-proxy-info2", "voms-proxy-info3":
			list = append(list, acReader{reader: r, Lines: vomsLines})
		case "arcproxy":
			list = append(list, acReader{reader: r, Lines: arcLines, Above: true})
		}
	}
	return list
}

// parseACs picks the attribute certificates out of what a program prints. Each has a headline.
func parseACs(t *testing.T, output string) (acs []acLines) {
	t.Helper()
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "===") && strings.Contains(line, "extension information") {
			acs = append(acs, acLines{})
			continue
		}
		label, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if len(acs) == 0 || !ok {
			continue
		}
		ac := &acs[len(acs)-1]
		switch label = strings.TrimSpace(label); label {
		case "timeleft", "Time left for AC":
			var err error
			if ac.Left, err = parseTimeLeft(strings.TrimSpace(value)); err != nil {
				t.Error(err)
			}
		default:
			ac.Lines = append(ac.Lines, label+" : "+strings.TrimSpace(value))
		}
	}
	return acs
}

// attributesReadByAll expects that all see in the user's proxy what we see, and returns that. Above it are proxies with so many
// attribute certificates.
func (u gridUser) attributesReadByAll(t *testing.T, above int) []ownAC {
	t.Helper()
	ours := u.ownACs(t)
	isRSA := u.credential(t, u.File).Leaf().PublicKeyAlgorithm == x509.RSA
	for _, r := range acReaders() {
		if !isRSA && r.RSAOnly != "" {
			u.run(t, 1, r.Name, r.Args(u.File)...).says(t, r.RSAOnly)
			continue
		}
		theirs := parseACs(t, u.run(t, 0, r.Name, r.Args(u.File)...).Stdout)
		want := len(ours)
		if r.Above {
			want += above
		}
		if len(theirs) != want {
			t.Errorf("%s shows %d attribute certificates, want %d", r.Name, len(theirs), want)
			continue
		}
		for i, ac := range ours {
			if diff := cmp.Diff(theirs[i].Lines, r.Lines(ac)); diff != "" {
				t.Errorf("%s (-theirs +ours):\n%s", r.Name, diff)
			}
			if d := (time.Duration(ac.TimeLeft)*time.Second - theirs[i].Left).Abs(); d > time.Minute {
				t.Errorf("%s: time left is %v, and we say %d s", r.Name, theirs[i].Left, ac.TimeLeft)
			}
		}
	}
	return ours
}

// printsAsVOMS expects the same of our options that print one fact as of those of voms-proxy-info2 with the same name.
func (u gridUser) printsAsVOMS(t *testing.T) {
	t.Helper()
	for _, option := range []string{"vo", "fqan", "uri", "acsubject", "acissuer"} {
		theirs := u.run(t, 0, "voms-proxy-info2", "-"+option, "-file", u.File).Stdout
		ours := u.x509up(t, exitDone, "info", "--"+option).Stdout
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("%s (-theirs +ours):\n%s", option, diff)
		}
	}
}
