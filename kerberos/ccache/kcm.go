// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/internal/wire"
	"github.com/x509up/x509up/kerberos/krb5"
)

// KCMError says that the daemon of KCM could not be asked, or what it answered.
type KCMError struct {
	Socket string
	Code   int32 // of libkrb5, where the daemon gave one
	Err    error // what went wrong on the way, else
}

// Error names the socket, and gives the daemon's code or what the network had against it.
func (e *KCMError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("asking the credential daemon at %s: %v", e.Socket, e.Err)
	}
	return fmt.Sprintf("the credential daemon at %s answered with the error %d", e.Socket, e.Code)
}

// Unwrap is what the network had against it; nil if the daemon answered.
func (e *KCMError) Unwrap() error { return e.Err }

// kcmTimeout is how long the daemon may take for a whole collection.
const kcmTimeout = 2 * time.Second

// The questions that are asked; all have the name of a cache but the first three. MIT's list of tickets is known to MIT's library and sssd.
const (
	kcmGetPrincipal     uint16 = 8
	kcmGetCredUUIDList  uint16 = 9
	kcmGetCredByUUID    uint16 = 10
	kcmGetCacheUUIDList uint16 = 18
	kcmGetCacheByUUID   uint16 = 19
	kcmGetDefaultCache  uint16 = 20
	kcmGetKDCOffset     uint16 = 22
	kcmGetCredList      uint16 = 13001
)

const uuidLen = 16

// kcmGone are the codes of libkrb5 for something that is not there: KRB5_FCC_NOFILE, KRB5_CC_END, KRB5_CC_NOTFOUND, and
// KRB5_FCC_PERM, which Heimdal gives for caches of others.
func kcmGone(err error) bool {
	e, ok := errors.AsType[*KCMError](err)
	return ok && slices.Contains([]int32{-1765328189, -1765328242, -1765328243, -1765328190}, e.Code)
}

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
	k := &kcmClient{reading: r, ctx: ctx, name: name}
	defer k.close()
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

// kcmClient asks over one connection, and over another if the daemon ends that.
type kcmClient struct {
	*reading
	ctx    context.Context
	name   string
	conn   net.Conn
	stop   func() bool
	noList bool // the daemon does not know kcmGetCredList
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
	reply, err := k.ask(kcmGetDefaultCache)
	if err == nil {
		if name, ok := cString(reply); ok {
			names = append(names, "KCM:"+name)
		}
	} else if !kcmGone(err) {
		return nil, err
	}
	list, err := k.ask(kcmGetCacheUUIDList)
	if err != nil && !kcmGone(err) {
		return nil, err
	}
	for ; len(list) >= uuidLen && len(names) <= maxCaches; list = list[uuidLen:] {
		reply, err := k.ask(kcmGetCacheByUUID, list[:uuidLen])
		if err != nil && !kcmGone(err) {
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
	reply, err := k.ask(kcmGetPrincipal, argument)
	if kcmGone(err) || err == nil && len(reply) == 0 { // as Heimdal says that a cache was made and not filled
		return nil, &NotFoundError{Name: name}
	}
	if err != nil {
		return nil, err
	}
	if c.Principal, err = parsePrincipal(reply); err != nil {
		return nil, err
	}
	if reply, err = k.ask(kcmGetKDCOffset, argument); err == nil && len(reply) == 4 { // optional
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
		reply, err := k.ask(kcmGetCredList, argument)
		if err == nil {
			return parseCredList(reply)
		}
		if e, ok := errors.AsType[*KCMError](err); !ok || e.Err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		k.noList = true
	}
	list, err := k.ask(kcmGetCredUUIDList, argument)
	if err != nil && !kcmGone(err) {
		return nil, err
	}
	var credentials [][]byte
	for ; len(list) >= uuidLen; list = list[uuidLen:] {
		reply, err := k.ask(kcmGetCredByUUID, argument, list[:uuidLen])
		if kcmGone(err) {
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

// ask sends a question and waits for the answer. Daemons end connections that were idle, and some for questions that they
// do not know.
func (k *kcmClient) ask(opcode uint16, arguments ...[]byte) ([]byte, error) {
	request := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0, 2, 0}, opcode)
	for _, argument := range arguments {
		request = append(request, argument...)
	}
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	if k.conn == nil {
		if err := k.connect(); err != nil {
			return nil, err
		}
	}
	reply, err := k.exchange(request)
	if e, ok := errors.AsType[*KCMError](err); err != nil && (!ok || e.Err != nil) {
		k.close() // what comes next would be no answer
	}
	return reply, err
}

func (k *kcmClient) exchange(request []byte) ([]byte, error) {
	fail := func(err error) error { return &KCMError{Socket: k.KCMSocket, Err: err} }
	if _, err := k.conn.Write(request); err != nil {
		return nil, fail(err)
	}
	var head [8]byte // a length, and a code of the transport which the length does not count; then comes the daemon's code
	if _, err := io.ReadFull(k.conn, head[:]); err != nil {
		return nil, fail(err)
	}
	length, code := int64(binary.BigEndian.Uint32(head[:])), int32(binary.BigEndian.Uint32(head[4:]))
	if length > k.left {
		return nil, &krb5.SizeError{Path: k.name, Limit: k.MaxSize}
	}
	reply, err := io.ReadAll(io.LimitReader(k.conn, length))
	if err == nil && int64(len(reply)) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fail(err)
	}
	if code == 0 && len(reply) < 4 {
		return nil, fail(io.ErrUnexpectedEOF)
	}
	if code == 0 {
		code, reply = int32(binary.BigEndian.Uint32(reply)), reply[4:]
	}
	if code != 0 {
		return nil, &KCMError{Socket: k.KCMSocket, Code: code}
	}
	return reply, k.take(k.name, len(reply))
}

func (k *kcmClient) connect() error {
	var d net.Dialer
	conn, err := d.DialContext(k.ctx, "unix", k.KCMSocket)
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err // the socket is told already
	}
	if err != nil {
		return &KCMError{Socket: k.KCMSocket, Err: err}
	}
	k.conn = conn
	k.stop = context.AfterFunc(k.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return nil
}

func (k *kcmClient) close() {
	if k.conn != nil {
		k.stop()
		k.conn.Close()
		k.conn = nil
	}
}
