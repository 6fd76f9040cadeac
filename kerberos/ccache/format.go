// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/x509up/x509up/kerberos/internal/wire"
	"github.com/x509up/x509up/kerberos/krb5"
)

// FormatError says where a cache is not as the format wants it.
type FormatError struct {
	Version int // of the format; 0 if it is none that there is
	Offset  int // bytes from the beginning
	Reason  string
}

// Error says what is wrong, and where.
func (e *FormatError) Error() string {
	if e.Version == 0 {
		return "it is no credential cache: " + e.Reason
	}
	return fmt.Sprintf("it is a damaged credential cache (version %d): %s at byte %d", e.Version, e.Reason, e.Offset)
}

const (
	confRealm    = "X-CACHECONF:"
	confName     = "krb5_ccache_conf_data"
	tagDelta     = 1 // of the header of version 4: the KDC's time less ours
	principalLen = 4 // the least a component or a realm takes
)

// Parse reads a cache in the format of files, of any of its versions 1 to 4. The first two have numbers as the machine has
// them that wrote them: its order of bytes is found out. Entries that were removed, and tickets for somebody's ticket
// instead of for a key (user to user), are left out, and so are addresses and authorization data. Its error is a
// [*FormatError].
func Parse(data []byte) (*Cache, error) {
	if len(data) < 2 || data[0] != 5 || data[1] < 1 || data[1] > 4 {
		return nil, &FormatError{Reason: "it does not begin with the number of a version"}
	}
	version := int(data[1])
	if version > 2 {
		return parse(data, version, binary.BigEndian)
	}
	c, err := parse(data, version, binary.NativeEndian)
	if err == nil {
		return c, nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if c, err := parse(data, version, order); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func parse(data []byte, version int, order binary.ByteOrder) (*Cache, error) {
	d := decoder{Decoder: wire.Decoder{Data: data, Order: order}, version: version}
	d.Next(2)
	c := &Cache{}
	if version == 4 {
		c.Offset = d.header()
	}
	c.Principal = d.principal()
	for d.Len() > 0 {
		c.add(d.credential())
	}
	if e, bad := d.Err().(*wire.Error); bad {
		return nil, &FormatError{Version: version, Offset: e.Offset, Reason: e.Reason}
	}
	return c, nil
}

// add puts a credential where it belongs.
func (c *Cache) add(e entry) {
	switch {
	case e.EndTime.IsZero() && !e.AuthTime.IsZero(): // how MIT's library removes one from a file
	case e.userToUser:
	case e.IsConfig() && len(e.Server.Names) > 1 && e.Server.Names[1] != "":
		if c.Config == nil {
			c.Config = map[string][]byte{}
		}
		name := krb5.Principal{Names: e.Server.Names[1:]}.String()
		if _, known := c.Config[name]; !known {
			c.Config[name] = e.Ticket
		}
	case e.Server.Realm == confRealm:
	default:
		c.Credentials = append(c.Credentials, e.Credential)
	}
}

// entry is a credential as it lies in a cache.
type entry struct {
	krb5.Credential
	userToUser bool
}

// decoder reads what the versions write each in their way.
type decoder struct {
	wire.Decoder
	version int
}

func (d *decoder) header() time.Duration {
	fields := decoder{Decoder: wire.Decoder{Data: d.Next(uint32(d.Uint16()))}}
	var offset time.Duration
	for fields.Len() > 0 && fields.Err() == nil {
		tag := fields.Uint16()
		field := wire.Decoder{Data: fields.Next(uint32(fields.Uint16()))}
		if tag == tagDelta && len(field.Data) == 8 {
			offset = delta(&field)
		}
	}
	if fields.Err() != nil {
		d.Fail("the header is cut off")
	}
	return offset
}

// delta is a difference of times: seconds and microseconds, both with signs. None if it is not of that form.
func delta(d *wire.Decoder) time.Duration {
	seconds, micro := int32(d.Uint32()), int32(d.Uint32())
	if micro <= -1e6 || micro >= 1e6 {
		return 0
	}
	return time.Duration(seconds)*time.Second + time.Duration(micro)*time.Microsecond
}

func (d *decoder) data() []byte { return d.Copy(d.Uint32()) }

func (d *decoder) text() string { return d.String(d.Uint32()) }

func (d *decoder) principal() krb5.Principal {
	var p krb5.Principal
	if d.version > 1 {
		p.Type = int32(d.Uint32())
	}
	number := d.Uint32()
	if d.version == 1 { // counts the realm too
		if number == 0 {
			d.Fail("a principal has no realm")
			return p
		}
		number--
	}
	p.Realm = d.text()
	if n := d.Count(number, principalLen); n > 0 {
		p.Names = make([]string, n)
	}
	for i := range p.Names {
		p.Names[i] = d.text()
	}
	return p
}

func (d *decoder) credential() entry {
	var e entry
	e.Client, e.Server = d.principal(), d.principal()
	e.Key.Type = krb5.EncType(int16(d.Uint16()))
	if d.version == 3 { // has it twice
		d.Next(2)
	}
	e.Key.Value = d.data()
	for _, t := range []*time.Time{&e.AuthTime, &e.StartTime, &e.EndTime, &e.RenewTill} {
		*t = date(d.Uint32())
	}
	e.userToUser = d.Uint8() != 0
	e.Flags = d.Uint32()
	for range 2 { // addresses, and authorization data
		for range d.Count(d.Uint32(), 6) {
			d.Next(2)
			d.Next(d.Uint32())
		}
	}
	e.Ticket = d.data()
	d.Next(d.Uint32()) // the second ticket
	return e
}

// date takes the number for one without a sign, as MIT's library does, so that it lasts until 2106.
func date(seconds uint32) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// Marshal writes the cache in version 4 of the format of files. [Parse] gives the same cache again, but for Name, Lax and
// Err, which are not in the format; times are cut to seconds, Offset to microseconds.
func (c *Cache) Marshal() []byte {
	seconds, micro := c.Offset/time.Second, c.Offset%time.Second/time.Microsecond
	out := []byte{5, 4, 0, 12, 0, tagDelta, 0, 8}
	out = binary.BigEndian.AppendUint32(out, uint32(clamp(int64(seconds))))
	out = binary.BigEndian.AppendUint32(out, uint32(int32(micro)))
	out = appendPrincipal(out, c.Principal)
	for _, name := range slices.Sorted(maps.Keys(c.Config)) {
		p, err := krb5.ParsePrincipal(name)
		if err != nil {
			continue // no name that a cache can have given
		}
		out = appendCredential(out, krb5.Credential{
			Client: c.Principal, Ticket: c.Config[name],
			Server: krb5.Principal{Type: krb5.NTPrincipal, Realm: confRealm, Names: append([]string{confName}, p.Names...)},
		})
	}
	for _, credential := range c.Credentials {
		out = appendCredential(out, credential)
	}
	return out
}

func clamp(n int64) int32 { return int32(min(max(n, math.MinInt32), math.MaxInt32)) }

func appendPrincipal(out []byte, p krb5.Principal) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(p.Type))
	out = binary.BigEndian.AppendUint32(out, uint32(len(p.Names)))
	out = appendData(out, []byte(p.Realm))
	for _, name := range p.Names {
		out = appendData(out, []byte(name))
	}
	return out
}

func appendData(out, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(len(data))), data...)
}

func appendCredential(out []byte, c krb5.Credential) []byte {
	out = appendPrincipal(appendPrincipal(out, c.Client), c.Server)
	out = binary.BigEndian.AppendUint16(out, uint16(c.Key.Type))
	out = appendData(out, c.Key.Value)
	for _, t := range []time.Time{c.AuthTime, c.StartTime, c.EndTime, c.RenewTill} {
		seconds := uint32(0)
		if !t.IsZero() {
			seconds = uint32(min(max(t.Unix(), 0), math.MaxUint32))
		}
		out = binary.BigEndian.AppendUint32(out, seconds)
	}
	out = append(out, 0)
	out = binary.BigEndian.AppendUint32(out, c.Flags)
	out = append(out, make([]byte, 8)...) // neither addresses nor authorization data
	out = appendData(out, c.Ticket)
	return appendData(out, nil)
}
