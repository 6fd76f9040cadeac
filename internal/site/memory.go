// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/ownfile"
	"github.com/x509up/x509up/voms/contact"
)

// Bounds of a memory.
const (
	maxMemory  = 64 << 10 // bytes of the file
	maxServers = 500
)

// Memory knows in which protocol servers have answered, from one run to the next: a line "host:port PROTOCOL" of a file for each, the latest
// last. It is a help and no more. A file that cannot be read or written, or that others may write, is passed over. The zero value
// remembers as long as it lives.
type Memory struct {
	// Path is the file, in a folder that may have to be made; "" for none.
	Path string

	mu    sync.Mutex
	known map[string]contact.Protocol // by address; nil: not read yet
	order []string
}

// Spoken is for contact.Client.
func (m *Memory) Spoken(e contact.Endpoint) contact.Protocol {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read()
	return m.known[key(e)]
}

// Learned is for contact.Client. It writes the file if that is news.
func (m *Memory) Learned(e contact.Endpoint, p contact.Protocol) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read()
	if p == contact.Unknown || m.known[key(e)] == p {
		return
	}
	m.set(key(e), p)
	m.write()
}

// key is the address in the letters of DNS. An endpoint whose name could not stand in a line is none that can be asked.
func key(e contact.Endpoint) string { return strings.ToLower(e.Address()) }

func (m *Memory) set(address string, p contact.Protocol) {
	if m.known[address] == contact.Unknown {
		m.order = append(m.order, address)
	}
	m.known[address] = p
}

func (m *Memory) read() {
	if m.known != nil {
		return
	}
	m.known = map[string]contact.Protocol{}
	if m.Path == "" {
		return
	}
	data, err := ownfile.Read(m.Path, maxMemory)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(data)) {
		address, protocol, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, p := range []contact.Protocol{contact.REST, contact.Legacy} {
			if protocol == p.String() && len(m.order) < maxServers {
				m.set(address, p)
			}
		}
	}
}

func (m *Memory) write() {
	if m.Path == "" {
		return
	}
	if drop := len(m.order) - maxServers; drop > 0 {
		for _, address := range m.order[:drop] {
			delete(m.known, address)
		}
		m.order = m.order[drop:]
	}
	var b strings.Builder
	for _, address := range m.order {
		fmt.Fprintf(&b, "%s %s\n", address, m.known[address])
	}
	if err := os.MkdirAll(filepath.Dir(m.Path), 0o700); err == nil {
		_ = atomicfile.Write(m.Path, []byte(b.String()), 0o600)
	}
}
