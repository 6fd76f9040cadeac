// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package site_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/voms/contact"
)

func server(host string) contact.Endpoint { return contact.Endpoint{Host: host, Port: 15000, VO: "vo"} }

// TestMemory: what one run has learned the next one knows.
func TestMemory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cache", "x509up", "voms-servers")
	m := &site.Memory{Path: path}
	if p := m.Spoken(server("a")); p != contact.Unknown {
		t.Errorf("knows %v of a server that it never saw", p)
	}
	m.Learned(server("a"), contact.Legacy)
	m.Learned(server("B"), contact.REST)
	m.Learned(server("c"), contact.Unknown)
	m.Learned(server("a"), contact.REST)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a:15000 REST\nb:15000 REST\n", string(data)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	next := &site.Memory{Path: path}
	for host, want := range map[string]contact.Protocol{"a": contact.REST, "b": contact.REST, "c": contact.Unknown} {
		if got := next.Spoken(server(host)); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
	// What is no news is not written.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	next.Learned(server("A"), contact.REST)
	if _, err := os.Stat(path); err == nil {
		t.Error("it was written again")
	}
}

// TestMemoryOfNobody: files that are not ours, or no such file, are nothing. The zero value remembers for itself.
func TestMemoryOfNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want contact.Protocol
	}{
		"good":              {"a:15000 legacy\n", 0o600, contact.Legacy},
		"others may write":  {"a:15000 legacy\n", 0o666, contact.Unknown},
		"garbage":           {"\x00\xff legacy\na:15000\nlegacy a:15000\n\n", 0o600, contact.Unknown},
		"another protocol":  {"a:15000 SOAP\n", 0o600, contact.Unknown},
		"unknown, in words": {"a:15000 unknown\n", 0o600, contact.Unknown},
		"too long":          {"a:15000 legacy\n" + strings.Repeat("x", 64<<10), 0o600, contact.Unknown},
		"the last counts":   {"a:15000 legacy\na:15000 REST\n", 0o600, contact.REST},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if got := (&site.Memory{Path: path}).Spoken(server("a")); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, path := range []string{"", filepath.Join(dir, "good", "below a file")} {
		m := &site.Memory{Path: path}
		m.Learned(server("a"), contact.REST)
		if m.Spoken(server("a")) != contact.REST {
			t.Errorf("with the path %q it forgets", path)
		}
	}
}

// TestMemoryIsBounded: the oldest are forgotten.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "voms-servers")
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "h%d:15000 REST\n", i)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &site.Memory{Path: path}
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() { m.Learned(server(fmt.Sprintf("new%d", i)), contact.Legacy) })
	}
	all.Wait()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "\n"); n != 500 || strings.Contains(string(data), "h2:") || !strings.Contains(string(data), "h3:") {
		t.Errorf("%d lines: %.40q…", n, data)
	}
	next := &site.Memory{Path: path}
	if next.Spoken(server("new2")) != contact.Legacy || next.Spoken(server("h0")) != contact.Unknown {
		t.Error("the wrong ones are forgotten")
	}
}
