// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// of writes the DER of a name in the form.
func (f NameForm) of(der []byte) string {
	if f == RFC4514 {
		return proxycert.RFC2253(der)
	}
	return proxycert.OneLine(der)
}

// WriteChain writes a block for each certificate from the leaf to the top: what decides whether servers take it.
func (v *Credential) WriteChain(w io.Writer, f NameForm) error {
	r := &rows{width: len("  extended key usage")}
	for i, c := range v.Certificates {
		subject, issuer := c.names(f)
		v.heading(r, i)
		r.add("  subject", Short(subject))
		r.add("  issuer", Short(issuer))
		r.add("  serial", Short(certtext.Serial(v.chain[i])))
		r.add("  type", c.Type)
		r.add("  key", c.Key)
		r.add("  signature", c.Signature)
		r.add("  not before", c.NotBefore.Format(time.RFC3339))
		r.add("  not after", c.NotAfter.Format(time.RFC3339))
		for _, e := range certtext.Extensions(v.chain[i], f.of) {
			label, ok := inChain(e)
			if !ok {
				continue
			}
			text := strings.Join(e.Lines, ", ")
			if !e.Readable {
				text = "cannot be read, or is not known"
			}
			text = certtext.Limit(text)
			if e.Critical {
				text = strings.TrimSpace(text + " (critical)")
			}
			r.add("  "+label, text)
		}
	}
	return r.writeTo(w)
}

// inChain says under which label a block has an extension. It has those that a verifier must know, and those that say whom
// the certificate is for and what it is good for.
func inChain(e certtext.Extension) (label string, ok bool) {
	switch e.OID {
	case "2.5.29.15", "2.5.29.19", "2.5.29.32", "2.5.29.37":
		label = e.Name
	case "2.5.29.17":
		label = "also named"
	case "2.5.29.31":
		label = "CRL"
	case "1.3.6.1.5.5.7.1.14", "1.3.6.1.4.1.3536.1.222":
		label = "proxy"
	}
	switch {
	case label == "" && !e.Critical:
		return "", false
	case label == "" && e.Name == "":
		label = e.OID
	case label == "":
		label = e.Name
	}
	return label, true
}

// WriteText writes everything that each certificate says.
func (v *Credential) WriteText(w io.Writer, f NameForm) error {
	for i, cert := range v.chain {
		r := &rows{}
		v.heading(r, i)
		r.WriteString(certtext.Text(cert, f.of))
		if err := r.writeTo(w); err != nil {
			return err
		}
	}
	return nil
}

func (v *Credential) heading(r *rows, i int) {
	if i > 0 {
		r.WriteByte('\n')
	}
	fmt.Fprintf(r, "certificate %d of %d\n", i, len(v.Certificates))
}
