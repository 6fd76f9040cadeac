// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ask

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// endWhole makes the end of a command that of its children. Alone, it gets a process group of its own. With a terminal
// it stays in ours: any other could not read from there, and Ctrl-C and Ctrl-Z would reach but one of the two. Ctrl-C
// then ends all by itself, and for signals to us alone the children are looked up.
func endWhole(cmd *exec.Cmd, alone bool) {
	if alone {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		return
	}
	cmd.Cancel = func() error {
		// SIGTERM, upon which what has turned off the echo puts it back.
		for _, pid := range descendants(cmd.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended
		}
		return cmd.Process.Signal(syscall.SIGTERM)
	}
}

// maxDescendants bounds the search in what may grow meanwhile.
const maxDescendants = 1000

// descendants are the processes that a process has started, and so on; none where the system does not say.
func descendants(pid int) []int {
	var found []int
	for queue := []int{pid}; len(queue) > 0 && len(found) < maxDescendants; queue = queue[1:] {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", queue[0]))
		for _, list := range lists {
			data, _ := os.ReadFile(list)
			for _, field := range strings.Fields(string(data)) {
				if child, err := strconv.Atoi(field); err == nil {
					found, queue = append(found, child), append(queue, child)
				}
			}
		}
	}
	return found
}
