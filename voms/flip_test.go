// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// TestFlips turns each bit of the head of every element of real attribute certificates, and of the first and the last byte of its
// content. What comes of it is refused, and where it is not what is signed is the same.
func TestFlips(t *testing.T) {
	t.Parallel()
	at, _ := readVectors(t)
	check := trusting(&trust.Dir{Path: "testdata/vectors/certificates"}, at)
	for _, file := range []string{"voms-proxy-init2-role", "voms-proxy-init2-targets", "voms-api-java-3.3.4", "voms-proxy-fake-EC-issuer"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := readProxy(t, file)
			acs, _, err := voms.FromChain(c.Chain)
			if err != nil || len(acs) != 1 {
				t.Fatalf("%d attribute certificates, %v", len(acs), err)
			}
			whole := acs[0]
			o := voms.Options{
				Now: at, Holder: c.EndEntity(), Hosts: whole.Targets, Dirs: []voms.Dir{{Path: "testdata/vectors/vomsdir"}}, CheckIssuer: check,
			}
			if _, err := whole.Verify(o); err != nil {
				t.Fatalf("the sibling is refused: %v", err)
			}
			elements := elementsOf(whole.Raw, 0)
			if len(elements) < 100 {
				t.Fatalf("only %d elements", len(elements))
			}
			for _, i := range bytesOf(elements) {
				for bit := range 8 {
					der := bytes.Clone(whole.Raw)
					der[i] ^= 1 << bit
					judgeFlip(t, der, i, bit, whole, o)
				}
			}
		})
	}
}

// judgeFlip expects that der, which differs from whole in one bit, is refused for its signature at the latest, or signed alike.
func judgeFlip(t *testing.T, der []byte, i, bit int, whole *voms.AC, o voms.Options) {
	t.Helper()
	reason, failed := judge(der, o)
	switch {
	case strings.HasPrefix(reason, "untyped") || strings.HasPrefix(reason, "it is worded") || strings.HasPrefix(reason, "what mends it"):
		t.Errorf("bit %d of byte %d: %s", bit, i, reason)
	case strings.HasPrefix(reason, "parse: "), slices.Contains(failed, voms.KindSignature):
	case reason != "" || !bytes.Equal(parse(t, der).RawInfo, whole.RawInfo) || !bytes.Equal(parse(t, der).Signature, whole.Signature):
		t.Errorf("bit %d of byte %d: the signature passes, %q %v", bit, i, reason, failed)
	}
}

func readProxy(t *testing.T, name string) *proxycert.Credential {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/vectors/proxies", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// element is where an element of DER begins, where its content does, and where that ends.
type element struct{ start, content, end int }

// elementsOf are the elements of der, which stands at offset in the whole, those within others too, and those within strings of
// bytes that are DER from end to end.
func elementsOf(der []byte, offset int) (list []element) {
	for len(der) > 0 {
		head, length, ok := headOf(der)
		if !ok {
			return nil
		}
		inside := der[head : head+length]
		list = append(list, element{offset, offset + head, offset + head + length})
		if der[0]&0x20 != 0 || der[0] == 4 {
			list = append(list, elementsOf(inside, offset+head)...)
		}
		der, offset = der[head+length:], offset+head+length
	}
	return list
}

func headOf(der []byte) (head, length int, ok bool) {
	if len(der) < 2 {
		return 0, 0, false
	}
	head, length = 2, int(der[1])
	if length > 127 {
		head, length = 2+length-128, 0
		if head > 4 || head > len(der) {
			return 0, 0, false
		}
		for _, b := range der[2:head] {
			length = length<<8 | int(b)
		}
	}
	return head, length, head+length <= len(der)
}

// bytesOf are the numbers of the bytes that are to be changed, each once.
func bytesOf(elements []element) (list []int) {
	for _, e := range elements {
		for i := e.start; i < e.content; i++ {
			list = append(list, i)
		}
		if e.content < e.end {
			list = append(list, e.content, e.end-1)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
