// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/ownfile"
)

// cacheVersion changes when the form of an entry, or what is taken from a document, does.
const cacheVersion = 1

// maxEntry bounds an entry, in bytes. Its providers are a small part of the document.
const maxEntry = 64 << 20

// entry is what the cache has of a source: what was found in it, not the document.
type entry struct {
	Version      int        `json:"version"`
	Fetched      time.Time  `json:"fetched"`
	ETag         string     `json:"etag,omitempty"`
	LastModified string     `json:"last_modified,omitempty"`
	ValidUntil   time.Time  `json:"valid_until,omitzero"`
	Providers    []Provider `json:"providers"`
}

func (e entry) metadata() Metadata {
	return Metadata{Providers: e.Providers, ValidUntil: e.ValidUntil}
}

// cachePath returns the file for a source. Its name is a hash, because a URL can hold anything.
func (f Finder) cachePath(s source) string {
	sum := sha256.Sum256([]byte(s.where))
	return filepath.Join(f.CacheDir, s.kind+"-"+hex.EncodeToString(sum[:16])+".json")
}

// cached returns the copy of a source. One that cannot be read, is not valid any more, or is not ours (the addresses in it
// are where passwords go) is none.
func (f Finder) cached(s source) (entry, bool) {
	if f.CacheDir == "" {
		return entry{}, false
	}
	data, err := ownfile.Read(f.cachePath(s), maxEntry)
	if err != nil {
		return entry{}, false
	}
	var e entry
	if json.Unmarshal(data, &e) != nil || e.Version != cacheVersion || e.metadata().check(f.now()) != nil {
		return entry{}, false
	}
	for _, p := range e.Providers {
		if p.Name == "" || p.Name != cleanName(p.Name) || p.URL != "" && !goodEndpoint(p.URL) {
			return entry{}, false
		}
	}
	return e, true
}

// keep stores a copy. That it cannot be stored is no reason to fail or to complain: batch jobs often have no home.
func (f Finder) keep(s source, e entry) {
	if f.CacheDir == "" {
		return
	}
	e.Version = cacheVersion
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	if os.MkdirAll(f.CacheDir, 0o700) == nil {
		_ = atomicfile.Write(f.cachePath(s), data, 0o600)
	}
}
