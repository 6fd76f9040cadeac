// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"sync"
	"time"
)

// maxEntries bounds each table of a server's state.
const maxEntries = 10000

// expiring is a table whose entries are over at some time. The zero value is empty.
type expiring[V any] struct {
	mu      sync.Mutex
	entries map[string]expiringEntry[V]
}

type expiringEntry[V any] struct {
	value V
	until time.Time
}

// put enters a value, or returns false if the key is there already or the table is full.
func (e *expiring[V]) put(key string, value V, now time.Time, life time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.entries == nil {
		e.entries = map[string]expiringEntry[V]{}
	}
	if len(e.entries) >= maxEntries {
		for k, old := range e.entries {
			if !now.Before(old.until) {
				delete(e.entries, k)
			}
		}
	}
	if old, ok := e.entries[key]; ok && now.Before(old.until) || len(e.entries) >= maxEntries {
		return false
	}
	e.entries[key] = expiringEntry[V]{value, now.Add(life)}
	return true
}

// get finds a value that is not over.
func (e *expiring[V]) get(key string, now time.Time) (V, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	entry, ok := e.entries[key]
	if !ok || !now.Before(entry.until) {
		var none V
		return none, false
	}
	return entry.value, true
}

// take finds a value and removes it.
func (e *expiring[V]) take(key string, now time.Time) (V, bool) {
	value, ok := e.get(key, now)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.entries, key)
	return value, ok
}
