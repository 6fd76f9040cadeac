// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package term

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)

// wait returns when one of the two descriptors can be read. It is select(2) because poll(2) of macOS does not know
// /dev/tty.
func wait(a, b int) error {
	for {
		var r unix.FdSet
		if err := set(&r, a, b); err != nil {
			return err
		}
		if _, err := unix.Select(max(a, b)+1, &r, nil, nil, nil); err != unix.EINTR {
			return err
		}
	}
}

// pause returns when fd can be written.
func pause(fd int) error {
	for {
		var w unix.FdSet
		if err := set(&w, fd); err != nil {
			return err
		}
		if _, err := unix.Select(fd+1, nil, &w, nil, nil); err != unix.EINTR {
			return err
		}
	}
}

func set(s *unix.FdSet, fds ...int) error {
	for _, fd := range fds {
		if fd >= unix.FD_SETSIZE {
			return unix.EMFILE
		}
		s.Set(fd)
	}
	return nil
}
