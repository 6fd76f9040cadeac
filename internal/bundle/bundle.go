// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package bundle is what the readers of credentials have in common: they get a heap of PEM blocks, of which none may be
// lost without a word, and certificates in any order, of which some make a chain.
//
//	blocks, err := bundle.Decode(text)      // all of them, or ErrMalformed
//	chain, others := bundle.Chain(certs, 0) // certs[0], its issuer, and so on upwards
//
// It knows neither kinds of keys nor passphrases, gives errors no type and no context, and judges nobody: a chain is who
// names whom as issuer (RFC 5280 §4.1.2.4), not who may be trusted.
package bundle

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"

	"github.com/x509up/x509up/internal/name"
)

// ErrMalformed means that a block cannot be decoded.
var ErrMalformed = errors.New("malformed or truncated PEM")

// beginMark is how the first line of a block begins; pem.Decode silently passes over blocks that it cannot read, so
// the marks are counted beside it.
var beginMark = []byte("-----BEGIN ")

// HasPEM tells whether a line of the text begins a block, be it one that cannot be decoded.
func HasPEM(text []byte) bool { return countMarks(text) > 0 }

// Decode decodes all blocks of a text (RFC 7468), and passes over what stands around them. It is strict where pem.Decode
// is not: a block that cannot be decoded is [ErrMalformed], for else the damaged certificate of a chain, or the damaged
// key of a file, would be a missing one. With it come the blocks before that one.
func Decode(text []byte) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for rest := text; ; {
		block, after := pem.Decode(rest)
		// A block that was passed over leaves a second mark in what was consumed, or a mark in a rest without blocks.
		marks := countMarks(rest[:len(rest)-len(after)])
		if block == nil && HasPEM(rest) || block != nil && marks != 1 {
			return blocks, ErrMalformed
		}
		if block == nil {
			return blocks, nil
		}
		blocks, rest = append(blocks, block), after
	}
}

// countMarks counts the lines that begin a block.
func countMarks(text []byte) int {
	n := bytes.Count(text, append([]byte("\n"), beginMark...))
	if bytes.HasPrefix(text, beginMark) {
		n++
	}
	return n
}

// Types are the types of blocks, each once, and the first five only: they are for an error message.
func Types(blocks []*pem.Block) []string {
	var names []string
	for _, block := range blocks {
		if len(names) < 5 && !slices.Contains(names, block.Type) {
			names = append(names, block.Type)
		}
	}
	return names
}

// Chain returns certs[leaf], its issuer, and so on upwards, as far as they are there, and the certificates that are left
// over, in their order. Names that go in a circle come to an end: no certificate stands in it twice.
func Chain(certs []*x509.Certificate, leaf int) (chain, others []*x509.Certificate) {
	others = slices.Clone(certs)
	for next := leaf; next >= 0; {
		last := others[next]
		chain = append(chain, last)
		others = slices.Delete(others, next, next+1)
		next = issuerOf(last, others)
	}
	return chain, others
}

// issuerOf is the index in certs of the issuer of cert, -1 if it is not there or cert has signed itself. Where several have
// the right name, such as a renewed certificate beside the old one, the signature decides; if it fits none, the first is
// taken: of signatures with SHA-1, Go says nothing. Where one alone has the name, no signature is looked at.
func issuerOf(cert *x509.Certificate, certs []*x509.Certificate) int {
	if bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		return -1
	}
	var named []int
	for i, candidate := range certs {
		if name.Equal(cert.RawIssuer, candidate.RawSubject) {
			named = append(named, i)
		}
	}
	switch len(named) {
	case 0:
		return -1
	case 1:
		return named[0]
	}
	if i := slices.IndexFunc(named, func(i int) bool { return signed(certs[i], cert) }); i >= 0 {
		return named[i]
	}
	return named[0]
}

// maxRSA is the limit of Go's TLS, in bits. A signature of a longer key is not tried: it takes as long as who made it likes.
const maxRSA = 8192

// signed says whether the key of issuer made the signature of cert.
func signed(issuer, cert *x509.Certificate) bool {
	if key, ok := issuer.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSA {
		return false
	}
	return issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// Belongs tells whether a private and a public key are a pair.
func Belongs(key crypto.Signer, public crypto.PublicKey) bool {
	own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}
