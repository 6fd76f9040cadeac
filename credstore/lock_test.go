// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/credstore"
)

// background is the context of helper processes, which have no test.
var background = context.Background()

// How many hold the lock in TestLock: some as goroutines, some as processes.
const (
	goroutines       = 100
	processes        = 4
	countsPerProcess = 10
)

// countUp adds one to the number in a file, by reading and writing it under the lock. Any two at once would lose a count.
func countUp(path string) error {
	unlock, err := credstore.Lock(background, path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(data))
	if err != nil {
		return err
	}
	if err := credstore.Save(path, []byte(strconv.Itoa(n+1))); err != nil {
		return err
	}
	return unlock()
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x509up_u1")
	write(t, path, "0", 0o600)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			if err := countUp(path); err != nil {
				t.Error(err)
			}
		})
	}
	for range processes {
		all.Go(func() {
			out, err := exec.CommandContext(t.Context(), os.Args[0], helperArg, "count", path).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	expect(t, path, strconv.Itoa(goroutines+processes*countsPerProcess), 0o600)
	expect(t, path+".lock", "", 0o600)
}

// A lock that is held is waited for as long as the context allows, and what ended the context is in the error.
func TestLockWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x509up_u1")
	unlock, err := credstore.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := credstore.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	why := errors.New("interrupted")
	over, end := context.WithCancelCause(t.Context())
	end(why)
	if _, err := credstore.Lock(over, path); !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}

	taken := make(chan error)
	go func() {
		again, err := credstore.Lock(t.Context(), path)
		if err == nil {
			err = again()
		}
		taken <- err
	}()
	select {
	case err := <-taken:
		t.Fatalf("two held the lock at once (%v)", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Errorf("unlocking twice: %v", err)
	}
}

// The lock of a process that was killed is free.
func TestLockOfDeadProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x509up_u1")
	holder := exec.CommandContext(t.Context(), os.Args[0], helperArg, "hold", path)
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "<nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := credstore.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the other process holds it: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()
	unlock, err := credstore.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// Who has opened a lock file and got the lock only after the file was removed, or another put in its place, must not
// believe to hold the lock.
func TestLockOfRemovedFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x509up_u1.lock")
	lock := flock.New(name)
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if !credstore.Current(lock, name) {
		t.Error("a lock that was just taken is not current")
	}
	remove(t, name)
	if credstore.Current(lock, name) {
		t.Error("the lock of a file without a name is current")
	}
	write(t, name, "", 0o600)
	if credstore.Current(lock, name) {
		t.Error("the lock of another file is current")
	}
}

// A lock file that is removed while it is held, as a cleaner of /tmp does, is made anew by who comes next, and from then on
// that one is the lock.
func TestLockFileRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x509up_u1")
	unlock, err := credstore.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	remove(t, path+".lock")
	second, err := credstore.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := credstore.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the new file is locked, but: %v", err)
	}
	if err := second(); err != nil {
		t.Error(err)
	}
}

func TestLockRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, lock string)
		want  func(error, string) bool
	}{
		{"a link to a file", func(t *testing.T, lock string) {
			write(t, lock+".real", "", 0o600)
			symlink(t, lock+".real", lock)
		}, as[*credstore.SymlinkError]},
		{"a link to nothing", func(t *testing.T, lock string) { symlink(t, "nothing", lock) }, as[*credstore.SymlinkError]},
		{"a folder", func(t *testing.T, lock string) { mkdir(t, lock, 0o700) }, as[*credstore.NotRegularError]},
		{"a pipe", mkfifo, as[*credstore.NotRegularError]},
		{"a missing folder", func(t *testing.T, lock string) { remove(t, filepath.Dir(lock)) }, func(err error, lock string) bool {
			e, ok := errors.AsType[*credstore.FolderError](err)
			return ok && e.Path == filepath.Dir(lock) && errors.Is(err, fs.ErrNotExist)
		}},
		{"a file for a folder", func(t *testing.T, lock string) {
			remove(t, filepath.Dir(lock))
			write(t, filepath.Dir(lock), "", 0o600)
		}, as[*credstore.FolderError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "folder")
			mkdir(t, folder, 0o700)
			path := filepath.Join(folder, "x509up_u1")
			test.setUp(t, path+".lock")
			before := fmt.Sprint(snapshot(t, folder))
			if _, err := credstore.Lock(t.Context(), path); !test.want(err, path+".lock") {
				t.Errorf("got %v", err)
			}
			if after := fmt.Sprint(snapshot(t, folder)); after != before {
				t.Errorf("it changed from %s to %s", before, after)
			}
		})
	}
}

// limitFileSize makes each write beyond 5000 bytes fail in this process, as a full disk would.
func limitFileSize() {
	signal.Ignore(unix.SIGXFSZ)
	var limit unix.Rlimit
	limit.Cur, limit.Max = 5000, 5000
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}
