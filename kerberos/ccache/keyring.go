// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/x509up/x509up/kerberos/internal/wire"
	"github.com/x509up/x509up/kerberos/krb5"
)

// How MIT's library lays caches into the kernel's keyrings: the keyring that an anchor names has one for a collection, which
// has one for each cache, and a key that tells the primary one; a cache's has a key for each ticket.
const (
	keyPrincipal = "__krb5_princ__"
	keyOffsets   = "__krb5_time_offsets__"
	keyPrimary   = "krb_ccache:primary"

	anchorPersistent = "persistent"
	anchorLegacy     = "legacy"
)

// keyringName is what stands behind "KEYRING:".
type keyringName struct {
	anchor     string
	uid        int    // of persistent
	collection string // name of a keyring below the anchor
	legacy     string // name of one below the session's that was a cache before there were collections
	cache      string // name of one in the collection; empty: all
	first      string // which one is the primary if that is not told
	prefix     string // of the names of its caches
}

func parseKeyringName(name, rest string, uid int) (keyringName, error) {
	anchor, collection, found := strings.Cut(rest, ":")
	if !found {
		anchor, collection = anchorLegacy, rest
	}
	collection, cache, _ := strings.Cut(collection, ":")
	n := keyringName{
		anchor: anchor, collection: "_krb_" + collection, cache: cache, first: cmp.Or(collection, "tkt"),
		prefix: "KEYRING:" + anchor + ":" + collection + ":",
	}
	switch anchor {
	case "process", "thread", "user", "session":
	case anchorLegacy:
		if collection == "" {
			return n, &NameError{Name: name, Reason: "there is no keyring"}
		}
		n.legacy = collection
	case anchorPersistent:
		n.uid, n.collection = uid, "_krb"
		if collection != "" {
			parsed, err := strconv.ParseUint(collection, 10, 32)
			if err != nil {
				return n, &NameError{Name: name, Reason: strconv.Quote(collection) + " is not the number of a user"}
			}
			n.uid = int(parsed)
		}
		n.first = strconv.Itoa(n.uid)
		n.prefix = "KEYRING:persistent:" + n.first + ":"
	default:
		return n, &NameError{Name: name, Reason: "there is no keyring " + strconv.Quote(anchor)}
	}
	return n, nil
}

// parsePrimary reads the key that tells the primary cache: version 1, and a name. Empty if it does not.
func parsePrimary(payload []byte) string {
	d := wire.Decoder{Data: payload}
	if d.Uint32() != 1 {
		return ""
	}
	return d.String(d.Uint32())
}

// key is one of the kernel.
type key struct {
	Type, Description string
	Payload           []byte
}

// parseDescription reads what KEYCTL_DESCRIBE says: type;uid;gid;permissions;description.
func parseDescription(text string) (key, bool) {
	parts := strings.SplitN(text, ";", 5)
	if len(parts) < 5 {
		return key{}, false
	}
	return key{Type: parts[0], Description: parts[4]}, true
}

// fromKeys makes a cache of the keys in its keyring, in the order of their descriptions: the kernel has them in none.
func fromKeys(name string, keys []key) (*Cache, error) {
	c := &Cache{Name: name}
	initialised := false
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.Description, b.Description) })
	for _, k := range keys {
		var err error
		switch k.Description {
		case keyPrincipal:
			initialised = true
			c.Principal, err = parsePrincipal(k.Payload)
		case keyOffsets:
			c.Offset = delta(&wire.Decoder{Data: k.Payload})
		default:
			var e entry
			if e, err = parseCredential(k.Payload); err == nil {
				c.add(e)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if !initialised {
		return nil, &NotFoundError{Name: name}
	}
	return c, nil
}

// parsePrincipal reads a principal as version 4 of the format of files has it, and nothing else.
func parsePrincipal(data []byte) (krb5.Principal, error) {
	d := decoder{Decoder: wire.Decoder{Data: data}, version: 4}
	p := d.principal()
	return p, d.end()
}

// parseCredential reads a credential as version 4 of the format of files has it, and nothing else.
func parseCredential(data []byte) (entry, error) {
	d := decoder{Decoder: wire.Decoder{Data: data}, version: 4}
	e := d.credential()
	return e, d.end()
}

// end wants nothing to be left.
func (d *decoder) end() error {
	if d.Len() > 0 {
		d.Fail("there is more than one value")
	}
	if e, bad := d.Err().(*wire.Error); bad {
		return &FormatError{Version: d.version, Offset: e.Offset, Reason: e.Reason}
	}
	return nil
}
