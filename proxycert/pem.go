// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/name"
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

// PEM block types.
const (
	blockCertificate  = "CERTIFICATE"
	blockCertificate2 = "X509 CERTIFICATE"
	blockRSAKey       = "RSA PRIVATE KEY"
	blockECKey        = "EC PRIVATE KEY"
	blockECParameters = "EC PARAMETERS"
	blockKey          = "PRIVATE KEY"
	blockEncryptedKey = "ENCRYPTED PRIVATE KEY"
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
	blocks, err := decodeAll(pemData)
	if err != nil {
		return nil, err
	}
	c := new(Credential)
	var certs []*x509.Certificate
	for i, block := range blocks {
		switch block.Type {
		case blockCertificate, blockCertificate2:
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
		case blockRSAKey, blockECKey, blockKey, blockEncryptedKey:
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
		case blockECParameters:
			// The curve, which "openssl ecparam -genkey" writes before the key that names it again.
		default:
			c.Extra = append(c.Extra, block)
		}
	}
	if len(certs) == 0 {
		return nil, &NoCertificateError{Found: bundle.Types(blocks)}
	}
	if err := c.arrange(certs); err != nil {
		return nil, err
	}
	return c, nil
}

// decodeAll decodes all blocks, of which there must be one.
func decodeAll(data []byte) ([]*pem.Block, error) {
	text := bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // what some editors put in front of UTF-8
	if !bundle.HasPEM(text) {
		return nil, &NoPEMError{Size: len(data), DER: len(data) > 2 && data[0] == 0x30 && data[1] >= 0x80}
	}
	blocks, err := bundle.Decode(text)
	if err != nil {
		return nil, &BlockError{Number: len(blocks) + 1, Err: err}
	}
	return blocks, nil
}

// parseKey reads a private key. What the block's name says counts for less than what is in it, as in OpenSSL: there are
// files with a PKCS #8 key named RSA PRIVATE KEY.
func parseKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == blockEncryptedKey || block.Headers["DEK-Info"] != "" {
		return nil, &EncryptedKeyError{Type: block.Type}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, &KeyTypeError{Name: fmt.Sprintf("%T", key)}
	}
	return signer, nil
}

// arrange puts certs in order: the leaf, its issuer, and so on. Those left over go to Extra.
func (c *Credential) arrange(certs []*x509.Certificate) error {
	leaf := 0
	if c.Key != nil {
		leaf = slices.IndexFunc(certs, func(cert *x509.Certificate) bool { return bundle.Belongs(c.Key, cert.PublicKey) })
		if leaf < 0 {
			return &KeyMismatchError{Cert: certs[0]}
		}
	} else if i := slices.IndexFunc(certs, func(cert *x509.Certificate) bool { return !issuedAny(cert, certs) }); i > 0 {
		leaf = i
	}
	var others []*x509.Certificate
	c.Chain, others = bundle.Chain(certs, leaf)
	for _, cert := range others {
		c.Extra = append(c.Extra, &pem.Block{Type: blockCertificate, Bytes: cert.Raw})
	}
	return nil
}

// issuedAny says whether one of certs, other than cert itself, names cert as its issuer.
func issuedAny(cert *x509.Certificate, certs []*x509.Certificate) bool {
	return slices.ContainsFunc(certs, func(other *x509.Certificate) bool {
		return other != cert && name.Equal(other.RawIssuer, cert.RawSubject)
	})
}

// Marshal writes the credential as grid tools read it: the leaf, its key if there is one, the rest of the chain, and
// Extra. Parse gives the same credential back.
func (c *Credential) Marshal(f KeyFormat) ([]byte, error) {
	if len(c.Chain) == 0 {
		return nil, &NoKeyError{}
	}
	var b bytes.Buffer
	b.Write(encodeCertificate(c.Chain[0]))
	if c.Key != nil {
		key, err := c.MarshalKey(f)
		if err != nil {
			return nil, err
		}
		b.Write(key)
	}
	for _, cert := range c.Chain[1:] {
		b.Write(encodeCertificate(cert))
	}
	for _, block := range c.Extra {
		if err := pem.Encode(&b, block); err != nil {
			return nil, fmt.Errorf("proxycert: writing PEM block %q: %w", block.Type, err)
		}
	}
	return b.Bytes(), nil
}

// MarshalChain writes the certificates of the chain alone, the leaf first, as usercert.pem holds them.
func (c *Credential) MarshalChain() []byte {
	var b []byte
	for _, cert := range c.Chain {
		b = append(b, encodeCertificate(cert)...)
	}
	return b
}

// MarshalKey writes the private key alone, not encrypted, as userkey.pem holds it. A key that cannot leave its device is a
// *KeyTypeError.
func (c *Credential) MarshalKey(f KeyFormat) ([]byte, error) {
	if c.Key == nil {
		return nil, &NoKeyError{Cert: c.Leaf()}
	}
	if key, ok := c.Key.(*rsa.PrivateKey); ok && f == PKCS1 {
		return pem.EncodeToMemory(&pem.Block{Type: blockRSAKey, Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		return nil, &KeyTypeError{Name: fmt.Sprintf("%T", c.Key)}
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: der}), nil
}

func encodeCertificate(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: cert.Raw})
}
