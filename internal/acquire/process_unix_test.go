// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package acquire_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// childDo says to the test program, run anew, what to do instead of the tests;
// childTarget is the file or the folder.
const (
	childDo     = "ACQUIRE_TEST_DO"
	childTarget = "ACQUIRE_TEST_TARGET"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childDo) {
	case "":
		os.Exit(m.Run())
	case "full":
		signal.Ignore(unix.SIGXFSZ)
		limit := unix.Rlimit{Cur: 600, Max: 600} // bytes; a certificate takes 700
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
		child(0)
	case "reuse":
		child(time.Hour)
	}
}

// child runs one request and says what became of it.
func child(reuse time.Duration) {
	target := os.Getenv(childTarget)
	r := acquire.Request{
		Source: fromFile(target + ".source"), Target: acquire.Target{File: target}, Lifetime: time.Hour,
		KeyType: proxycert.EC256, Proxy: &acquire.Proxy{}, Reuse: reuse, Now: clock,
	}
	if filepath.Base(target) == ".globus" {
		r.Target, r.Proxy = acquire.Target{Folder: target}, nil
	}
	_, err := acquire.Run(context.Background(), r)
	fmt.Print(err)
}

// fromFile is a source that takes a credential from a file and leaves a mark of
// each time, in another.
type fromFile string

func (f fromFile) Keys() int { return 0 }

func (f fromFile) Obtain(context.Context, *keygen.Pool, time.Duration) (*proxycert.Credential, error) {
	log, err := os.OpenFile(string(f)+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if _, err := log.WriteString("x"); err != nil {
		return nil, err
	}
	return credstore.Load(string(f))
}

func command(t *testing.T, do, target string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDo+"="+do, childTarget+"="+target)
	return cmd
}

// TestProcesses is TestHundred with processes.
func TestProcesses(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "x509up")
	put(t, target+".source", testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}), 0o600)
	var all []*exec.Cmd
	outputs := make([]strings.Builder, 12)
	for i := range outputs {
		cmd := command(t, "reuse", target)
		cmd.Stdout = &outputs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for i, cmd := range all {
		if err := cmd.Wait(); err != nil || outputs[i].String() != "<nil>" {
			t.Errorf("process %d: %v, %s", i, err, outputs[i].String())
		}
	}
	if marks, err := os.ReadFile(target + ".source.log"); err != nil || len(marks) != 1 {
		t.Errorf("%d logins, %v", len(marks), err)
	}
	load(t, target)
}

// TestDiskFull: where a file cannot be written to its end the old one stays,
// and nothing is left beside it.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	jane := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	for _, name := range []string{"x509up", ".globus"} {
		folder := t.TempDir()
		target := filepath.Join(folder, name)
		put(t, target+".source", jane, 0o600)
		write(t, target+".source.log", nil, 0o600)
		if name == ".globus" {
			if err := os.Mkdir(target, 0o700); err != nil {
				t.Fatal(err)
			}
			putPair(t, target, jane)
		} else {
			put(t, target, jane, 0o600)
		}
		before := snapshot(t, folder)
		out, err := command(t, "full", target).Output()
		if err != nil || !strings.Contains(string(out), "file too large") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		after := snapshot(t, folder)
		if marks := after[target+".source.log"]; !strings.HasSuffix(marks, " x") {
			t.Errorf("%s: the login is marked by %q", name, marks)
		}
		delete(before, target+".source.log")
		delete(after, target+".source.log")
		if len(before) != len(after) {
			t.Errorf("%s: %d files before, %d after", name, len(before), len(after))
		}
		for path, was := range before {
			if after[path] != was {
				t.Errorf("%s is not what it was", path)
			}
		}
	}
}
