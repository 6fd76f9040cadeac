// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// kvno is the version of every key.
const kvno = 2

// A keyring has the keys that were needed so far: those of passwords take milliseconds to make.
type keyring struct {
	mu   sync.Mutex
	keys map[keyName]types.EncryptionKey
}

type keyName struct {
	realm, name string
	encType     krb5.EncType
}

// encTypes are the types of a principal's keys.
func (p Principal) encTypes() []krb5.EncType {
	if p.EncTypes != nil {
		return p.EncTypes
	}
	return EncTypes()
}

// key is one of a principal's keys.
func (s *Server) key(realm string, p Principal, encType krb5.EncType) (types.EncryptionKey, error) {
	if !slices.Contains(p.encTypes(), encType) {
		return types.EncryptionKey{}, fmt.Errorf("%s@%s has no key of type %d", p.Name, realm, encType)
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	name := keyName{realm, p.Name, encType}
	if key, ok := s.keys.keys[name]; ok {
		return key, nil
	}
	key, err := newKey(realm, p, encType)
	if err != nil {
		return types.EncryptionKey{}, err
	}
	if s.keys.keys == nil {
		s.keys.keys = map[keyName]types.EncryptionKey{}
	}
	s.keys.keys[name] = key
	return key, nil
}

// newKey makes a key of the password, or at random.
func newKey(realm string, p Principal, encType krb5.EncType) (types.EncryptionKey, error) {
	if p.Password == "" {
		return randomKey(encType)
	}
	e, err := crypto.GetEtype(int32(encType))
	if err != nil {
		return types.EncryptionKey{}, err
	}
	value, err := e.StringToKey(p.Password, salt(realm, p), e.GetDefaultStringToKeyParams())
	return types.EncryptionKey{KeyType: int32(encType), KeyValue: value}, err
}

// salt is the usual one, RFC 4120 §4.
func salt(realm string, p Principal) string {
	name, err := krb5.ParsePrincipal(p.Name)
	if err != nil {
		return realm + p.Name
	}
	return types.PrincipalName{NameString: name.Names}.GetSalt(realm)
}

// randomKey makes a key. The engine's own function makes those of aes256-cts-hmac-sha384-192 too short.
func randomKey(encType krb5.EncType) (types.EncryptionKey, error) {
	size := 32
	switch encType {
	case 17, 19:
		size = 16
	case 18, 20:
	default:
		return types.EncryptionKey{}, fmt.Errorf("keys of type %d are not made here", encType)
	}
	key := types.EncryptionKey{KeyType: int32(encType), KeyValue: make([]byte, size)}
	_, err := rand.Read(key.KeyValue)
	return key, err
}

// An UnknownPrincipalError says that there is no such principal, or no such realm.
type UnknownPrincipalError struct {
	Realm, Name string
}

// Error implements error.
func (e *UnknownPrincipalError) Error() string {
	return fmt.Sprintf("kdc: looking for a principal: there is no %s@%s", e.Name, e.Realm)
}

// find looks for a principal by the text of its name.
func (s *Server) find(realm, name string) (Principal, krb5.Principal, error) {
	parsed, err := krb5.ParsePrincipal(name)
	if err != nil {
		return Principal{}, parsed, fmt.Errorf("kdc: looking for a principal: %w", err)
	}
	parsed.Realm = realm
	p, ok := s.principal(realm, types.PrincipalName{NameString: parsed.Names})
	if !ok {
		return Principal{}, parsed, &UnknownPrincipalError{realm, name}
	}
	return p, parsed, nil
}

// Keytab has all keys of principals of a realm, as kadmin's ktadd -norandkey would write it. An unknown one is an
// [*UnknownPrincipalError].
func (s *Server) Keytab(realm string, names ...string) (keytab.Keytab, error) {
	var k keytab.Keytab
	for _, name := range names {
		p, parsed, err := s.find(realm, name)
		if err != nil {
			return nil, err
		}
		for _, encType := range p.encTypes() {
			key, err := s.key(realm, p, encType)
			if err != nil {
				return nil, fmt.Errorf("kdc: making the keys of %s@%s: %w", name, realm, err)
			}
			k = append(k, keytab.Entry{
				Principal: parsed, KVNO: kvno, Time: s.now().Truncate(time.Second),
				Key: krb5.Key{Type: encType, Value: slices.Clone(key.KeyValue)},
			})
		}
	}
	return k, nil
}

// Ticket makes a ticket that nobody has asked for, valid between two times of the server's clock, such as one that has expired:
// the first of the two is when the client has shown who it is. Server is in the client's realm, such as krbtgt/REALM. An unknown
// principal is an [*UnknownPrincipalError].
func (s *Server) Ticket(realm, client, server string, start, end time.Time) (krb5.Credential, error) {
	_, c, err := s.find(realm, client)
	if err != nil {
		return krb5.Credential{}, err
	}
	p, sp, err := s.find(realm, server)
	if err != nil {
		return krb5.Credential{}, err
	}
	c.Type, sp.Type = nametype.KRB_NT_PRINCIPAL, nametype.KRB_NT_SRV_INST
	start, end = start.UTC().Truncate(time.Second), end.UTC().Truncate(time.Second)
	g := grant{
		crealm: realm, cname: wireName(c), srealm: realm, sname: wireName(sp), service: p,
		flags: krb5.FlagForwardable | krb5.FlagInitial | krb5.FlagPreAuthent, auth: start, start: start, end: end,
	}
	ticket, key, err := s.issue(&g, p.encTypes()[0])
	if err != nil {
		return krb5.Credential{}, fmt.Errorf("kdc: making a ticket for %s: %w", server, err)
	}
	der, err := ticket.Marshal()
	if err != nil {
		return krb5.Credential{}, fmt.Errorf("kdc: making a ticket for %s: %w", server, err)
	}
	return krb5.Credential{
		Client: c, Server: sp, Key: krb5.Key{Type: krb5.EncType(key.KeyType), Value: key.KeyValue},
		AuthTime: start, StartTime: start, EndTime: end, Flags: g.flags, Ticket: der,
	}, nil
}

func wireName(p krb5.Principal) types.PrincipalName {
	return types.PrincipalName{NameType: p.Type, NameString: p.Names}
}
