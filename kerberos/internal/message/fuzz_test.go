// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gokrb5/v8/messages"

	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/krb5"
)

// other calls gokrb5, which panics on some input.
func other(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errPanic
		}
	}()
	return call()
}

var errPanic = bytes.ErrTooLarge // any

// FuzzParseReply: where gokrb5 can read an answer too it reads the same, and nothing comes out that did not go in.
func FuzzParseReply(f *testing.F) {
	f.Add(aReply(f, 2))
	f.Add(aReply(f, 0))
	f.Add(anError(f, messages.KRBError{STime: noon, ErrorCode: 7, Realm: "B", SName: name(principal("B", "x")), EText: "text", EData: []byte("data")}))
	f.Add([]byte{0x7e, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := message.ParseReply(data, message.TGSRep)
		if err != nil {
			if got != nil {
				t.Error("an answer beside an error")
			}
			return
		}
		if !bytes.Contains(data, got.Ticket) || !bytes.Contains(data, got.Part.Cipher) {
			t.Error("bytes that did not come in")
		}
		server, _, err := message.TicketServer(got.Ticket)
		if err == nil && !cmp.Equal(server, got.Server) {
			t.Errorf("%v in the ticket, %v in the answer", server, got.Server)
		}
		var theirs messages.TGSRep
		if other(func() error { return theirs.Unmarshal(data) }) != nil {
			return
		}
		if !got.Client.Equal(krb5.Principal{Realm: theirs.CRealm, Names: theirs.CName.NameString}) ||
			!got.Server.Equal(krb5.Principal{Realm: theirs.Ticket.Realm, Names: theirs.Ticket.SName.NameString}) || !bytes.Equal(got.Part.Cipher, theirs.EncPart.Cipher) {
			t.Errorf("%+v, and gokrb5 reads %+v", got, theirs)
		}
	})
}

// FuzzParsePart: as FuzzParseReply.
func FuzzParsePart(f *testing.F) {
	f.Add(aPart(f, fullPart()))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := message.ParsePart(data)
		if err != nil {
			return
		}
		if !bytes.Contains(data, got.Key.Value) {
			t.Error("a key that did not come in")
		}
		var theirs messages.EncKDCRepPart
		if other(func() error { return theirs.Unmarshal(data) }) != nil {
			return
		}
		if got.Nonce != uint32(theirs.Nonce) || !got.EndTime.Equal(theirs.EndTime) || int32(got.Key.Type) != theirs.Key.KeyType || got.Server.Realm != theirs.SRealm {
			t.Errorf("%+v, and gokrb5 reads %+v", got, theirs)
		}
	})
}

// FuzzParseError: as FuzzParseReply.
func FuzzParseError(f *testing.F) {
	f.Add(anError(f, messages.KRBError{STime: noon, Susec: 5, ErrorCode: 7, Realm: "B", SName: name(principal("B", "x")), EText: "text", EData: []byte("data")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := message.ParseError(data)
		if err != nil {
			return
		}
		if len(got.Text)+len(got.Data) > len(data) {
			t.Error("more came out than went in")
		}
		var theirs messages.KRBError
		if other(func() error { return theirs.Unmarshal(data) }) != nil {
			return
		}
		if got.Code != theirs.ErrorCode || got.Text != theirs.EText || !got.Time.Equal(theirs.STime.Add(time.Duration(theirs.Susec)*time.Microsecond)) {
			t.Errorf("%+v, and gokrb5 reads %+v", got, theirs)
		}
	})
}

// FuzzEncTypes: there are not more types than bytes to say them.
func FuzzEncTypes(f *testing.F) {
	f.Add([]byte{0x30, 26, 0x30, 9, 0xa1, 3, 2, 1, 2, 0xa2, 2, 4, 0, 0x30, 13, 0xa1, 3, 2, 1, 19, 0xa2, 6, 4, 4, 0x30, 2, 0x30, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := message.EncTypes(data)
		if len(got) > len(data)/7 {
			t.Errorf("%d types of %d bytes, %v", len(got), len(data), err)
		}
	})
}

// FuzzApplicationReply: what is sealed stood there.
func FuzzApplicationReply(f *testing.F) {
	reply, part := anAPRep(f, noon)
	f.Add(reply)
	f.Add(part)
	f.Fuzz(func(t *testing.T, data []byte) {
		if sealed, err := message.ParseApplicationReply(data); err == nil && !bytes.Contains(data, sealed.Cipher) {
			t.Error("bytes that did not come in")
		}
		if at, err := message.ParseApplicationPart(data); err == nil && at.Nanosecond()%1000 != 0 {
			t.Errorf("%v has more than microseconds", at)
		}
	})
}

// FuzzOpen: whatever comes is opened with the right key alone, and panics nowhere.
func FuzzOpen(f *testing.F) {
	for i, key := range keys() {
		sealed, err := message.Seal(key, message.UsageAPReply, []byte("plain"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), sealed.Cipher)
		f.Add(uint8(i), sealed.Cipher[:len(sealed.Cipher)/2])
	}
	f.Fuzz(func(t *testing.T, which uint8, sealed []byte) {
		key := keys()[int(which)%len(keys())]
		key.Value = bytes.Repeat([]byte{0xa5}, len(key.Value)) // which nothing was sealed with
		if plain, err := message.Open(key, message.UsageAPReply, sealed); err == nil {
			t.Errorf("%x opens as %x", sealed, plain)
		}
	})
}
