// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// blackHole is a port that answers nobody who wants to connect: its queue is full, so that the kernel drops what comes.
func blackHole(t *testing.T) (port string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Close(fd); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
	const more = 3 // than a queue of 0 holds, which is 1
	for range more {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the queue is not full")
	return ""
}

// contender is a way to get a proxy with attributes.
type contender struct {
	name    string
	command []string
	knows   string // what x509up remembers of servers
	took    []time.Duration
}

// run adds a run.
func (c *contender) run(t *testing.T, u gridUser) {
	t.Helper()
	memory := filepath.Join(u.Home, ".cache", "x509up", "voms-servers")
	if err := os.MkdirAll(filepath.Dir(memory), 0o700); err != nil {
		t.Fatal(err)
	}
	writeOwn(t, memory, []byte(c.knows), 0o600)
	begin := time.Now()
	u.run(t, 0, c.command[0], c.command[1:]...)
	c.took = append(c.took, time.Since(begin))
}

func (c *contender) median() time.Duration {
	slices.Sort(c.took)
	return c.took[len(c.took)/2]
}

// TestInitVOMSSpeed runs the makers of a proxy with attributes by turns, and logs how long they take. How busy a machine is, no test
// should depend on; that everybody gets a proxy although the first server is dead, it may.
func TestInitVOMSSpeed(t *testing.T) {
	const rounds = 15
	s := startVOMS(t, newGrid(t))
	u := s.user(t, vomsMember)
	dead := s.Test
	dead.Port = blackHole(t)
	withDead := filepath.Join(t.TempDir(), "vomses")
	writeOwn(t, withDead, []byte(dead.vomsesLine()+s.Test.vomsesLine()), 0o644)
	init2 := vomsMakers()[0]
	ours := append([]string{u.Tool}, vomsArgs([]string{"test.vo"})...)
	asked := func(v vomsServer) string { return net.JoinHostPort(v.Host, v.Port) + " legacy\n" }
	contenders := []*contender{
		{name: "x509up", command: ours, knows: asked(s.Test)},
		{name: "x509up, the first time", command: ours},
		// Servers that have answered before are asked first, in the order of the vomses file.
		{name: "x509up, with a dead server first", command: append(ours, "--vomses", withDead), knows: asked(dead) + asked(s.Test)},
		{name: init2.Name, command: append([]string{init2.Name}, init2.Args(s, u, "test.vo")...)},
	}
	for round := range rounds {
		for _, c := range contenders {
			c.run(t, u)
			if round == 0 {
				u.x509up(t, exitDone, "info", "--acexists", "test.vo")
				u.verified(t, u.File)
			}
		}
	}
	theirs := contenders[len(contenders)-1].median()
	for _, c := range contenders {
		t.Logf("%-33s median of %d: %v, %.2f of %s", c.name, rounds, c.median().Round(time.Millisecond), float64(c.median())/float64(theirs), init2.Name)
	}
}
