// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package site is what this machine knows of VOs: where their servers are (vomses files), who speaks for them (LSC files), which CAs are
// trusted, and in which protocol a server has answered before.
//
//	s := &site.Site{Vomses: config.Vomses(env, nil), VOMSDirs: config.VOMSDirs(env, ""), CADirs: config.CADirs(env, ""), Now: time.Now}
//	endpoints, err := s.Book(ctx, "dteam").Find("dteam")
//	…
//	report, err := s.Verify(ctx, ac, credential.EndEntity())
//
// What is on the machine itself is looked at first, and CVMFS, whose mounts may be dead, only for what is missing there.
//
// It asks no server (package voms/contact does), and changes no files but that of its memory.
package site

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// Site is a machine. Its methods may be called from several goroutines.
type Site struct {
	Vomses   config.Places
	VOMSDirs config.Places
	CADirs   config.Places    // of which the first that is there counts
	Now      func() time.Time // the clock
	// Hosts are the names of this machine, to be compared with the targets of attributes. Nil: targets are not looked at.
	Hosts []string
	// CRL says what revocation lists count for on the way from a VOMS server's certificate to a CA.
	CRL trust.CRLMode

	once sync.Once
	cas  *trust.Dir
}

// CAs is the folder of CAs, of which everything that is read once is kept. It is looked for when it is needed first,
// which may take a second if it is on CVMFS and nowhere else.
func (s *Site) CAs() *trust.Dir {
	s.once.Do(func() { s.cas = &trust.Dir{Path: s.CADirs.First(context.Background())} })
	return s.cas
}

// Book reads the vomses files. Those on CVMFS are read only if the others lack one of the VOs that are named, by alias or name. That a
// usual file is missing is no finding; that a named one is, is one.
func (s *Site) Book(ctx context.Context, vos ...string) contact.Book {
	book := contact.Load(s.Vomses.Near...)
	for _, vo := range vos {
		if _, err := book.Find(vo); err != nil && len(s.Vomses.Far) > 0 {
			book = contact.Load(append(s.Vomses.Near[:len(s.Vomses.Near):len(s.Vomses.Near)], config.Reachable(ctx, s.Vomses.Far)...)...)
			break
		}
	}
	if s.Vomses.Named {
		return book
	}
	var findings []contact.Finding
	for _, f := range book.Findings {
		if !errors.Is(f.Err, fs.ErrNotExist) {
			findings = append(findings, f)
		}
	}
	book.Findings = findings
	return book
}

// LSCDirs are the folders of LSC files: the user's own, and the others that are there; with far, or if no near one is there, also
// those that may be slow to look at. Folders that were named are all of them, be they there or not.
func (s *Site) LSCDirs(ctx context.Context, far bool) []vomsdir.Dir {
	places := s.VOMSDirs
	paths := places.Near
	if !places.Named {
		paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
			_, err := os.Stat(path)
			return errors.Is(err, fs.ErrNotExist)
		})
	}
	if far || len(paths) == 0 {
		paths = append(paths, config.Reachable(ctx, places.Far)...)
	}
	if len(paths) == 0 {
		paths = places.Near // none is there: that the file is missing is then found, and said with these names
	}
	if places.Own != "" && !slices.Contains(paths, places.Own) {
		paths = slices.Insert(paths, 0, places.Own) // for an error to name what the user can write
	}
	list := make([]vomsdir.Dir, len(paths))
	for i, path := range paths {
		list[i].Path = path
	}
	return list
}

// CheckIssuer is what voms.Options wants: whether a VOMS server's chain leads to a CA of this machine.
func (s *Site) CheckIssuer(chain []*x509.Certificate) error {
	_, err := s.CAs().Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: s.Now(), CRL: s.CRL})
	return err
}

// Verify makes the checks of voms.AC.Verify, by the LSC files and CAs of this machine. Folders of LSC files on CVMFS are asked if no
// other has the file.
func (s *Site) Verify(ctx context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error) {
	o := voms.Options{Now: s.Now(), Holder: holder, Dirs: s.LSCDirs(ctx, false), Hosts: s.Hosts, CheckIssuer: s.CheckIssuer}
	report, err := ac.Verify(o)
	if _, missing := errors.AsType[*voms.LSCMissingError](err); !missing || len(s.VOMSDirs.Far) == 0 {
		return report, err
	}
	o.Dirs = s.LSCDirs(ctx, true)
	return ac.Verify(o)
}

// Findings are what is wrong with the vomses files, a sentence for each, without a full stop.
func Findings(book contact.Book) []string {
	var list []string
	for _, f := range book.Findings {
		list = append(list, fmt.Sprintf("what a vomses file says is left out: %s", f))
	}
	return list
}
