// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keytab reads keytab files, which hold the keys of principals in place of passwords:
//
//	k, err := keytab.Read("FILE:/etc/krb5.keytab")
//	for _, e := range k.Keys(principal) { … } // newest first
//
// The format is the one that MIT documents ("Keytab file format"), in both of its versions. The package asks no environment
// where a keytab is, and writes none but by [Keytab.Marshal]. Whoever has the file is the principal: it is up to the
// caller whether it should be readable for others.
package keytab

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/internal/plainfile"
	"github.com/x509up/x509up/kerberos/internal/wire"
	"github.com/x509up/x509up/kerberos/krb5"
)

// Entry is a key of a principal.
type Entry struct {
	Principal krb5.Principal
	KVNO      uint32    // version of the key: goes up when the password changes
	Time      time.Time // when the entry was written; zero if that is not told
	Key       krb5.Key
}

// Keytab is what a file holds, in its order.
type Keytab []Entry

// FormatError says where a keytab is not as the format wants it.
type FormatError struct {
	Offset int // bytes from the beginning
	Reason string
}

// Error says what is wrong, and where.
func (e *FormatError) Error() string {
	if e.Offset == 0 {
		return "it is no keytab: " + e.Reason
	}
	return fmt.Sprintf("it is a damaged keytab: %s at byte %d", e.Reason, e.Offset)
}

// UnsupportedError says that keytabs of a type cannot be read.
type UnsupportedError struct{ Type string } // without the colon

// Error names the type.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("keytabs of the type %s cannot be read, files alone", e.Type)
}

const maxSize = 16 << 20 // bytes of a file

// Read reads the keytab at path, which may begin with "FILE:" or "WRFILE:" as in KRB5_KTNAME, and has at most 16 MiB. Links are
// followed. The error wraps a [*FormatError], an [*UnsupportedError], a [*krb5.NotRegularError], a [*krb5.SizeError], or
// what the system said: [fs.ErrNotExist] and the others can be asked for.
func Read(path string) (Keytab, error) {
	k, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("keytab: reading %q: %w", path, err)
	}
	return k, nil
}

// Lax tells whether others than the owner of a keytab may read or write it, and so log in as those whose keys are there. What cannot
// be read is not lax, nor is anything where the system has no owners.
func Lax(path string) bool {
	const forOthers = 0o077
	_, info, err := open(path)
	return err == nil && info.Owned && info.Mode.Perm()&forOthers != 0
}

func read(name string) (Keytab, error) {
	data, _, err := open(name)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

func open(name string) ([]byte, plainfile.Info, error) {
	path := name
	// A path may have colons, and a drive of Windows is no type.
	if kind, rest, found := strings.Cut(name, ":"); found && len(kind) > 1 && !strings.ContainsAny(kind, `/\`) {
		if kind != "FILE" && kind != "WRFILE" {
			return nil, plainfile.Info{}, &UnsupportedError{Type: kind}
		}
		path = rest
	}
	data, info, err := plainfile.Read(path, maxSize)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // the path is told already
	}
	return data, info, err
}

// Parse reads a keytab: version 0x502, and 0x501, which has numbers as the machine has them that wrote it. What was removed
// from it is left out. Its error is a [*FormatError].
func Parse(data []byte) (Keytab, error) {
	if len(data) < 2 || data[0] != 5 || data[1] < 1 || data[1] > 2 {
		return nil, &FormatError{Reason: "it does not begin with the number of a version"}
	}
	if data[1] == 2 {
		return parse(data, 2, binary.BigEndian)
	}
	k, err := parse(data, 1, binary.NativeEndian)
	if err == nil {
		return k, nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if k, err := parse(data, 1, order); err == nil {
			return k, nil
		}
	}
	return nil, err
}

func parse(data []byte, version int, order binary.ByteOrder) (Keytab, error) {
	d := wire.Decoder{Data: data, Order: order}
	d.Next(2)
	var k Keytab
	for d.Len() > 0 {
		length := int32(d.Uint32())
		if length == 0 {
			break // MIT's library takes this for the end
		}
		begin := d.Offset()
		record := d.Next(uint32(max(length, -length))) // where it is negative, an entry was removed
		if d.Err() != nil || length < 0 {
			continue
		}
		e, err := parseEntry(record, version, order)
		if bad, ok := errors.AsType[*wire.Error](err); ok {
			return nil, &FormatError{Offset: begin + bad.Offset, Reason: bad.Reason}
		}
		k = append(k, e)
	}
	if bad, ok := errors.AsType[*wire.Error](d.Err()); ok {
		return nil, &FormatError{Offset: bad.Offset, Reason: bad.Reason}
	}
	return k, nil
}

func parseEntry(record []byte, version int, order binary.ByteOrder) (Entry, error) {
	d := wire.Decoder{Data: record, Order: order}
	text := func() string { return d.String(uint32(d.Uint16())) }
	number := d.Uint16()
	if version == 1 { // counts the realm too
		if number == 0 {
			d.Fail("a principal has no realm")
		}
		number--
	}
	e := Entry{Principal: krb5.Principal{Realm: text()}}
	if n := d.Count(uint32(number), 2); n > 0 {
		e.Principal.Names = make([]string, n)
	}
	for i := range e.Principal.Names {
		e.Principal.Names[i] = text()
	}
	if version > 1 {
		e.Principal.Type = int32(d.Uint32())
	}
	if seconds := d.Uint32(); seconds != 0 {
		e.Time = time.Unix(int64(seconds), 0).UTC()
	}
	e.KVNO = uint32(d.Uint8())
	e.Key.Type = krb5.EncType(int16(d.Uint16()))
	e.Key.Value = d.Copy(uint32(d.Uint16()))
	if d.Len() >= 4 { // the whole number of the key, which the one byte has the end of
		if kvno := d.Uint32(); kvno != 0 {
			e.KVNO = kvno
		}
	}
	return e, d.Err()
}

// Marshal writes the keytab in version 0x502. [Parse] gives the same again; times are cut to seconds, and of what is longer
// than the format can have, names and keys of more than 65,535 bytes, the end is left out.
func (k Keytab) Marshal() []byte {
	out := []byte{5, 2}
	for _, e := range k {
		begin := len(out)
		names := e.Principal.Names[:min(len(e.Principal.Names), math.MaxUint16)]
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint16(out, uint16(len(names)))
		out = appendData(out, e.Principal.Realm)
		for _, name := range names {
			out = appendData(out, name)
		}
		seconds := uint32(0)
		if !e.Time.IsZero() {
			seconds = uint32(min(max(e.Time.Unix(), 0), math.MaxUint32))
		}
		out = binary.BigEndian.AppendUint32(out, uint32(e.Principal.Type))
		out = binary.BigEndian.AppendUint32(out, seconds)
		out = append(out, byte(e.KVNO))
		out = binary.BigEndian.AppendUint16(out, uint16(e.Key.Type))
		out = appendData(out, string(e.Key.Value))
		out = binary.BigEndian.AppendUint32(out, e.KVNO)
		binary.BigEndian.PutUint32(out[begin:], uint32(len(out)-begin-4))
	}
	return out
}

func appendData(out []byte, data string) []byte {
	data = data[:min(len(data), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(out, uint16(len(data))), data...)
}

// Keys are the entries of p: the newest number of a key first, and of each number the strongest kind. What is as strong stays
// in the order of the file.
func (k Keytab) Keys(p krb5.Principal) []Entry {
	keys := slices.DeleteFunc(slices.Clone(k), func(e Entry) bool { return !e.Principal.Equal(p) })
	slices.SortStableFunc(keys, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.KVNO, a.KVNO), cmp.Compare(b.Key.Type.Strength(), a.Key.Type.Strength()))
	})
	return keys
}
