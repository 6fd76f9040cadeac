// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
)

const destroySyntax = "[-help][-dryrun][-default][-all][--] [file1...]"

const destroyHelp = `    Options
    -help, -usage             Displays usage
    -version                  Displays version
    -debug                    Display debugging information
    -dryrun                   Prints what files would have been destroyed
    -default                  Destroys file at default proxy location
    -all                      Destroys any user (default) and delegated
                              proxies that are found
    --                        End processing of options
    file1 file2 ...           Destroys files listed
`

// destroy is grid-proxy-destroy.
func destroy(_ context.Context, con *console.Console, name string, args []string) int {
	var debug, dryRun, usual, all bool
	u := newUsage(con, name, destroySyntax, destroyHelp)
	u.double, u.unknown = "double-dashed options not allowed", "unknown option"
	options := append(u.common(&debug), note(&dryRun, "dryrun"), note(&usual, "default"), note(&all, "all"))
	paths, code, ok := u.parse(argv.Grammar{Dashes: argv.One, InOrder: true, Terminator: true}, options, args)
	if !ok {
		return code
	}
	own := config.First(con.Env("X509_USER_PROXY"), files.DefaultCredential())
	if usual = usual || len(paths) == 0 || all; usual {
		if _, err := (credstore.Reader{}).ReadKeyFile(own); err != nil {
			fmt.Fprintf(con.Err, "\nERROR: Proxy file doesn't exist or has bad permissions\n       globus_sysconfig: Could not find a valid proxy certificate file location\n"+
				"globus_sysconfig: Error with key filename\n%s\n\nUse -debug for further information.\n", fileWords(err, own))
			return 1
		}
	}
	if dryRun {
		wouldRemove(con, paths, own, usual, all)
		return 0
	}
	if usual {
		paths = append(paths, own)
	}
	if all {
		paths = append(paths, delegated(filepath.Dir(files.DefaultCredential()), own)...)
	}
	for _, path := range paths {
		if err := remove(path); err != nil {
			fmt.Fprintf(con.Err, "\nERROR: Couldn't destroy %s\n       %s\n", path, console.Message(err))
			code = 1
		}
	}
	return code
}

// wouldRemove is what -dryrun says.
func wouldRemove(con *console.Console, paths []string, own string, usual, all bool) {
	for _, path := range paths {
		fmt.Fprintf(con.Err, "Would remove %s\n", path)
	}
	switch {
	case all:
		fmt.Fprintf(con.Err, "Would remove all proxies found in %s directory that are owned by the current user \n", filepath.Dir(own))
	case usual:
		fmt.Fprintf(con.Err, "Would remove %s\n", own)
	}
}

// remove destroys a proxy. One that is not there is as good as destroyed.
func remove(path string) error {
	err := credstore.CheckContents(path)
	if err == nil {
		err = credstore.Destroy(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// delegated are the proxies of servers that the user has in a folder.
func delegated(folder, own string) []string {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if !strings.HasPrefix(e.Name(), "x509up_p") && e.Name() != filepath.Base(own) || path == own {
			continue
		}
		// Those of others are left alone without a word.
		if _, err := (credstore.Reader{}).ReadKeyFile(path); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}
