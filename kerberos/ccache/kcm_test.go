// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

// Questions of the protocol, and codes of libkrb5, in hex.
const (
	kcmPrincipal = "02000008"
	kcmCredUUIDs = "02000009"
	kcmCred      = "0200000a"
	kcmUUIDs     = "02000012"
	kcmName      = "02000013"
	kcmDefault   = "02000014"
	kcmOffset    = "02000016"
	kcmCredList  = "020032c9"

	noFile   = "0000000096c73ac3"
	internal = "0000000096c73ac4"
)

// recorded are the answers of a real daemon, by question.
func recorded(t testing.TB, name string) map[string]string {
	t.Helper()
	answers := map[string]string{}
	for line := range strings.Lines(string(vector(t, name))) {
		if question, answer, found := strings.Cut(strings.TrimSpace(line), " "); found && !strings.HasPrefix(line, "#") {
			answers[question] = answer
		}
	}
	return answers
}

// daemon answers over a socket as answers say, in hex; "" ends the connection. What it was asked comes back by the function.
func daemon(t *testing.T, answers map[string]string) (socket string, asked func() []string) {
	t.Helper()
	var mutex sync.Mutex
	var questions []string
	return listen(t, func(conn net.Conn) {
			for {
				var length [4]byte
				if _, err := io.ReadFull(conn, length[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint32(length[:]))
				if _, err := io.ReadFull(conn, question); err != nil {
					t.Errorf("half a question: %v", err)
					return
				}
				mutex.Lock()
				questions = append(questions, hex.EncodeToString(question))
				mutex.Unlock()
				answer, known := answers[hex.EncodeToString(question)]
				if !known {
					answer = internal
				}
				if answer == "" {
					return
				}
				data := fromHex(t, answer)
				data = append(binary.BigEndian.AppendUint32(nil, uint32(len(data)-4)), data...)
				if _, err := conn.Write(data); err != nil {
					return
				}
			}
		}, func() {}), func() []string {
			mutex.Lock()
			defer mutex.Unlock()
			return questions
		}
}

// listen serves connections to a socket until the test is over.
func listen(t *testing.T, serve func(net.Conn), then func()) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "kcm") // names of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		then()
		l.Close()
		group.Wait()
		os.RemoveAll(folder)
	})
	return socket
}

// TestKCM: what sssd and Heimdal answered is understood. Heimdal's lists no tickets at once.
func TestKCM(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"kcm-sssd.txt": "2026-11-23 01:18:06-11:18:06", "kcm-heimdal.txt": "2026-11-23 01:17:47-11:17:47"} {
		socket, _ := daemon(t, recorded(t, name))
		r := ccache.Reader{KCMSocket: socket}
		caches, err := r.Read(t.Context(), "KCM:")
		if err != nil || len(caches) != 2 {
			t.Fatalf("%s: %v, %v", name, caches, err)
		}
		if diff := cmp.Diff([]string{"KCM:0", "KCM:0:extra"}, names(caches)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		tgt := "krbtgt/A.EXAMPLE@A.EXAMPLE for jdoe@A.EXAMPLE: " + first + " renew 2026-11-24, FRI, aes256-cts-hmac-sha1-96, 421 bytes\n"
		want := "jdoe@A.EXAMPLE offset 0s " + fastAvail + "]\n" + tgt +
			"HTTP/idp.example.org@A.EXAMPLE for jdoe@A.EXAMPLE: " + first + " renew 2026-11-24, FRT, aes256-cts-hmac-sha1-96, 462 bytes\n"
		if diff := cmp.Diff(want, summary(caches[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		extra, err := r.Read(t.Context(), "KCM:0:extra")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(caches[1:], extra); diff != "" || extra[0].Principal.String() != "ann/admin@A.EXAMPLE" {
			t.Errorf("%s: %v, alone (-in the collection +alone):\n%s", name, extra[0].Principal, diff)
		}
		_, err = r.Read(t.Context(), "KCM:none")
		if diff := cmp.Diff(error(&ccache.NotFoundError{Name: "KCM:none"}), errors.Unwrap(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestKCMQuestions: a daemon that cannot list tickets is asked for the list once.
func TestKCMQuestions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"kcm-sssd.txt": 2, "kcm-heimdal.txt": 1} {
		socket, asked := daemon(t, recorded(t, name))
		if _, err := (ccache.Reader{KCMSocket: socket}).Read(t.Context(), "KCM:"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(strings.Join(asked(), " "), kcmCredList); got != want {
			t.Errorf("%s: %d lists, want %d", name, got, want)
		}
	}
}

// TestKCMOddities changes what a daemon answers.
func TestKCMOddities(t *testing.T) {
	t.Parallel()
	const zero, one = "3000", "303a657874726100" // names
	heimdal, sssd := recorded(t, "kcm-heimdal.txt"), recorded(t, "kcm-sssd.txt")
	uuids := strings.TrimPrefix(heimdal[kcmCredUUIDs+zero], "0000000000000000")
	both, extra := []string{"KCM:0", "KCM:0:extra"}, []string{"KCM:0:extra"}
	for _, test := range []struct {
		name    string
		base    map[string]string
		changes map[string]string
		want    []string
		tickets int // of the first
		offset  time.Duration
	}{
		{"the KDC is ahead", sssd, map[string]string{kcmOffset + zero: "00000000000000000000003c"}, both, 2, time.Minute},
		{"the KDC is behind", sssd, map[string]string{kcmOffset + zero: "0000000000000000ffffffff"}, both, 2, -time.Second},
		{"no offset", sssd, map[string]string{kcmOffset + zero: internal}, both, 2, 0},
		{"an offset of another length", sssd, map[string]string{kcmOffset + zero: "000000000000000001"}, both, 2, 0},
		{"the connection ends at a question", sssd, map[string]string{kcmOffset + zero: ""}, both, 2, 0},
		{"the connection ends at the list", heimdal, map[string]string{kcmCredList + zero: ""}, both, 2, 0},
		{"a ticket is gone", heimdal, map[string]string{kcmCred + zero + uuids[32:64]: noFile}, both, 1, 0},
		{"all tickets are gone", heimdal, map[string]string{kcmCredUUIDs + zero: "0000000096c73a8e"}, both, 0, 0},
		{"half a UUID", heimdal, map[string]string{kcmCredUUIDs + zero: "0000000000000000" + uuids[:80]}, both, 1, 0},
		{"the first is gone", sssd, map[string]string{kcmPrincipal + zero: noFile}, extra, 1, 0},
		{"the first has no principal", sssd, map[string]string{kcmPrincipal + zero: "0000000000000000"}, extra, 1, 0},
		{"no default", sssd, map[string]string{kcmDefault: noFile}, both, 2, 0},
		{"a default without an end", sssd, map[string]string{kcmDefault: "000000000000000030"}, both, 2, 0},
		{"another default", sssd, map[string]string{kcmDefault: "0000000000000000" + one}, []string{"KCM:0:extra", "KCM:0"}, 1, 0},
		{"a default that was not made", sssd, map[string]string{kcmDefault: "00000000000000003700", kcmPrincipal + "3700": noFile}, both, 2, 0},
		{"no list of caches", sssd, map[string]string{kcmUUIDs: noFile}, both[:1], 2, 0},
		{"a broken principal", sssd, map[string]string{kcmPrincipal + zero: "000000000000000000"},
			[]string{"KCM:0 it is a damaged credential cache (version 4): 4 bytes are announced and 1 are left at byte 0", "KCM:0:extra"}, 0, 0},
		{"a broken list", sssd, map[string]string{kcmCredList + zero: "0000000000000000ffffffff00"},
			[]string{"KCM:0 it is a damaged credential cache (version 4): 4294967295 parts are announced and 1 bytes are left at byte 4", "KCM:0:extra"}, 0, 0},
		{"a broken ticket in the list", sssd, map[string]string{kcmCredList + zero: "0000000000000000000000010000000100"},
			[]string{"KCM:0 it is a damaged credential cache (version 4): 4 bytes are announced and 1 are left at byte 0", "KCM:0:extra"}, 0, 0},
	} {
		answers := maps.Clone(test.base)
		maps.Copy(answers, test.changes)
		socket, _ := daemon(t, answers)
		caches, err := ccache.Reader{KCMSocket: socket}.Read(t.Context(), "KCM:")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, names(caches)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		} else if len(caches[0].Credentials) != test.tickets || caches[0].Offset != test.offset {
			t.Errorf("%s: %d tickets, offset %v", test.name, len(caches[0].Credentials), caches[0].Offset)
		}
	}
}

func TestKCMErrors(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	_, err := ccache.Reader{KCMSocket: none}.Read(t.Context(), "KCM:")
	if e, ok := errors.AsType[*ccache.KCMError](err); !ok || e.Socket != none || e.Code != 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no daemon: %v", err)
	}
	for _, test := range []struct {
		name    string
		answers map[string]string
		want    func(socket string) error
	}{
		{"refused", map[string]string{kcmDefault: internal}, func(s string) error { return &ccache.KCMError{Socket: s, Code: -1765328188} }},
		{"refused by the transport", map[string]string{kcmDefault: "96c73ac4"}, func(s string) error { return &ccache.KCMError{Socket: s, Code: -1765328188} }},
		{"no caches", map[string]string{kcmDefault: "00000000000000003000", kcmUUIDs: "0000000000000000", kcmPrincipal + "3000": noFile},
			func(string) error { return &ccache.NotFoundError{Name: "KCM:"} }},
		{"too large", map[string]string{kcmDefault: "0000000000000000" + strings.Repeat("00", 5000)}, func(string) error { return &krb5.SizeError{Path: "KCM:", Limit: 4096} }},
		{"an answer without a code", map[string]string{kcmDefault: "0000000000"}, func(s string) error { return &ccache.KCMError{Socket: s, Err: io.ErrUnexpectedEOF} }},
		{"no answer", map[string]string{kcmDefault: ""}, func(s string) error { return &ccache.KCMError{Socket: s, Err: io.EOF} }},
	} {
		socket, _ := daemon(t, test.answers)
		caches, err := ccache.Reader{KCMSocket: socket, MaxSize: 4096}.Read(t.Context(), "KCM:")
		if err == nil || caches != nil {
			t.Errorf("%s: %v, %v", test.name, caches, err)
			continue
		}
		same := cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) || a.Error() == b.Error() })
		if diff := cmp.Diff(test.want(socket).Error(), errors.Unwrap(err).Error(), same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	_, err = ccache.Reader{KCMSocket: none}.Read(t.Context(), "KCM:a\x00b")
	if _, ok := errors.AsType[*ccache.NameError](err); !ok {
		t.Errorf("a NUL: %v", err)
	}
}

// silent is a daemon that takes questions and answers them with what comes of it.
func silent(t *testing.T, begin []byte) string {
	t.Helper()
	over := make(chan struct{})
	return listen(t, func(conn net.Conn) {
		_, _ = conn.Write(begin)
		<-over
	}, func() { close(over) })
}

// TestKCMSilent: a daemon that hangs costs what the caller allows, and two seconds at most, also in the middle of an answer.
func TestKCMSilent(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string][]byte{"at once": nil, "in an answer": {0, 0, 0, 9, 0, 0, 0, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := silent(t, begin)
			start := time.Now()
			_, err := ccache.Reader{KCMSocket: socket}.Read(t.Context(), "KCM:")
			if e, ok := errors.AsType[*ccache.KCMError](err); !ok || !strings.HasSuffix(e.Error(), ": no answer within 2s") {
				t.Errorf("err = %v", err)
			}
			if took := time.Since(start); took < 2*time.Second || took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, err := (ccache.Reader{KCMSocket: socket}).Read(ctx, "KCM:x"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the caller's limit: %v", err)
			}
		})
	}
}

// TestKCMConcurrent: one Reader serves many.
func TestKCMConcurrent(t *testing.T) {
	t.Parallel()
	socket, _ := daemon(t, recorded(t, "kcm-sssd.txt"))
	r := ccache.Reader{KCMSocket: socket}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if caches, err := r.Read(t.Context(), "KCM:"); err != nil || len(caches) != 2 {
				t.Errorf("%v, %v", names(caches), err)
			}
		})
	}
	group.Wait()
}

// FuzzCredList: the parts of a list are no more than the list, and each is read or refused.
func FuzzCredList(f *testing.F) {
	for question, answer := range recorded(f, "kcm-sssd.txt") {
		if strings.HasPrefix(question, kcmCredList) {
			f.Add(fromHex(f, answer)[8:])
		}
	}
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, reply []byte) {
		list, err := ccache.ParseCredList(reply)
		n := 4
		for _, data := range list {
			n += 4 + len(data)
		}
		if err == nil && n != len(reply) {
			t.Errorf("%d bytes out of %d", n, len(reply))
		}
	})
}
