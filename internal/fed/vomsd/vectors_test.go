// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// vectors are what real servers answered, and to what; its README says how they were made.
const vectors = "../../../voms/testdata/vectors"

// TestVectors asks what real servers were asked, as the same users, and wants the same bytes; of attribute certificates, the same
// content.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(vectors, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Answers []struct{ File, Server, User, Request string }
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	servers := map[string]*world{
		"debian":   start(t, func(s *vomsd.Server) { s.Flavour = vomsd.Debian }),
		"upstream": start(t, nil),
	}
	users := map[string]*proxycert.Credential{}
	compared := 0
	for _, v := range manifest.Answers {
		if v.File == "answers/legacy-subset.xml" {
			continue // asked with a proxy that has attributes already, which our server does not look at
		}
		compared++
		real, err := os.ReadFile(filepath.Join(vectors, v.File))
		if err != nil {
			t.Fatal(err)
		}
		w := servers[v.Server]
		key := v.Server + v.User
		if users[key] == nil {
			users[key] = w.user(t, v.User)
		}
		t.Run(filepath.Base(v.File), func(t *testing.T) {
			t.Parallel()
			want, wantAC := split(t, string(real))
			got, gotAC := split(t, w.ask(t, users[key], v.Request))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-real +ours:\n%s", diff)
			}
			if (wantAC == nil) != (gotAC == nil) {
				t.Fatalf("attribute certificate: really %v, ours %v", wantAC != nil, gotAC != nil)
			}
			if wantAC != nil {
				sameContent(t, wantAC, gotAC)
			}
		})
	}
	if compared < 25 {
		t.Errorf("only %d answers were compared", compared)
	}
}

// sameContent compares all that a client could see, but for the order of FQANs behind the first.
func sameContent(t *testing.T, want, got *voms.AC) {
	t.Helper()
	type content struct {
		VO, Host, First string
		FQANs           []string
		Attributes      []voms.Attribute
		Targets         []string
		Life            float64
		Certificates    int
		Critical        map[string]bool
		Extensions      []string
		Algorithm       string
		Holder          bool
	}
	of := func(ac *voms.AC) content {
		c := content{VO: ac.VO, Host: ac.Host, First: ac.FQANs[0], FQANs: ac.FQANs, Attributes: ac.Attributes, Targets: ac.Targets,
			Life: ac.NotAfter.Sub(ac.NotBefore).Seconds(), Certificates: len(ac.Certificates), Critical: map[string]bool{},
			Algorithm: ac.SignatureAlgorithm.String(), Holder: len(ac.Holder.UniqueID.Bytes) == 0}
		for _, e := range ac.Extensions {
			c.Extensions = append(c.Extensions, e.Id.String())
			c.Critical[e.Id.String()] = e.Critical
		}
		return c
	}
	sorted := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".FQANs" },
		cmpopts.SortSlices(func(a, b string) bool { return a < b }))
	if diff := cmp.Diff(of(want), of(got), sorted); diff != "" {
		t.Errorf("attribute certificate (-real +ours):\n%s", diff)
	}
}
