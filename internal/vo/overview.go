// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// Version is the version of the JSON.
const Version = 1

// List is what is known of all VOs: the JSON of vo list, version 1.
type List struct {
	Version  int      `json:"version"`
	VOs      []Entry  `json:"vos"`                // sorted by name
	Problems []string `json:"problems,omitempty"` // of vomses files
}

// Entry is what is known of a VO.
type Entry struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"` // what else it is called in vomses files
	Servers []Server `json:"servers"`
}

// Server is a line of a vomses file.
type Server struct {
	Host    string `json:"host"`
	Port    int    `json:"port"`
	DN      string `json:"dn,omitempty"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Retired string `json:"retired,omitempty"` // that it is known to be gone, in words

	endpoint contact.Endpoint
}

// NewList lists what is in a book.
func NewList(book contact.Book) *List {
	v := &List{Version: Version, VOs: []Entry{}}
	for _, e := range book.Endpoints {
		i, found := slices.BinarySearchFunc(v.VOs, e.VO, func(entry Entry, name string) int { return cmp.Compare(entry.Name, name) })
		if !found {
			v.VOs = slices.Insert(v.VOs, i, Entry{Name: e.VO})
		}
		v.VOs[i].add(e)
	}
	for _, f := range book.Findings {
		v.Problems = append(v.Problems, view.Line(f.String()))
	}
	return v
}

func (v *Entry) add(e contact.Endpoint) {
	if e.Alias != "" && e.Alias != e.VO && !slices.Contains(v.Aliases, e.Alias) {
		v.Aliases = append(v.Aliases, e.Alias)
	}
	s := Server{Host: e.Host, Port: e.Port, DN: e.DN, File: e.File, Line: e.Line, endpoint: e}
	if r, gone := RetirementOf(e.Host, e.VO); gone {
		s.Retired = r.String()
	}
	v.Servers = append(v.Servers, s)
}

// Write writes a line for each server.
func (v *List) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VO\tSERVER\tFROM")
	for _, entry := range v.VOs {
		for _, s := range entry.Servers {
			name := entry.Name
			if alias := s.endpoint.Alias; alias != "" && alias != name {
				name += " (" + alias + ")"
			}
			from := view.Line(s.File)
			if s.Retired != "" {
				from += ", " + s.Retired
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", view.Line(name), s.endpoint.Address(), from)
		}
	}
	return t.Flush()
}

// Shown is what is known of a VO: the JSON of vo show, version 1.
type Shown struct {
	Version int      `json:"version"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	Servers []Server `json:"servers"`
	LSC     []File   `json:"lsc_files"` // those that servers need, whether they are there or not, and then those of other servers
}

// File is an LSC file.
type File struct {
	Host    string   `json:"host"`
	Path    string   `json:"path"`              // where it is; where it should be, if it is missing
	Names   []string `json:"names,omitempty"`   // what it holds: the subject of a certificate, its issuer, the next subject …
	Problem string   `json:"problem,omitempty"` // that it is missing, or cannot be read
	Mend    string   `json:"mend,omitempty"`    // what would help

	ofNone bool // no server that is known needs it
}

// Show says what is known of a VO, whose servers these are (of contact.Book.Find), and of its LSC files.
func Show(servers []contact.Endpoint, dirs []vomsdir.Dir) *Shown {
	entry := Entry{Name: servers[0].VO}
	v := &Shown{Version: Version, Name: entry.Name, LSC: []File{}}
	for _, e := range servers {
		entry.add(e)
		known := func(f File) bool { return strings.EqualFold(f.Host, e.Host) }
		if _, gone := RetirementOf(e.Host, e.VO); !gone && !slices.ContainsFunc(v.LSC, known) {
			v.LSC = append(v.LSC, fileOf(e.VO, e.Host, dirs))
		}
	}
	v.Aliases, v.Servers = entry.Aliases, entry.Servers
	v.addOthers(dirs)
	return v
}

func fileOf(name, host string, dirs []vomsdir.Dir) File {
	f := File{Host: host}
	l, err := vomsdir.Find(dirs, name, host)
	if err != nil {
		f.Problem = view.Line(view.WithoutRooms(err.Error()))
		if m, ok := errors.AsType[voms.Mender](err); ok {
			f.Mend = m.Mend()
		}
		if missing, ok := errors.AsType[*vomsdir.MissingError](err); ok {
			f.Path = missing.Path
		} else if bad, ok := errors.AsType[*vomsdir.ParseError](err); ok {
			f.Path = bad.Path
		}
		return f
	}
	f.Path, f.Names = l.Path, l.Chains[0]
	return f
}

// addOthers adds the LSC files of servers that no vomses file names. They are not wrong: attributes of such a server are good.
func (v *Shown) addOthers(dirs []vomsdir.Dir) {
	if !isFileName(v.Name) {
		return
	}
	for _, dir := range dirs {
		entries, _ := os.ReadDir(filepath.Join(dir.Path, v.Name)) // none is none
		for _, entry := range entries {
			host, ok := strings.CutSuffix(entry.Name(), ".lsc")
			if !ok || !isFileName(host) || slices.ContainsFunc(v.LSC, func(f File) bool { return f.Host == host }) {
				continue
			}
			f := fileOf(v.Name, host, []vomsdir.Dir{dir})
			f.ofNone = true
			v.LSC = append(v.LSC, f)
		}
	}
}

// Write writes it for people.
func (v *Shown) Write(w io.Writer) error {
	var b strings.Builder
	line := func(label, text string) { fmt.Fprintf(&b, "%-8s : %s\n", label, view.Line(text)) }
	line("VO", v.Name)
	for _, alias := range v.Aliases {
		line("alias", alias)
	}
	for _, s := range v.Servers {
		line("server", s.endpoint.Address())
		if s.DN != "" {
			line("  DN", s.DN)
		}
		line("  from", fmt.Sprintf("%s, line %d", s.File, s.Line))
		if s.Retired != "" {
			line("  gone", s.Retired)
		}
	}
	for _, f := range v.LSC {
		switch {
		case f.Problem != "":
			line("LSC", f.Problem)
			for mend := range strings.Lines(f.Mend) {
				line("  mend", strings.TrimSpace(mend))
			}
			continue
		case f.ofNone:
			line("LSC", f.Path+" (of a server that no vomses file names)")
		default:
			line("LSC", f.Path)
		}
		for i, name := range f.Names {
			line([]string{"  DN", "  CA"}[i%2], name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Missing says whether an LSC file that a server needs is missing, or of no use.
func (v *Shown) Missing() bool {
	return slices.ContainsFunc(v.LSC, func(f File) bool { return f.Problem != "" && !f.ofNone })
}
