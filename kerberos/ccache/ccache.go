// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ccache reads credential caches, in which kinit leaves tickets, of the kinds that MIT's and Heimdal's libraries
// write:
//
//	FILE:PATH, PATH             a file
//	DIR:PATH, DIR::FILE         a folder with several, and one of these
//	KEYRING:ANCHOR:NAME[:NAME]  keys in the kernel (Linux): persistent, user, session, process, thread; KEYRING:NAME as of old
//	KCM:, KCM:NAME              a daemon, sssd-kcm or Heimdal's kcm, behind a socket
//
// So:
//
//	r := ccache.Reader{UID: os.Getuid(), KCMSocket: "/var/run/.heim_org.h5l.kcm-socket"}
//	caches, err := r.Read(ctx, os.Getenv("KRB5CCNAME"))
//	if _, ok := errors.AsType[*ccache.NotFoundError](err); ok { … } // kinit
//
// The formats are those that MIT documents ("Credential cache file format", "Credential cache types"). The package asks
// no environment which cache is meant, checks no ticket, and writes no cache but by [Cache.Marshal].
package ccache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Cache is what a credential cache holds.
type Cache struct {
	Name        string         // with the type: FILE:/tmp/krb5cc_1000, KCM:1000:45921
	Principal   krb5.Principal // whose tickets these are
	Offset      time.Duration  // what to add to our time to have the KDC's
	Credentials []krb5.Credential
	// Config has the notes of the libraries that write caches, by name: "refresh_time". Those about a principal
	// have it behind a slash, escaped: `fast_avail/krbtgt\/R\@R`.
	Config map[string][]byte
	Lax    bool  // others than the owner may read or write the file
	Err    error // of one cache of several: why it could not be read; then there is Name and nothing else
}

// Reader finds and reads caches. The zero value reads those of the process's user, but for those of KCM. It can be used by
// several goroutines at once.
type Reader struct {
	UID       int    // whose caches: files of others but root are refused; 0: the effective user's
	KCMSocket string // path; without one KCM caches are an error
	MaxSize   int64  // bytes of a cache, or of all of a collection together; 0: 16 MiB
}

const (
	defaultMaxSize = 16 << 20
	maxCaches      = 256 // of a collection; nobody has more principals
)

// NotFoundError says that there is no cache of that name, or that a collection has none. It is [fs.ErrNotExist].
type NotFoundError struct{ Name string }

// Error leaves the name to who asked for it.
func (e *NotFoundError) Error() string { return "there is no such credential cache" }

// Is makes the error [fs.ErrNotExist].
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// UnsupportedError says that caches of a type cannot be read here.
type UnsupportedError struct {
	Type   string // without the colon
	Reason string
}

// Error names the type, and says why.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("caches of the type %s cannot be read: %s", e.Type, e.Reason)
}

// NameError says that a text is no name of a cache.
type NameError struct {
	Name   string
	Reason string
}

// Error says what is wrong with the name, without the name.
func (e *NameError) Error() string { return "it is no name of a credential cache: " + e.Reason }

// Read returns the caches that name stands for, as KRB5CCNAME has it: those of a collection (DIR:d, KEYRING: without a last
// name, KCM:), the primary one first and at most 256, or the one that is named. Of a collection, a cache that cannot be
// read is there with Err; if none can be read, the first of these is the error.
//
// A file must belong to the user or to root; links are followed. One that is just being written is read again, for up to
// 70 ms. The daemon of KCM has 2 s for everything.
//
// The error wraps one of [*NotFoundError], [*UnsupportedError], [*NameError], [*FormatError], [*KCMError],
// [*krb5.OwnerError], [*krb5.NotRegularError], [*krb5.SizeError], or what the system said.
func (r Reader) Read(ctx context.Context, name string) ([]*Cache, error) {
	if r.UID == 0 {
		r.UID = os.Geteuid()
	}
	if r.MaxSize == 0 {
		r.MaxSize = defaultMaxSize
	}
	caches, err := (&reading{Reader: r, ctx: ctx, left: r.MaxSize, pause: firstPause}).read(name)
	if err != nil {
		return nil, fmt.Errorf("ccache: reading %q: %w", name, err)
	}
	return caches, nil
}

// reading is one call of Read.
type reading struct {
	Reader
	ctx   context.Context
	left  int64         // of MaxSize
	pause time.Duration // before a file is read again
}

func (r *reading) read(name string) ([]*Cache, error) {
	kind, rest := split(name)
	switch kind {
	case "FILE":
		if rest == "" {
			return nil, &NameError{Name: name, Reason: "there is no path"}
		}
		return one(r.file("FILE:"+rest, rest))
	case "DIR":
		return r.dir(name, rest)
	case "KEYRING":
		return r.keyring(name, rest)
	case "KCM":
		return r.kcm(name, rest)
	case "MEMORY":
		return nil, &UnsupportedError{Type: kind, Reason: "they are in the memory of the program that made them"}
	case "API", "MSLSA":
		return nil, &UnsupportedError{Type: kind, Reason: "the system hands them to its own library alone"}
	}
	return nil, &UnsupportedError{Type: kind, Reason: "the type is not known"}
}

// split cuts the type off. A path may have colons, and a drive of Windows is no type.
func split(name string) (kind, rest string) {
	kind, rest, found := strings.Cut(name, ":")
	if !found || len(kind) < 2 || strings.ContainsAny(kind, `/\`) {
		return "FILE", name
	}
	return kind, rest
}

func one(c *Cache, err error) ([]*Cache, error) {
	if err != nil {
		return nil, err
	}
	return []*Cache{c}, nil
}

// collect reads the caches of a collection.
func (r *reading) collect(collection string, names []string, read func(name string) (*Cache, error)) ([]*Cache, error) {
	var caches []*Cache
	for _, name := range names[:min(len(names), maxCaches)] {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		c, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // destroyed since it was listed
		}
		if err != nil {
			c = &Cache{Name: name, Err: err}
		}
		caches = append(caches, c)
	}
	if len(caches) == 0 {
		return nil, &NotFoundError{Name: collection}
	}
	if !slices.ContainsFunc(caches, func(c *Cache) bool { return c.Err == nil }) {
		return nil, caches[0].Err
	}
	return caches, nil
}

// take counts n bytes of the cache name.
func (r *reading) take(name string, n int) error {
	if r.left -= int64(n); r.left < 0 {
		return &krb5.SizeError{Path: name, Limit: r.MaxSize}
	}
	return nil
}
