// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/config"
)

func TestPlacesOfVOs(t *testing.T) {
	t.Parallel()
	const far = "/cvmfs/grid.cern.ch/etc/grid-security/"
	all := map[string]string{"HOME": "/h", "CONDA_PREFIX": "/conda"}
	vomses := func(option ...string) func(config.Env) config.Places {
		return func(env config.Env) config.Places { return config.Vomses(env, option) }
	}
	dir := func(of func(config.Env, string) config.Places, option string) func(config.Env) config.Places {
		return func(env config.Env) config.Places { return of(env, option) }
	}
	tests := []struct {
		name string
		env  map[string]string
		of   func(config.Env) config.Places
		want config.Places
	}{
		{"vomses", all, vomses(), config.Places{Own: "/h/.config/x509up/vomses", Far: []string{far + "vomses"}, Near: []string{
			"/h/.config/x509up/vomses", "/h/.voms/vomses", "/h/.glite/vomses", "/h/.arc/vomses", "/etc/vomses", "/etc/grid-security/vomses",
			"/conda/etc/vomses", "/conda/etc/grid-security/vomses"}}},
		{"vomses without a home", nil, vomses(), config.Places{Far: []string{far + "vomses"}, Near: []string{"/etc/vomses", "/etc/grid-security/vomses"}}},
		{"vomses of options alone", map[string]string{"HOME": "/h", "X509_VOMSES": "/v"}, vomses("a", "/b"), config.Places{Near: []string{"a", "/b"}, Named: true}},
		{"vomses of variables", map[string]string{"HOME": "/h", "X509_VOMSES": "/v", "X509_VOMS_FILE": "/f", "VOMS_USERCONF": "/u"}, vomses(),
			config.Places{Near: []string{"/f", "/v", "/u"}, Named: true}},
		{"vomses of voms-proxy-init 2", map[string]string{"VOMS_USERCONF": "/u"}, vomses(), config.Places{Near: []string{"/u"}, Named: true}},
		{"vomsdir", all, dir(config.VOMSDirs, ""), config.Places{Own: "/h/.config/x509up/vomsdir", Far: []string{far + "vomsdir"}, Near: []string{
			"/h/.config/x509up/vomsdir", "/etc/grid-security/vomsdir", "/conda/etc/grid-security/vomsdir"}}},
		{"vomsdir of a variable", map[string]string{"HOME": "/h", "X509_VOMS_DIR": "/d"}, dir(config.VOMSDirs, ""), config.Places{Near: []string{"/d"}, Named: true}},
		{"vomsdir of an option", map[string]string{"X509_VOMS_DIR": "/d"}, dir(config.VOMSDirs, "/o"), config.Places{Near: []string{"/o"}, Named: true}},
		{"CAs", all, dir(config.CADirs, ""), config.Places{Own: "/h/.globus/certificates",
			Far: []string{far + "certificates", "/cvmfs/oasis.opensciencegrid.org/mis/certificates"}, Near: []string{
				"/h/.globus/certificates", "/etc/grid-security/certificates", "/conda/etc/grid-security/certificates"}}},
		{"CAs of a variable", map[string]string{"X509_CERT_DIR": "/c"}, dir(config.CADirs, ""), config.Places{Near: []string{"/c"}, Named: true}},
		{"CAs of an option", map[string]string{"X509_CERT_DIR": "/c"}, dir(config.CADirs, "/o"), config.Places{Near: []string{"/o"}, Named: true}},
		{"XDG", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, func(e config.Env) config.Places {
			return config.Places{Own: config.VOMSDirs(e, "").Own}
		}, config.Places{Own: "/x/x509up/vomsdir"}},
		{"a relative conda prefix is none", map[string]string{"CONDA_PREFIX": "conda"}, dir(config.VOMSDirs, ""),
			config.Places{Far: []string{far + "vomsdir"}, Near: []string{"/etc/grid-security/vomsdir"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.of(env(tt.env))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFirstPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, dir, "file", "")
	none := filepath.Join(dir, "none")
	tests := []struct {
		name   string
		places config.Places
		want   string
	}{
		{"the first that is a folder", config.Places{Own: none, Near: []string{none, file, dir, "/"}, Far: []string{"/"}}, dir},
		{"a far one where no near one is", config.Places{Near: []string{none}, Far: []string{none, dir}}, dir},
		{"the usual one where none is", config.Places{Own: none, Near: []string{none, file}, Far: []string{none}}, file},
		{"the user's own if there is no other", config.Places{Own: none, Near: []string{none}}, none},
		{"the one that is named, be it there or not", config.Places{Near: []string{none}, Named: true, Far: []string{dir}}, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.places.First(t.Context()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestDeadMount: a folder that never answers costs a second, and the others are still found.
func TestDeadMount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mounted := make(chan struct{})
		defer close(mounted)
		begin := time.Now()
		got := config.ReachableBy(t.Context(), []string{"/dead", "/there", "/none", "/slow", "/dead2"}, func(path string) bool {
			switch path {
			case "/dead", "/dead2":
				<-mounted
			case "/slow":
				time.Sleep(900 * time.Millisecond)
			}
			return path != "/none"
		})
		if diff := cmp.Diff([]string{"/there", "/slow"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("it took %v, want 1s", took)
		}
	})
}

func TestReachable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := config.Reachable(t.Context(), []string{filepath.Join(dir, "none"), dir, os.DevNull})
	if diff := cmp.Diff([]string{dir, os.DevNull}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
