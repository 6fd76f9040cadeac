// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/proxycert/internal/blocks"
)

// Limits on what Parse reads.
const (
	MaxSize         = 1 << 20 // bytes of PEM
	MaxCertificates = 100     // the depth at which Globus stops, too
)

// KeyFormat is how a private key is written in PEM.
type KeyFormat uint8

// The key formats. An EC key is always written as PKCS #8, because Globus refuses a block named EC PRIVATE KEY.
const (
	PKCS1 KeyFormat = iota // RSA PRIVATE KEY: what the oldest readers need
	PKCS8                  // PRIVATE KEY
)

// Parse reads certificates, a private key and what else there is from PEM blocks in any order: CERTIFICATE and X509
// CERTIFICATE; RSA PRIVATE KEY, EC PRIVATE KEY or PRIVATE KEY, of which there may be one. Text around the blocks is passed
// over. The leaf is the certificate that the key belongs to; without a key, the first one that issued none of the others.
// Its issuers follow it in order.
//
// The errors are *NoPEMError, *NoCertificateError, *SizeError, *BlockError, *EncryptedKeyError and *KeyMismatchError.
// Parse says nothing about dates or signatures; Credential.Check does.
func Parse(pemData []byte) (*Credential, error) {
	if len(pemData) > MaxSize {
		return nil, &SizeError{What: "bytes", Limit: MaxSize}
	}
	all, err := blocks.Decode(pemData)
	switch {
	case errors.Is(err, blocks.ErrNone):
		return nil, &NoPEMError{Size: len(pemData), DER: blocks.IsDER(pemData)}
	case err != nil:
		return nil, &BlockError{Number: len(all) + 1, Err: err}
	}
	c := new(Credential)
	var certs []*x509.Certificate
	for i, block := range all {
		switch block.Type {
		case blocks.Certificate, blocks.Certificate2:
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, &BlockError{Number: i + 1, Type: block.Type, Err: bundle.KeyError(block.Bytes, err)}
			}
			if !slices.ContainsFunc(certs, cert.Equal) {
				certs = append(certs, cert)
			}
			if len(certs) > MaxCertificates {
				return nil, &SizeError{What: "certificates", Limit: MaxCertificates}
			}
		case blocks.RSAKey, blocks.ECKey, blocks.Key, blocks.EncryptedKey:
			key, err := parseKey(block)
			if err == nil && c.Key != nil {
				err = errors.New("it is the second private key")
			}
			if _, encrypted := errors.AsType[*EncryptedKeyError](err); encrypted {
				return nil, err
			}
			if err != nil {
				return nil, &BlockError{Number: i + 1, Type: block.Type, Err: bundle.KeyError(block.Bytes, err)}
			}
			c.Key = key
		case blocks.ECParameters: // which the key names again
		default:
			c.Extra = append(c.Extra, block)
		}
	}
	if len(certs) == 0 {
		return nil, &NoCertificateError{Found: bundle.Types(all)}
	}
	var others []*x509.Certificate
	if c.Chain, others = blocks.Arrange(certs, c.Key); c.Chain == nil {
		return nil, &KeyMismatchError{Cert: certs[0]}
	}
	for _, cert := range others {
		c.Extra = append(c.Extra, &pem.Block{Type: blocks.Certificate, Bytes: cert.Raw})
	}
	return c, nil
}

// parseKey reads a private key that can sign.
func parseKey(block *pem.Block) (crypto.Signer, error) {
	if blocks.IsEncrypted(block) {
		return nil, &EncryptedKeyError{Type: block.Type}
	}
	key, err := blocks.ParseKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, &KeyTypeError{Name: fmt.Sprintf("%T", key)}
	}
	return signer, nil
}

// Marshal writes the credential as grid tools read it: the leaf, its key if there is one, the rest of the chain, and
// Extra. Parse gives the same credential back.
func (c *Credential) Marshal(f KeyFormat) ([]byte, error) {
	if len(c.Chain) == 0 {
		return nil, &NoKeyError{}
	}
	var b bytes.Buffer
	b.Write(blocks.EncodeCertificates(c.Chain[0]))
	if c.Key != nil {
		key, err := c.MarshalKey(f)
		if err != nil {
			return nil, err
		}
		b.Write(key)
	}
	b.Write(blocks.EncodeCertificates(c.Chain[1:]...))
	for _, block := range c.Extra {
		if err := pem.Encode(&b, block); err != nil {
			return nil, fmt.Errorf("proxycert: writing PEM block %q: %w", block.Type, err)
		}
	}
	return b.Bytes(), nil
}

// MarshalChain writes the certificates of the chain alone, the leaf first, as usercert.pem holds them.
func (c *Credential) MarshalChain() []byte { return blocks.EncodeCertificates(c.Chain...) }

// MarshalKey writes the private key alone, not encrypted, as userkey.pem holds it. A key that cannot leave its device is a
// *KeyTypeError.
func (c *Credential) MarshalKey(f KeyFormat) ([]byte, error) {
	if c.Key == nil {
		return nil, &NoKeyError{Cert: c.Leaf()}
	}
	text, err := blocks.EncodeKey(c.Key, f == PKCS1)
	if err != nil {
		return nil, &KeyTypeError{Name: fmt.Sprintf("%T", c.Key)}
	}
	return text, nil
}
