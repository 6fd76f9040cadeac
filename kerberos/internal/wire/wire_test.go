// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/internal/wire"
)

func TestDecoder(t *testing.T) {
	t.Parallel()
	data := []byte{1, 0, 2, 0, 0, 0, 3, 'a', 'b', 'c', 9, 9}
	d := wire.Decoder{Data: data}
	if a, b, s := d.Uint8(), d.Uint16(), d.String(d.Uint32()); a != 1 || b != 2 || s != "abc" || d.Offset() != 10 || d.Len() != 2 || d.Err() != nil {
		t.Errorf("%d, %d, %q, offset %d, left %d, %v", a, b, s, d.Offset(), d.Len(), d.Err())
	}
	copied := d.Copy(2)
	data[10] = 0
	if diff := cmp.Diff([]byte{9, 9}, copied); diff != "" || d.Len() != 0 || d.Copy(0) != nil {
		t.Errorf("Copy (-want +got):\n%s", diff)
	}
	little := wire.Decoder{Data: []byte{1, 0, 2, 0, 0, 0}, Order: binary.LittleEndian}
	if a, b := little.Uint16(), little.Uint32(); a != 1 || b != 2 {
		t.Errorf("little endian: %d, %d", a, b)
	}
}

// TestErrors: the first thing that is missing is the error, and nothing is read from there on.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		read func(d *wire.Decoder) any
		want string
	}{
		{"one byte", func(d *wire.Decoder) any { d.Next(3); return d.Uint8() == 0 }, "1 bytes are announced and 0 are left at byte 3"},
		{"two bytes", func(d *wire.Decoder) any { d.Next(2); return d.Uint16() == 0 }, "2 bytes are announced and 1 are left at byte 2"},
		{"four bytes", func(d *wire.Decoder) any { return d.Uint32() == 0 }, "4 bytes are announced and 3 are left at byte 0"},
		{"the largest length", func(d *wire.Decoder) any { return d.Copy(1<<32-1) == nil }, "4294967295 bytes are announced and 3 are left at byte 0"},
		{"the largest count", func(d *wire.Decoder) any { return d.Count(1<<32-1, 1<<32-1) == 0 }, "4294967295 parts are announced and 3 bytes are left at byte 0"},
		{"a count", func(d *wire.Decoder) any { d.Next(1); return d.Count(2, 2) == 0 }, "2 parts are announced and 2 bytes are left at byte 1"},
		{"own reason", func(d *wire.Decoder) any { d.Next(1); d.Fail("it is odd"); d.Fail("never"); return d.Len() == 0 }, "it is odd at byte 1"},
	} {
		d := wire.Decoder{Data: []byte{1, 2, 3}}
		if got := test.read(&d); got != true {
			t.Errorf("%s: something was read", test.name)
		}
		if d.Err() == nil || d.Err().Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, d.Err(), test.want)
		}
		if d.Uint8() != 0 || d.Next(0) != nil || d.Count(0, 0) != 0 || d.Err().Error() != test.want {
			t.Errorf("%s: it goes on", test.name)
		}
	}
	d := wire.Decoder{Data: []byte{1, 2, 3, 4}}
	if d.Count(2, 2) != 2 || d.Err() != nil {
		t.Errorf("a count that is right: %v", d.Err())
	}
}
