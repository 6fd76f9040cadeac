// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/config"
)

func TestTicketCache(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, variable, option, want string }{
		{"none", "", "", ""},
		{"the variable", "KCM:1000", "", "KCM:1000"},
		{"the option before it", "KCM:1000", "/tmp/krb5cc_x", "/tmp/krb5cc_x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := config.TicketCache(env(map[string]string{"KRB5CCNAME": tt.variable}), tt.option); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKrb5Confs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, variable string
		want           []string
	}{
		{"one", "/a/krb5.conf", []string{"/a/krb5.conf"}},
		{"several, in their order", "/b:/a", []string{"/b", "/a"}},
		{"with empty ones", ":/b::/a:", []string{"/b", "/a"}},
		{"a relative one", "krb5.conf", []string{"krb5.conf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := config.Krb5Confs(env(map[string]string{"KRB5_CONFIG": tt.variable, "HOME": "/h"}))
			if diff := cmp.Diff(config.Places{Near: tt.want, Named: true}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, none := range []string{"", ":"} {
		got := config.Krb5Confs(env(map[string]string{"KRB5_CONFIG": none}))
		if got.Named || len(got.Near) == 0 || got.Near[len(got.Near)-1] != "/etc/krb5.conf" {
			t.Errorf("KRB5_CONFIG=%q: %+v", none, got)
		}
	}
}

func TestKrb5ConfsOfSystems(t *testing.T) {
	t.Parallel()
	all := map[string]string{"HOME": "/h", "AppData": "/app", "ProgramData": "/all"}
	tests := []struct {
		system string
		env    map[string]string
		want   []string
	}{
		{"linux", all, []string{"/etc/krb5.conf"}},
		{"freebsd", nil, []string{"/etc/krb5.conf"}},
		{"darwin", all, []string{"/h/Library/Preferences/edu.mit.Kerberos", "/Library/Preferences/edu.mit.Kerberos", "/etc/krb5.conf"}},
		{"darwin", nil, []string{"/Library/Preferences/edu.mit.Kerberos", "/etc/krb5.conf"}},
		{"windows", all, []string{"/app/MIT/Kerberos5/krb5.ini", "/all/MIT/Kerberos5/krb5.ini"}},
		{"windows", nil, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, config.Krb5ConfsOf(env(tt.env), tt.system)); diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", tt.system, tt.env, diff)
		}
	}
}

func TestClientKeytabs(t *testing.T) {
	t.Parallel()
	named := func(path string) config.Places { return config.Places{Near: []string{path}, Named: true} }
	tests := []struct {
		name, variable, option string
		want                   config.Places
	}{
		{"those of the library", "", "", config.Places{Near: []string{"/etc/krb5/user/1000/client.keytab",
			"/var/kerberos/krb5/user/1000/client.keytab", "/var/lib/krb5/user/1000/client.keytab"}}},
		{"the variable", "/k", "", named("/k")},
		{"with its type", "FILE:/k", "", named("/k")},
		{"another type, which nobody can read", "MEMORY:k", "", named("MEMORY:k")},
		{"the option before the variable", "/k", "o", named("o")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := config.ClientKeytabs(env(map[string]string{"KRB5_CLIENT_KTNAME": tt.variable}), tt.option, 1000)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
