// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// Places are where a kind of files of the grid may be on this machine.
type Places struct {
	// Near are files and folders on the machine itself, those of the user first. That one is missing is no fault, unless Named.
	Near []string
	// Far are on CVMFS, which is mounted when somebody looks: a look may take long, or for ever where the network is away. They
	// are for what none of Near has. See [Reachable].
	Far []string
	// Named tells that an option or a variable has named Near, and nothing else is to be looked at.
	Named bool
	// Own is the user's own of Near, where the tool itself writes; "" if there is no home.
	Own string
}

// The folders of software from conda-forge (below the prefix of the environment that is active), and on CVMFS those of
// the user interface of the WLCG and of OSG.
const (
	grid      = "/etc/grid-security"
	cvmfsGrid = "/cvmfs/grid.cern.ch/etc/grid-security"
	cvmfsOSG  = "/cvmfs/oasis.opensciencegrid.org/mis"
)

// Vomses are the files that say where the servers of VOs are. All of Near that are there count together, as for voms-clients 3. Named by
// an option, or by the variables of other clients, they are the only ones.
func Vomses(env Env, option []string) Places {
	named := option
	if len(named) == 0 {
		named = nonEmpty(env("X509_VOMS_FILE"), env("X509_VOMSES"), env("VOMS_USERCONF"))
	}
	if len(named) > 0 {
		return Places{Near: named, Named: true}
	}
	p := Places{Own: ownFile(env, "vomses"), Far: []string{filepath.Join(cvmfsGrid, "vomses")}}
	p.Near = nonEmpty(p.Own, within(env("HOME"), ".voms/vomses"), within(env("HOME"), ".glite/vomses"), within(env("HOME"), ".arc/vomses"),
		"/etc/vomses", filepath.Join(grid, "vomses"),
		within(env("CONDA_PREFIX"), "etc/vomses"), within(env("CONDA_PREFIX"), "etc/grid-security/vomses"))
	return p
}

// VOMSDirs are the folders of LSC files, which say who speaks for a VO. They are asked in this order for each file.
func VOMSDirs(env Env, option string) Places {
	if named := First(option, env("X509_VOMS_DIR")); named != "" {
		return Places{Near: []string{named}, Named: true}
	}
	p := Places{Own: ownFile(env, "vomsdir"), Far: []string{filepath.Join(cvmfsGrid, "vomsdir")}}
	p.Near = nonEmpty(p.Own, filepath.Join(grid, "vomsdir"), within(env("CONDA_PREFIX"), "etc/grid-security/vomsdir"))
	return p
}

// CADirs are the folders of CAs, of which the first that is there counts.
func CADirs(env Env, option string) Places {
	if named := First(option, env("X509_CERT_DIR")); named != "" {
		return Places{Near: []string{named}, Named: true}
	}
	p := Places{
		Own: within(env("HOME"), ".globus/certificates"),
		Far: []string{filepath.Join(cvmfsGrid, "certificates"), filepath.Join(cvmfsOSG, "certificates")},
	}
	p.Near = nonEmpty(p.Own, filepath.Join(grid, "certificates"), within(env("CONDA_PREFIX"), "etc/grid-security/certificates"))
	return p
}

// First returns the first folder of the places that is there; if none is, the one where others would expect it.
func (p Places) First(ctx context.Context) string {
	if p.Named {
		return p.Near[0]
	}
	for _, path := range p.Near {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path
		}
	}
	if far := Reachable(ctx, p.Far); len(far) > 0 {
		return far[0]
	}
	for _, path := range p.Near {
		if path != p.Own {
			return path
		}
	}
	return p.Own
}

// farPatience is how long a mount may take. One that works takes a tenth of that.
const farPatience = time.Second

// Reachable returns those of the paths that are there and answer within a second, in their order. For all others together it waits no
// longer than that.
func Reachable(ctx context.Context, paths []string) []string {
	return reachable(ctx, paths, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

func reachable(ctx context.Context, paths []string, exists func(string) bool) []string {
	ctx, cancel := context.WithTimeout(ctx, farPatience)
	defer cancel()
	answers := make([]chan bool, len(paths))
	for i, path := range paths {
		answers[i] = make(chan bool, 1) // who comes too late must not stay for ever
		go func() { answers[i] <- exists(path) }()
	}
	for i := range paths {
		select {
		case ok := <-answers[i]:
			answers[i] <- ok // it is asked for below
		case <-ctx.Done():
		}
	}
	var there []string
	for i, path := range paths {
		select {
		case ok := <-answers[i]:
			if ok {
				there = append(there, path)
			}
		default:
		}
	}
	return there
}

// ownFile is a file beside the user's configuration.
func ownFile(env Env, name string) string {
	if user := platformPaths(env).User; user != "" {
		return filepath.Join(filepath.Dir(user), name)
	}
	return ""
}

// within is a path in a folder; "" if the folder is not known.
func within(folder, path string) string {
	if !filepath.IsAbs(folder) {
		return ""
	}
	return filepath.Join(folder, filepath.FromSlash(path))
}

func nonEmpty(paths ...string) []string {
	var list []string
	for _, path := range paths {
		if path != "" {
			list = append(list, path)
		}
	}
	return list
}
