// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// How long Lock waits between two attempts, on average: at first little, for a lock that is held only to look at a file;
// then longer, so that a hundred processes behind one slow login are no load.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// Lock takes the lock that goes with path, so that of many processes (and goroutines) one at a time makes a new credential.
// Always look again, after the lock is taken, whether that is still needed. The lock is a file beside path, named
// path + ".lock", which stays there; it is free as soon as its holder calls unlock or dies.
//
// Lock waits until ctx is done and then wraps what context.Cause says. A lock file of somebody else is an *OwnerError at
// once: who can make one in a shared folder could else make others wait for ever. A symbolic link is a *SymlinkError,
// another thing than a file a *NotRegularError, a folder in which no file can be made a *FolderError.
func Lock(ctx context.Context, path string) (unlock func() error, err error) {
	name := path + ".lock"
	lock := flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow|noWait), flock.SetPermissions(0o600))
	pause := firstPause
	for {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("credstore: waiting for the lock %q: %w", name, context.Cause(ctx))
		}
		if err := checkLock(name); err != nil {
			return nil, err
		}
		locked, err := lock.TryLock()
		if err != nil {
			return nil, lockError(name, err)
		}
		if locked && current(lock, name) {
			return lock.Unlock, nil
		}
		if err := lock.Close(); err != nil {
			return nil, lockError(name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)):
			// By chance, because those who began to wait together would else come back together, and all but one in vain.
			pause = min(2*pause, lastPause)
		}
	}
}

// checkLock looks at a lock file that is there already, or makes one that its owner can open again whatever the umask says.
func checkLock(name string) error {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return nil // another process was faster, or what opens it tells why not
		}
		err = f.Chmod(0o600)
		f.Close()
		if err != nil {
			return lockError(name, err)
		}
		return nil
	}
	if err != nil {
		return lockError(name, err)
	}
	err = factsOf(info).checkTarget(name, os.Geteuid())
	if _, managed := errors.AsType[*ManagedError](err); managed {
		return nil // opening it will tell
	}
	return err
}

// current says whether the file that is locked still has its name. If somebody has removed it meanwhile, others lock a
// new one.
func current(lock *flock.Flock, name string) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(name)
	return err == nil && os.SameFile(held, named)
}

// lockError tells a folder that takes no files from what else can be wrong.
func lockError(name string, err error) error {
	_, statErr := os.Lstat(name)
	switch {
	case errors.Is(err, syscall.ENOTDIR), errors.Is(statErr, fs.ErrNotExist):
		return &FolderError{Path: filepath.Dir(name), Err: cause(err)}
	}
	return fmt.Errorf("credstore: taking the lock %q: %w", name, cause(err))
}
