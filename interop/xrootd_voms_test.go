// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"path/filepath"
	"slices"
	"testing"
)

// xrootdFolders are those of the server of TestXRootDVOMS: for the members of test.vo, of its group, and those with its role.
func xrootdFolders() []string { return []string{"vo", "group", "production"} }

// startXRootDVOMS runs a server that knows its users by what the VO says of them.
func startXRootDVOMS(t *testing.T, s vomsSite) xrootd {
	t.Helper()
	return startXRootDWith(t, s.grid, "xrootd/voms.cfg", func(dir string) {
		render(t, "xrootd/authdb", nil, filepath.Join(dir, "authdb"), 0o644)
		for _, name := range xrootdFolders() {
			writeFile(t, filepath.Join(makeDir(t, dir, "root", "data", name), "file"), []byte(oneFile), 0o644)
		}
	}, "X509_VOMS_DIR="+s.LSC, "X509_CERT_DIR="+s.CADir)
}

// opens expects that the user's proxy opens these folders of the server and no other.
func (s xrootd) opens(t *testing.T, u gridUser, folders ...string) {
	t.Helper()
	for _, name := range xrootdFolders() {
		r := s.ask(t, u.client, "xrdfs", "HOST", "cat", "/data/"+name+"/file")
		switch may := slices.Contains(folders, name); {
		case may && (r.Code != 0 || r.Stdout != oneFile):
			t.Errorf("/data/%s: %s: exit code %d\n%s%s", name, r.Command, r.Code, r.Stdout, r.Stderr)
		case !may && (r.Code == 0 || r.Stdout != ""):
			t.Errorf("/data/%s: it is let in", name)
		case !may:
			r.says(t, "[3010]", "permission denied")
		}
	}
}

// TestXRootDVOMS opens folders by attributes: those that we fetched, and as a control those that voms-proxy-init2 fetched.
func TestXRootDVOMS(t *testing.T) {
	s := startVOMS(t, newGrid(t))
	server := startXRootDVOMS(t, s)
	init2 := vomsMakers()[0]
	makers := map[string]func(t *testing.T, u gridUser, requests []string){
		"x509up": func(t *testing.T, u gridUser, requests []string) { u.x509up(t, exitDone, vomsArgs(requests)...) },
		init2.Name: func(t *testing.T, u gridUser, requests []string) {
			u.run(t, 0, init2.Name, init2.Args(s, u, requests...)...)
		},
	}
	member, plain := s.user(t, vomsMember), s.user(t, vomsPlain)
	for maker, attributes := range makers {
		for _, c := range []struct {
			name     string
			user     gridUser
			requests []string
			opens    []string
			control  bool
		}{
			{"no attributes", member, nil, nil, true},
			{"another VO", member, []string{"other.vo:/other.vo/Role=production"}, nil, false},
			{"a plain member", plain, []string{"test.vo"}, []string{"vo"}, false},
			{"a member of the group", member, []string{"test.vo"}, []string{"vo", "group"}, false},
			{"the role", member, []string{"test.vo:/test.vo/Role=production"}, []string{"vo", "group", "production"}, true},
			{"two VOs", member, []string{"other.vo", "test.vo:/test.vo/Role=production"}, []string{"vo", "group", "production"}, true},
		} {
			if maker == init2.Name && !c.control {
				continue
			}
			t.Run(maker+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				u := c.user.fresh(t)
				attributes(t, u, c.requests)
				server.opens(t, u, c.opens...)
			})
		}
	}
}
