// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Data is a piece of the body: a text, or "@FILE" for what a file holds, "@-"
// for stdin.
type Data struct {
	Text string
	// Binary keeps the bytes of a file (--data-binary). Otherwise its carriage
	// returns, line feeds and zeros are left out (-d).
	Binary bool
}

// MaxUpload bounds what is read into memory to be sent, in bytes.
const MaxUpload = 1 << 30

// joined is the body; nil when there is none, which an empty one is not.
func joined(ctx context.Context, all []Data, in io.Reader) ([]byte, error) {
	if len(all) == 0 {
		return nil, nil
	}
	parts := make([][]byte, len(all))
	for i, d := range all {
		path, isFile := strings.CutPrefix(d.Text, "@")
		if !isFile {
			parts[i] = []byte(d.Text)
			continue
		}
		data, err := read(ctx, path, in)
		if err != nil {
			return nil, &ReadError{err}
		}
		if !d.Binary {
			data = slices.DeleteFunc(data, func(b byte) bool { return b == '\r' || b == '\n' || b == 0 })
		}
		parts[i] = data
	}
	if body := bytes.Join(parts, []byte("&")); body != nil {
		return body, nil
	}
	return []byte{}, nil
}

// read reads a file or stdin. Either may be a pipe that nobody ever writes to.
func read(ctx context.Context, path string, in io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readAll(path, in)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func readAll(path string, in io.Reader) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, MaxUpload+1))
	if err == nil && len(data) > MaxUpload {
		err = fmt.Errorf("%s is larger than %d bytes", path, MaxUpload)
	}
	return data, err
}
