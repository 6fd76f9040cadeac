// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package tickets

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view"
)

// rows are lines of a label and a text, as those of a credential.
type rows struct {
	strings.Builder
	colour bool
}

const labelWidth = len("identity") // as in the lines of a credential

func (r *rows) add(label, text string) { fmt.Fprintf(r, "%-*s : %s\n", labelWidth, label, text) }

// paint colours a text as the terminal numbers colours.
func (r *rows) paint(colour int, text string) string {
	if !r.colour {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[m", colour, text)
}

const (
	red    = 31
	green  = 32
	yellow = 33
)

// soon is how long before its end a ticket is marked: logins take seconds, but who has just been told should still find it good.
const soon = 10 * time.Minute

// Write writes the view for people.
func (v *Kerberos) Write(w io.Writer, colour bool) error {
	r := &rows{colour: colour}
	if v.Source == "" {
		r.add("taken", r.paint(red, "nothing"))
	} else {
		r.add("taken", v.Principal+", in "+v.Source)
	}
	if v.NotAfter != nil {
		mood := green
		if v.end.Sub(v.now) < soon {
			mood = yellow
		}
		r.add("timeleft", r.paint(mood, span.String(v.end.Sub(v.now))+", until "+clock(v.end, v.now)))
	}
	v.addConfig(r)
	v.addLogin(r)
	if v.Caches != "" {
		r.add("caches", v.Caches+", by "+v.CachesBy)
	}
	if !v.Valid {
		addProblem(r, v.CachesProblem, v.cachesHints)
	} else if v.CachesProblem != "" {
		r.add("problem", v.CachesProblem) // something else will do
	}
	for _, s := range v.Sources {
		s.add(r, v.now)
	}
	if !v.told() {
		addProblem(r, v.Problem, v.Hints)
	}
	_, err := io.WriteString(w, r.String())
	return err
}

// told tells whether the problem is that of a source, or of all caches.
func (v *Kerberos) told() bool {
	if v.Problem == v.CachesProblem {
		return true
	}
	for _, s := range v.Sources {
		if s.Problem == v.Problem {
			return true
		}
	}
	return false
}

func (v *Kerberos) addConfig(r *rows) {
	for _, f := range v.ConfigFiles {
		switch f.State {
		case Included:
			r.add("config", f.Path+", which is included")
		case Missing:
			r.add("config", f.Path+", which is not there")
		case Broken:
			r.add("config", r.paint(red, f.Path+": "+view.Line(f.Problem)))
		default:
			r.add("config", f.Path)
		}
	}
	if v.DefaultRealm == "" {
		r.add("realm", "none by default, as no default_realm is named")
	} else {
		r.add("realm", v.DefaultRealm+", by default")
	}
	switch {
	case len(v.KDCs) > 0:
		r.add("KDC", strings.Join(v.KDCs, ", ")+", for "+v.Realm)
	case v.KDCsByDNS:
		r.add("KDC", "whichever DNS has for "+v.Realm)
	case v.Realm != "":
		r.add("KDC", r.paint(yellow, "none is known for "+v.Realm+", and DNS is not to be asked"))
	}
}

func (v *Kerberos) addLogin(r *rows) {
	if v.Profile != "" {
		r.add("profile", v.Profile)
	}
	if v.IdentityProvider != "" {
		r.add("IdP", v.IdentityProvider)
	}
	if v.Service != "" {
		service := v.Service
		if v.ServiceByDNS {
			service += ", unless DNS has another name for the host"
		}
		r.add("service", service)
	}
}

func addProblem(r *rows, problem string, hints []string) {
	if problem != "" {
		r.add("problem", r.paint(red, problem))
	}
	for _, hint := range hints {
		r.add("hint", view.Line(hint))
	}
}

func (s Source) add(r *rows, now time.Time) {
	r.add(s.Type, s.Name+s.part())
	if s.Principal != "" {
		r.add("owner", s.Principal)
	}
	if offset := time.Duration(s.ClockOffset) * time.Second; offset > 0 {
		r.add("clock", "that of the KDC is "+span.String(offset)+" ahead")
	} else if offset < 0 {
		r.add("clock", "that of the KDC is "+span.String(-offset)+" behind")
	}
	for _, t := range s.Tickets {
		r.add("ticket", t.line(r, s, now))
	}
	for _, k := range s.Keys {
		line := fmt.Sprintf("%s, version %d, %s", k.Principal, k.KVNO, k.Encryption)
		if k.Added != nil {
			line += ", of " + k.Added.Format(time.RFC3339)
		}
		r.add("key", line)
	}
	if s.More > 0 {
		r.add("", fmt.Sprintf("and %d more", s.More))
	}
	if s.Lax {
		r.add(r.paint(yellow, "warning")+" ", "others can read or change it")
	}
	addProblem(r, s.Problem, s.Hints)
}

// part is what becomes of the source; its problem says more of one that will not do.
func (s Source) part() string {
	switch {
	case s.Taken:
		return ", which is taken"
	case s.Valid && s.Type == keytabs:
		return ", which is for when no cache will do"
	case s.Valid:
		return ", which would do as well"
	}
	return ""
}

// likelySkew is how far apart two clocks may be without being wrong (RFC 4120 §1.6 has five minutes for typical).
const likelySkew = 5 * time.Minute

// line is a ticket, with times as the KDC has them, which need not be those of this machine.
func (t Ticket) line(r *rows, s Source, now time.Time) string {
	var b strings.Builder
	b.WriteString(t.Server)
	if t.Client != s.Principal {
		b.WriteString(", for " + t.Client)
	}
	now = now.Add(time.Duration(s.ClockOffset) * time.Second)
	switch {
	case t.NotAfter == nil:
		b.WriteString(", " + r.paint(red, "without an end"))
	case !t.NotAfter.After(now):
		b.WriteString(", " + r.paint(red, "ended "+t.NotAfter.Format(time.RFC3339)+", "+span.String(now.Sub(*t.NotAfter))+" ago"))
	default:
		b.WriteString(", until " + t.NotAfter.Format(time.RFC3339) + ", " + span.String(t.NotAfter.Sub(now)) + " left")
		switch {
		case t.NotBefore == nil:
		case !t.Valid:
			b.WriteString(", " + r.paint(red, "not good before "+t.NotBefore.Format(time.RFC3339)))
		case t.NotBefore.Sub(now) > likelySkew:
			b.WriteString(", " + r.paint(yellow, "begins "+t.NotBefore.Format(time.RFC3339)+": is this machine's clock right?"))
		}
	}
	if t.RenewUntil != nil && t.TimeLeft > 0 { // after its end nobody can renew it
		b.WriteString(", renewable until " + t.RenewUntil.Format(time.RFC3339))
	}
	b.WriteString(", " + t.Encryption)
	if t.Flags != "" {
		b.WriteString(", " + t.Flags)
	}
	return b.String()
}

// clock is a time as people in the time zone of now read it.
func clock(at, now time.Time) string { return at.In(now.Location()).Format("2006-01-02 15:04:05 MST") }
