// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf

import (
	"slices"
	"strings"

	"github.com/x509up/x509up/kerberos/krb5"
)

// EncTypes are the kinds of keys that may be used, the best first (permitted_enctypes). If nothing is said these are AES and
// Camellia; triple DES and RC4 are among them only where allow_des3, allow_rc4 or allow_weak_crypto is true, or where they are
// named. It is empty if none of the words is known here, which is a mistake of the file.
func (c *Config) EncTypes() []krb5.EncType {
	words, ok := c.lookup("libdefaults", "permitted_enctypes")
	if !ok {
		words = "DEFAULT"
	}
	return c.encTypes(words)
}

// InitialEncTypes are those to ask for in an AS-REQ (default_tkt_enctypes, else those of EncTypes).
func (c *Config) InitialEncTypes() []krb5.EncType { return c.requested("default_tkt_enctypes") }

// ServiceEncTypes are those to ask for in a TGS-REQ (default_tgs_enctypes, else those of EncTypes).
func (c *Config) ServiceEncTypes() []krb5.EncType { return c.requested("default_tgs_enctypes") }

func (c *Config) requested(name string) []krb5.EncType {
	if words, ok := c.lookup("libdefaults", name); ok {
		return c.encTypes(words)
	}
	return c.EncTypes()
}

// encTypes reads words such as "aes256-cts", "aes" for a family, "+rc4", "-aes128-cts" and "DEFAULT". Those that are not known
// are passed over, as MIT does, since files name some that are gone.
func (c *Config) encTypes(words string) []krb5.EncType {
	weak := c.boolean(false, "libdefaults", "allow_weak_crypto")
	var types []krb5.EncType
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == ',' || strings.ContainsRune(space, r) }) {
		name, remove := strings.CutPrefix(word, "-")
		meant := named(strings.TrimPrefix(name, "+"))
		if strings.EqualFold(strings.TrimPrefix(name, "+"), "DEFAULT") {
			meant = c.defaultEncTypes(weak)
		}
		for _, t := range meant {
			switch {
			case remove:
				types = slices.DeleteFunc(types, func(have krb5.EncType) bool { return have == t })
			case !slices.Contains(types, t) && (weak || t != krb5.RC4HMACExp):
				types = append(types, t)
			}
		}
	}
	return types
}

// defaultEncTypes is in the order of MIT 1.20.
func (c *Config) defaultEncTypes(weak bool) []krb5.EncType {
	types := named("aes")
	if weak || c.boolean(false, "libdefaults", "allow_des3") {
		types = append(types, krb5.DES3CBCSHA1)
	}
	if weak || c.boolean(false, "libdefaults", "allow_rc4") {
		types = append(types, krb5.RC4HMAC)
	}
	return append(types, krb5.Camellia256CTSMAC, krb5.Camellia128CTSMAC)
}

// named are the kinds of keys that a word stands for, which is one of MIT's or of Heimdal's. Single DES is gone.
func named(word string) []krb5.EncType {
	switch strings.ToLower(word) {
	case "aes":
		return []krb5.EncType{krb5.AES256SHA1, krb5.AES128SHA1, krb5.AES256SHA384, krb5.AES128SHA256}
	case "aes256-cts-hmac-sha1-96", "aes256-cts":
		return []krb5.EncType{krb5.AES256SHA1}
	case "aes128-cts-hmac-sha1-96", "aes128-cts":
		return []krb5.EncType{krb5.AES128SHA1}
	case "aes256-cts-hmac-sha384-192", "aes256-sha2":
		return []krb5.EncType{krb5.AES256SHA384}
	case "aes128-cts-hmac-sha256-128", "aes128-sha2":
		return []krb5.EncType{krb5.AES128SHA256}
	case "camellia":
		return []krb5.EncType{krb5.Camellia256CTSMAC, krb5.Camellia128CTSMAC}
	case "camellia256-cts-cmac", "camellia256-cts":
		return []krb5.EncType{krb5.Camellia256CTSMAC}
	case "camellia128-cts-cmac", "camellia128-cts":
		return []krb5.EncType{krb5.Camellia128CTSMAC}
	case "rc4", "rc4-hmac", "arcfour-hmac", "arcfour-hmac-md5":
		return []krb5.EncType{krb5.RC4HMAC}
	case "rc4-hmac-exp", "arcfour-hmac-exp", "arcfour-hmac-md5-exp":
		return []krb5.EncType{krb5.RC4HMACExp}
	case "des3", "des3-cbc-sha1", "des3-hmac-sha1", "des3-cbc-sha1-kd":
		return []krb5.EncType{krb5.DES3CBCSHA1}
	}
	return nil
}
