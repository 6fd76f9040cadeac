// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed/faults"
)

// TestTable: each fault has one line, which people can read, and a name by which it is found.
func TestTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, info := range faults.All() {
		name := string(info.Fault)
		if got, err := faults.Parse(name); got != info.Fault || err != nil {
			t.Errorf("%s is read as %q, %v", name, got, err)
		}
		for _, text := range []string{name, info.About} {
			if text == "" || seen[text] {
				t.Errorf("%s: %q is empty, or there twice", name, text)
			}
			seen[text] = true
		}
		if name != strings.ToLower(name) || strings.ContainsAny(name, " _'") {
			t.Errorf("%q is no word of a command line", name)
		}
		if strings.HasSuffix(info.About, ".") || strings.Contains(info.About, "\n") {
			t.Errorf("%s: %q is not one line without a full stop", name, info.About)
		}
	}
	if n := len(faults.All()); n < 50 {
		t.Errorf("only %d faults were found", n)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"typo", "", "DTD", "dtd "} {
		f, err1 := faults.Parse(name)
		set, err2 := faults.SetOf([]faults.Fault{faults.DTD, faults.Fault(name)})
		for _, err := range []error{err1, err2} {
			if unknown, ok := errors.AsType[*faults.UnknownError](err); !ok || unknown.Name != name {
				t.Errorf("%q: %v", name, err)
			}
		}
		if f != "" || set != nil {
			t.Errorf("%q is read as %q, %v", name, f, set)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list    []faults.Fault
		tickets bool
	}{
		{nil, false},
		{[]faults.Fault{faults.DTD, faults.VOMSHuge}, false},
		{[]faults.Fault{faults.DTD, faults.KDCDown}, true},
		{[]faults.Fault{faults.KerberosBasicOnly}, true},
	} {
		set, err := faults.SetOf(c.list)
		if err != nil {
			t.Fatal(err)
		}
		if set.Tickets() != c.tickets {
			t.Errorf("%v: Kerberos is wanted: %v", c.list, !c.tickets)
		}
		for _, info := range faults.All() {
			want := false
			for _, f := range c.list {
				want = want || f == info.Fault
			}
			if set[info.Fault] != want {
				t.Errorf("%v has %s: %v", c.list, info.Fault, !want)
			}
		}
	}
	if faults.Set(nil).Tickets() {
		t.Error("the empty set has a fault")
	}
}
