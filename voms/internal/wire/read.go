// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrTooLarge means that there is more of an answer than MaxAnswer.
var ErrTooLarge error = tooLargeError{}

type tooLargeError struct{}

func (tooLargeError) Error() string { return fmt.Sprintf("it has more than %d KiB", MaxAnswer>>10) }

const (
	maxHeader  = 64 << 10 // bytes of the header of an HTTP answer
	maxInterim = 8        // answers of status 1xx before the answer
	maxLooks   = 8        // times that an answer is parsed before it has ended
)

// Read reads an answer of the older protocol, until it is complete or the connection ends. It does not wait for the end: a
// server closes the connection when it has done work of its own. What has come is returned beside an error, such as
// io.ErrUnexpectedEOF, which is how the end looks in TLS when a server does not announce it. Parse decides.
func Read(r io.Reader) ([]byte, error) {
	var body []byte
	chunk := make([]byte, 16<<10)
	looks := 0
	for {
		n, err := r.Read(chunk)
		tail := max(0, len(body)-len("</vomsans>")) // the tag may have come in two pieces
		body = append(body, chunk[:n]...)
		switch {
		case len(body) > MaxAnswer:
			return nil, ErrTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		case looks < maxLooks && hasEnd(body[tail:]):
			looks++
			if _, err := Parse(body); err != ErrTruncated && err != ErrNotVOMS {
				return body, nil
			}
		}
	}
}

func hasEnd(text []byte) bool {
	return bytes.Contains(text, []byte("</voms>")) || bytes.Contains(text, []byte("</vomsans>"))
}

// NotHTTPError is what came in place of an HTTP answer. Its text is one line fit for a terminal.
type NotHTTPError struct{ text string }

func (e *NotHTTPError) Error() string { return "it is not HTTP: " + e.text }

// ReadHTTP reads an answer to a GET. The status is 0 if the connection ended before there was one.
func ReadHTTP(r io.Reader) (status int, body []byte, err error) {
	limited := &io.LimitedReader{R: r, N: MaxAnswer + maxHeader}
	buffered := bufio.NewReader(limited)
	for range maxInterim {
		if _, err := buffered.Peek(1); err != nil {
			return 0, nil, ended(err)
		}
		response, err := http.ReadResponse(buffered, nil)
		if err != nil {
			return 0, nil, notHTTP(err, limited.N <= 0)
		}
		if response.StatusCode >= 200 {
			defer response.Body.Close()
			body, err := Read(response.Body)
			return response.StatusCode, body, err
		}
	}
	return 0, nil, &NotHTTPError{"it has no answer but those that are not the last"}
}

// ended is nil where the connection ended as it should.
func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// notHTTP tells what the connection said, which is passed on, from what package http thinks of the answer, which quotes it.
func notHTTP(err error, tooLarge bool) error {
	var network interface{ Timeout() bool } // which all errors of package net have
	switch {
	case tooLarge:
		return ErrTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTruncated
	case errors.As(err, &network):
		return err
	}
	return &NotHTTPError{Clean(err.Error())}
}
