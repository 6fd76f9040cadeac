// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/internal/wire"
)

var (
	vo    = voms.FQAN{Group: "/vo.0"}
	group = voms.FQAN{Group: "/vo.0/G1"}
	role  = voms.FQAN{Group: "/vo.0/G1", Role: "VO-Admin"}
	pilot = voms.FQAN{Group: "/vo.0", Role: "pilot"}
)

const (
	head = `<?xml version="1.0" encoding="US-ASCII"?><voms>`
	tail = `<base64>1</base64><version>4</version><lifetime>43200</lifetime></voms>` + "\n"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request wire.Request
		target  string // behind /generate-ac?
		command string // between head and tail
	}{
		{"the VO", wire.Request{FQANs: []voms.FQAN{vo}}, "fqans=/vo.0&lifetime=43200", "<command>G/vo.0</command>"},
		{"a role", wire.Request{FQANs: []voms.FQAN{role}}, "fqans=/vo.0/G1/Role=VO-Admin&lifetime=43200", "<command>B/vo.0/G1:VO-Admin</command>"},
		{"several, in order, once", wire.Request{FQANs: []voms.FQAN{role, vo, role}},
			"fqans=/vo.0/G1/Role=VO-Admin,/vo.0&lifetime=43200", "<command>B/vo.0/G1:VO-Admin</command><command>G/vo.0</command>"},
		// The C++ client turns /vo/IG/x into /vo/I/x.
		{"a group that ends in G", wire.Request{FQANs: []voms.FQAN{{Group: "/vo/IG/x"}, {Group: "/vo/IR/x", Role: "R"}}},
			"fqans=/vo/IG/x,/vo/IR/x/Role=R&lifetime=43200", "<command>G/vo/IG/x</command><command>B/vo/IR/x:R</command>"},
		// Both would be taken for a role, or a capability, of that name.
		{"NULL", wire.Request{FQANs: []voms.FQAN{{Group: "/vo.0", Role: "NULL", Capability: "NULL"}}}, "fqans=/vo.0&lifetime=43200", "<command>G/vo.0</command>"},
		{"all", wire.Request{All: true}, "fqans=all&lifetime=43200", "<command>A</command>"},
		{"all and a role", wire.Request{All: true, FQANs: []voms.FQAN{role}, Order: []voms.FQAN{group}},
			"fqans=all,/vo.0/G1/Role=VO-Admin&lifetime=43200&order=/vo.0/G1",
			"<command>A</command><command>B/vo.0/G1:VO-Admin</command><order>/vo.0/G1</order>"},
		{"list", wire.Request{List: true, FQANs: []voms.FQAN{role}}, "", "<command>N</command>"},
		{"order: groups are asked for, roles only if they were", wire.Request{FQANs: []voms.FQAN{vo, pilot}, Order: []voms.FQAN{pilot, role, group}},
			"fqans=/vo.0/Role=pilot,/vo.0/G1,/vo.0&lifetime=43200&order=/vo.0:pilot,/vo.0/G1:VO-Admin,/vo.0/G1",
			"<command>B/vo.0:pilot</command><command>G/vo.0/G1</command><command>G/vo.0</command><order>/vo.0:pilot,/vo.0/G1:VO-Admin,/vo.0/G1</order>"},
		{"targets", wire.Request{FQANs: []voms.FQAN{vo}, Targets: []string{"a.example.org", "b-2.example.org"}},
			"fqans=/vo.0&lifetime=43200&targets=a.example.org,b-2.example.org", "<command>G/vo.0</command><targets>a.example.org,b-2.example.org</targets>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.request.Lifetime = 12 * time.Hour
			target, err := c.request.Target()
			if c.request.List && (err != wire.ErrNoList || target != "") {
				t.Errorf("REST: %q, %v", target, err)
			}
			if diff := cmp.Diff("/generate-ac?"+c.target, target); !c.request.List && (diff != "" || err != nil) {
				t.Errorf("REST: %v\n%s", err, diff)
			}
			document, err := c.request.XML()
			if diff := cmp.Diff(head+c.command+tail, document); diff != "" || err != nil {
				t.Errorf("legacy: %v\n%s", err, diff)
			}
		})
	}
}

// TestLifetime: part of a second is a whole one, since none means a certificate that ends at once.
func TestLifetime(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[time.Duration]string{time.Nanosecond: "1", time.Second: "1", 90*time.Minute + 1: "5401"} {
		r := wire.Request{FQANs: []voms.FQAN{vo}, Lifetime: lifetime}
		if target, err := r.Target(); target != "/generate-ac?fqans=/vo.0&lifetime="+want || err != nil {
			t.Errorf("%s: %q %v", lifetime, target, err)
		}
		if document, err := r.XML(); !strings.Contains(document, "<lifetime>"+want+"</lifetime>") || err != nil {
			t.Errorf("%s: %q %v", lifetime, document, err)
		}
	}
}

func TestBadRequest(t *testing.T) {
	t.Parallel()
	good := wire.Request{FQANs: []voms.FQAN{vo}, Lifetime: time.Hour}
	for _, c := range []struct {
		name   string
		change func(*wire.Request)
		want   string
	}{
		{"no lifetime", func(r *wire.Request) { r.Lifetime = 0 }, "a lifetime of 0s is too short"},
		{"negative", func(r *wire.Request) { r.Lifetime = -time.Hour }, "a lifetime of -1h0m0s is too short"},
		{"nothing", func(r *wire.Request) { r.FQANs = nil }, "nothing is asked for"},
		{"a second parameter", func(r *wire.Request) { r.FQANs[0].Group = "/vo&order=/x" }, `the name "/vo&order=/x" cannot be asked for: `},
		{"a second header", func(r *wire.Request) { r.FQANs[0].Group = "/vo\r\nX: y" }, `the name "/vo\r\nX: y" cannot be asked for: `},
		{"a tag", func(r *wire.Request) { r.FQANs[0].Role = "</command>" }, `the name "/vo.0/Role=</command>" cannot be asked for: `},
		{"a role in the group", func(r *wire.Request) { r.FQANs[0].Group = "/vo/Role=x" }, `the name "/vo/Role=x" cannot be asked for`},
		{"no group", func(r *wire.Request) { r.FQANs[0].Group = "" }, `the name "" cannot be asked for: it is empty`},
		{"a capability", func(r *wire.Request) { r.FQANs[0].Capability = "c" }, `a capability cannot be asked for, as "/vo.0/Capability=c" does`},
		{"in the order", func(r *wire.Request) { r.Order = []voms.FQAN{{Group: "/a b"}} }, `the name "/a b" cannot be asked for: `},
		{"two targets in one", func(r *wire.Request) { r.Targets = []string{"a,b"} }, `the target "a,b" is not the name of a host`},
		{"an empty target", func(r *wire.Request) { r.Targets = []string{""} }, `the target "" is not the name of a host`},
		{"too many", func(r *wire.Request) {
			for i := range 1000 {
				r.FQANs = append(r.FQANs, voms.FQAN{Group: fmt.Sprintf("/vo.0/%d", i)})
			}
		}, "bytes, and servers take 8192"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := good
			r.FQANs = append([]voms.FQAN(nil), good.FQANs...)
			c.change(&r)
			target, err := r.Target()
			if target != "" || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("REST: %q %v, want %q", target, err, c.want)
			}
			document, err := r.XML()
			if document != "" || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("legacy: %q %v, want %q", document, err, c.want)
			}
		})
	}
}

// FuzzRequest: what is sent is refused, or is a query of the parameters that are meant with the values that are meant, and
// XML that a parser reads as such.
func FuzzRequest(f *testing.F) {
	f.Add("/vo.0", "VO-Admin", "", "/vo.0/G1", "", "host.example.org", int64(43200e9), false)
	f.Add("/vo", "NULL", "NULL", "", "", "", int64(1), true)
	f.Add("/vo&lifetime=1", "<", "%41", "//", "\r\n", "a,b", int64(-1), false)
	f.Fuzz(func(t *testing.T, group, role, capability, orderGroup, orderRole, host string, lifetime int64, all bool) {
		r := wire.Request{FQANs: []voms.FQAN{{Group: group, Role: role, Capability: capability}}, All: all,
			Targets: []string{host}, Lifetime: time.Duration(lifetime)}
		if orderGroup != "" {
			r.Order = []voms.FQAN{{Group: orderGroup, Role: orderRole}}
		}
		target, err := r.Target()
		document, err2 := r.XML()
		if (err == nil) != (err2 == nil) && len(target)+len(document) < wire.MaxRequest-200 {
			t.Fatalf("%v, but %v", err, err2)
		}
		if err != nil || err2 != nil {
			return
		}
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path != "/generate-ac" || strings.ContainsAny(target, "%+ ") {
			t.Fatalf("%q: %v", target, err)
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil || len(q["fqans"]) != 1 || len(q["lifetime"]) != 1 || len(q["order"]) != len(r.Order) || q.Get("targets") != host {
			t.Errorf("%q: %v %v", target, q, err)
		}
		var read struct {
			Commands []string `xml:"command"`
			Targets  string   `xml:"targets"`
			Order    string   `xml:"order"`
			Lifetime string   `xml:"lifetime"`
			Base64   string   `xml:"base64"`
		}
		if err := xml.Unmarshal([]byte(strings.Replace(document, "US-ASCII", "UTF-8", 1)), &read); err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		if read.Targets != host || read.Lifetime != q.Get("lifetime") || read.Order != q.Get("order") || read.Base64 != "1" ||
			len(read.Commands) != strings.Count(q.Get("fqans"), ",")+1 {
			t.Errorf("%q and %q say different things", target, document)
		}
	})
}
