// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package term

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)

// wait returns when one of the two descriptors can be read.
func wait(a, b int) error {
	return poll([]unix.PollFd{{Fd: int32(a), Events: unix.POLLIN}, {Fd: int32(b), Events: unix.POLLIN}})
}

// pause returns when fd can be written.
func pause(fd int) error { return poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}) }

func poll(fds []unix.PollFd) error {
	for {
		if _, err := unix.Poll(fds, -1); err != unix.EINTR {
			return err
		}
	}
}
