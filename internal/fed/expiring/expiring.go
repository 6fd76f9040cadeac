// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package expiring holds state of the servers of package fed that is over at some time: logins that wait, sessions, message
// identifiers that were seen.
package expiring

import (
	"sync"
	"time"
)

// Most is how many entries a table takes.
const Most = 10000

// A Table is a map whose entries are over at some time, for concurrent use. The zero value is empty.
type Table[V any] struct {
	mu      sync.Mutex
	entries map[string]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// Put enters a value, or returns false if the key is there already or the table is full.
func (t *Table[V]) Put(key string, value V, now time.Time, life time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries == nil {
		t.entries = map[string]entry[V]{}
	}
	if len(t.entries) >= Most {
		for k, old := range t.entries {
			if !now.Before(old.until) {
				delete(t.entries, k)
			}
		}
	}
	if _, there := t.find(key, now); there || len(t.entries) >= Most {
		return false
	}
	t.entries[key] = entry[V]{value, now.Add(life)}
	return true
}

// Get finds a value that is not over.
func (t *Table[V]) Get(key string, now time.Time) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(key, now)
}

// Take finds a value that is not over and removes it, so that only one caller gets it.
func (t *Table[V]) Take(key string, now time.Time) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	value, ok := t.find(key, now)
	delete(t.entries, key)
	return value, ok
}

func (t *Table[V]) find(key string, now time.Time) (V, bool) {
	found, ok := t.entries[key]
	if !ok || !now.Before(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}
