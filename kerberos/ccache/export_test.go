// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

// What is between the kernel and a cache, for tests on systems without keyrings.
type (
	Key = key
)

var (
	FromKeys         = fromKeys
	ParsePrimary     = parsePrimary
	ParseCredList    = parseCredList
	ParseDescription = parseDescription
)

// ParseKeyringName gives the parts in the order of their declaration.
func ParseKeyringName(rest string, uid int) ([]any, error) {
	n, err := parseKeyringName("KEYRING:"+rest, rest, uid)
	return []any{n.anchor, n.uid, n.collection, n.legacy, n.cache, n.first, n.prefix}, err
}
