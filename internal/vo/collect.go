// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// maxSize bounds a file, a download, and what an archive or a folder holds, in bytes. The card of all VOs of EGI has a few million.
const maxSize = 32 << 20

const (
	maxFiles       = 4096 // in a folder or an archive
	maxFolderDepth = 8
)

// Card is what is known of the servers of one VO.
type Card struct {
	VO        string
	Endpoints []contact.Endpoint // in the order in which they were found
	LSC       []LSC
	Findings  []contact.Finding // what is wrong with it and does not keep the rest from being used
}

// LSC is what the LSC file of a server of the VO should hold; see vomsdir.LSC.
type LSC struct {
	Host   string
	Chains [][]string
}

// NothingError says that a source holds nothing of a VO.
type NothingError struct {
	Source string
	Err    error // why; nil if it is but something else
}

func (e *NothingError) Error() string {
	text := "vo: reading " + e.Source + ": "
	if e.Err != nil {
		return text + e.Err.Error()
	}
	return text + "it holds neither VO ID cards nor vomses lines nor LSC files"
}

// Unwrap returns Err.
func (e *NothingError) Unwrap() error { return e.Err }

// Collection is what has been read of VOs. The zero value is empty.
type Collection struct {
	VO string // to which LSC files belong where nothing else says so; may be empty

	cards    map[string]*Card
	loose    []looseLSC
	findings []contact.Finding
	files    int
	size     int
}

// looseLSC is an LSC file of which it is not certain to which VO it belongs.
type looseLSC struct {
	file, folder, host string // folder is the name of the one in which it lies
	packed             bool   // it came with others, in a folder or an archive, or from a folder vomsdir
	chains             [][]string
}

// AddFile reads a file or a folder. The error is a *NothingError.
func (c *Collection) AddFile(file string) error {
	before := c.count()
	err := c.walk(file, 0)
	if err == nil && c.count() == before {
		return &NothingError{Source: file}
	}
	if err != nil {
		return &NothingError{Source: file, Err: brief(err)}
	}
	return nil
}

// Add reads what came from source, a path or a URL, which says with its end what an LSC file is about. The error is a *NothingError.
func (c *Collection) Add(source string, data []byte) error {
	before := c.count()
	if err := c.add(source, data, true); err != nil {
		return &NothingError{Source: source, Err: brief(err)}
	}
	if c.count() == before {
		return &NothingError{Source: source}
	}
	return nil
}

// count is how much has been read.
func (c *Collection) count() int {
	n := len(c.loose) + len(c.findings)
	for _, card := range c.cards {
		n += 1 + len(card.Endpoints) + len(card.LSC) + len(card.Findings)
	}
	return n
}

// brief leaves out the path, which the error names already.
func brief(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// walk follows links, as contact.Load does.
func (c *Collection) walk(file string, depth int) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case !info.IsDir() && !info.Mode().IsRegular():
		return errors.New("it is neither a file nor a folder")
	case !info.IsDir():
		data, err := readFile(file)
		if err != nil {
			return err
		}
		return c.add(file, data, depth == 0)
	case depth == maxFolderDepth:
		return fmt.Errorf("folders are nested more than %d deep", maxFolderDepth)
	}
	entries, err := os.ReadDir(file)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), "~") {
			continue
		}
		if err := c.walk(filepath.Join(file, entry.Name()), depth+1); err != nil {
			if errors.Is(err, errTooMuch) || depth == 0 && len(entries) == 1 {
				return err
			}
			c.findings = append(c.findings, contact.Finding{File: filepath.Join(file, entry.Name()), Err: brief(err)})
		}
	}
	return nil
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

var errTooMuch = errors.New("it holds too much for a VO")

// add finds out what data are. Only alone, and not as one of many files, may they be an archive, and must they be of use.
func (c *Collection) add(source string, data []byte, alone bool) error {
	c.files++
	c.size += len(data)
	if c.size > maxSize || c.files > maxFiles {
		return errTooMuch
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	name := filepath.ToSlash(source)
	switch {
	case alone && bytes.HasPrefix(data, []byte("\x1f\x8b")):
		c.size -= len(data)
		return c.addCompressed(source, data)
	case alone && len(data) > 262 && string(data[257:262]) == "ustar":
		c.size -= len(data)
		return c.addArchive(source, data)
	case bytes.HasPrefix(text, []byte("<")):
		return c.addXML(source, text, alone)
	case strings.HasSuffix(name, ".lsc"):
		return c.addLSC(source, name, data, !alone)
	}
	endpoints, findings := contact.ParseVomses(data, source)
	if len(endpoints) == 0 && !alone {
		return nil // another file of the package
	}
	if len(endpoints) > 0 {
		c.findings = append(c.findings, findings...)
	} else if len(findings) > 0 && bytes.ContainsRune(data, '"') {
		return findings[0].Err
	}
	for _, e := range endpoints {
		card := c.card(e.VO)
		if !slices.ContainsFunc(card.Endpoints, func(k contact.Endpoint) bool { return same(k, e) }) {
			card.Endpoints = append(card.Endpoints, e)
		}
	}
	return nil
}

func same(a, b contact.Endpoint) bool {
	return a.Alias == b.Alias && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port && a.VO == b.VO
}

func (c *Collection) card(name string) *Card {
	if c.cards == nil {
		c.cards = map[string]*Card{}
	}
	if c.cards[name] == nil {
		c.cards[name] = &Card{VO: name}
	}
	return c.cards[name]
}

func (c *Collection) addXML(source string, text []byte, alone bool) error {
	cards, err := parseXML(text, source)
	if err != nil && !alone {
		return nil
	}
	for _, found := range cards {
		card := c.card(found.VO)
		card.Endpoints = append(card.Endpoints, found.Endpoints...)
		card.LSC = append(card.LSC, found.LSC...)
		card.Findings = append(card.Findings, found.Findings...)
	}
	return err
}

func (c *Collection) addCompressed(source string, data []byte) error {
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	data, err = io.ReadAll(io.LimitReader(unpacked, maxSize+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxSize:
		return errTooMuch
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return errors.New("it is compressed twice")
	}
	return c.add(strings.TrimSuffix(source, ".gz"), data, true)
}

func (c *Collection) addArchive(source string, data []byte) error {
	for archive := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the archive is damaged: %w", err)
		}
		c.files++
		if header.Typeflag != tar.TypeReg {
			continue
		}
		entry, err := io.ReadAll(io.LimitReader(archive, maxSize+1))
		if err != nil {
			return fmt.Errorf("the archive is damaged: %w", err)
		}
		// The path is never used as one.
		if err := c.add(source+"/"+path.Clean("/" + header.Name)[1:], entry, false); errors.Is(err, errTooMuch) {
			return err
		} else if err != nil {
			c.findings = append(c.findings, contact.Finding{File: header.Name, Err: err})
		}
	}
}

func (c *Collection) addLSC(source, name string, data []byte, packed bool) error {
	l, err := vomsdir.Parse(data)
	if err != nil {
		return errors.Unwrap(err)
	}
	folder := path.Dir(name)
	packed = packed || path.Base(path.Dir(folder)) == "vomsdir"
	c.loose = append(c.loose, looseLSC{file: source, folder: path.Base(folder), packed: packed,
		host: strings.TrimSuffix(path.Base(name), ".lsc"), chains: l.Chains})
	return nil
}

// Cards returns what was read, sorted by the VOs' names, and what could not be used.
func (c *Collection) Cards() ([]Card, []contact.Finding) {
	findings := slices.Clone(c.findings)
	for _, l := range c.loose {
		name, err := c.ownerOf(l)
		if err != nil {
			findings = append(findings, contact.Finding{File: l.file, Err: err})
			continue
		}
		card := c.card(name)
		card.LSC = append(card.LSC, LSC{Host: l.host, Chains: l.chains})
	}
	c.loose = nil
	var cards []Card
	for _, card := range c.cards {
		cards = append(cards, *card)
	}
	slices.SortFunc(cards, func(a, b Card) int { return cmp.Compare(a.VO, b.VO) })
	return cards, findings
}

// ownerOf says to which VO an LSC file belongs: in a package, that in whose folder it lies; alone, the only one that has a server of
// its name.
func (c *Collection) ownerOf(l looseLSC) (string, error) {
	if l.packed {
		return l.folder, nil
	}
	var owners []string
	for name, card := range c.cards {
		if slices.ContainsFunc(card.Endpoints, func(e contact.Endpoint) bool { return strings.EqualFold(e.Host, l.host) }) {
			owners = append(owners, name)
		}
	}
	switch {
	case len(owners) == 1:
		return owners[0], nil
	case slices.Contains(owners, l.folder):
		return l.folder, nil
	case c.VO != "":
		return c.VO, nil
	}
	return "", errors.New("nothing says to which VO it belongs")
}
