// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/span"
)

// Style says how people want to have it. The zero value is what goes into a pipe.
type Style struct {
	Names  NameForm
	Width  int  // columns of the terminal; 0: it is none, and there is no picture
	Colour bool // the terminal shows colours
	// Letters are written as such where names have others than ASCII. Else they are escaped, byte by byte, as programs
	// compare them.
	Letters bool
}

// NameForm is a way to write distinguished names.
type NameForm uint8

// The forms.
const (
	Slashes NameForm = iota // /DC=org/CN=Jane Doe, as Globus and OpenSSL's one-line form
	RFC4514                 // CN=Jane Doe,DC=org
)

// Names are the subject, the issuer, the identity and the CA in a form.
func (v *Credential) Names(f NameForm) (subject, issuer, identity, ca string) {
	if f == RFC4514 {
		return v.SubjectRFC4514, v.IssuerRFC4514, v.IdentityRFC4514, v.CARFC4514
	}
	return v.Subject, v.Issuer, v.Identity, v.CA
}

func (c Certificate) names(f NameForm) (subject, issuer string) {
	if f == RFC4514 {
		return c.SubjectRFC4514, c.IssuerRFC4514
	}
	return c.Subject, c.Issuer
}

// rows are lines of a label and a text.
type rows struct {
	strings.Builder
	width  int // of the labels
	colour bool
}

func (r *rows) add(label, text string) { fmt.Fprintf(r, "%-*s : %s\n", r.width, label, text) }

// Colours, as terminals number them.
const (
	red    = 31
	green  = 32
	yellow = 33
)

func (r *rows) paint(colour int, text string) string {
	if !r.colour {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[m", colour, text)
}

func (r *rows) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, r.String())
	return err
}

// labelWidth makes the lines those of grid-proxy-info, which scripts read.
const labelWidth = len("identity")

// Write writes the view for people: the lines of grid-proxy-info under their names, and then what that does not say.
func (v *Credential) Write(w io.Writer, s Style) error {
	r := &rows{width: labelWidth, colour: s.Colour}
	subject, issuer, identity, ca := v.Names(s.Names)
	r.add("subject", s.show(subject))
	r.add("issuer", s.show(issuer))
	r.add("identity", s.show(identity))
	r.add("type", v.Type)
	r.add("strength", fmt.Sprintf("%d bits", v.Strength))
	if !v.HasKey {
		r.add("key", "none in this file")
	}
	r.add("path", Line(v.Path))
	r.add("timeleft", r.paint(v.mood(), v.timeLeft()))
	if picture := v.picture(s.Width-labelWidth-len(" : "), r); picture != "" {
		r.add("lifetime", picture)
	}
	if ca != "" && ca != issuer {
		r.add("CA", s.show(ca))
	}
	if len(v.Certificates) > 1 {
		v.addChain(r, s)
	}
	v.writeAttributes(r, s)
	if len(v.OtherBlocks) > 0 {
		r.add("also", Short(strings.Join(v.OtherBlocks, ", ")))
	}
	for _, warning := range v.Warnings {
		r.add(r.paint(yellow, "warning")+" ", Line(warning))
	}
	return r.writeTo(w)
}

// mood is the colour of the time that is left.
func (v *Credential) mood() int {
	switch {
	case v.Left < 0 || v.NotBefore.After(v.now):
		return red
	case v.Left < Soon:
		return yellow
	}
	return green
}

func (v *Credential) timeLeft() string {
	end := clock(v.NotAfter, v.now)
	if v.Left <= 0 {
		return "0, it ended " + span.String(-v.Left) + " ago, at " + end
	}
	return span.String(v.Left) + ", until " + end
}

// clock is a time as people in the time zone of now read it.
func clock(at, now time.Time) string { return at.In(now.Location()).Format("2006-01-02 15:04:05 MST") }

// addChain writes a line for each certificate, with the number of its place in the chain, the first to end first.
func (v *Credential) addChain(r *rows, s Style) {
	order := make([]int, len(v.Certificates))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(v.Certificates[a].NotAfter.Unix(), v.Certificates[b].NotAfter.Unix())
	})
	for _, i := range order {
		c := v.Certificates[i]
		subject, _ := c.names(s.Names)
		end := "until " + c.NotAfter.Format(time.RFC3339) + ", " + span.String(c.NotAfter.Sub(v.now)) + " left"
		if over := v.now.Sub(c.NotAfter); over > 0 {
			end = r.paint(red, "ended "+c.NotAfter.Format(time.RFC3339)+", "+span.String(over)+" ago")
		}
		r.add(fmt.Sprintf("chain %d", i), fmt.Sprintf("%s, %s, %s", s.show(subject), c.Key, end))
	}
}

// The picture: what is over, now, what is left.
const (
	minBar  = 10
	maxBar  = 60
	dayForm = "2006-01-02 15:04"
)

// picture draws the lifetime in so many columns; it is empty if they are too few.
func (v *Credential) picture(columns int, r *rows) string {
	begin, end := v.NotBefore.In(v.now.Location()).Format(dayForm)+" ", " "+v.NotAfter.In(v.now.Location()).Format(dayForm)
	bar := columns - len(begin) - len(end) - len("[]")
	if bar < minBar {
		begin, end, bar = "", "", columns-len("[]")
	}
	if bar = min(bar, maxBar); bar < minBar {
		return ""
	}
	over := 0
	if whole := v.NotAfter.Sub(v.NotBefore); whole > 0 {
		part := float64(v.now.Sub(v.NotBefore)) / float64(whole)
		over = int(min(max(part, 0), 1) * float64(bar-1))
	}
	return begin + "[" + strings.Repeat("#", over) + r.paint(v.mood(), "|"+strings.Repeat(".", bar-1-over)) + "]" + end
}

// WriteStored writes what has been stored, or kept, as get-cert and init say it; verb is one of these words.
func (v *Credential) WriteStored(w io.Writer, verb string, s Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n  %s\n  for %s\n", verb, Line(v.Path), v.Type, s.show(v.Identity))
	for _, a := range v.Attributes {
		primary := "nothing"
		if len(a.FQANs) > 0 {
			primary = shortFQAN(a.FQANs[0])
		}
		fmt.Fprintf(&b, "  in the VO %s as %s\n", Short(a.VO), primary)
	}
	fmt.Fprintf(&b, "  valid for %s, until %s\n", span.String(v.Left), clock(v.NotAfter, v.now))
	_, err := io.WriteString(w, b.String())
	return err
}
