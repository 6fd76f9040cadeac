// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package wire reads the numbers and counted strings that caches, keytabs and the protocol of KCM are made of.
//
//	d := wire.Decoder{Data: data}
//	n := d.Uint32()
//	name := d.String(int(n))
//	if err := d.Err(); err != nil { … }
//
// What was asked for and is not there reads as zero, and the first such place is the error: formats are read without
// asking after each number. Nothing is allocated that the data does not have.
package wire

import (
	"encoding/binary"
	"fmt"
)

// Error says where the data did not go on as it had to.
type Error struct {
	Offset int // bytes from the beginning
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Decoder reads Data from its beginning. The zero Order is that of the network.
type Decoder struct {
	Data  []byte
	Order binary.ByteOrder

	offset int
	err    *Error
}

// Offset is how many bytes have been read.
func (d *Decoder) Offset() int { return d.offset }

// Len is how many bytes are left; none after an error.
func (d *Decoder) Len() int {
	if d.err != nil {
		return 0
	}
	return len(d.Data) - d.offset
}

// Err is the first thing that was wrong; of the type [*Error].
func (d *Decoder) Err() error {
	if d.err == nil {
		return nil
	}
	return d.err
}

// Fail makes reason the error, unless there is one already.
func (d *Decoder) Fail(reason string) {
	if d.err == nil {
		d.err = &Error{Offset: d.offset, Reason: reason}
	}
}

// Next is the next n bytes, of Data itself; nil if there are fewer.
func (d *Decoder) Next(n uint32) []byte {
	if d.err != nil {
		return nil
	}
	if int64(n) > int64(d.Len()) {
		d.Fail(fmt.Sprintf("%d bytes are announced and %d are left", n, d.Len()))
		return nil
	}
	b := d.Data[d.offset : d.offset+int(n) : d.offset+int(n)]
	d.offset += int(n)
	return b
}

// Copy is a copy of the next n bytes; nil for none.
func (d *Decoder) Copy(n uint32) []byte { return append([]byte(nil), d.Next(n)...) }

// String is the next n bytes.
func (d *Decoder) String(n uint32) string { return string(d.Next(n)) }

// Uint8 is the next byte.
func (d *Decoder) Uint8() uint8 {
	if b := d.Next(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 is the next two bytes.
func (d *Decoder) Uint16() uint16 {
	if b := d.Next(2); b != nil {
		return d.order().Uint16(b)
	}
	return 0
}

// Uint32 is the next four bytes.
func (d *Decoder) Uint32() uint32 {
	if b := d.Next(4); b != nil {
		return d.order().Uint32(b)
	}
	return 0
}

// Count is a number of things that come next, each of at least size bytes: a number that cannot be is an error.
func (d *Decoder) Count(n, size uint32) int {
	if d.err == nil && uint64(n)*uint64(size) > uint64(d.Len()) {
		d.Fail(fmt.Sprintf("%d parts are announced and %d bytes are left", n, d.Len()))
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

func (d *Decoder) order() binary.ByteOrder {
	if d.Order == nil {
		return binary.BigEndian
	}
	return d.Order
}
