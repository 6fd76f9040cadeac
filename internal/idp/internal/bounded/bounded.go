// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package bounded has readers for documents of others, which end where a document is longer than it can sensibly be. What io.LimitReader
// reads is a short document then; here it is an error.
package bounded

import (
	"bufio"
	"fmt"
	"io"
)

// SizeError says that a list or metadata is larger than it can sensibly be.
type SizeError struct {
	Limit int64 // bytes
}

func (e *SizeError) Error() string { return fmt.Sprintf("it is larger than %d MiB", e.Limit>>20) }

// Reader returns a reader that fails with a [*SizeError] beyond limit bytes.
func Reader(r io.Reader, limit int64) io.Reader { return &limited{r: r, left: limit, limit: limit} }

type limited struct {
	r           io.Reader
	left, limit int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &SizeError{Limit: l.limit}
	}
	return n, err
}

// Tokens bounds the tokens of an xml.Decoder, which would hold one of any length in memory. The decoder reads from it byte by byte, so
// never beyond the token.
type Tokens struct {
	R     *bufio.Reader
	Limit int   // bytes of a token
	Err   error // what is returned beyond that

	length int
}

// Next begins a token.
func (t *Tokens) Next() { t.length = 0 }

// ReadByte is what the decoder calls.
func (t *Tokens) ReadByte() (byte, error) {
	if t.length++; t.length > t.Limit {
		return 0, t.Err
	}
	return t.R.ReadByte()
}

// Read makes it an io.Reader, as the decoder wants it.
func (t *Tokens) Read(p []byte) (int, error) { return t.R.Read(p) }
