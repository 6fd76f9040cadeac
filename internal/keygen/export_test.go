// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen

// Ready is how many keys wait to be taken.
func (p *Pool) Ready() int { return len(p.keys) }
