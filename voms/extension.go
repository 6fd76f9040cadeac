// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/voms/internal/acder"
)

// Extension is the extension of a proxy that holds these attribute certificates, given as DER, in this order and byte for
// byte. It is not critical. It goes into proxycert.Options.Extensions.
func Extension(acs ...[]byte) (pkix.Extension, error) {
	fail := func(number int, reason string) (pkix.Extension, error) {
		return pkix.Extension{}, fmt.Errorf("voms: making the extension of a proxy: attribute certificate %d %s", number, reason)
	}
	if len(acs) == 0 {
		return pkix.Extension{}, errors.New("voms: making the extension of a proxy: there is no attribute certificate")
	}
	for i, der := range acs {
		var ac cryptobyte.String
		switch in := cryptobyte.String(der); {
		case i == maxACs:
			return fail(i+1, "is one too many")
		case len(der) > maxAC:
			return fail(i+1, fmt.Sprintf("has more than %d bytes", maxAC))
		case !in.ReadASN1(&ac, asn1.SEQUENCE) || !in.Empty():
			return fail(i+1, "is no DER")
		}
	}
	var b cryptobyte.Builder
	// The sequence is wrapped into one more.
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, der := range acs {
				b.AddBytes(der)
			}
		})
	})
	value, err := b.Bytes()
	return pkix.Extension{Id: acder.OIDACs, Value: value}, err
}

// FromCertificate reads the attribute certificates in a proxy; none, without an error, if it has no extension for them. Beside
// an error stand those that could be read. The error is a *ParseError.
func FromCertificate(cert *x509.Certificate) ([]*AC, error) {
	value := proxyExtension(cert)
	if value == nil {
		return nil, nil
	}
	return ParseExtension(value)
}

// ParseExtension reads the value of the extension that Extension makes. Errors are those of FromCertificate.
func ParseExtension(value []byte) ([]*AC, error) {
	in := cryptobyte.String(value)
	var outer, list cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&list, asn1.SEQUENCE) || !outer.Empty() {
		return nil, &ParseError{Part: "list in the proxy", Err: acder.ErrMalformed}
	}
	var acs []*AC
	var first error
	for number := 1; !list.Empty(); number++ {
		var der cryptobyte.String
		if !list.ReadASN1Element(&der, asn1.SEQUENCE) {
			return acs, &ParseError{Part: "list in the proxy", Err: acder.ErrMalformed}
		}
		if number > maxACs {
			return acs, &ParseError{Part: "list in the proxy", Err: fmt.Errorf("there are more than %d", maxACs)}
		}
		ac, err := ParseAC(der)
		switch {
		case err == nil:
			acs = append(acs, ac)
		case first == nil:
			first = err
		}
	}
	return acs, first
}

// FromChain reads the attribute certificates of a chain, which begins with the leaf, and says in which certificate they are; -1
// if there are none. Where several proxies have some, those of the one nearest to the leaf count, as for voms-server's libraries. Errors are
// those of FromCertificate.
func FromChain(chain []*x509.Certificate) ([]*AC, int, error) {
	for i, cert := range chain {
		if proxyExtension(cert) != nil {
			acs, err := FromCertificate(cert)
			return acs, i, err
		}
	}
	return nil, -1, nil
}

func proxyExtension(cert *x509.Certificate) []byte {
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(acder.OIDACs) {
			return append([]byte{}, ext.Value...)
		}
	}
	return nil
}
