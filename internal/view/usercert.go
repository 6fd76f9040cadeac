// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"io"
	"strings"

	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// WriteUserCertificate writes what a person must know of a new user certificate, the leaf of c.
func WriteUserCertificate(w io.Writer, c *proxycert.Credential, f Facts, s Style) error {
	leaf := c.Leaf()
	r := &rows{width: len("subject")}
	r.add("subject", s.show(s.Names.of(leaf.RawSubject)))
	r.add("issuer", s.show(s.Names.of(leaf.RawIssuer)))
	left := span.String(leaf.NotAfter.Sub(f.Now)) + " left"
	if over := f.Now.Sub(leaf.NotAfter); over > 0 {
		left = "ended " + span.String(over) + " ago"
	}
	r.add("valid", leaf.NotBefore.In(f.Now.Location()).Format("2006-01-02")+" to "+clock(leaf.NotAfter, f.Now)+", "+left)
	if len(leaf.EmailAddresses) > 0 {
		r.add("e-mail", certtext.Escape(strings.Join(leaf.EmailAddresses, ", ")))
	}
	usage := certtext.Words(leaf, "2.5.29.15", proxycert.OneLine)
	if usage = append(usage, certtext.Words(leaf, "2.5.29.37", proxycert.OneLine)...); len(usage) > 0 {
		r.add("usage", strings.Join(usage, ", "))
	}
	r.add("key", certtext.Key(leaf))
	if f.CA != nil {
		r.add("CA", f.CA.String())
	}
	return r.writeTo(w)
}

// String says whether the folder has the CA.
func (l *Lookup) String() string {
	switch {
	case l.Err != nil:
		return "cannot be told: " + Line(WithoutRooms(l.Err.Error()))
	case !l.Found:
		return "not in " + Line(l.Dir)
	}
	return "in " + Line(l.Dir)
}
