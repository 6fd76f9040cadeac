// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kcm_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/x509up/x509up/kerberos/ccache/internal/kcm"
)

// daemon takes one question of 7 bytes and more over each connection, whose hex it tells, and answers it with the next answer.
func daemon(t *testing.T, answers ...string) (socket string, asked chan string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "kcm") // names of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(folder, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	asked = make(chan string, len(answers))
	var served sync.WaitGroup
	served.Go(func() {
		for _, answer := range answers {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			question := make([]byte, 256)
			n, _ := conn.Read(question)
			asked <- hex.EncodeToString(question[:n])
			data, _ := hex.DecodeString(answer)
			conn.Write(data) //nolint:errcheck // the client notices
			conn.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		served.Wait()
		os.RemoveAll(folder)
	})
	return socket, asked
}

func anything(int64) error { return nil }

// TestAsk: the question and its arguments as they go out, and the answer without its code.
func TestAsk(t *testing.T) {
	t.Parallel()
	socket, asked := daemon(t, "000000060000000000000000abcd", "000000040000000096c73ac3")
	c := &kcm.Client{Socket: socket, Take: anything}
	defer c.Close()
	reply, err := c.Ask(t.Context(), kcm.GetPrincipal, []byte("a\x00"), []byte("b"))
	if got := <-asked; err != nil || hex.EncodeToString(reply) != "abcd" || got != "00000007"+"02000008"+"610062" {
		t.Errorf("%s: %x, %v", got, reply, err)
	}
	// The daemon has ended that connection: the question fails, and the next one has another.
	_, err = c.Ask(t.Context(), kcm.GetPrincipal)
	if e, ok := errors.AsType[*kcm.Error](err); !ok || e.Err == nil || kcm.Gone(err) {
		t.Errorf("on the connection that was ended: %v", err)
	}
	_, err = c.Ask(t.Context(), kcm.GetDefaultCache)
	if got := <-asked; !kcm.Gone(err) || got != "00000004"+"02000014" {
		t.Errorf("%s: %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	for _, c := range []struct {
		name, answer string
		take         func(int64) error
		want         error
	}{
		{"nothing", "", anything, io.EOF},
		{"half a head", "00000004", anything, io.ErrUnexpectedEOF},
		{"half an answer", "000000080000000000000000", anything, io.ErrUnexpectedEOF},
		{"no code", "000000020000000000ff", anything, io.ErrUnexpectedEOF},
		{"too much", "ffffffff00000000", func(n int64) error {
			if n != 1<<32-1 {
				t.Errorf("asked for %d bytes", n)
			}
			return full
		}, full},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			socket, _ := daemon(t, c.answer)
			client := &kcm.Client{Socket: socket, Take: c.take}
			defer client.Close()
			if reply, err := client.Ask(t.Context(), kcm.GetDefaultCache); !errors.Is(err, c.want) || reply != nil || kcm.Gone(err) {
				t.Errorf("%x, %v", reply, err)
			}
		})
	}
	socket, _ := daemon(t, "0000000096c73ac4") // by the transport
	client := &kcm.Client{Socket: socket, Take: anything}
	_, err := client.Ask(t.Context(), kcm.GetDefaultCache)
	if e, ok := errors.AsType[*kcm.Error](err); !ok || e.Code != -1765328188 || e.Socket != socket || kcm.Gone(err) {
		t.Errorf("a code: %v", err)
	}
	client.Close()
	client.Socket = filepath.Join(t.TempDir(), "none")
	if _, err := client.Ask(t.Context(), kcm.GetDefaultCache); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no daemon: %v", err)
	}
}

// TestContext: the end of the context is the end of a wait.
func TestContext(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "kcm")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	l, err := net.Listen("unix", filepath.Join(folder, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // which accepts, and never answers
	ctx, cancel := context.WithCancel(t.Context())
	client := &kcm.Client{Socket: l.Addr().String(), Take: anything}
	defer client.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			defer conn.Close()
			conn.Read(make([]byte, 256)) //nolint:errcheck // that it came is enough
			cancel()
			io.Copy(io.Discard, conn) //nolint:errcheck // until the client leaves
		}
	}()
	if _, err := client.Ask(ctx, kcm.GetDefaultCache); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
