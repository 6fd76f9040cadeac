// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package download

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

// maxCopy bounds the file of a copy, in bytes. What is kept is a small part of a document.
const maxCopy = 64 << 20

// entry is what the file of a copy holds.
type entry[T any] struct {
	Form         int       `json:"form"`
	Fetched      time.Time `json:"fetched"` // when the server was last asked
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Content      T         `json:"content"`
}

// path returns the file for a source. Its name is a hash, because a URL can hold anything.
func (c Client[T]) path(s Source[T]) string {
	sum := sha256.Sum256([]byte(s.URL))
	return filepath.Join(c.Dir, s.Kind+"-"+hex.EncodeToString(sum[:16])+".json")
}

// load returns the copy of a source. One that cannot be read, is not ours, or does not pass the check is none.
func (c Client[T]) load(s Source[T]) (entry[T], bool) {
	if c.Dir == "" {
		return entry[T]{}, false
	}
	data, err := ownfile.Read(c.path(s), maxCopy)
	if err != nil {
		return entry[T]{}, false
	}
	var e entry[T]
	if json.Unmarshal(data, &e) != nil || e.Form != c.Form || s.Check(e.Content) != nil {
		return entry[T]{}, false
	}
	return e, true
}

// store keeps a copy. That it cannot be kept is no reason to fail or to complain: batch jobs often have no home.
func (c Client[T]) store(s Source[T], e entry[T]) {
	if c.Dir == "" {
		return
	}
	e.Form = c.Form
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	if os.MkdirAll(c.Dir, 0o700) == nil {
		_ = atomicfile.Write(c.path(s), data, 0o600)
	}
}
