// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/compat/differences"
)

// compatLine is a line of a shell that is run twice: with the programs of others first in PATH, and with ours under their names.
type compatLine struct {
	Line  string
	Seen  int      // how often its like was found in 281 calls in public scripts; 0: it is from a manual
	User  string   // whose ~/.globus it is, see writeUsers; "": rsa
	Has   string   // the file of /srv/f that is at compatProxy; "": none
	Stdin string   //
	Env   []string // NAME=value, besides that of the site
	// Differs are the keys of deviations that show in this line.
	Differs []string
}

// deviation is how a difference that we want is seen.
type deviation struct {
	Of string // the beginning of what internal/compat/differences says of it, after the tool and a colon
	// Shows are the lines that differ, as expressions, by where; "" is all.
	Shows map[aspect]string
	Says  string // ours says so on stderr
}

// mostUsed is how often the like of a line was found that must print what the original prints, to the byte.
const mostUsed = 5

// compatTable are the lines of a tool.
type compatTable struct {
	Tool  string
	Java  bool // as the Java clients of VOMS do, not those in C++
	Lines []compatLine
	// Usually are the keys of deviations that show in most lines of the tool.
	Usually []string
}

// TestCompat runs the lines of all tables. What differs must be among the differences that we want, and these must be seen.
func TestCompat(t *testing.T) {
	s := newCompatSite(t)
	seen := &sightings{all: map[string]bool{}}
	lines := 0
	for _, table := range compatTables() {
		lines += len(table.Lines)
		t.Run(table.name(), func(t *testing.T) {
			for _, c := range table.Lines {
				t.Run(c.name(), func(t *testing.T) {
					t.Parallel()
					s.compare(t, table, c, seen)
				})
			}
		})
	}
	t.Run("ecp", func(t *testing.T) {
		for _, m := range manualLines() {
			t.Run(m.Line+", "+m.Has, func(t *testing.T) {
				t.Parallel()
				s.asManual(t, m)
			})
		}
	})
	if seen.lines == lines { // and not some that were asked for by name
		seen.wantAll(t)
	}
}

func (t compatTable) name() string {
	if t.Java {
		return "voms-clients-java"
	}
	return t.Tool
}

func (c compatLine) name() string {
	name := []string{c.Line}
	for _, more := range []string{c.User, c.Has, strings.Join(c.Env, " ")} {
		if more != "" {
			name = append(name, more)
		}
	}
	return strings.Join(name, ", ")
}

// compare runs a line both ways.
func (s compatSite) compare(t *testing.T, table compatTable, c compatLine, seen *sightings) {
	t.Helper()
	theirs, ours := s.outcome(t, table, c, "cpp"), s.outcome(t, table, c, "ours")
	seen.note(table, c, theirs, ours)
	keys := slices.Concat(c.Differs, table.Usually)
	for _, in := range []aspect{toStdout, exitCode, allFiles} {
		their, our := theirs[in], ours[in]
		for _, key := range keys {
			if lines, ok := deviations()[key].Shows[in]; ok {
				their, _ = without(their, lines)
				our, _ = without(our, lines)
			}
		}
		if !sameText(their, our) {
			t.Errorf("%s (- theirs, + ours):\n%stheir stderr:\n%s\nours:\n%s", in, lineDiff(their, our), theirs[toStderr], ours[toStderr])
		}
	}
	for _, key := range c.Differs {
		if _, printed := deviations()[key].Shows[toStdout]; printed && c.Seen >= mostUsed {
			t.Errorf("%q must not show in a line that is used so often", key)
		}
		if d, ok := deviations()[key]; !ok || !d.shows(theirs, ours) || !strings.Contains(ours[toStderr], d.Says) {
			t.Errorf("%q is not so any more; ours said:\n%s", key, ours[toStderr])
		}
	}
}

// shows tells whether what differs does.
func (d deviation) shows(theirs, ours outcome) bool {
	for in, lines := range d.Shows {
		_, their := without(theirs[in], lines)
		_, our := without(ours[in], lines)
		if !sameText(their, our) {
			return true
		}
	}
	return false
}

// outcome runs a line once, in a home of its own.
func (s compatSite) outcome(t *testing.T, table compatTable, c compatLine, bin string) outcome {
	t.Helper()
	env := c.Env
	switch {
	case table.Java && bin == "ours":
		env = append(slices.Clone(env), "X509UP_VOMS_PERSONALITY=3")
	case table.Java:
		bin = "java"
	}
	dir := s.newHome(t, c)
	before, start := contents(t, dir), time.Now()
	r := s.run(t, bin, dir, c.Line, c.Stdin, env)
	return s.outcomeOf(t, r, dir, before, start)
}

// sightings are the deviations that were seen.
type sightings struct {
	mu    sync.Mutex
	lines int // that were run
	all   map[string]bool
}

// note remembers those of a line.
func (s *sightings) note(table compatTable, c compatLine, theirs, ours outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	for _, key := range slices.Concat(c.Differs, table.Usually) {
		if deviations()[key].shows(theirs, ours) {
			s.all[key] = true
		}
	}
}

// wantAll expects that each deviation was seen and is of one difference that the manual names, and that each of those of
// the tools is seen in a deviation, or cannot be.
func (s *sightings) wantAll(t *testing.T) {
	t.Helper()
	missing := map[string]bool{}
	for _, d := range differences.All() {
		if isOriginal(d.Tool) {
			missing[d.Tool+": "+d.What] = true
		}
	}
	find := func(prefix string) {
		found := 0
		for _, d := range differences.All() {
			if text := d.Tool + ": " + d.What; strings.HasPrefix(text, prefix) {
				found++
				delete(missing, text)
			}
		}
		if found != 1 {
			t.Errorf("%d differences begin with %q", found, prefix)
		}
	}
	for key, d := range deviations() {
		find(d.Of)
		if !s.all[key] {
			t.Errorf("nothing deviates in %q any more", key)
		}
	}
	for prefix := range notHere() {
		find(prefix)
	}
	for text := range missing {
		t.Errorf("no line shows the difference %q", text)
	}
}

// isOriginal tells whether we have the tool of others: those of the ecp family are not in Debian.
func isOriginal(tool string) bool {
	if tool == "voms-proxy-*" || tool == "grid-proxy-*" {
		return true
	}
	return slices.ContainsFunc(compatTables(), func(t compatTable) bool { return t.Tool == tool })
}

// compatTables are all lines, by tool.
func compatTables() []compatTable {
	return []compatTable{
		vomsInfoLines(), vomsInitLines(), vomsListLines(), vomsDestroyLines(), vomsJavaLines(),
		gridInitLines(), gridInfoLines(), gridDestroyLines(), gridCertLines(),
		arcLines(), xrdLines(),
	}
}
