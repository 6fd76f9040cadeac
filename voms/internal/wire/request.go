// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package wire writes what a VOMS server is asked and reads what it answers: the target of a GET for /generate-ac, the XML
// document of the older protocol, and the one family of documents that answers both. It knows no network.
//
// No standard describes either protocol. What is here is what voms-server 2.x and INDIGO IAM do, and what their clients
// (voms-clients 2.x and 3.x, arcproxy) send. The servers write XML by hand and read it so: text is not escaped, which
// makes a document with an ampersand in a message no XML at all, and a request is not decoded, so that a percent sign
// reaches the database.
package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/voms"
)

// MaxRequest bounds a request, in bytes. voms-server reads an XML request by one read of a TLS record of at most 16 KiB,
// and nginx, which stands before IAM, takes a request line of 8 KiB.
const MaxRequest = 8 << 10

// Request is what to ask for: attributes, or with List the names that could be asked for.
type Request struct {
	FQANs    []voms.FQAN   // in the order wanted; at least one unless All or List is set
	All      bool          // every group and role; FQANs beside it come first
	List     bool          // the names alone, no certificate
	Order    []voms.FQAN   // these first; groups are asked for as well, roles are not
	Targets  []string      // hosts that the certificate is meant for, which Debian's voms-server dies of; none: for any
	Lifetime time.Duration // of the certificate, in whole seconds, rounded up; must be positive
}

// ErrNoList means that REST has no word for a list. (voms-server 2.1.1 gives a certificate with everything for the group
// "//", which its source takes for one.)
var ErrNoList = errors.New("a list is not to be had by REST")

// Target is the target of a REST request, path and query, with every character as it is: voms-server does not decode
// percent-encoding. The error is ErrNoList for a list.
func (r Request) Target() (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	if r.List {
		return "", ErrNoList
	}
	var names []string
	if r.All {
		names = []string{"all"}
	}
	for _, f := range r.wanted() {
		names = append(names, f.String())
	}
	target := "/generate-ac?fqans=" + strings.Join(names, ",") + "&lifetime=" + r.seconds()
	if len(r.Order) > 0 {
		target += "&order=" + r.order()
	}
	if len(r.Targets) > 0 {
		target += "&targets=" + strings.Join(r.Targets, ",")
	}
	return bounded(target)
}

// XML is the request of the older protocol. It asks for standard base64 in the answer, which servers before 2.0 do not
// know.
func (r Request) XML() (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="US-ASCII"?><voms>`)
	element := func(name, text string) { b.WriteString("<" + name + ">" + text + "</" + name + ">") }
	switch {
	case r.List:
		element("command", "N")
	case r.All:
		element("command", "A")
	}
	for _, f := range r.wanted() {
		if f.Role != "" {
			element("command", "B"+f.Group+":"+f.Role)
		} else {
			element("command", "G"+f.Group)
		}
	}
	if len(r.Order) > 0 {
		element("order", r.order())
	}
	if len(r.Targets) > 0 {
		element("targets", strings.Join(r.Targets, ","))
	}
	element("base64", "1")
	element("version", "4")
	element("lifetime", r.seconds())
	// A web server, as that before IAM, answers a line that it does not understand at once, and waits for the end of one.
	b.WriteString("</voms>\n")
	return bounded(b.String())
}

// wanted are the names to ask for, in the order in which they shall be issued. IAM knows no order but that of the request,
// so groups that come first by Order are asked for first. A role is not asked for because it is in the order, which is
// meant for all VOs and says nothing of what the user wants. (voms-proxy-init 2 and 3 do the same.)
func (r Request) wanted() []voms.FQAN {
	if r.List {
		return nil
	}
	asked := map[voms.FQAN]bool{}
	for _, f := range r.FQANs {
		asked[withoutNull(f)] = true
	}
	var names []voms.FQAN
	done := map[voms.FQAN]bool{}
	add := func(f voms.FQAN) {
		if !done[f] {
			done[f] = true
			names = append(names, f)
		}
	}
	for _, f := range r.Order {
		if f = withoutNull(f); asked[f] || f.Role == "" && !r.All {
			add(f)
		}
	}
	for _, f := range r.FQANs {
		add(withoutNull(f))
	}
	return names
}

func (r Request) order() string {
	var names []string
	for _, f := range r.Order {
		if f = withoutNull(f); f.Role != "" {
			names = append(names, f.Group+":"+f.Role)
		} else {
			names = append(names, f.Group)
		}
	}
	return strings.Join(names, ",")
}

// seconds is the lifetime. Nothing, or 0, is taken for a certificate that ends when it begins.
func (r Request) seconds() string {
	return strconv.FormatInt(int64((r.Lifetime+time.Second-1)/time.Second), 10)
}

// withoutNull is an FQAN without NULL, which a server takes for the name of a role.
func withoutNull(f voms.FQAN) voms.FQAN {
	if f.Role == "NULL" {
		f.Role = ""
	}
	if f.Capability == "NULL" {
		f.Capability = ""
	}
	return f
}

// check makes sure that every value stays one value in a query and in XML.
func (r Request) check() error {
	if r.Lifetime <= 0 {
		return fmt.Errorf("a lifetime of %s is too short", r.Lifetime)
	}
	if !r.List && !r.All && len(r.FQANs) == 0 {
		return errors.New("nothing is asked for")
	}
	for _, list := range [][]voms.FQAN{r.FQANs, r.Order} {
		for _, f := range list {
			if err := checkFQAN(withoutNull(f)); err != nil {
				return err
			}
		}
	}
	for _, host := range r.Targets {
		if !madeOf(host, hostRunes) {
			return fmt.Errorf("the target %q is not the name of a host", host)
		}
	}
	return nil
}

func checkFQAN(f voms.FQAN) error {
	if f.Capability != "" {
		// The process of voms-server that reads it exits, and the connection ends.
		return fmt.Errorf("a capability cannot be asked for, as %q does", f)
	}
	parsed, err := voms.ParseFQAN(f.String())
	if e, ok := errors.AsType[*voms.FQANError](err); ok {
		return fmt.Errorf("the name %q cannot be asked for: %s", f, e.Reason)
	}
	if err != nil || parsed != f {
		return fmt.Errorf("the name %q cannot be asked for", f)
	}
	return nil
}

func bounded(request string) (string, error) {
	if len(request) > MaxRequest {
		return "", fmt.Errorf("it would have %d bytes, and servers take %d", len(request), MaxRequest)
	}
	return request, nil
}

const hostRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

func madeOf(s, runes string) bool {
	return s != "" && strings.Trim(s, runes) == "" && len(s) <= 255
}
