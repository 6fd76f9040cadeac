// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package term_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/internal/term"
)

// The tests need a controlling terminal of their own, and only a new session can have one. So the test binary starts
// itself with the name of a scene as its only argument, with a pty as its terminal; the scene reports on stdout, which
// is a pipe.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "scene" {
		if err := scenes[os.Args[2]](); err != nil {
			fmt.Printf("error: %v\n", err)
		}
		return
	}
	os.Exit(m.Run())
}

const prompt = "password for jdoe: "

var scenes = map[string]func() error{
	"line":     func() error { return askLine(context.Background()) },
	"secret":   func() error { return askSecret(context.Background()) },
	"none":     func() error { return askSecret(context.Background()) },
	"canceled": func() error { return askSecret(ended()) },
	"cause": func() error {
		ctx, cancel := context.WithCancelCause(context.Background())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel(errors.New("stdin was closed"))
		}()
		return askSecret(ctx)
	},
	"panic": func() (err error) {
		defer func() { err = fmt.Errorf("recovered: %v", recover()) }()
		return askSecret(panicking{context.Background()})
	},
	"both": func() error {
		tty, err := term.Open()
		if err != nil {
			return err
		}
		defer tty.Close()
		user, err := tty.ReadLine(context.Background(), "user: ")
		if err != nil {
			return err
		}
		password, err := tty.ReadSecret(context.Background(), prompt)
		fmt.Printf("%q %q\n", user, password.Reveal())
		return err
	},
}

// panicking is a context that panics when the prompt is already on the screen.
type panicking struct{ context.Context }

func (panicking) Done() <-chan struct{} { panic("boom") }

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func askSecret(ctx context.Context) error {
	tty, err := term.Open()
	if err != nil {
		fmt.Println("none:", errors.Is(err, term.ErrNone))
		return err
	}
	defer tty.Close()
	password, err := tty.ReadSecret(ctx, prompt)
	return report(password.Reveal(), err)
}

func askLine(ctx context.Context) error {
	tty, err := term.Open()
	if err != nil {
		return err
	}
	defer tty.Close()
	return report(tty.ReadLine(ctx, "user: "))
}

func report(answer string, err error) error {
	if err != nil {
		fmt.Println("canceled:", errors.Is(err, context.Canceled), "end:", errors.Is(err, io.EOF), "long:", errors.Is(err, term.ErrTooLong))
		return err
	}
	fmt.Printf("%q\n", answer)
	return nil
}

// stage is a running scene and the far side of its terminal.
type stage struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	stdin  io.WriteCloser
	stdout strings.Builder
	screen strings.Builder
	read   int // up to where expect has read the screen
}

// start plays a scene on a new pty.
func start(t *testing.T, scene string) *stage {
	t.Helper()
	master, slave := openPTY(t)
	s := &stage{t: t, master: master}
	s.cmd = exec.CommandContext(t.Context(), os.Args[0], "scene", scene)
	s.cmd.Env = append(s.cmd.Environ(), "GORACE=atexit_sleep_ms=0") // under -race a process waits a second before it exits
	s.cmd.Stdout = &s.stdout
	s.cmd.Stderr = &s.stdout
	s.cmd.ExtraFiles = []*os.File{slave}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The near side stays open here too, so that its modes can be looked at when the scene is over.
	t.Cleanup(func() { _ = slave.Close() })
	return s
}

func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "ptmx") // non-blocking, so it takes deadlines
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	sfd, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, os.NewFile(uintptr(sfd), "pts")
}

// expect reads the screen until it shows want below what was expected before.
func (s *stage) expect(want string) {
	s.t.Helper()
	// The deadline only ends a test that has failed already.
	if err := s.master.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	buf := make([]byte, 1024)
	for {
		seen := s.screen.String()[s.read:]
		if i := strings.Index(seen, want); i >= 0 {
			s.read += i + len(want)
			return
		}
		n, err := s.master.Read(buf)
		if err != nil {
			s.t.Fatalf("the screen shows %q, never %q: %v", seen, want, err)
		}
		s.screen.Write(buf[:n])
	}
}

func (s *stage) typed(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) echo() bool {
	s.t.Helper()
	termios, err := unix.IoctlGetTermios(int(s.master.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return termios.Lflag&unix.ECHO != 0
}

// end waits for the scene and returns its report.
func (s *stage) end() string {
	s.t.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("%v\n%s", err, s.stdout.String())
	}
	if !s.echo() {
		s.t.Error("the echo is still off")
	}
	return s.stdout.String()
}
