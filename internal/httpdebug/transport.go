// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Transport is an http.RoundTripper that shows what goes through it. It must not be copied after its first use; it may
// be used by several goroutines.
type Transport struct {
	// Base carries the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
	// Out is where messages are written, each with one call of Write. If several Transports share it, it must take
	// calls at the same time, as an *os.File does. Errors of Write are ignored. Nil: nothing is written.
	Out io.Writer
	// Name says which server it is, on every line.
	Name string

	requests atomic.Int64
	mu       sync.Mutex // for Out
}

// maxKept bounds, in bytes, what is kept of a body to show it.
const maxKept = 1 << 20

// RoundTrip shows the request, passes it on as it is, and shows the header of the answer. The answer's body is shown when
// it ends or is closed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.Out == nil {
		return t.base().RoundTrip(req)
	}
	number := t.requests.Add(1)
	t.write('>', number, requestLines(req))
	answer, err := t.base().RoundTrip(req)
	if err != nil {
		t.write('<', number, []string{"no answer: " + withoutTokens(oneLine(err.Error()))})
		return answer, err
	}
	t.write('<', number, append([]string{answer.Proto + " " + answer.Status}, headerLines(answer.Header)...))
	// The body of a switched protocol can be written to; it is no message.
	if answer.Body != nil && answer.Body != http.NoBody && answer.StatusCode != http.StatusSwitchingProtocols {
		answer.Body = &body{ReadCloser: answer.Body, show: func(data []byte, size int64, end error) {
			t.write('<', number, answerBody(answer.Header, data, size, end))
		}}
	}
	return answer, nil
}

// CloseIdleConnections closes those of Base. http.Client looks for this method.
func (t *Transport) CloseIdleConnections() {
	if b, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// write writes one message. Each line may hold further line ends.
func (t *Transport) write(direction byte, number int64, lines []string) {
	prefix := fmt.Sprintf("%c %d:", direction, number)
	if t.Name != "" {
		prefix = fmt.Sprintf("%c %s %d:", direction, visible(t.Name), number)
	}
	var b strings.Builder
	for _, text := range lines {
		for line := range strings.SplitSeq(text, "\n") {
			b.WriteString(strings.TrimRight(prefix+" "+visible(strings.TrimSuffix(line, "\r")), " "))
			b.WriteByte('\n')
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	io.WriteString(t.Out, b.String()) //nolint:errcheck // there is nobody else to tell
}

func requestLines(req *http.Request) []string {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	lines := []string{method + " " + cleanURL(req.URL)}
	if req.Host != "" && req.URL != nil && req.Host != req.URL.Host {
		lines = append(lines, "Host: "+req.Host)
	}
	lines = append(lines, headerLines(req.Header)...)
	if req.Body == nil || req.Body == http.NoBody {
		return lines
	}
	return append(lines, requestBody(req)...)
}

// requestBody reads a copy of the body, never the body itself.
func requestBody(req *http.Request) []string {
	if req.GetBody == nil {
		return []string{"", "[a body that can be read only once]"}
	}
	copied, err := req.GetBody()
	if err != nil {
		return []string{"", "[a body that cannot be read]"}
	}
	defer copied.Close()
	data, err := io.ReadAll(io.LimitReader(copied, maxKept+1))
	switch {
	case err != nil:
		return []string{"", "[a body that cannot be read]"}
	case len(data) > maxKept:
		return []string{"", fmt.Sprintf("[more than %d bytes]", maxKept)}
	}
	return append([]string{""}, bodyLines(req.Header, data, false)...)
}

// answerBody describes what the caller has read of a body until end.
func answerBody(header http.Header, data []byte, size int64, end error) []string {
	switch {
	case errors.Is(end, errClosed):
		return []string{"", fmt.Sprintf("[closed after %d bytes]", size)}
	case !errors.Is(end, io.EOF):
		return []string{"", fmt.Sprintf("[broken off after %d bytes: %s]", size, withoutTokens(oneLine(end.Error())))}
	case size > maxKept:
		return []string{"", fmt.Sprintf("[%d bytes]", size)}
	case size == 0:
		return []string{"", "[empty]"}
	}
	return append([]string{""}, bodyLines(header, data, true)...)
}

// body keeps what is read from it until its end.
type body struct {
	io.ReadCloser
	show func(data []byte, size int64, end error)

	mu    sync.Mutex // Close may come during a Read
	data  []byte
	size  int64
	shown bool
}

// errClosed says that the caller did not want the rest of a body.
var errClosed = errors.New("closed")

// Read keeps what it reads.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.keep(p[:n])
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close shows what was read if the end has not come.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.end(errClosed)
	return err
}

func (b *body) keep(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size += int64(len(p))
	if b.shown || b.size > maxKept {
		b.data = nil
		return
	}
	b.data = append(b.data, p...)
}

func (b *body) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.shown {
		b.shown = true
		b.show(b.data, b.size, err)
		b.data = nil
	}
}
