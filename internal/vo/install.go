// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/voms/contact"
)

// nextChain sets apart the chains of an LSC file, as voms-server reads it. Java's libraries read the first chain alone.
const nextChain = "------ NEXT CHAIN ------\n"

// Folders are where files of VOs are written.
type Folders struct {
	Vomses  string // in it a file of vomses lines for each VO
	VOMSDir string // in it a folder of LSC files for each VO
}

// InstallOptions say how files are written.
type InstallOptions struct {
	Force  bool   // replace what says something else
	Source string // where it comes from, for a comment in vomses files; may be empty
}

// Change is what has become of a file.
type Change struct {
	Path   string
	Action Action
}

// Action is what was done with a file.
type Action string

// The actions.
const (
	Written   Action = "written"
	Replaced  Action = "replaced"
	Unchanged Action = "unchanged"
	Removed   Action = "removed"
)

// ExistsError says that a file is there and says something else.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string {
	return "vo: adding a VO: " + e.Path + " is there and says something else"
}

// NameError says that a VO or a host has a name that cannot be that of a file.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("vo: naming a file: %q is no name of a VO or of a host", e.Name)
}

// WriteError says why a file could not be written or removed.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return "vo: changing " + e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

// wanted is a file that there should be.
type wanted struct {
	path   string
	data   []byte
	action Action
}

// Install writes the files of the cards. Unless Force is set, it writes nothing if one of them is there already and says
// something else; that is a *ExistsError. Other errors are a *NameError or *WriteError.
func Install(cards []Card, f Folders, o InstallOptions) ([]Change, error) {
	var files []wanted
	for _, card := range cards {
		of, err := filesOf(card, f, o.Source)
		if err != nil {
			return nil, err
		}
		files = append(files, of...)
	}
	for i := range files {
		if err := files[i].compare(o.Force); err != nil {
			return nil, err
		}
	}
	return commit(files)
}

// filesOf are the files of a VO.
func filesOf(card Card, f Folders, source string) ([]wanted, error) {
	if !isFileName(card.VO) {
		return nil, &NameError{card.VO}
	}
	var files []wanted
	if len(card.Endpoints) > 0 {
		var text bytes.Buffer
		if source != "" {
			text.WriteString("# from " + strings.Join(strings.Fields(source), " ") + "\n")
		}
		for _, e := range card.Endpoints {
			text.WriteString(e.Entry() + "\n")
		}
		files = append(files, wanted{path: filepath.Join(f.Vomses, card.VO), data: text.Bytes()})
	}
	for _, l := range card.LSC {
		if !isFileName(l.Host) {
			return nil, &NameError{l.Host}
		}
		var chains []string
		for _, chain := range l.Chains {
			chains = append(chains, strings.Join(chain, "\n")+"\n")
		}
		file := wanted{path: filepath.Join(f.VOMSDir, card.VO, l.Host+".lsc"), data: []byte(strings.Join(chains, nextChain))}
		same := func(w wanted) bool { return w.path == file.path }
		if i := slices.IndexFunc(files, same); i >= 0 && !bytes.Equal(files[i].data, file.data) {
			return nil, &WriteError{file.path, errors.New("it is wanted twice, and not the same")}
		} else if i < 0 {
			files = append(files, file)
		}
	}
	return files, nil
}

// isFileName says whether a file may be called so, in a folder from which others read: not hidden, no way out of the folder, and not
// as backups are called, which contact.Load does not read.
func isFileName(s string) bool {
	const runes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:"
	return s != "" && len(s) <= 250 && strings.Trim(s, runes) == "" && !contact.IsBackup(s)
}

// compare looks at what is there. Comments do not count.
func (w *wanted) compare(force bool) error {
	data, err := readFile(w.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.action = Written
	case err != nil:
		return &WriteError{w.path, brief(err)}
	case bytes.Equal(facts(data), facts(w.data)):
		w.action = Unchanged
	case !force:
		return &ExistsError{w.path}
	default:
		w.action = Replaced
	}
	return nil
}

// facts are the lines of a file that say something.
func facts(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// commit writes them all, after everything that can fail has been tried.
func commit(files []wanted) ([]Change, error) {
	var pending []*atomicfile.Pending
	var changes []Change
	defer func() {
		for _, p := range pending {
			p.Abort()
		}
	}()
	for _, w := range files {
		changes = append(changes, Change{w.path, w.action})
		if w.action == Unchanged {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(w.path), 0o755); err != nil {
			return nil, &WriteError{w.path, err}
		}
		p, err := atomicfile.Prepare(w.path, w.data, 0o644)
		if err != nil {
			return nil, &WriteError{w.path, errors.Unwrap(err)}
		}
		pending = append(pending, p)
	}
	for len(pending) > 0 {
		p := pending[0]
		pending = pending[1:]
		if err := p.Commit(); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// NotAddedError says that there is nothing of a VO among the user's own files.
type NotAddedError struct {
	VO    string
	Files []string // where else it is named
}

func (e *NotAddedError) Error() string {
	return fmt.Sprintf("vo: removing the VO %q: it is not among those that were added", e.VO)
}

// Remove removes the files that Install writes for a VO. A vomses file that has come to name other VOs, too, is not touched, which is a
// *WriteError. Book says where else the VO is named, for the *NotAddedError if there is nothing to remove.
func Remove(name string, f Folders, book contact.Book) ([]Change, error) {
	if !isFileName(name) {
		return nil, &NotAddedError{VO: name}
	}
	vomses := filepath.Join(f.Vomses, name)
	folder := filepath.Join(f.VOMSDir, name)
	var paths []string
	if data, err := readFile(vomses); err == nil {
		endpoints, _ := contact.ParseVomses(data, vomses)
		if slices.ContainsFunc(endpoints, func(e contact.Endpoint) bool { return e.VO != name }) {
			return nil, &WriteError{vomses, errors.New("it names servers of other VOs, too")}
		}
		paths = append(paths, vomses)
	}
	entries, _ := os.ReadDir(folder) // none is none
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".lsc") {
			paths = append(paths, filepath.Join(folder, entry.Name()))
		}
	}
	if len(paths) == 0 {
		missing := &NotAddedError{VO: name}
		for _, e := range book.Endpoints {
			if e.VO == name && !slices.Contains(missing.Files, e.File) {
				missing.Files = append(missing.Files, e.File)
			}
		}
		return nil, missing
	}
	var changes []Change
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			return changes, &WriteError{path, brief(err)}
		}
		changes = append(changes, Change{path, Removed})
	}
	_ = os.Remove(folder) // unless something else is in it
	return changes, nil
}
