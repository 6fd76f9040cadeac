// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package replay_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/x509up/x509up/kerberos/internal/replay"
)

func body(t *testing.T, r *http.Request) string {
	t.Helper()
	if r.Body == nil {
		return "none"
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestTwice(t *testing.T) {
	t.Parallel()
	again := func(text string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	}
	for _, c := range []struct {
		name          string
		body          string // empty: nil
		getBody       func() (io.ReadCloser, error)
		first, second string // second empty: it cannot be sent again
		closed        bool   // as soon as there are two
	}{
		{"no body", "", nil, "none", "none", false},
		{"by GetBody", "abcdef", again("ghi"), "abcdef", "ghi", false},
		{"from memory", "abcd", nil, "abcd", "abcd", true},
		{"too large", "abcde", nil, "abcde", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sent := &closing{Reader: strings.NewReader(c.body)}
			r := &http.Request{Header: http.Header{"X": {"y"}}, GetBody: c.getBody}
			if c.body != "" {
				r.Body = sent
			}
			first, second, err := replay.Twice(r, 4)
			if err != nil || sent.closed != c.closed {
				t.Fatalf("%v, closed %v", err, sent.closed)
			}
			if got := body(t, first); got != c.first || first.Header.Get("X") != "y" {
				t.Errorf("first %q, %v", got, first.Header)
			}
			if second == nil {
				if c.second != "" {
					t.Error("it cannot be sent again")
				}
				return
			}
			r2, err := second()
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, r2); got != c.second || r2.Header.Get("X") != "y" {
				t.Errorf("second %q, %v", got, r2.Header)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, _, err := replay.Twice(&http.Request{Body: io.NopCloser(iotest.ErrReader(broken))}, 4); !errors.Is(err, broken) {
		t.Errorf("a body that cannot be read: %v", err)
	}
	r := &http.Request{Body: io.NopCloser(strings.NewReader("a")), GetBody: func() (io.ReadCloser, error) { return nil, broken }}
	_, again, err := replay.Twice(r, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again(); !errors.Is(err, broken) {
		t.Errorf("a body that cannot be had again: %v", err)
	}
}
