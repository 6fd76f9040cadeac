// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Output says what of an answer is written, and where.
type Output struct {
	// Path is the file of -o; "" and "-" are stdout. It is made, or emptied, once
	// there is an answer.
	Path string
	// Header writes the header of the answer, too (-i, -I).
	Header bool
	// Fail writes nothing of an answer of 400 or above (-f).
	Fail bool
}

// Write writes an answer; its body is the caller's to close. Errors are a
// [*StatusError], a [*WriteError] or a [*BrokenOffError].
func (o Output) Write(stdout io.Writer, answer *http.Response) error {
	if o.Fail && answer.StatusCode >= 400 {
		return &StatusError{answer.StatusCode}
	}
	if o.Path == "" || o.Path == "-" {
		return o.copy(stdout, answer)
	}
	f, err := os.Create(o.Path)
	if err != nil {
		return &WriteError{err}
	}
	if err := o.copy(f, answer); err != nil {
		f.Close()
		return err
	}
	// Network file systems report a full disk here.
	if err := f.Close(); err != nil {
		return &WriteError{err}
	}
	return nil
}

func (o Output) copy(out io.Writer, answer *http.Response) error {
	if o.Header {
		if err := writeHeader(out, answer); err != nil {
			return &WriteError{err}
		}
	}
	return copyBody(out, answer.Body)
}

func writeHeader(out io.Writer, answer *http.Response) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\r\n", answer.Proto, answer.Status)
	if err := answer.Header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	_, err := out.Write(b.Bytes())
	return err
}

// copyBody tells a server that breaks off from a disk that is full.
func copyBody(out io.Writer, body io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buffer)
		if n > 0 {
			if _, err := out.Write(buffer[:n]); err != nil {
				return &WriteError{err}
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return &BrokenOffError{readErr}
		}
	}
}
