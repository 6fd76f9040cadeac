// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import "os/exec"

// endWhole leaves it at the command itself, which is all that exec ends here.
func endWhole(*exec.Cmd, bool) {}
