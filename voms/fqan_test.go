// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/x509up/x509up/voms"
)

func TestFQAN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want voms.FQAN
	}{
		{"/vo", voms.FQAN{Group: "/vo"}},
		{"/vo/Role=NULL", voms.FQAN{Group: "/vo"}},
		{"/vo/Capability=NULL", voms.FQAN{Group: "/vo"}},
		{"/vo/Role=NULL/Capability=NULL", voms.FQAN{Group: "/vo"}},
		{"/vo.example.org/a/b-c/D_1", voms.FQAN{Group: "/vo.example.org/a/b-c/D_1"}},
		{"/vo/Role=VO-Admin", voms.FQAN{Group: "/vo", Role: "VO-Admin"}},
		{"/vo/g/Role=pilot/Capability=NULL", voms.FQAN{Group: "/vo/g", Role: "pilot"}},
		{"/vo/g/Role=pilot/Capability=long jobs", voms.FQAN{Group: "/vo/g", Role: "pilot", Capability: "long jobs"}},
		{"/vo/g/Capability=x", voms.FQAN{Group: "/vo/g", Capability: "x"}},
		{"/vo/Role/NULL", voms.FQAN{Group: "/vo/Role/NULL"}},
		{"/" + strings.Repeat("v", 254), voms.FQAN{Group: "/" + strings.Repeat("v", 254)}},
	} {
		got, err := voms.ParseFQAN(test.text)
		if err != nil || got != test.want {
			t.Errorf("%s: got %#v, %v", test.text, got, err)
		}
	}
	f := voms.FQAN{Group: "/vo/g", Role: "r"}
	if f.String() != "/vo/g/Role=r" || f.Long() != "/vo/g/Role=r/Capability=NULL" || f.VO() != "vo" {
		t.Errorf("got %s, %s, %s", f, f.Long(), f.VO())
	}
	f = voms.FQAN{Group: "/vo", Capability: "c"}
	if f.String() != "/vo/Capability=c" || f.Long() != "/vo/Role=NULL/Capability=c" || f.VO() != "vo" {
		t.Errorf("got %s, %s, %s", f, f.Long(), f.VO())
	}
	if zero := (voms.FQAN{}); zero.String() != "" || zero.VO() != "" {
		t.Errorf("the zero value is %q of the VO %q", zero, zero.VO())
	}
}

func TestFQANErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "empty",
		"vo":                           "slash",
		"Role=x":                       "slash",
		" /vo":                         "slash",
		"/":                            `the name ""`,
		"//vo":                         `the name ""`,
		"/vo/":                         `the name ""`,
		"/vo//g":                       `the name ""`,
		"/Role=x":                      "no group",
		"/Capability=x":                "no group",
		"/vo/g h":                      `the name "g h"`,
		"/vo/Rôle":                     `the name "Rôle"`,
		"/vo/role=x":                   `the name "role=x"`,
		"/vo/g,/vo/h":                  `the name "g,"`,
		"/vo\n":                        `the name "vo\n"`,
		"/vo/\x00":                     `the name "\x00"`,
		"/vo/Role=":                    "its role",
		"/vo/Role=a/b":                 "its role",
		"/vo/Role=a b":                 "its role",
		"/vo/Role=a/Role=b":            "its role",
		"/vo/Role=/Capability=NULL":    "its role",
		"/vo/Capability=":              "its capability",
		"/vo/Capability=a/Role=b":      "its capability",
		"/vo/Capability=a\tb":          "its capability",
		"/" + strings.Repeat("v", 255): "more than 255 bytes",
	} {
		f, err := voms.ParseFQAN(text)
		e, ok := errors.AsType[*voms.FQANError](err)
		if !ok || e.Text != text || !strings.Contains(e.Reason, want) || !strings.HasPrefix(err.Error(), "voms: parsing the FQAN ") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		if f != (voms.FQAN{}) {
			t.Errorf("%q: got %#v beside an error", text, f)
		}
	}
}

// Both forms are read back as the same value, and what is refused is no longer than what is taken.
func FuzzFQAN(f *testing.F) {
	for _, seed := range []string{"", "/vo", "/vo/g/Role=r", "/vo/Role=NULL/Capability=NULL", "/vo/Capability=a b", "/Role=x", "/vo//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := voms.ParseFQAN(text)
		if err != nil {
			return
		}
		if got.VO() == "" || !strings.HasPrefix(text, "/"+got.VO()) || len(text) > 255 {
			t.Errorf("%q is of the VO %q", text, got.VO())
		}
		if text != got.String() && text != got.Long() && !strings.Contains(text, "=NULL") {
			t.Errorf("%q became %q", text, got)
		}
		for _, form := range []string{got.String(), got.Long()} {
			if again, err := voms.ParseFQAN(form); len(form) <= 255 && (err != nil || again != got) {
				t.Errorf("%q: %q was read as %#v, %v", text, form, again, err)
			}
		}
	})
}
