// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

// write makes a file, of the mode 0600.
func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// names are those of the caches, with what is wrong with them.
func names(caches []*ccache.Cache) []string {
	var list []string
	for _, c := range caches {
		text := c.Name
		if c.Err != nil {
			text += " " + c.Err.Error()
		}
		list = append(list, text)
	}
	return list
}

func TestFile(t *testing.T) {
	t.Parallel()
	want, err := ccache.Parse(vector(t, "mit-v4"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a:b"), vector(t, "mit-v4"))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for name, full := range map[string]string{path: "FILE:" + path, "FILE:" + path: "FILE:" + path, "FILE:" + link: "FILE:" + link} {
		caches, err := ccache.Reader{}.Read(t.Context(), name)
		if err != nil || len(caches) != 1 {
			t.Fatalf("%s: %v, %v", name, caches, err)
		}
		want.Name = full
		if diff := cmp.Diff(want, caches[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := write(t, filepath.Join(dir, "bad"), []byte{5, 4, 0})
	empty := filepath.Join(dir, "empty")
	none := filepath.Join(dir, "none")
	huge := write(t, filepath.Join(dir, "tkt-huge"), nil)
	if err := errors.Join(os.Mkdir(empty, 0o700), os.Truncate(huge, 1<<30)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		want error
		text string
	}{
		{none, &ccache.NotFoundError{Name: "FILE:" + none}, "there is no such credential cache"},
		{"DIR:" + none, &ccache.NotFoundError{Name: "DIR:" + none}, "there is no such credential cache"},
		{"DIR:" + empty, &ccache.NotFoundError{Name: "DIR:" + empty}, "there is no such credential cache"},
		{"DIR::" + filepath.Join(empty, "tkt1"), &ccache.NotFoundError{Name: "DIR::" + filepath.Join(empty, "tkt1")}, "there is no such credential cache"},
		{"DIR::" + bad, &ccache.NameError{Name: "DIR::" + bad, Reason: "the name of the file does not begin with tkt"},
			"it is no name of a credential cache: the name of the file does not begin with tkt"},
		{"", &ccache.NameError{Reason: "there is no path"}, "it is no name of a credential cache: there is no path"},
		{"FILE:", &ccache.NameError{Name: "FILE:", Reason: "there is no path"}, ""},
		{"DIR:", &ccache.NameError{Name: "DIR:", Reason: "there is no path"}, ""},
		{"FILE:" + bad, &ccache.FormatError{Version: 4, Offset: 2, Reason: "2 bytes are announced and 1 are left"}, ""},
		{"FILE:" + dir, &krb5.NotRegularError{Path: dir}, dir + " is not a file"},
		{"FILE:" + huge, &krb5.SizeError{Path: huge, Limit: 1 << 20}, huge + " is larger than 1048576 bytes"},
		{"DIR::" + huge, &krb5.SizeError{Path: huge, Limit: 1 << 20}, huge + " is larger than 1048576 bytes"},
		{"MEMORY:x", &ccache.UnsupportedError{Type: "MEMORY", Reason: "they are in the memory of the program that made them"},
			"caches of the type MEMORY cannot be read: they are in the memory of the program that made them"},
		{"API:", &ccache.UnsupportedError{Type: "API", Reason: "the system hands them to its own library alone"}, ""},
		{"MSLSA:", &ccache.UnsupportedError{Type: "MSLSA", Reason: "the system hands them to its own library alone"}, ""},
		{"SCC:x", &ccache.UnsupportedError{Type: "SCC", Reason: "the type is not known"}, ""},
		{"KCM:", &ccache.UnsupportedError{Type: "KCM", Reason: "it is not known where the daemon listens"}, ""},
		{"KEYRING:other:x", &ccache.NameError{Name: "KEYRING:other:x", Reason: `there is no keyring "other"`}, ""},
	} {
		caches, err := ccache.Reader{MaxSize: 1 << 20}.Read(t.Context(), test.name)
		if err == nil || caches != nil {
			t.Errorf("%s: %v, %v", test.name, caches, err)
			continue
		}
		if diff := cmp.Diff(test.want, errors.Unwrap(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if test.text == "" {
			test.text = test.want.Error()
		}
		if want := fmt.Sprintf("ccache: reading %q: %s", test.name, test.text); err.Error() != want {
			t.Errorf("%s: text %q, want %q", test.name, err, want)
		}
		if _, missing := test.want.(*ccache.NotFoundError); missing != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: fs.ErrNotExist is %v", test.name, !missing)
		}
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := vector(t, "mit-v4")
	for _, name := range []string{"tkt", "tktB", "tktA", "other"} {
		write(t, filepath.Join(dir, name), data)
	}
	write(t, filepath.Join(dir, "tktC"), []byte("x"))
	cache := func(name string) string { return "DIR::" + filepath.Join(dir, name) }
	broken := cache("tktC") + " it is no credential cache: it does not begin with the number of a version"
	plain := []string{cache("tkt"), cache("tktA"), cache("tktB"), broken}
	for _, test := range []struct {
		primary string
		want    []string
	}{
		{"", plain},
		{"tktB\n", []string{cache("tktB"), cache("tkt"), cache("tktA"), broken}},
		{"tktB", []string{cache("tktB"), cache("tkt"), cache("tktA"), broken}},
		{"tktnone\n", plain},
		{"other\n", plain},
		{"../tkt\n", plain},
		{"tkt/../../x\n", plain},
		{"tktB\ntktA\n", plain},
	} {
		if test.primary != "" {
			write(t, filepath.Join(dir, "primary"), []byte(test.primary))
		}
		caches, err := ccache.Reader{}.Read(t.Context(), "DIR:"+dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, names(caches)); diff != "" {
			t.Errorf("primary %q (-want +got):\n%s", test.primary, diff)
		}
	}
	caches, err := ccache.Reader{}.Read(t.Context(), cache("tktA"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{cache("tktA")}, names(caches)); diff != "" {
		t.Errorf("one (-want +got):\n%s", diff)
	}
}

// TestCollectionLimits: many files are not all read, and all together are no larger than one may be.
func TestCollectionLimits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := vector(t, "mit-v4")
	for i := range 300 {
		write(t, filepath.Join(dir, fmt.Sprintf("tkt%03d", i)), data)
	}
	caches, err := ccache.Reader{}.Read(t.Context(), "DIR:"+dir)
	if err != nil || len(caches) != 256 {
		t.Fatalf("%d caches, %v", len(caches), err)
	}
	caches, err = ccache.Reader{MaxSize: int64(3 * len(data))}.Read(t.Context(), "DIR:"+dir)
	if err != nil || len(caches) != 256 || caches[2].Err != nil {
		t.Fatalf("%d caches, %v", len(caches), err)
	}
	want := &krb5.SizeError{Path: filepath.Join(dir, "tkt003"), Limit: int64(3 * len(data))}
	if diff := cmp.Diff(error(want), caches[3].Err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	write(t, filepath.Join(dir, "tkt000"), []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (ccache.Reader{}).Read(ctx, "DIR:"+dir); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := (ccache.Reader{}).Read(ctx, filepath.Join(dir, "tkt000")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end, waiting for a file: %v", err)
	}
}

// TestAllBad: when nothing of a collection can be read, the error is that of the primary cache.
func TestAllBad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tktA"), []byte("x"))
	write(t, filepath.Join(dir, "tktB"), []byte{5, 4})
	write(t, filepath.Join(dir, "primary"), []byte("tktB\n"))
	_, err := ccache.Reader{}.Read(t.Context(), "DIR:"+dir)
	if e, ok := errors.AsType[*ccache.FormatError](err); !ok || e.Version != 4 {
		t.Errorf("err = %v", err)
	}
}

// TestReplaced: readers beside a writer that does as kinit and kvno of MIT 1.20 do, which put a file in place of another and
// add a ticket to it in one piece, always get a cache.
func TestReplaced(t *testing.T) {
	t.Parallel()
	data := vector(t, "mit-v4")
	const tgt = 782 // bytes: without the last ticket
	path := write(t, filepath.Join(t.TempDir(), "cache"), data)
	ctx, cancel := context.WithCancel(t.Context())
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for ctx.Err() == nil {
			if err := errors.Join(os.WriteFile(path+".new", data[:tgt], 0o600), os.Rename(path+".new", path), appendTo(path, data[tgt:])); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 4 {
		readers.Go(func() {
			for range 50 {
				caches, err := ccache.Reader{}.Read(ctx, path)
				if err != nil || len(caches) != 1 || len(caches[0].Credentials) == 0 {
					t.Errorf("%v, %v", caches, err)
				}
			}
		})
	}
	readers.Wait()
	cancel()
	writer.Wait()
}

func appendTo(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// TestRewritten: the same beside a writer that empties the file and fills it in pieces, as older libraries do.
// The clock is not the real one: it stands still while a file is read or written.
func TestRewritten(t *testing.T) {
	t.Parallel()
	data := vector(t, "mit-v4")
	path := write(t, filepath.Join(t.TempDir(), "cache"), data)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var writer, readers sync.WaitGroup
		writer.Go(func() {
			for ctx.Err() == nil {
				if err := os.Truncate(path, 0); err != nil {
					t.Error(err)
				}
				for _, piece := range [][]byte{data[:16], data[16:45], data[45:600], data[600:]} {
					<-time.After(time.Millisecond)
					if err := appendTo(path, piece); err != nil {
						t.Error(err)
					}
				}
				<-time.After(20 * time.Millisecond)
			}
		})
		for i := range 4 {
			readers.Go(func() {
				for range 50 {
					caches, err := ccache.Reader{}.Read(ctx, path)
					if err != nil || len(caches) != 1 || len(caches[0].Credentials) != 2 {
						t.Errorf("%v, %v", caches, err)
					}
					<-time.After(time.Duration(i+1) * time.Millisecond)
				}
			})
		}
		readers.Wait()
		cancel()
		writer.Wait()
	})
}

// TestHalfWritten: a file that is half there gets the time to be finished, and no more than that.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	data := vector(t, "mit-v4")
	for _, test := range []struct {
		name   string
		first  []byte
		in     time.Duration // until the rest is there
		good   bool
		waited time.Duration
	}{
		{"empty", nil, 5 * time.Millisecond, true, 10 * time.Millisecond},
		{"without tickets", data[:45], 25 * time.Millisecond, true, 30 * time.Millisecond},
		{"half a ticket", data[:1000], 65 * time.Millisecond, true, 70 * time.Millisecond},
		{"empty for too long", nil, 75 * time.Millisecond, false, 70 * time.Millisecond},
	} {
		path := write(t, filepath.Join(t.TempDir(), "cache"), test.first)
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			rest := time.AfterFunc(test.in, func() {
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Error(err)
				}
			})
			defer rest.Stop()
			caches, err := ccache.Reader{}.Read(t.Context(), path)
			if good := err == nil && len(caches[0].Credentials) == 2; good != test.good {
				t.Errorf("%s: %v, %v", test.name, caches, err)
			}
			if waited := time.Since(start); waited != test.waited {
				t.Errorf("%s: it took %v, want %v", test.name, waited, test.waited)
			}
		})
	}
}

// TestNoTickets: a cache that stays without tickets is one.
func TestNoTickets(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(t.TempDir(), "cache"), vector(t, "mit-v4")[:45])
	caches, err := ccache.Reader{}.Read(t.Context(), path)
	if err != nil || len(caches) != 1 || caches[0].Principal.String() != "jdoe@A.EXAMPLE" || caches[0].Credentials != nil {
		t.Errorf("%v, %v", caches, err)
	}
}
