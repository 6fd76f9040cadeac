// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/page"
)

// answer is one of these bytes.
func answer(status int, body io.Reader) *http.Response {
	return &http.Response{Proto: "HTTP/1.1", StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
		Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(body)}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		output page.Output
		status int
		want   string
	}{
		{"body", page.Output{}, 200, "text"},
		{"stdout by name", page.Output{Path: "-"}, 200, "text"},
		{"header", page.Output{Header: true}, 200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ntext"},
		{"page of an error", page.Output{}, 404, "text"},
		{"good, with --fail", page.Output{Fail: true}, 399, "text"},
		{"bad, with --fail", page.Output{Fail: true, Header: true}, 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := c.output.Write(&out, answer(c.status, strings.NewReader("text")))
			if e, ok := errors.AsType[*page.StatusError](err); ok != (c.want == "") || ok && e.Status != c.status || !ok && err != nil {
				t.Errorf("error %v", err)
			}
			if out.String() != c.want {
				t.Errorf("wrote %q, want %q", out.String(), c.want)
			}
		})
	}
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page")
	if err := os.WriteFile(path, []byte("a longer text than the new one"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (page.Output{Path: path}).Write(&out, answer(200, strings.NewReader("text"))); err != nil || out.Len() > 0 {
		t.Errorf("%v, and on stdout %q", err, out.String())
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	err := page.Output{Path: filepath.Join(path, "below")}.Write(&out, answer(200, strings.NewReader("text")))
	if !is[*page.WriteError](err) || !strings.Contains(err.Error(), path) {
		t.Errorf("into what is no folder: %v", err)
	}
}

// TestData: pieces in their order, files without their line ends unless they are binary.
func TestData(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("a\r\nb\x00\xff\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []page.Data
		want string
	}{
		{"nothing", []page.Data{{Text: ""}}, ""},
		{"a text", []page.Data{{Text: "a=1"}}, "a=1"},
		{"a text keeps its lines", []page.Data{{Text: "a\nb"}}, "a\nb"},
		{"a file", []page.Data{{Text: "@" + file}}, "ab\xff"},
		{"a binary file", []page.Data{{Text: "@" + file, Binary: true}}, "a\r\nb\x00\xff\n"},
		{"stdin", []page.Data{{Text: "@-"}}, "in"},
		{"binary stdin", []page.Data{{Text: "@-", Binary: true}}, "in\n"},
		{"in their order", []page.Data{{Text: "1", Binary: true}, {Text: "2"}, {Text: "3", Binary: true}}, "1&2&3"},
		{"a file in both ways", []page.Data{{Text: "@" + file, Binary: true}, {Text: "@" + file}}, "a\r\nb\x00\xff\n&ab\xff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			request := build(t, t.Context(), page.Request{Data: c.data}, strings.NewReader("in\n"))
			got, err := io.ReadAll(request.Body)
			if err != nil || string(got) != c.want || request.ContentLength != int64(len(c.want)) || request.Method != "POST" {
				t.Errorf("%s %q, %d bytes, %v; want %q", request.Method, got, request.ContentLength, err, c.want)
			}
		})
	}
}

func build(t *testing.T, ctx context.Context, r page.Request, in io.Reader) *http.Request {
	t.Helper()
	u, err := page.ParseURL("https://127.0.0.1/")
	if err != nil {
		t.Fatal(err)
	}
	request, err := r.Build(ctx, u, in)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// TestDataFails: what cannot be read is told; what never comes is not waited for without end.
func TestDataFails(t *testing.T) {
	t.Parallel()
	u, err := page.ParseURL("https://127.0.0.1/")
	if err != nil {
		t.Fatal(err)
	}
	_, err = page.Request{Data: []page.Data{{Text: "@" + filepath.Join(t.TempDir(), "missing")}}}.Build(t.Context(), u, nil)
	if !is[*page.ReadError](err) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	silent, _ := io.Pipe()
	defer silent.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user has had enough")
	cancel(why)
	if _, err := (page.Request{Data: []page.Data{{Text: "@-"}}}).Build(ctx, u, silent); !is[*page.ReadError](err) || !errors.Is(err, why) {
		t.Errorf("a silent pipe: %v", err)
	}
}

// TestCodes: curl's exit codes for errors as the network, TLS and the disk really make them.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  func(*testing.T) error
		want int
	}{
		{"nothing wrong", func(*testing.T) error { return nil }, 0},
		{"no header field", func(*testing.T) error { return &page.HeaderError{} }, 2},
		{"no method", func(*testing.T) error { return &page.MethodError{} }, 2},
		{"no URL", func(*testing.T) error { return &page.URLError{} }, 3},
		{"no such host", func(t *testing.T) error { return get(t, "https://no-such-host.invalid/", nil) }, 6},
		{"nobody listens", func(t *testing.T) error { return get(t, "https://"+closed(t)+"/", nil) }, 7},
		{"not found", func(*testing.T) error { return &page.StatusError{Status: 404} }, 22},
		{"no file", func(*testing.T) error { return page.Output{Path: "/nowhere/page"}.Write(nil, answer(200, nil)) }, 23},
		{"full output", func(*testing.T) error { return page.Output{}.Write(full{}, answer(200, strings.NewReader("text"))) }, 23},
		{"full output for the header", func(*testing.T) error {
			return page.Output{Header: true}.Write(full{}, answer(200, strings.NewReader("")))
		}, 23},
		{"no data", func(*testing.T) error { return &page.ReadError{Err: fs.ErrNotExist} }, 26},
		{"end of patience", func(t *testing.T) error {
			ctx, cancel := context.WithTimeout(t.Context(), 0)
			defer cancel()
			_, err := do()(build(t, ctx, page.Request{}, nil))
			return err
		}, 28},
		{"end of patience with the data", func(*testing.T) error { return &page.ReadError{Err: context.DeadlineExceeded} }, 28},
		{"no connection in time", func(*testing.T) error { return &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded} }, 28},
		{"HTTP where TLS should be", func(t *testing.T) error {
			return get(t, strings.Replace(serve(t, httptest.NewServer).URL, "http:", "https:", 1), nil)
		}, 35},
		{"SSH where TLS should be", func(t *testing.T) error { return get(t, "https://"+saying(t, "SSH-2.0-OpenSSH_9.2\r\n")+"/", nil) }, 35},
		{"TLS 1.1", func(t *testing.T) error {
			s := serve(t, httptest.NewUnstartedServer)
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // to be refused
			s.StartTLS()
			return get(t, s.URL, pool(s))
		}, 35},
		{"an alert", func(t *testing.T) error {
			s := serve(t, httptest.NewUnstartedServer)
			s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
			s.StartTLS()
			return get(t, s.URL, pool(s))
		}, 35},
		{"too many redirects", func(*testing.T) error { return fmt.Errorf("x: %w", page.ErrRedirects) }, 47},
		{"no answer", func(t *testing.T) error {
			s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
			t.Cleanup(s.Close)
			return get(t, s.URL, nil)
		}, 52},
		{"a part of the answer", func(t *testing.T) error {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				_, _ = io.WriteString(w, "the beginning")
			}))
			t.Cleanup(s.Close)
			return get(t, s.URL, nil)
		}, 56},
		{"a reset connection", func(*testing.T) error { return &net.OpError{Op: "read", Err: errors.New("connection reset by peer")} }, 56},
		{"an unknown CA", func(t *testing.T) error { return get(t, serve(t, httptest.NewTLSServer).URL, x509.NewCertPool()) }, 60},
		{"another host's certificate", func(t *testing.T) error {
			s := serve(t, httptest.NewTLSServer)
			return get(t, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), pool(s))
		}, 60},
		{"something else", func(*testing.T) error { return errors.New("something else") }, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.err(t)
			code, known := page.Code(err)
			if known != (c.want >= 0) || known && code != c.want {
				t.Errorf("%v: code %d, known: %v; want %d", err, code, known, c.want)
			}
		})
	}
}

// get fetches a page and reads all of it.
func get(t *testing.T, url string, roots *x509.CertPool) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return page.Output{}.Write(io.Discard, answer)
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server) *httptest.Server {
	t.Helper()
	s := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

func pool(s *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// saying is a server that greets every connection with a text.
func saying(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			t.Cleanup(func() { c.Close() })
		}
	}()
	return l.Addr().String()
}

// full is an output without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
