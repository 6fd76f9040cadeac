// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/kerberos/krb5"
)

const (
	keyringType = "keyring"
)

// keyring reads caches in the kernel. A key can be read by who possesses it, that is, by a thread with a keyring from
// which it can be reached. So the work is done on a thread that ends with it, and what was linked to its keyring goes with
// it: the process keeps nothing.
func (r *reading) keyring(name, rest string) ([]*Cache, error) {
	n, err := parseKeyringName(name, rest, r.UID)
	if err != nil {
		return nil, err
	}
	type result struct {
		caches []*Cache
		err    error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // for good
		caches, err := r.onThread(name, n)
		done <- result{caches, err}
	}()
	got := <-done
	return got.caches, unusable(got.err, n.anchor != anchorPersistent || n.uid == os.Geteuid())
}

// unusable tells where there are no keyrings at all, which a name of the user's own is refused for as well: containers mostly forbid the
// calls for them, as caches of the host could be reached by these.
func unusable(err error, own bool) error {
	switch {
	case errors.Is(err, unix.ENOSYS):
		return &UnsupportedError{Type: "KEYRING", Reason: "the kernel has no keyrings"}
	case own && errors.Is(err, unix.EPERM):
		return &UnsupportedError{Type: "KEYRING", Reason: "the system allows this process no keyrings, as in most containers"}
	}
	return err
}

func (r *reading) onThread(name string, n keyringName) ([]*Cache, error) {
	anchor, err := possess(n)
	if err != nil {
		return nil, notThere(name, "looking for the keyring "+n.anchor, err)
	}
	collection, err := unix.KeyctlSearch(anchor, keyringType, n.collection, 0)
	if err != nil && n.legacy != "" && (n.cache == "" || n.cache == n.legacy) {
		id, err := unix.KeyctlSearch(anchor, keyringType, n.legacy, 0)
		if err != nil {
			return nil, notThere(name, "looking for the keyring "+n.legacy, err)
		}
		return one(r.cacheIn(id, n.prefix+n.legacy))
	}
	if err != nil {
		return nil, notThere(name, "looking for the keyring "+n.collection, err)
	}
	if n.cache != "" {
		id, err := unix.KeyctlSearch(collection, keyringType, n.cache, 0)
		if err != nil {
			return nil, notThere(name, "looking for the keyring "+n.cache, err)
		}
		return one(r.cacheIn(id, n.prefix+n.cache))
	}
	ids, names, err := r.cachesIn(collection, name, n)
	if err != nil {
		return nil, err
	}
	return r.collect(name, names, func(name string) (*Cache, error) { return r.cacheIn(ids[name], name) })
}

// possess links the anchor to the thread's keyring, where it is not one that the thread has anyhow.
func possess(n keyringName) (int, error) {
	user := func() (int, error) {
		_, err := unix.KeyctlInt(unix.KEYCTL_LINK, unix.KEY_SPEC_USER_KEYRING, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
		return unix.KEY_SPEC_USER_KEYRING, err
	}
	switch n.anchor {
	case "process":
		return unix.KEY_SPEC_PROCESS_KEYRING, nil
	case "thread":
		return unix.KEY_SPEC_THREAD_KEYRING, nil
	case "user":
		return user()
	case anchorPersistent:
		id, err := unix.KeyctlInt(unix.KEYCTL_GET_PERSISTENT, n.uid, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
		if errors.Is(err, unix.EOPNOTSUPP) && n.uid == os.Geteuid() {
			return user() // where MIT's library goes when the kernel has no persistent ones
		}
		return id, err
	}
	return unix.KEY_SPEC_SESSION_KEYRING, nil
}

// notThere makes a [*NotFoundError] of the kernel's words for it.
func notThere(name, doing string, err error) error {
	if isGone(err) {
		return &NotFoundError{Name: name}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func isGone(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOKEY, unix.EKEYEXPIRED, unix.EKEYREVOKED, unix.ENOTDIR}, func(gone error) bool { return errors.Is(err, gone) })
}

// cachesIn lists the caches of a collection, the primary one first.
func (r *reading) cachesIn(collection int, name string, n keyringName) (ids map[string]int, names []string, err error) {
	primary := n.prefix + n.first
	ids = map[string]int{}
	err = r.each(collection, name, func(id int, k key) error {
		switch {
		case k.Type == keyringType:
			ids[n.prefix+k.Description] = id
			names = append(names, n.prefix+k.Description)
		case k.Description == keyPrimary:
			payload, err := r.payload(id, name)
			if err != nil {
				return err
			}
			primary = n.prefix + parsePrimary(payload)
		}
		return nil
	})
	slices.Sort(names)
	if i := slices.Index(names, primary); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, primary)
	}
	return ids, names, err
}

// cacheIn reads the cache in a keyring.
func (r *reading) cacheIn(id int, name string) (*Cache, error) {
	var keys []key
	err := r.each(id, name, func(id int, k key) error {
		if k.Type == keyringType {
			return nil
		}
		var err error
		if k.Payload, err = r.payload(id, name); err == nil {
			keys = append(keys, k)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return fromKeys(name, keys)
}

// each calls visit for the keys in a keyring. What ends meanwhile, as keys of tickets do with them, is left out.
func (r *reading) each(id int, name string, visit func(id int, k key) error) error {
	list, err := r.payload(id, name)
	if err != nil {
		return notThere(name, "reading a keyring", err)
	}
	for ; len(list) >= 4; list = list[4:] {
		id := int(int32(binary.NativeEndian.Uint32(list)))
		text, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id)
		if err == nil {
			if k, ok := parseDescription(text); ok {
				err = visit(id, k)
			}
		}
		if err != nil && !isGone(err) {
			return fmt.Errorf("reading a key: %w", err)
		}
	}
	return nil
}

// payload reads a key, or the numbers of those in a keyring.
func (r *reading) payload(id int, name string) ([]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	buffer := make([]byte, 4096)
	for {
		n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, buffer, 0)
		if err != nil {
			return nil, err
		}
		if int64(n) > r.left {
			return nil, &krb5.SizeError{Path: name, Limit: r.MaxSize}
		}
		if n <= len(buffer) {
			return buffer[:n], r.take(name, n)
		}
		buffer = make([]byte, n) // the kernel says how large it is, and it may grow meanwhile
	}
}
