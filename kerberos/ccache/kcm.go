// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/ccache/internal/kcm"
	"github.com/x509up/x509up/kerberos/internal/wire"
	"github.com/x509up/x509up/kerberos/krb5"
)

// KCMError says that the daemon of KCM at Socket could not be asked, or what it answered: Code is that of libkrb5 where the daemon
// gave one, and Err what went wrong on the way else.
type KCMError = kcm.Error

// kcmTimeout is how long the daemon may take for a whole collection.
const kcmTimeout = 2 * time.Second

// kcm reads the caches that the daemon has of the user, or one of them.
func (r *reading) kcm(name, rest string) ([]*Cache, error) {
	if r.KCMSocket == "" {
		return nil, &UnsupportedError{Type: "KCM", Reason: "it is not known where the daemon listens"}
	}
	if strings.ContainsRune(rest, 0) {
		return nil, &NameError{Name: name, Reason: "there is a NUL in it"}
	}
	ctx, cancel := context.WithTimeoutCause(r.ctx, kcmTimeout, fmt.Errorf("no answer within %v", kcmTimeout))
	defer cancel()
	k := &kcmClient{reading: r, ctx: ctx, daemon: kcm.Client{Socket: r.KCMSocket, Take: func(n int64) error {
		if n > r.left {
			return &krb5.SizeError{Path: name, Limit: r.MaxSize} // that nobody reads, and which leaves room for others
		}
		return r.take(name, int(n))
	}}}
	defer k.daemon.Close()
	if rest != "" {
		c, err := k.cache(name)
		return one(c, k.explain(err))
	}
	names, err := k.caches()
	if err != nil {
		return nil, k.explain(err)
	}
	caches, err := r.collect(name, names, k.cache)
	return caches, k.explain(err)
}

// kcmClient asks for the caches of one name.
type kcmClient struct {
	*reading
	ctx    context.Context
	daemon kcm.Client
	noList bool // the daemon does not know kcm.GetCredList
}

func (k *kcmClient) ask(question uint16, arguments ...[]byte) ([]byte, error) {
	return k.daemon.Ask(k.ctx, question, arguments...)
}

// explain has the reason why ctx ended rather than what came of it.
func (k *kcmClient) explain(err error) error {
	if err == nil || k.ctx.Err() == nil {
		return err
	}
	if parent := k.reading.ctx.Err(); parent != nil {
		return parent
	}
	return &KCMError{Socket: k.KCMSocket, Err: context.Cause(k.ctx)}
}

// caches lists the names, the default one first. It may not have been made yet.
func (k *kcmClient) caches() ([]string, error) {
	var names []string
	reply, err := k.ask(kcm.GetDefaultCache)
	if err == nil {
		if name, ok := cString(reply); ok {
			names = append(names, "KCM:"+name)
		}
	} else if !kcm.Gone(err) {
		return nil, err
	}
	list, err := k.ask(kcm.GetCacheUUIDList)
	if err != nil && !kcm.Gone(err) {
		return nil, err
	}
	for ; len(list) >= kcm.UUIDLen && len(names) <= maxCaches; list = list[kcm.UUIDLen:] {
		reply, err := k.ask(kcm.GetCacheByUUID, list[:kcm.UUIDLen])
		if err != nil && !kcm.Gone(err) {
			return nil, err
		}
		if name, ok := cString(reply); ok && !slices.Contains(names, "KCM:"+name) {
			names = append(names, "KCM:"+name)
		}
	}
	return names, nil
}

// cache reads one.
func (k *kcmClient) cache(name string) (*Cache, error) {
	argument := append([]byte(strings.TrimPrefix(name, "KCM:")), 0)
	c := &Cache{Name: name}
	reply, err := k.ask(kcm.GetPrincipal, argument)
	if kcm.Gone(err) || err == nil && len(reply) == 0 { // as Heimdal says that a cache was made and not filled
		return nil, &NotFoundError{Name: name}
	}
	if err != nil {
		return nil, err
	}
	if c.Principal, err = parsePrincipal(reply); err != nil {
		return nil, err
	}
	if reply, err = k.ask(kcm.GetKDCOffset, argument); err == nil && len(reply) == 4 { // optional
		c.Offset = time.Duration(int32(binary.BigEndian.Uint32(reply))) * time.Second
	}
	credentials, err := k.credentials(argument)
	if err != nil {
		return nil, err
	}
	for _, data := range credentials {
		e, err := parseCredential(data)
		if err != nil {
			return nil, err
		}
		c.add(e)
	}
	return c, nil
}

// credentials fetches all tickets of a cache at once, or one after the other from a daemon that cannot.
func (k *kcmClient) credentials(argument []byte) ([][]byte, error) {
	if !k.noList {
		reply, err := k.ask(kcm.GetCredList, argument)
		if err == nil {
			return parseCredList(reply)
		}
		if e, ok := errors.AsType[*KCMError](err); !ok || e.Err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		k.noList = true
	}
	list, err := k.ask(kcm.GetCredUUIDList, argument)
	if err != nil && !kcm.Gone(err) {
		return nil, err
	}
	var credentials [][]byte
	for ; len(list) >= kcm.UUIDLen; list = list[kcm.UUIDLen:] {
		reply, err := k.ask(kcm.GetCredByUUID, argument, list[:kcm.UUIDLen])
		if kcm.Gone(err) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, err
		}
		credentials = append(credentials, reply)
	}
	return credentials, nil
}

// parseCredList reads a number, and as many credentials with their lengths.
func parseCredList(reply []byte) ([][]byte, error) {
	d := decoder{Decoder: wire.Decoder{Data: reply}, version: 4}
	var credentials [][]byte
	for range d.Count(d.Uint32(), 4) {
		credentials = append(credentials, d.Next(d.Uint32()))
	}
	return credentials, d.end()
}

// cString is what stands before the first NUL, which has to be there.
func cString(data []byte) (string, bool) {
	i := slices.Index(data, 0)
	if i <= 0 {
		return "", false
	}
	return string(data[:i]), true
}
